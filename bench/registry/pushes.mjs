// Blobs that are new, pushed by one client onto the disk, each on it before the answer (zot with `commit`).
import { join } from 'node:path'
import { median } from '../report.mjs'
import { all, against, compare, interleaved, loaded } from './rounds.mjs'
import { OURS, V2, V3, ZOT_COMMIT, place, startAll, stopAll } from './servers.mjs'

const MB = 1_000_000
/** How many blobs of a size in one turn. */
const COUNT = { 1: 20, 100: 2 }
const LEAST = { 1: 3, 100: 1.1 }

export async function pushes() {
  const { folder, remove } = place('disk')
  const servers = await startAll([OURS, V3, V2, ZOT_COMMIT], (name) => join(folder, name.replaceAll(/\W/g, '-')))
  try {
    for (const size of [1, 100]) {
      for (const how of ['monolithic', 'chunked', 'streamed']) {
        const seen = await interleaved(servers, (server) => loaded(server, 'push', how, 1, COUNT[size], size * MB, `bench/${how}`))
        const speed = (r) => r.speed
        compare(
          `push ${size} MB, ${how}, disk`,
          `${median(seen.get(OURS).map(speed)).toFixed(0)} MB/s`,
          [
            { ratios: against(seen, V3, speed), peer: V3, least: LEAST[size] },
            { ratios: against(seen, ZOT_COMMIT, speed), peer: ZOT_COMMIT, least: 1 },
          ],
          [{ text: `CPU ${median(seen.get(OURS).map((r) => r.cost)).toFixed(1)} ms each`, met: true }],
        )
        all(`push ${size} MB, ${how}`, seen, (of) => `${of(speed).toFixed(0)} MB/s at ${of((r) => r.cost).toFixed(1)} ms each`)
      }
    }
  } finally {
    await stopAll(servers)
    remove()
  }
}
