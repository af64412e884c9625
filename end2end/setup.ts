// Once for all tests: a registry with the example content, and two servers beside it, one of them under a path.
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fill, fillMany } from '../scripts/lib/example.mjs'
import { small } from '../scripts/lib/content/team.mjs'
import { Publisher } from '../scripts/lib/publish.mjs'
import { findBinary, freePort, startRegistry } from '../scripts/lib/registry.mjs'
import { inStep, root, startSupercargo } from './support/processes'

const DAY = 86_400_000
const FLEET = 210

/** The filled registry's folder: made once a day, since its dates are counted from now. */
async function content() {
  const kept = join(root, 'target/end2end/content')
  const sources = ['example.mjs', 'image.mjs', 'layer.mjs', 'content/team.mjs', 'content/library.mjs', 'content/quirks.mjs'].map((file) => statSync(join(root, 'scripts/lib', file)).mtimeMs)
  if (existsSync(kept) && statSync(kept).mtimeMs > Math.max(Date.now() - DAY, ...sources)) return kept
  rmSync(kept, { recursive: true, force: true })
  const begun = `${kept}.begun`
  rmSync(begun, { recursive: true, force: true })
  mkdirSync(begun, { recursive: true })
  const registry = await startRegistry({ storage: begun })
  const publisher = new Publisher(registry.url)
  await fill(publisher, Date.now())
  await fillMany(publisher, 'load/many-tags', Date.now(), { count: 5000, distinct: 1000 })
  // Enough repositories for a second page of the catalogue, and a third.
  await Promise.all(
    Array.from({ length: FLEET }, async (_, place) => {
      const name = String(place).padStart(3, '0')
      await publisher.push(`fleet/service-${name}`, await small(`fleet ${name}`, { created: new Date(Date.now() - (place + 900) * DAY).toISOString() }), [`1.0.${place}`])
    }),
  )
  await registry.stop()
  renameSync(begun, kept)
  return kept
}

export default async function setup() {
  if (!findBinary()) throw new Error('The browser tests want a real docker-registry: install Debian’s package docker-registry.')
  const folder = mkdtempSync(join(tmpdir(), 'supercargo-end2end-'))
  const storage = join(folder, 'registry')
  cpSync(await content(), storage, { recursive: true })

  const port = await freePort()
  const secret = 'end2end-notification-secret'
  const registry = await startRegistry({ storage, deletes: true, notify: { url: `http://127.0.0.1:${port}/api/v1/notifications/local`, secret } })
  const beside = { registry: `local=${registry.url}`, secret }
  const started = [] as { stop(): Promise<void> }[]
  try {
    const main = await startSupercargo({ ...beside, port, data: join(folder, 'main') })
    started.push(main)
    const below = await startSupercargo({ ...beside, data: join(folder, 'below'), path: '/sub/' })
    started.push(below)
    await inStep(main.url)
    await inStep(below.url)
    Object.assign(process.env, { E2E_URL: main.url, E2E_BELOW_URL: below.url, E2E_REGISTRY_URL: registry.url, E2E_FOLDER: folder })
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()))
    await registry.stop()
    throw error
  }
  return async () => {
    await Promise.all(started.map((server) => server.stop()))
    await registry.stop()
    if (!process.env.E2E_KEEP) rmSync(folder, { recursive: true, force: true })
  }
}
