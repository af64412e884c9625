// With no registry named it is one: pushed to, browsed and changed at one address.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/lib/registry.mjs'
import { Change, Outside, expect, known, test as base } from '../support/changing'
import { expectAccessible, expectStayed, stay } from '../support/checks'
import { List } from '../support/pages'
import { startSupercargo } from '../support/processes'

const test = base.extend<object, { own: { outside: Outside; again(): Promise<void> } }>({
  own: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'supercargo-own-'))
      const port = await freePort()
      // What lost its tag may go at once.
      const settings = { SUPERCARGO_EMBEDDED_GC_GRACE: '0s' }
      let server = await startSupercargo({ data: folder, port, settings })
      const again = async () => {
        await server.stop()
        server = await startSupercargo({ data: folder, port, settings })
      }
      await use({ outside: new Outside(server.url), again })
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  url: async ({ own }, use) => use(own.outside.url),
})
test.describe.configure({ mode: 'serial' })
// The page of what was just deleted asks once more for what it shows.
test.use({ expectedErrors: [/404 .*\/r\/local\/team\//] })

test('an empty registry says how to push to it', async ({ page, url }) => {
  const list = new List(page)
  await list.open('/')
  await expect(list.main).toContainText('The registry is empty')
  await expect(list.main).toContainText(`docker push localhost:${new URL(url).port}/`)
  await expectAccessible(page)
  await list.open('/r/local')
  await expect(list.main).toContainText('It asks nobody who they are')
  await expect(list.main).not.toContainText('endpoints:')
})

test('a push appears on the open catalogue within a second', async ({ page, own, url }) => {
  const list = new List(page)
  await list.open('/')
  await stay(page)
  await own.outside.push('first/image', '1', ['1.0.0'])
  await expect(list.linkTo('local/first/image').first()).toBeVisible({ timeout: 2_000 })
  await expectStayed(page)
  const took = []
  for (const round of [1, 2, 3]) {
    await own.outside.push(`live/round-${round}`, `${round}`, ['1.0.0'])
    const pushed = Date.now()
    await known(url, `local/live/round-${round}:1.0.0`)
    took.push(Date.now() - pushed)
  }
  expect(Math.min(...took)).toBeLessThan(500)
})

test('one of two tags is deleted and put back, and both are seen from outside', async ({ page, own, url }) => {
  const digest = await own.outside.push('team/api', 'two names', ['1.0.0', 'latest'])
  await known(url, 'local/team/api:latest')
  const change = new Change(page)
  await change.open('/r/local/team/api:latest')
  await change.ofPage('Delete tag latest…')
  await expect(change.dialog).toContainText('1.0.0')
  await change.confirm()
  await change.done()
  expect(await own.outside.tags('team/api')).toEqual(['1.0.0'])
  await change.undo()
  expect(await own.outside.tags('team/api')).toEqual(['1.0.0', 'latest'])
  expect(await own.outside.digest('team/api', 'latest')).toBe(digest)
})

test('an index with platforms goes whole and comes back whole', async ({ page, own, url }) => {
  const made = await own.outside.pushTwo('team/multi', 'both', ['1'])
  await known(url, 'local/team/multi:1')
  const change = new Change(page)
  await change.open('/r/local/team/multi:1')
  await change.ofPage('Delete the image, with every tag…')
  await change.confirm()
  await change.done()
  expect(await own.outside.digest('team/multi', made.digest)).toBeNull()
  await change.undo()
  expect(await own.outside.digest('team/multi', '1')).toBe(made.digest)
  for (const child of made.children) expect(await own.outside.digest('team/multi', child)).toBe(child)
})

test('everything is there again after a restart', async ({ page, own, url }) => {
  await own.again()
  const list = new List(page)
  await known(url, 'local/team/multi:1')
  await list.open('/r/local/team/api')
  await expect(list.linkTo('local/team/api:1.0.0').first()).toBeVisible()
  await page.goto('/activity')
  await expect(list.main).toContainText('pushed')
  await expect(list.main).toContainText('team/multi')
})

test('what no tag names is shown, taken away and written down', async ({ page, own, url }) => {
  const before = await own.outside.push('team/moving', 'before', ['latest'])
  const after = await own.outside.push('team/moving', 'after', ['latest'])
  await known(url, 'local/team/moving:latest')
  await page.goto('/r/local')
  const storage = page.getByRole('region', { name: 'Storage' })
  await expect(storage).toContainText('That happens only when somebody says so.')
  await storage.getByRole('button', { name: 'Look what can go' }).click()
  await expect(storage).toContainText('can go')
  await expectAccessible(page)
  expect(await own.outside.digest('team/moving', before)).toBe(before)
  await storage.getByRole('button', { name: /^Free / }).click()
  await expect(storage).toContainText('free since')
  expect(await own.outside.digest('team/moving', before)).toBeNull()
  expect(await own.outside.digest('team/moving', 'latest')).toBe(after)
  await page.goto('/activity')
  await expect(page.getByRole('main')).toContainText('collected in')
})
