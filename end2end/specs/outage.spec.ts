// A registry of its own for each test: it is stopped and started while a page is open.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { small } from '../../scripts/lib/content/team.mjs'
import { Publisher } from '../../scripts/lib/publish.mjs'
import { freePort, startRegistry } from '../../scripts/lib/registry.mjs'
import { expectAccessible } from '../support/checks'
import { List } from '../support/pages'
import { inStep, startSupercargo, until } from '../support/processes'
import { expect, test as base, watch } from '../support/test'

const test = base.extend<{ pair: { url: string; push(tag: string): Promise<void>; stop(): Promise<void>; start(): Promise<void> } }>({
  pair: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'supercargo-outage-'))
    const options = { storage: join(folder, 'registry'), port: await freePort() }
    let registry = await startRegistry(options)
    const publisher = new Publisher(registry.url)
    const push = async (tag: string) => publisher.push('team/steady', await small(`steady ${tag}`), [tag])
    await push('1.0.0')
    const server = await startSupercargo({ registry: `local=${registry.url}`, data: join(folder, 'data'), settings: { SUPERCARGO_REGISTRY_CRAWL: '1s' } })
    await inStep(server.url)
    await use({
      url: server.url,
      push,
      stop: () => registry.stop(),
      start: async () => {
        registry = await startRegistry(options)
      },
    })
    await server.stop()
    await registry.stop()
    rmSync(folder, { recursive: true, force: true })
  },
  url: async ({ pair }, use) => use(pair.url),
})

const unreachable = (url: string) =>
  until('the silence noticed', async () => {
    const { state } = await (await fetch(`${url}/api/v1/registries/local`)).json()
    return state === 'unreachable' || `it is ${state}`
  })

test('while the registry is down everything known stays, and says so; then it is in step again', async ({ page, pair }) => {
  test.setTimeout(60_000)
  const list = new List(page)
  await page.goto('/')
  await pair.stop()
  await unreachable(pair.url)

  for (const path of ['/', '/r/local/team/steady', '/r/local/team/steady:1.0.0', '/r/local/team/steady:1.0.0?tab=layers', '/search?q=steady']) {
    const response = await page.goto(path)
    expect(response?.status()).toBe(200)
    await expect(list.main).toContainText('steady')
  }
  await page.goto('/')
  await expect(list.status.filter({ hasText: 'does not answer' })).toBeVisible()
  await expectAccessible(page)
  await page.goto('/r/local')
  await expect(list.main).toContainText('does not answer')

  await pair.start()
  await pair.push('1.1.0')
  const back = Date.now()
  await inStep(pair.url)
  await until('the new tag', async () => (await fetch(`${pair.url}/api/v1/image?ref=local/team/steady:1.1.0`)).status === 200 || 'not there')
  expect(Date.now() - back).toBeLessThan(8000)
  await page.goto('/')
  await expect(list.status.filter({ hasText: 'does not answer' })).toHaveCount(0)
})

test('an open page tells of the silence and of its end', async ({ page, pair }) => {
  test.setTimeout(60_000)
  const list = new List(page)
  await list.open('/')
  await expect(list.linkTo('local/team/steady')).toBeVisible()
  await pair.stop()
  await expect(list.main).toContainText('does not answer', { timeout: 15_000 })
  await pair.start()
  await expect(list.main).not.toContainText('does not answer', { timeout: 10_000 })
})

test('a registry that never answered leaves a page that says why', async ({ browser }) => {
  const folder = mkdtempSync(join(tmpdir(), 'supercargo-silent-'))
  const server = await startSupercargo({ registry: `local=http://127.0.0.1:${await freePort()}`, data: folder })
  const context = await browser.newContext()
  const page = await context.newPage()
  const faults = watch(page, { origin: server.url, errors: [] })
  try {
    await unreachable(server.url)
    await page.goto(`${server.url}/`)
    await expect(page.getByRole('main')).toContainText(/not answer/)
    await expectAccessible(page)
    expect(faults).toEqual([])
  } finally {
    await context.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
