// Many small writes, in memory and on the disk: 10,000 new repositories of one image each, 5,000 new tags in one repository. The slower ones
// get a time and not a number, which is to their good: they have less by then.
import { join } from 'node:path'
import { median, note } from '../report.mjs'
import { ROUNDS, all, against, compare, interleaved, loaded } from './rounds.mjs'
import { OURS, V2, V3, ZOT, place, startAll, stopAll } from './servers.mjs'

const CLIENTS = 8
const SECONDS = 3

export async function writes() {
  await inside('memory', 'in memory', [OURS, V3, V2, ZOT])
  await inside('disk', 'on the disk', [OURS, V3, V2])
}

async function inside(where, words, names) {
  const { folder, remove } = place(where)
  const servers = await startAll(names, (name) => join(folder, name.replaceAll(/\W/g, '-')))
  const rate = (r) => r.rate
  const share = (whole) => Math.ceil(whole / ROUNDS)
  const measure = async (what, ...load) => {
    const seen = await interleaved(servers, (server) => loaded(server, ...load))
    const own = seen.get(OURS)
    const cpu = `CPU ${median(own.map((r) => r.cost)).toFixed(2)} ms each`
    const title = `${what}, ${words}, ${CLIENTS} clients`
    compare(title, `${median(own.map(rate)).toFixed(0)}/s`, [{ ratios: against(seen, V3, rate), peer: V3, least: 3 }], [{ text: cpu, met: true }])
    all(title, seen, (of) => `${of(rate).toFixed(0)}/s at ${of((r) => r.cost).toFixed(2)} ms each`)
    note(`registry: ${title}: written in all: ${[...seen].map(([name, rounds]) => `${name} ${rounds.reduce((sum, r) => sum + r.requests, 0)}`).join('; ')}`)
  }
  try {
    await measure('new repositories', 'repositories', CLIENTS, share(10_000), SECONDS, 'new')
    await measure('new tags in one repository', 'tags', CLIENTS, share(5000), SECONDS, 'bench/tags')
  } finally {
    await stopAll(servers)
    remove()
  }
}
