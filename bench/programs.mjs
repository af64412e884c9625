// What is measured, and what it stands beside: the release build on a prepared database, a real docker-registry, a count of requests.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, createServer, get, request } from 'node:http'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fill, fillMany } from '../scripts/lib/example.mjs'
import { Publisher } from '../scripts/lib/publish.mjs'
import { freePort, startRegistry } from '../scripts/lib/registry.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
export const product = resolve(process.env.SUPERCARGO ?? join(root, 'target/release/supercargo'))
export const inside = resolve(process.env.BENCH ?? join(root, 'target/release/bench'))
export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
const work = join(root, 'target/bench')
/** Nothing listens there: whatever a page shows, it was known. */
export const NOWHERE = 'http://127.0.0.1:9'

mkdirSync(work, { recursive: true })

/** A database of so many repositories with so many tags each, of a registry called `local`; made anew when the program that makes it changed. */
export function database(repositories, tags) {
  const file = join(work, `content-${repositories}x${tags}.db`)
  if (existsSync(file) && statSync(file).mtimeMs > statSync(inside).mtimeMs) return file
  const begun = `${file}.begun`
  for (const end of ['', '-wal', '-shm', '.known']) for (const name of [file, begun]) rmSync(name + end, { force: true })
  execFileSync(inside, ['database', begun, String(repositories), String(tags)], { stdio: ['ignore', 'ignore', 'inherit'] })
  renameSync(begun, file)
  return file
}

const answers = (url) =>
  new Promise((done) => {
    const asked = get(url, { agent: false }, (response) => {
      response.resume()
      done(response.statusCode === 200)
    })
    asked.on('error', () => done(false))
  })

/** Starts the product. `ready` is how many milliseconds it took from the start of the process to the first 200 of /readyz. */
export async function startProduct({ registry = NOWHERE, file } = {}) {
  const folder = mkdtempSync(join(work, 'server-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const settings = join(folder, 'supercargo.toml')
  const text = { listen: `127.0.0.1:${port}`, data: folder, ...(file && { database: `sqlite:${file}` }) }
  const lines = Object.entries(text).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  // Nothing is crawled while something is measured, but for the first crawl.
  writeFileSync(settings, `${lines.join('\n')}\n\n[[registry]]\nname = "local"\nurl = ${JSON.stringify(registry)}\ncrawl = "24h"\n`)
  const log = openSync(join(folder, 'log'), 'w')
  const begun = performance.now()
  const child = spawn(product, ['serve', '--config', settings], { stdio: ['ignore', log, log], env: { PATH: process.env.PATH } })
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGTERM')
    if (!(await Promise.race([exited.then(() => true), pause(10_000, false)]))) child.kill('SIGKILL')
    await exited
    process.off('exit', orphan)
    rmSync(folder, { recursive: true, force: true })
  }
  while (!(await answers(`${url}/readyz`))) {
    if (child.exitCode !== null || performance.now() - begun > 120_000) {
      const said = readFileSync(join(folder, 'log'), 'utf8').slice(-2000)
      child.kill('SIGKILL')
      throw new Error(`${product} did not become ready: ${said}`)
    }
    await pause(1)
  }
  return { url, ready: performance.now() - begun, pid: child.pid, stop }
}

export const json = async (url) => {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
  return answer.json()
}

/** Until every name of the registry is known, and the digest of each; or until it is in another state. */
export async function inStep({ url }, { every = 200, wanted = 'fresh' } = {}) {
  const deadline = Date.now() + 300_000
  for (;;) {
    const { state, progress } = await json(`${url}/api/v1/registries/local`)
    if (state === wanted) return
    if (Date.now() > deadline) throw new Error(`${url} is not in step with its registry: ${state}, ${JSON.stringify(progress)}`)
    await pause(every)
  }
}

/** A real docker-registry with the example content and load/many-tags, 5,000 tags. Its folder is kept for the next run. */
export async function startExample() {
  const kept = join(work, 'registry')
  if (!existsSync(kept)) {
    const begun = `${kept}.begun`
    rmSync(begun, { recursive: true, force: true })
    const registry = await startRegistry({ storage: begun })
    const publisher = new Publisher(registry.url)
    await fill(publisher, Date.now())
    await fillMany(publisher, 'load/many-tags', Date.now(), { count: 5000, distinct: 1000 })
    await registry.stop()
    renameSync(begun, kept)
  }
  return startRegistry({ storage: kept })
}

/** Stands before a registry and counts what is asked of it. */
export async function startCount(registry) {
  const agent = new Agent({ keepAlive: true })
  const seen = []
  const server = createServer((from, to) => {
    // The clock asks whether the registry is there, no page does.
    if (from.url !== '/v2/') seen.push(`${from.method} ${from.url}`)
    const asked = request(registry + from.url, { method: from.method, headers: from.headers, agent }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers)
      answer.pipe(to)
    })
    asked.on('error', () => to.destroy())
    from.pipe(asked)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const stop = () => {
    server.closeAllConnections()
    agent.destroy()
    return new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${server.address().port}`, seen, stop }
}

/** Waits until nothing was added to `seen` for a second. */
export async function quiet(seen) {
  for (let before = -1; before !== seen.length; ) {
    before = seen.length
    await pause(1000)
  }
}

/** Resident memory of a process, in bytes. */
export const resident = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
/** Processor time a process took so far, in seconds (proc(5): fields 14 and 15, in hundredths). */
export const processor = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export { pause, work }

/** What may fail for no reason of ours is tried three times. */
export async function persist(ask) {
  for (let left = 2; ; left -= 1) {
    try {
      return await ask()
    } catch (error) {
      if (left === 0) throw error
    }
  }
}
