// The two lists of the protocol, to their end and near it, by one client.
import { join } from 'node:path'
import { median } from '../report.mjs'
import { all, against, bench, compare, interleaved, loaded } from './rounds.mjs'
import { OURS, V2, V3, ZOT, layoutOf, place, startAll, stopAll } from './servers.mjs'

const REPOSITORIES = 10_000

export async function lists() {
  const { folder, remove } = place()
  for (const layout of ['distribution', 'zot']) {
    await bench('seed', join(folder, layout), layout, 'list/r', REPOSITORIES, 1, 1)
    await bench('seed', join(folder, layout), layout, 'many', 1, 5000, 5000)
  }
  const servers = await startAll([OURS, V3, V2, ZOT], (name) => join(folder, layoutOf(name)))
  const less = { less: true }
  const told = (measure, seen, pick, peer, least) => {
    const own = median(seen.get(OURS).map(pick))
    compare(measure, `${own.toFixed(own < 10 ? 2 : 0)} ms`, [{ ratios: against(seen, peer, pick, less), peer, least }])
    all(measure, seen, (of) => `${of(pick).toFixed(2)} ms`)
  }
  try {
    const walked = await interleaved(servers, async (server) => {
      const { names, took } = JSON.parse(await bench('walk', server.address, '/v2/_catalog?n=1000', server.name === OURS ? 5 : 1))
      if (names !== REPOSITORIES + 1) throw new Error(`${server.name} lists ${names} repositories`)
      return median(took)
    })
    told('_catalog of 10,000, all, by pages of 1,000', walked, (took) => took, V3, 30)
    const ask = (path) => (server) => loaded(server, 'ask', 'GET', 1, server.name === OURS ? 0.5 : 2, path)
    const middle = (r) => r.p50
    told('_catalog of 10,000, a late page of 100', await interleaved(servers, ask('/v2/_catalog?n=100&last=list/r-09800')), middle, V3, 10)
    told('tags/list of 5,000, all', await interleaved(servers, ask('/v2/many-00000/tags/list')), middle, V3, 10)
  } finally {
    await stopAll(servers)
    remove()
  }
}
