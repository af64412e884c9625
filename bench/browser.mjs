// Chromium: what a page weighs, when it is painted, how long it keeps the main thread.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium as executable, pause, persist, root } from './programs.mjs'

const { chromium } = createRequire(join(root, 'end2end/package.json'))('playwright-core')

export const launch = () =>
  chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })

const dress = { viewport: { width: 1440, height: 900 } }

/**
 * The longest task of the page's main thread, in milliseconds, from a trace, and what took most of it. `busiest` counts the
 * processor's time alone: on a machine that does other things too, a task is longer than its work.
 */
function longestTask(events, address) {
  // An SVG image is a document too, with a navigation of its own, and so is the empty page before.
  const navigation = events.findLast((e) => e.name === 'navigationStart' && e.args.data?.documentLoaderURL === new URL(address).href)
  if (navigation === undefined) {
    const seen = events.filter((e) => e.name === 'navigationStart').map((e) => `${e.pid} ${JSON.stringify(e.args.data)}`)
    throw new Error(`the trace has no navigation to ${address}, but ${seen.join(', ') || 'none at all'}`)
  }
  const began = navigation.ts
  const main = events.find((e) => e.name === 'thread_name' && e.pid === navigation.pid && e.args.name === 'CrRendererMain')
  const tasks = events.filter((e) => e.ph === 'X' && e.pid === main?.pid && e.tid === main?.tid && e.ts >= began && /RunTask$/.test(e.name))
  if (tasks.length === 0) throw new Error('the trace has no tasks of the page')
  const longest = tasks.reduce((a, b) => (b.dur > a.dur ? b : a))
  const steps = events.filter((e) => e.ph === 'X' && e.pid === main.pid && e.tid === main.tid && e.ts >= longest.ts && e.ts + e.dur <= longest.ts + longest.dur && !/Task$/.test(e.name))
  const sums = new Map()
  for (const e of steps) sums.set(e.name, (sums.get(e.name) ?? 0) + e.dur / 1000)
  const most = [...sums].sort(([, a], [, b]) => b - a).slice(0, 6)
  const busiest = Math.max(...tasks.map((e) => e.tdur ?? 0)) / 1000
  return { longest: longest.dur / 1000, busiest, within: most.map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(', '), at: (longest.ts - began) / 1000 }
}

/** A trace in a dozen lacks what the page's own process did: that round is measured again. */
export const measure = (browser, address, options) => persist(() => once(browser, address, options))

/**
 * Opens an address in a new profile with the cache off. `done` is a selector that is there once the page is complete.
 * Bytes are those of heads and bodies as Chromium received them; times are milliseconds from the start of the navigation.
 */
async function once(browser, address, { done = 'html[data-hydrated]', patience = 60_000, trace = true } = {}) {
  const context = await browser.newContext(dress)
  const page = await context.newPage()
  const wire = await context.newCDPSession(page)
  const files = new Map()
  const others = []
  page.on('request', (r) => {
    if (/^https?:/.test(r.url()) && new URL(r.url()).origin !== new URL(address).origin) others.push(r.url())
  })
  await wire.send('Network.enable')
  await wire.send('Network.setCacheDisabled', { cacheDisabled: true })
  wire.on('Network.responseReceived', ({ requestId, response, type }) => {
    if (/^https?:/.test(response.url)) files.set(requestId, { address: response.url, type, coding: response.headers['content-encoding'] ?? response.headers['Content-Encoding'] ?? '', bytes: 0 })
  })
  wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (files.has(requestId)) files.get(requestId).bytes = encodedDataLength
  })
  await page.addInitScript(() => {
    globalThis.largest = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.largest = entry.startTime
    }).observe({ type: 'largest-contentful-paint', buffered: true })
  })
  if (trace) await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'blink.user_timing', 'loading'] })
  await page.goto(address, { waitUntil: 'load', timeout: patience })
  await page.locator(done).first().waitFor({ state: 'attached', timeout: patience })
  const complete = await page.evaluate(() => performance.now())
  // What starts after the load, such as waking islands in an idle moment.
  await pause(1000)
  const seen = await page.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL)
    let nodes = 1
    while (walker.nextNode()) nodes += 1
    return {
      first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity,
      largest: globalThis.largest,
      elements: document.querySelectorAll('*').length,
      nodes,
      rows: document.querySelectorAll('tbody tr').length,
      icon: document.querySelector('link[rel~=icon]')?.href,
    }
  })
  const task = trace ? longestTask(JSON.parse((await browser.stopTracing()).toString()).traceEvents, address) : {}
  await context.close()
  return { ...seen, complete, ...task, files: [...files.values()], others }
}
