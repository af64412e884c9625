// A docker-registry process of our own: registry 2.x (Debian's docker-registry) or registry 3.x.
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The registry's program, or null where none is installed; `DOCKER_REGISTRY` names another than the first that is found. */
export function findBinary(path = process.env.PATH ?? '') {
  if (process.env.DOCKER_REGISTRY) return process.env.DOCKER_REGISTRY
  for (const name of ['docker-registry', 'registry']) {
    for (const folder of path.split(delimiter).filter(Boolean)) {
      const candidate = join(folder, name)
      try {
        accessSync(candidate, constants.X_OK)
        return candidate
      } catch {
        // not in this folder
      }
    }
  }
  return null
}

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const answers = (url) =>
  new Promise((resolve) => {
    const request = url.startsWith('https') ? secure : plain
    // The certificate is the caller's own and perhaps self-signed: only liveness is asked here.
    const asked = request(`${url}/v2/`, { rejectUnauthorized: false, timeout: 1000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200 || response.statusCode === 401)
    })
    asked.on('error', () => resolve(false))
    asked.on('timeout', () => asked.destroy())
    asked.end()
  })

/** The registry's configuration file; JSON is YAML. */
export const configuration = ({ storage, port, host, deletes, readOnly, notify, htpasswd, tls, token }) => ({
  version: 0.1,
  log: { level: 'error', accesslog: { disabled: true } },
  storage: {
    filesystem: { rootdirectory: storage },
    delete: { enabled: deletes },
    cache: { blobdescriptor: 'inmemory' },
    maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readOnly } },
  },
  http: {
    addr: `${host}:${port}`,
    relativeurls: true,
    secret: 'example',
    ...(tls && { tls: { certificate: tls.certificate, key: tls.key } }),
  },
  ...(htpasswd && { auth: { htpasswd: { realm: 'example', path: htpasswd } } }),
  ...(token && { auth: { token } }),
  ...(notify && {
    notifications: {
      endpoints: [
        {
          name: 'supercargo',
          url: notify.url,
          headers: notify.secret ? { Authorization: [`Bearer ${notify.secret}`] } : {},
          timeout: '2s',
          threshold: 3,
          backoff: '1s',
          ignore: { mediatypes: ['application/octet-stream'], actions: ['pull'] },
        },
      ],
    },
  }),
})

/** Starts the registry and waits until it answers. `stop()` ends the process and waits for it. */
export async function startRegistry(options) {
  const { storage, host = '127.0.0.1', deletes = false, readOnly = false, binary = findBinary() } = options
  if (!binary) throw new Error('There is no docker-registry on this machine: install Debian’s package docker-registry, or put registry on PATH.')
  const port = options.port || (await freePort())
  mkdirSync(storage, { recursive: true })
  const file = join(storage, `config-${port}.yml`)
  writeFileSync(file, JSON.stringify(configuration({ ...options, storage, port, host, deletes, readOnly }), null, 2), { mode: 0o600 })

  const child = spawn(binary, ['serve', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, OTEL_TRACES_EXPORTER: 'none' },
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-4000)
  })
  // It must not outlive us, however we end.
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const exited = new Promise((resolve) =>
    child.once('exit', (code, signal) => {
      process.off('exit', orphan)
      resolve({ code, signal })
    }),
  )
  const gone = exited.then(() => true)

  const url = `${options.tls ? 'https' : 'http'}://${host}:${port}`
  const deadline = Date.now() + 15_000
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${binary} ended at once. ${said.trim()}`)
    if (await answers(url)) break
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${binary} did not answer on ${url} within 15 s. ${said.trim()}`)
    }
    await pause(25)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    // 2.8 drains for as long as clients keep connections open.
    if (!(await Promise.race([gone, pause(2000, false)]))) child.kill('SIGKILL')
    await exited
  }
  return { url, port, pid: child.pid, exited, stop }
}
