// The programs under test: a real docker-registry, and the product beside it.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../scripts/lib/registry.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const binary = process.env.SUPERCARGO ?? join(root, 'target/debug/supercargo')

export interface Server {
  /** Where pages are, without a slash at the end. */
  url: string
  stop(): Promise<void>
}

/** Asks until `check` says yes; the last thing it said is in the error. */
export async function until(what: string, check: () => Promise<true | string>, { within = 20_000, every = 50 } = {}) {
  const deadline = Date.now() + within
  for (;;) {
    const said = await check().catch((error) => String(error))
    if (said === true) return
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${within / 1000} s: ${said}`)
    await pause(every)
  }
}

/** Whether a registry is known in full: every name, and the digest of each. */
export const inStep = (url: string, name = 'local') =>
  until(`${url} in step with ${name}`, async () => {
    const answer = await fetch(`${url}/api/v1/registries/${name}`)
    const { state, progress } = await answer.json()
    return state === 'fresh' || `it is ${state} (${JSON.stringify(progress)})`
  }, { within: 90_000 })

interface Options {
  /** `name=URL`, more than one separated by commas; none: it is the registry. */
  registry?: string
  /** The folder of the database. */
  data: string
  port?: number
  secret?: string
  /** The path of the public address: `/sub/`. */
  path?: string
  settings?: Record<string, string>
}

/** Starts the product and waits until it can serve what it knows. */
export async function startSupercargo({ registry, data, port, secret, path = '', settings = {} }: Options): Promise<Server> {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: cargo build --package server`)
  mkdirSync(data, { recursive: true })
  const own = port ?? (await freePort())
  const origin = `http://127.0.0.1:${own}`
  const child = spawn(binary, ['serve'], {
    cwd: data,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      SUPERCARGO_LISTEN: `127.0.0.1:${own}`,
      SUPERCARGO_DATA: data,
      ...(registry && { SUPERCARGO_REGISTRY: registry }),
      ...(secret && { SUPERCARGO_REGISTRY_NOTIFICATION_SECRET: secret }),
      ...(path && { SUPERCARGO_PUBLIC_URL: `${origin}${path}` }),
      ...settings,
    },
  })
  const log = join(data, 'supercargo.log')
  let said = ''
  const keep = (chunk: Buffer) => {
    said = (said + chunk).slice(-4000)
    appendFileSync(log, chunk)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  // It must not outlive us, however we end.
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise<boolean>((done) =>
    child.once('exit', () => {
      process.off('exit', orphan)
      done(true)
    }),
  )
  const stop = async () => {
    child.kill('SIGTERM')
    if (!(await Promise.race([exited, pause(10_000, false)]))) child.kill('SIGKILL')
    await exited
  }
  try {
    await until('Supercargo ready', async () => {
      if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}: ${said}`)
      const { status } = await fetch(`${origin}/readyz`)
      return status === 200 || `readyz answered ${status}`
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${error}\n${said}`)
  }
  return { url: origin + path.replace(/\/$/, ''), stop }
}
