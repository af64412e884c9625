// What a warm page of 100 tags asks of the registry behind it.
import { launch, measure } from './browser.mjs'
import { startPeer } from './peer.mjs'
import { inStep, quiet, startCount, startExample, startProduct } from './programs.mjs'
import { note, row } from './report.mjs'

const registry = await startExample()
const count = await startCount(registry.url)
const server = await startProduct({ registry: count.url })
const browser = await launch()
try {
  await inStep(server)
  await quiet(count.seen)
  note(`upstream: the first crawl of the example registry asked ${count.seen.length} requests`)
  const asked = async (address, options) => {
    const before = count.seen.length
    const { rows } = await measure(browser, address, { trace: false, ...options })
    await quiet(count.seen)
    return { rows, requests: count.seen.slice(before) }
  }
  const ours = await asked(`${server.url}/r/local/load/many-tags`)
  row(`requests to the registry for a warm page of ${ours.rows} tags`, String(ours.requests.length), '0', ours.requests.length === 0 && ours.rows >= 100)
  for (const line of ours.requests.slice(0, 10)) note(`upstream: ${line}`)
  const peer = await startPeer(count.url)
  if (peer) {
    const theirs = await asked(peer.repository('load/many-tags'), { done: peer.tags })
    row('… docker-registry-ui 2.6.0, first visit', String(theirs.requests.length), '', null)
    await peer.stop()
  } else row('… docker-registry-ui 2.6.0, recorded 2026-11-23', '201, warm 101', '', null)
} finally {
  await browser.close()
  await server.stop()
  await count.stop()
  await registry.stop()
}
