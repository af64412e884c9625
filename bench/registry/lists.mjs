// The two lists of the protocol, to their end and near it, by one client. Without zot: over a folder of 10,000 repositories it goes through all of
// them for minutes once it is started, on a processor that the others' turns would miss.
import { join } from 'node:path'
import { median } from '../report.mjs'
import { all, against, bench, compare, interleaved } from './rounds.mjs'
import { OURS, V2, V3, folderOf, place, seeded, startAll, stopAll } from './servers.mjs'

const REPOSITORIES = 10_000

export async function lists() {
  const { folder, remove } = place()
  for (const [name, layout] of seeded().filter(([, layout]) => layout !== 'zot')) {
    await bench('seed', join(folder, name), layout, 'list/r', REPOSITORIES, 1, 1)
    await bench('seed', join(folder, name), layout, 'many', 1, 5000, 5000)
  }
  const servers = await startAll([OURS, V3, V2], (name) => join(folder, folderOf(name)))
  const less = { less: true }
  const told = (measure, seen, pick, peer, least) => {
    const own = median(seen.get(OURS).map(pick))
    compare(measure, `${own.toFixed(own < 10 ? 2 : 0)} ms`, [{ ratios: against(seen, peer, pick, less), peer, least }])
    all(measure, seen, (of) => `${of(pick).toFixed(2)} ms`)
  }
  try {
    // Whole requests only: some go on with their work when nobody waits for it any more.
    const walk = (path, names, ...pages) => async (server) => {
      const seen = JSON.parse(await bench('walk', server.address, path, server.name === OURS ? 20 : 1, ...pages))
      if (seen.names !== names) throw new Error(`${server.name} has ${seen.names} names at ${path}, not ${names}`)
      return median(seen.took)
    }
    const time = (took) => took
    told('_catalog of 10,000, all, by pages of 1,000', await interleaved(servers, walk('/v2/_catalog?n=1000', REPOSITORIES + 1)), time, V3, 30)
    told('_catalog of 10,000, a late page of 100', await interleaved(servers, walk('/v2/_catalog?n=100&last=list/r-09800', 100, 1)), time, V3, 10)
    told('tags/list of 5,000, all', await interleaved(servers, walk('/v2/many-00000/tags/list', 5000)), time, V3, 10)
  } finally {
    await stopAll(servers)
    remove()
  }
}
