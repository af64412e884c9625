// Start and rest with 100,000 tags known, and the size of the program.
import { rmSync, statSync } from 'node:fs'
import { database, pause, product, resident, startProduct } from './programs.mjs'
import { median, note, row, spread } from './report.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 7)
const file = database(2000, 50)

/** Memory once it moved by less than 1 % for five seconds. */
async function settled(pid) {
  let still = 0
  let last = resident(pid)
  for (let second = 0; second < 60 && still < 5; second += 1) {
    await pause(1000)
    const now = resident(pid)
    still = Math.abs(now - last) < last / 100 ? still + 1 : 0
    last = now
  }
  return last
}

// The first start reads every row of the database and leaves an imprint at its end, as every orderly end does; the others begin from that.
rmSync(`${file}.known`, { force: true })
const first = await startProduct({ file })
const unaided = first.ready
await first.stop()

const ready = []
const memory = []
for (let n = 0; n < ROUNDS; n += 1) {
  const server = await startProduct({ file })
  ready.push(server.ready)
  if (n < 3) memory.push((await settled(server.pid)) / 1e6)
  if (n === 0) {
    await fetch(server.url)
    note(`start: after one page ${(resident(server.pid) / 1e6).toFixed(1)} MB`)
  }
  await server.stop()
}
row('idle memory, 100,000 tags, MB', spread(memory, 1), '≤ 80 MB', median(memory) <= 80)
row('start of the process to ready, 100,000 tags', `${spread(ready)} ms`, '≤ 300 ms', median(ready) <= 300)
row('… the first time, and after a crash before it: without an imprint', `${unaided.toFixed(0)} ms`, '', null)
row('size of the program', `${(statSync(product).size / 1e6).toFixed(1)} MB`, '', null)
