// Many small writes, in memory: 10,000 new repositories of one image each, 5,000 new tags in one repository. The slower ones get a time and
// not a number, which is to their good: they have less by then.
import { join } from 'node:path'
import { median, note } from '../report.mjs'
import { ROUNDS, all, against, compare, interleaved, loaded } from './rounds.mjs'
import { OURS, V2, V3, ZOT, place, startAll, stopAll } from './servers.mjs'

const CLIENTS = 8

export async function writes() {
  const { folder, remove } = place()
  const servers = await startAll([OURS, V3, V2, ZOT], (name) => join(folder, name.replaceAll(/\W/g, '-')))
  const rate = (r) => r.rate
  const told = (measure, seen) => {
    const own = seen.get(OURS)
    const cpu = `CPU ${median(own.map((r) => r.cost)).toFixed(2)} ms each`
    compare(measure, `${median(own.map(rate)).toFixed(0)}/s`, [{ ratios: against(seen, V3, rate), peer: V3, least: 3 }], [{ text: cpu, met: true }])
    all(measure, seen, (of) => `${of(rate).toFixed(0)}/s at ${of((r) => r.cost).toFixed(2)} ms each`)
    note(`registry: ${measure}: ${[...seen].map(([name, rounds]) => `${name} wrote ${rounds.reduce((sum, r) => sum + r.requests, 0)}`).join('; ')}`)
  }
  const share = (whole) => Math.ceil(whole / ROUNDS)
  try {
    told(`new repositories, ${CLIENTS} clients`, await interleaved(servers, (server) => loaded(server, 'repositories', CLIENTS, share(10_000), 6, 'new')))
    told(`new tags in one repository, ${CLIENTS} clients`, await interleaved(servers, (server) => loaded(server, 'tags', CLIENTS, share(5000), 4, 'bench/tags')))
  } finally {
    await stopAll(servers)
    remove()
  }
}
