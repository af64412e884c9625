// Runs the programs of others: nothing of whoever runs this is lent to them but PATH.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program is on PATH; null where it is not. */
export function find(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(folder, program)
    try {
      accessSync(candidate, constants.X_OK)
      return candidate
    } catch {
      // not in this folder
    }
  }
  return null
}

/** A home without anyone's credentials and mirrors, in which the containers tools take unsigned images. */
export function home(folder) {
  const containers = join(folder, '.config/containers')
  mkdirSync(containers, { recursive: true })
  writeFileSync(join(containers, 'policy.json'), JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }))
  // podman's locks are shared by all of a machine otherwise.
  writeFileSync(join(containers, 'containers.conf'), '[engine]\nlock_type = "file"\n')
  writeFileSync(join(containers, 'registries.conf'), 'unqualified-search-registries = []\n')
  return folder
}

/** What a client is run with: `run(…words)` gives what it printed, and is an error with what it said where its status is not 0. */
export function shell(folder, environment = {}) {
  const env = { PATH: process.env.PATH, HOME: home(join(folder, 'home')), CONTAINERS_CONF: join(folder, 'home/.config/containers/containers.conf'), TMPDIR: folder, XDG_RUNTIME_DIR: folder, LANG: 'C', ...environment }
  const options = { cwd: folder, env, encoding: 'buffer', maxBuffer: 64 << 20, timeout: 60_000 }
  const bytes = (program, words, input) =>
    new Promise((resolve, reject) => {
      const child = execFile(program, words, options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout)
        const said = `${stderr}${stdout}`.trim().split('\n').slice(-3).join(' ')
        reject(new Error(`${program} ${words.join(' ')}: ${said || error.message}`))
      })
      // One that ends without having read all says why by its status.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })
  const run = async (program, ...words) => (await bytes(program, words)).toString().trim()
  return { folder, env, bytes, run }
}

/** The first version number that a program prints. */
export function version(program, words) {
  try {
    const said = execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: '/nonexistent' } })
    return /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? 'not told'
  } catch {
    return 'not told'
  }
}

/** A client's own daemon does not start on this machine: nothing is said of the client. */
export class CannotRun extends Error {}

/** A daemon that belongs to one client; `ready` is asked until it is fulfilled. */
export async function daemon({ folder, env }, program, words, ready) {
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2000)))
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise((done) => child.once('close', done))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    process.off('exit', orphan)
  }
  const deadline = Date.now() + 20_000
  for (;;) {
    if (child.exitCode !== null) throw new CannotRun(`${program} ended at once: ${said.trim().split('\n').pop()}`)
    if (await ready().then(() => true, () => false)) return stop
    if (Date.now() > deadline) {
      await stop()
      throw new CannotRun(`${program} did not answer within 20 s: ${said.trim().split('\n').pop()}`)
    }
    await new Promise((done) => setTimeout(done, 50))
  }
}
