// What many at once cost in memory: 16 who push 100 MB each onto the disk, 50 who ask for 100 MB and read none of it.
import { connect } from 'node:net'
import { join } from 'node:path'
import { pause } from '../programs.mjs'
import { note, row } from '../report.mjs'
import { bench } from './rounds.mjs'
import { OURS, V2, V3, ZOT, installed, place, start } from './servers.mjs'

const MB = 1_000_000
const stalled = 50

/** The most that a server holds while `meanwhile` runs, over what it held before, in megabytes. */
async function growth(server, meanwhile) {
  const before = server.memory()
  let most = before
  let going = true
  const done = meanwhile().finally(() => (going = false))
  while (going) {
    most = Math.max(most, server.memory())
    await Promise.race([done, pause(20)])
  }
  await done
  return (most - before) / 1e6
}

/** Asks, and reads nothing for three seconds. */
async function stall(server, path) {
  const sockets = await Promise.all(
    Array.from(
      { length: stalled },
      () =>
        new Promise((open, fail) => {
          const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
            socket.pause()
            socket.write(`GET ${path} HTTP/1.1\r\nHost: ${server.address}\r\n\r\n`)
            open(socket)
          })
          socket.on('error', fail)
        }),
    ),
  )
  await pause(3000)
  for (const socket of sockets) socket.destroy()
}

export async function memory() {
  const seen = new Map()
  for (const name of installed([OURS, V3, V2, ZOT])) {
    const { folder, remove } = place('disk')
    try {
      const server = await start(name, join(folder, 'storage'))
      // One of each first: what is held once and for all is no growth.
      await bench('push', server.address, 'monolithic', 1, 2, MB, 'bench/warm')
      await pause(1000)
      const pushing = await growth(server, () => bench('push', server.address, 'monolithic', 16, 16, 100 * MB, 'bench/memory'))
      await server.stop()
      const content = join(folder, 'read')
      const digest = await bench('blob', content, name === ZOT ? 'zot' : 'distribution', 'bulk/100', 100 * MB)
      const reading = await start(name, content)
      await pause(1000)
      const path = `/v2/bulk/100/blobs/${digest}`
      await bench('ask', reading.address, 'GET', 1, 0.5, path)
      seen.set(name, { pushing, stalling: await growth(reading, () => stall(reading, path)) })
      await reading.stop()
    } finally {
      remove()
    }
  }
  const { pushing, stalling } = seen.get(OURS)
  row('memory while 16 clients push 100 MB each', `+${pushing.toFixed(1)} MB`, '≤ +20 MB', pushing <= 20)
  row(`memory while ${stalled} clients stop reading`, `+${stalling.toFixed(1)} MB`, '≤ +10 MB', stalling <= 10)
  note(`registry: memory: ${[...seen].map(([name, m]) => `${name} +${m.pushing.toFixed(0)} MB pushed to, +${m.stalling.toFixed(0)} MB not read from`).join('; ')}`)
}
