// Large lists in Chromium: when the page is painted, the longest task until a second after it is complete, and its size as a document.
import { launch, measure } from './browser.mjs'
import { startPeer } from './peer.mjs'
import { database, inStep, json, startExample, startProduct } from './programs.mjs'
import { median, note, row, spread } from './report.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 7)
const browser = await launch()

async function large(name, repositories, tags, path) {
  const server = await startProduct({ file: database(repositories, tags) })
  try {
    // An open page loads itself anew when the registry is found away: that is to be behind us.
    await inStep(server, { wanted: 'unreachable' })
    const address = server.url + (await path(server))
    // The program's and the browser's own warming up is not the page's.
    await measure(browser, address)
    const rounds = []
    for (let n = 0; n < ROUNDS; n += 1) rounds.push(await measure(browser, address))
    const of = (key) => rounds.map((r) => r[key])
    const painted = Math.max(median(of('first')), median(of('largest')))
    row(`${name}: painted, all of it (first: ${median(of('first')).toFixed(0)} ms)`, `${spread(of('largest'))} ms`, '≤ 250 ms', painted <= 250)
    row(`${name}: longest task (processor time of the busiest: ${spread(of('busiest'))} ms)`, `${spread(of('longest'))} ms`, '≤ 50 ms', median(of('longest')) <= 50)
    row(`${name}: elements in the document (${rounds[0].rows} rows; every node counted: ${rounds[0].nodes})`, String(rounds[0].elements), '≤ 4,000', rounds[0].elements <= 4000)
    note(`pages: ${name}: islands awake after ${spread(of('complete'))} ms`)
    const usual = rounds.toSorted((a, b) => a.longest - b.longest)[ROUNDS >> 1]
    note(`pages: ${name}: the longest task began at ${usual.at.toFixed(0)} ms and held ${usual.within}`)
    return rounds
  } finally {
    await server.stop()
  }
}

async function theirs() {
  const registry = await startExample()
  const peer = await startPeer(registry.url)
  if (peer) {
    const { complete, longest, elements, rows } = await measure(browser, peer.repository('load/many-tags'), { done: peer.tags })
    row(`… docker-registry-ui 2.6.0, repository of 5,000 tags, ${rows} rows`, `first row ${complete.toFixed(0)} ms; longest task ${longest.toFixed(0)} ms; ${elements} elements`, '', null)
    await peer.stop()
  } else row('… docker-registry-ui 2.6.0, repository of 5,000 tags, 100 rows, recorded 2026-11-23', '1.7 s; 10,242 elements', '', null)
  row('… docker-registry-ui 2.6.0, catalogue of 10,000 (it shows 1,000), recorded 2026-11-23', '1.5 s; longest task 1.1 s; 45,338 elements', '', null)
  await registry.stop()
}

try {
  await large('catalogue of 10,000 repositories', 10_000, 5, () => '/')
  await large('repository of 5,000 tags', 10, 5000, async ({ url }) => `/r/local/${(await json(`${url}/api/v1/repositories?limit=1`)).items[0].repository}`)
  await theirs()
} finally {
  await browser.close()
}
