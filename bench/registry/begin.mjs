// From the start of a process to its first answer, and what it holds when nobody asks.
import { join } from 'node:path'
import { inStep, pause } from '../programs.mjs'
import { median, note, row, spread } from '../report.mjs'
import { ROUNDS, all, bench } from './rounds.mjs'
import { OURS, V2, V3, ZOT, installed, place, start } from './servers.mjs'

export async function begin() {
  const { folder, remove } = place()
  try {
    const seen = new Map(installed([OURS, V3, V2, ZOT]).map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, rounds] of seen) {
        const server = await start(name, join(folder, `empty-${round}-${name.replaceAll(/\W/g, '-')}`))
        await pause(3000)
        rounds.push({ ready: server.ready, memory: server.memory() / 1e6 })
        await server.stop()
      }
    }
    const of = (pick) => seen.get(OURS).map(pick)
    row('start to the first answer, empty', `${spread(of((r) => r.ready))} ms`, '≤ 50 ms', median(of((r) => r.ready)) <= 50)
    row('idle memory, empty', `${spread(of((r) => r.memory), 1)} MB`, '≤ 30 MB', median(of((r) => r.memory)) <= 30)
    all('empty', seen, (middle) => `${middle((r) => r.ready).toFixed(0)} ms, ${middle((r) => r.memory).toFixed(1)} MB`)

    // 100,000 tags of 20,000 images; the first answer is a manifest.
    const storage = join(folder, 'full')
    await bench('seed', storage, 'distribution', 'team/app', 2000, 50, 10)
    const data = join(folder, 'data')
    const first = '/v2/team/app-01999/manifests/v0049'
    const unknown = await start(OURS, storage, { data, first })
    await inStep(unknown)
    note(`registry: start on 100,000 tags that the catalogue has not seen: ${unknown.ready.toFixed(0)} ms`)
    await unknown.stop({ keep: true })
    const full = new Map(installed([OURS, V3, V2]).map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, rounds] of full) {
        const server = await start(name, storage, name === OURS ? { data, first } : { first })
        rounds.push({ ready: server.ready })
        if (name === OURS) await pause(3000)
        rounds.at(-1).memory = server.memory() / 1e6
        await server.stop({ keep: name === OURS })
      }
    }
    const own = full.get(OURS)
    const ready = own.map((r) => r.ready)
    row('start to the first manifest, 100,000 tags', `${spread(ready)} ms`, '≤ 300 ms', median(ready) <= 300)
    row('… memory then, with the catalogue of them', `${spread(own.map((r) => r.memory), 1)} MB`, '', null)
    all('100,000 tags', full, (middle) => `${middle((r) => r.ready).toFixed(0)} ms`)
  } finally {
    remove()
  }
}
