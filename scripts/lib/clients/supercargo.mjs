// Our own registry, over an empty folder and with no setting but where to listen and to store.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../registry.mjs'

const root = resolve(fileURLToPath(import.meta.url), '../../../..')

/** The product's program: `SUPERCARGO`, or the one built last for release, or for tests. */
export function program() {
  const candidates = process.env.SUPERCARGO ? [resolve(process.env.SUPERCARGO)] : ['release', 'debug'].map((kind) => join(root, 'target', kind, 'supercargo'))
  const found = candidates.find((candidate) => existsSync(candidate))
  if (!found) throw new Error(`${candidates.join(' and ')}: not there. Run make build, or name the program in SUPERCARGO.`)
  return found
}

export async function startSupercargo(folder) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(program(), ['serve', '--listen', `127.0.0.1:${port}`, '--data', folder], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH } })
  let said = ''
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2000)))
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise((done) => child.once('exit', done))
  const deadline = Date.now() + 20_000
  while (!(await fetch(`${url}/v2/`).then((answer) => answer.ok, () => false))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Supercargo did not start: ${said}`)
    await new Promise((done) => setTimeout(done, 20))
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    process.off('exit', orphan)
  }
  return { url, stop }
}
