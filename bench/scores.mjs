// Lighthouse as it is delivered: its mobile preset, which simulates a slow telephone on a slow line. Below the table stand the audits that
// count and were not passed in full.
import { launch as launchChrome } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import { startPeer } from './peer.mjs'
import { chromium, inStep, persist, startExample, startProduct } from './programs.mjs'
import { median, note, row } from './report.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 3)
const categories = ['performance', 'accessibility', 'best-practices']

async function report(address) {
  const chrome = await launchChrome({ chromePath: chromium, chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'], logLevel: 'silent' })
  try {
    const { lhr } = await lighthouse(address, { port: chrome.port, onlyCategories: categories, output: 'json', logLevel: 'silent' })
    if (lhr.runtimeError) throw new Error(`Lighthouse on ${address}: ${lhr.runtimeError.message}`)
    return lhr
  } finally {
    chrome.kill()
  }
}

/** Without a name, what was not passed is not told. */
async function scores(name, address, rounds = ROUNDS) {
  const all = []
  for (let n = 0; n < rounds; n += 1) {
    // It asks itself to be run again where its trace lacks the navigation.
    all.push(await persist(() => report(address)))
  }
  const of = (category) => median(all.map((lhr) => Math.round(lhr.categories[category].score * 100)))
  const { audits, categories: found } = all.at(-1)
  const weighty = new Set(categories.flatMap((c) => found[c].auditRefs.filter((ref) => ref.weight > 0).map((ref) => ref.id)))
  for (const audit of name ? Object.values(audits) : []) {
    if (audit.score === null || audit.score >= 0.995 || !weighty.has(audit.id)) continue
    note(`lighthouse, ${name}: ${audit.id} ${audit.score}${audit.displayValue ? ` (${audit.displayValue})` : ''}`)
    for (const item of [audit.details?.items ?? []].flat().slice(0, 3)) {
      const place = item.node?.snippet ?? item.url ?? item.description ?? item.label
      if (typeof place === 'string') note(`lighthouse:   ${place.slice(0, 200)}`)
    }
  }
  return categories.map(of)
}

const registry = await startExample()
const server = await startProduct({ registry: registry.url })
try {
  await inStep(server)
  const pages = { catalogue: '/', repository: '/r/local/team/api', image: '/r/local/team/api:v2.14.0' }
  for (const [name, path] of Object.entries(pages)) {
    const [performance, accessibility, practices] = await scores(name, server.url + path)
    row(`Lighthouse, ${name}: performance, accessibility, best practices`, `${performance}, ${accessibility}, ${practices}`, '≥ 95, 100, 100', performance >= 95 && accessibility === 100 && practices === 100)
  }
  const peer = await startPeer(registry.url)
  if (peer) {
    const all = []
    for (const address of [peer.url, peer.repository('team/api')]) all.push((await scores(null, address, 1)).join(', '))
    row('… docker-registry-ui 2.6.0, catalogue; repository', all.join('; '), '', null)
    await peer.stop()
  } else row('… docker-registry-ui 2.6.0, recorded 2026-11-23: performance; accessibility of its three pages', '63, 59, 81; 79, 91, 87', '', null)
} finally {
  await server.stop()
  await registry.stop()
}
