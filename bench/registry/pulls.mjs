// Blobs that the kernel has in memory, of files on the disk (it reads those of /dev/shm otherwise). `bench load` takes 256 kB at a time and looks
// at none of it.
import { join } from 'node:path'
import { median } from '../report.mjs'
import { all, against, bench, compare, interleaved, loaded } from './rounds.mjs'
import { ALONE, OURS, V2, V3, ZOT, folderOf, place, seeded, startAll, stopAll } from './servers.mjs'

const MB = 1_000_000
const seconds = Number(process.env.DURATION ?? 1.5)

export async function pulls() {
  const { folder, remove } = place('disk')
  const digests = {}
  for (const [name, layout] of seeded()) {
    for (const size of [1, 100]) digests[size] = await bench('blob', join(folder, name), layout, `bulk/${size}`, size * MB)
  }
  const servers = await startAll([OURS, V3, V2, ZOT], (name) => join(folder, folderOf(name)))
  try {
    for (const size of [1, 100]) {
      const path = `/v2/bulk/${size}/blobs/${digests[size]}`
      // The first pull in the life of a process may be verified, and may wait for the disk.
      for (const server of servers) await bench('walk', server.address, path, 1)
      for (const clients of [1, 16]) {
        const seen = await interleaved(servers, (server) => loaded(server, 'ask', 'GET', clients, seconds, path))
        const speed = (r) => r.speed
        const told = `${median(seen.get(OURS).map(speed)).toFixed(0)} MB/s`
        // The best of the others, by its median.
        const others = [...seen.keys()].filter((name) => name !== OURS && name !== ALONE)
        const best = others.sort((a, b) => median(seen.get(b).map(speed)) - median(seen.get(a).map(speed)))[0] ?? 'any other'
        const cpu = `CPU ${(median(seen.get(OURS).map((r) => r.work)) * size).toFixed(2)} ms each`
        compare(
          `pull ${size} MB, ${clients} client${clients > 1 ? 's' : ''}`,
          told,
          size === 1
            ? [{ ratios: against(seen, ZOT, speed), peer: ZOT, least: 1.2 }]
            : [
                { ratios: against(seen, best, speed), peer: best, least: 1 },
                { ratios: against(seen, best, (r) => r.work), peer: best, what: '’s CPU', most: 0.6 },
              ],
          [{ text: cpu, met: true }],
        )
        all(`pull ${size} MB, ${clients}`, seen, (of) => `${of(speed).toFixed(0)} MB/s at ${(of((r) => r.work) * size).toFixed(2)} ms each`)
      }
    }
  } finally {
    await stopAll(servers)
    remove()
  }
}
