// A manifest by its tag: small, asked for by every pull and every deployment. GET by wrk, HEAD (which wrk cannot) by `bench load`.
import { join } from 'node:path'
import { load, needWrk } from '../load.mjs'
import { median } from '../report.mjs'
import { all, against, bench, compare, interleaved, loaded } from './rounds.mjs'
import { ACCEPT, OURS, V2, V3, ZOT, folderOf, place, seeded, startAll, stopAll } from './servers.mjs'

const CLIENTS = 16
const seconds = Number(process.env.DURATION ?? 2)

export async function manifests() {
  needWrk()
  const { folder, remove } = place('disk')
  const storage = (name) => join(folder, folderOf(name))
  for (const [name, layout] of seeded()) {
    await bench('seed', join(folder, name), layout, 'few', 1, 5, 5)
    await bench('seed', join(folder, name), layout, 'many', 1, 5000, 5000)
  }
  const servers = await startAll([OURS, V3, V2, ZOT], storage)
  try {
    for (const [repository, tags] of [['few-00000', 5], ['many-00000', 5000]]) {
      // Not more than a hundred: which tags are asked for makes no difference, and wrk takes them in turn.
      const asked = Math.min(tags, 100)
      const paths = Array.from({ length: asked }, (_, n) => `/v2/${repository}/manifests/v${String((n * tags) / asked).padStart(4, '0')}`)
      for (const method of ['GET', 'HEAD']) {
        const one = (server) =>
          method === 'GET' ? load(server, paths, { clients: CLIENTS, seconds, accept: ACCEPT }) : loaded(server, 'ask', 'HEAD', CLIENTS, seconds, ...paths)
        const seen = await interleaved(servers, one)
        const cost = median(seen.get(OURS).map((r) => r.cost))
        const rate = (r) => r.rate
        compare(
          `manifest ${method} by tag, ${CLIENTS} clients, repository of ${tags} tags`,
          `${median(seen.get(OURS).map(rate)).toFixed(0)}/s`,
          [
            { ratios: against(seen, V3, rate), peer: V3, least: 10 },
            { ratios: against(seen, ZOT, rate), peer: ZOT, least: 2 },
          ],
          [{ text: `CPU ${cost.toFixed(3)} ms`, must: 'CPU ≤ 0.06 ms', met: cost <= 0.06 }],
        )
        all(`manifest ${method}, ${tags} tags`, seen, (of) => `${of(rate).toFixed(0)}/s at ${of((r) => r.cost).toFixed(3)} ms`)
      }
    }
  } finally {
    await stopAll(servers)
    remove()
  }
}
