// The registries that are measured side by side: ours with no setting but its places, the others as they come, with their logs off.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { find } from '../../scripts/lib/clients/shell.mjs'
import { configuration, freePort } from '../../scripts/lib/registry.mjs'
import { inStep, pause, processor, product, resident, work } from '../programs.mjs'
import { note } from '../report.mjs'

export const OURS = 'Supercargo'
export const V3 = 'registry v3'
export const V2 = 'docker-registry 2.8'
export const ZOT = 'zot'
/** Ours without catalogue and pages (`crates/embedded/examples/registry.rs`), where EMBEDDED names it: what those cost. */
export const ALONE = 'the registry alone'
/** zot that waits for the disk, as the others do. */
export const ZOT_COMMIT = 'zot, commit'

const says = (program, words, pattern) => {
  try {
    return pattern.exec(execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))?.[1] ?? null
  } catch {
    return null
  }
}
const first = (candidates, words, pattern) => {
  for (const program of candidates.filter(Boolean)) {
    const version = says(program, words, pattern)
    if (version) return { program, version }
  }
  return null
}
const zot = process.env.ZOT ?? find('zot')
const programs = {
  [OURS]: { program: product, version: says(product, ['--version'], /(\d\S*)/) ?? '' },
  [ALONE]: process.env.EMBEDDED && { program: process.env.EMBEDDED, version: '' },
  [V3]: first([process.env.REGISTRY_V3, find('registry-v3'), find('registry')], ['--version'], / v?(3\.\S+)/),
  [V2]: first([process.env.DOCKER_REGISTRY, find('docker-registry')], ['--version'], / v?(2\.\S+)/),
  // One built without labels does not tell its version.
  [ZOT]: zot && { program: zot, version: '' },
  [ZOT_COMMIT]: zot && { program: zot, version: '' },
}
const named = { [V3]: 'registry on PATH, or REGISTRY_V3', [V2]: 'docker-registry on PATH, or DOCKER_REGISTRY', [ZOT]: 'zot on PATH, or ZOT' }

/** Without it distribution denies that an OCI manifest is there. */
export const ACCEPT = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

/** Those of `names` that are on this machine; beside ours the registry alone, where it is named. */
export const installed = (names) => names.flatMap((name) => (name === OURS ? [OURS, ALONE] : [name])).filter((name) => programs[name])
const layoutOf = (name) => (name === ZOT || name === ZOT_COMMIT ? 'zot' : 'distribution')
/** Folders of content, each with its layout; what has one layout reads one folder, but for two of ours, of which one at a time may have it. */
export const seeded = () => [['distribution', 'distribution'], ['zot', 'zot'], ...(programs[ALONE] ? [['alone', 'distribution']] : [])]
export const folderOf = (name) => (name === ALONE ? 'alone' : layoutOf(name))

export function tellPrograms() {
  for (const name of [OURS, V3, V2, ZOT]) {
    const found = programs[name]
    note(found ? `registry: ${name}${found.version && ` (${found.version})`}` : `registry: ${name} is left out: it is not installed (${named[name]})`)
  }
}

/** A folder in memory where there is one with room, so that no disk is measured; it goes when this process goes. */
export function place(where = 'memory') {
  const space = where === 'memory' ? roomInMemory() : work
  const folder = mkdtempSync(join(space, 'supercargo-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  return {
    folder,
    remove: () => {
      process.off('exit', remove)
      remove()
    },
  }
}
function roomInMemory() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (bavail * bsize > 6e9) return '/dev/shm'
  } catch {
    // no such file system
  }
  return work
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

function command(name, { storage, data, port, program }) {
  const file = join(data, `settings-${port}`)
  if (name === OURS) return [program, ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--storage', `file:${storage}`]]
  if (name === ALONE) return [program, [storage, String(port)]]
  const settings =
    layoutOf(name) === 'zot'
      ? { distSpecVersion: '1.1.1', storage: { rootDirectory: storage, ...(name === ZOT_COMMIT && { commit: true }) }, http: { address: '127.0.0.1', port: String(port) }, log: { level: 'error' } }
      : configuration({ storage, host: '127.0.0.1', port, deletes: true, readOnly: false })
  writeFileSync(file, JSON.stringify(settings))
  return [program, ['serve', file]]
}

const answers = (url) =>
  new Promise((done) => {
    const asked = get(url, { agent: false, headers: { accept: ACCEPT } }, (response) => {
      response.resume()
      done(response.statusCode === 200)
    })
    asked.on('error', () => done(false))
  })

/**
 * Starts one over a folder. `ready` is how many milliseconds it took until `first` was answered with 200. What is ours beside the storage lies in `data`.
 */
export async function start(name, storage, { data = mkdtempSync(join(work, 'server-')), first: path = '/v2/' } = {}) {
  const { program } = programs[name]
  mkdirSync(storage, { recursive: true })
  mkdirSync(data, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = openSync(join(data, 'log'), 'w')
  const words = command(name, { storage, data, port, program })
  const begun = performance.now()
  const child = spawn(...words, { cwd: data, stdio: ['ignore', log, log], env: { PATH: process.env.PATH, HOME: data, OTEL_TRACES_EXPORTER: 'none' } })
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise((done) => child.once('exit', done))
  const stop = async ({ keep = false } = {}) => {
    child.kill('SIGTERM')
    if (!(await Promise.race([exited.then(() => true), pause(5000, false)]))) child.kill('SIGKILL')
    await exited
    process.off('exit', orphan)
    if (!keep) rmSync(data, { recursive: true, force: true })
  }
  while (!(await answers(url + path))) {
    if (child.exitCode !== null || performance.now() - begun > 60_000) {
      child.kill('SIGKILL')
      throw new Error(`${name} did not become ready: ${readFileSync(join(data, 'log'), 'utf8').slice(-2000)}`)
    }
    await pause(1)
  }
  return { name, url, address: `127.0.0.1:${port}`, ready: performance.now() - begun, pid: child.pid, stop, memory: () => resident(child.pid), processor: () => processor(child.pid) }
}

/** Starts those of `names` that are installed, each over the folder that `storage` gives it, and has ours read it: what it does once is not measured. */
export async function startAll(names, storage) {
  const servers = []
  for (const name of installed(names)) {
    const server = await start(name, storage(name))
    servers.push(server)
    if (name === OURS) await inStep(server)
  }
  return servers
}
export const stopAll = (servers) => Promise.all(servers.map((server) => server.stop()))
