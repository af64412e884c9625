// The first load of `/`: every file, as it comes over the wire to a browser that knows nothing yet.
import { launch, measure } from './browser.mjs'
import { startPeer } from './peer.mjs'
import { database, inStep, startExample, startProduct } from './programs.mjs'
import { kB, note, row } from './report.mjs'

const server = await startProduct({ file: database(10_000, 5) })
const browser = await launch()
const weigh = async (url, options) => {
  const { files, icon, others } = await measure(browser, url, { trace: false, ...options })
  // Headless Chromium asks for no icon; people's browsers do.
  if (icon?.startsWith('http') && !files.some((f) => f.address === icon)) {
    const answer = await fetch(icon, { headers: { 'accept-encoding': 'br' } })
    const head = [...answer.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
    await answer.arrayBuffer()
    files.push({ address: icon, type: 'Icon', coding: answer.headers.get('content-encoding') ?? '', bytes: head + Number(answer.headers.get('content-length') ?? 0) })
  }
  return { files, others, bytes: files.reduce((sum, f) => sum + f.bytes, 0) }
}
try {
  // An open page loads itself anew when the registry is found away: that is to be behind us.
  await inStep(server, { wanted: 'unreachable' })
  const ours = await weigh(server.url)
  const within = ours.bytes <= 100_000 && ours.files.length <= 8 && ours.others.length === 0
  row('first load of `/` (100 rows), brotli, heads and icon included', `${kB(ours.bytes)} in ${ours.files.length} requests`, '≤ 100 kB, ≤ 8 requests', within)
  for (const file of ours.files) note(`first load: ${file.type} ${new URL(file.address).pathname} ${file.coding || 'plain'} ${file.bytes} bytes`)

  const registry = await startExample()
  const peer = await startPeer(registry.url)
  if (peer) {
    const theirs = await weigh(peer.url, { done: peer.catalogue })
    row('… docker-registry-ui 2.6.0', `${kB(theirs.bytes)} in ${theirs.files.length} requests: ${(theirs.bytes / ours.bytes).toFixed(1)} × ours`, '', null)
    await peer.stop()
  } else row('… docker-registry-ui 2.6.0, recorded 2026-11-23', '703 kB in 8 requests', '', null)
  await registry.stop()
} finally {
  await browser.close()
  await server.stop()
}
