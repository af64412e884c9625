import { List, paths } from '../support/pages'
import { expect, test } from '../support/test'

/** The tags on this page, by their links, in order. */
const tags = (list: List, repository: string) =>
  list.rows.evaluateAll(
    (rows, prefix) => rows.map((row) => [...row.querySelectorAll('a')].map((link) => link.getAttribute('href') ?? '').find((href) => href.startsWith(prefix))?.slice(prefix.length) ?? ''),
    `/r/local/${repository}:`,
  )

test('tags of one digest are gathered in one row, newest version first', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.repository)
  const newest = list.row('local/team/api:v2.14.0')
  await expect(newest).toContainText('latest')
  await expect(newest).toContainText('2.14')
  await expect(newest).toContainText('SBOM')
  const shown = await tags(list, 'team/api')
  expect(shown.indexOf('v2.14.0')).toBeLessThan(shown.indexOf('v2.13.4'))
  expect(shown.indexOf('v2.10.0')).toBeLessThan(shown.indexOf('v2.9.0'))
  expect(shown.filter((tag) => tag === 'latest')).toHaveLength(0)
})

test('tags that are only machinery are not listed', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.repository)
  await expect(list.rows.first()).toBeVisible()
  await expect(list.main.locator('a[href*=":sha256-"]')).toHaveCount(0)
})

test('the filter takes words, globs and terms', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.repository)
  await list.filterBy('v2.13.*')
  await expect(page).toHaveURL(/q=v2\.13\.\*/)
  await expect(list.rows).toHaveCount(5)
  await list.filterBy('tag:pr-4*')
  await expect(list.linkTo('local/team/api:pr-418')).toBeVisible()
  await expect(list.linkTo('local/team/api:v2.14.0')).toHaveCount(0)
})

test('5,000 tags: every one is on some page, and none on two', async ({ page }) => {
  test.slow()
  const list = new List(page)
  const all: string[] = []
  let address: string | null = `${paths.many}?sort=name&flat=1`
  while (address) {
    await page.goto(address)
    all.push(...(await tags(list, 'load/many-tags')))
    address = (await list.next.count()) > 0 ? await list.next.getAttribute('href') : null
  }
  expect(all).toHaveLength(5001)
  expect(new Set(all).size).toBe(5001)
})

test('1,000 images: each page follows the one before, to the end and back', async ({ page }) => {
  test.slow()
  const list = new List(page)
  await page.goto(paths.many)
  const seen: string[][] = [await tags(list, 'load/many-tags')]
  while ((await list.next.count()) > 0) {
    await list.next.click()
    await expect.poll(() => tags(list, 'load/many-tags'), { intervals: [50] }).not.toEqual(seen.at(-1))
    seen.push(await tags(list, 'load/many-tags'))
  }
  expect(seen.flat()).toHaveLength(1000)
  expect(new Set(seen.flat()).size).toBe(1000)
  await page.goBack()
  expect(await tags(list, 'load/many-tags')).toEqual(seen.at(-2))
  await list.first.click()
  await expect.poll(() => tags(list, 'load/many-tags')).toEqual(seen[0])
})

test('5,000 tags: the page is small whatever is behind it', async ({ page }) => {
  await page.goto(paths.many)
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(4000)
})

for (const [order, query, first] of [
  ['newest version', 'version', 'v9.24.19'],
  ['name', 'name', 'latest'],
] as const) {
  test(`5,000 tags: by ${order}, over all of them`, async ({ page }) => {
    const list = new List(page)
    await page.goto(`${paths.many}?flat=1&sort=${query}`)
    expect((await tags(list, 'load/many-tags'))[0]).toBe(first)
  })
}

test('5,000 tags: by size, the largest first, the smallest at the other end', async ({ page }) => {
  const list = new List(page)
  await page.goto(`${paths.many}?sort=-size`)
  await expect(list.rows.first()).toContainText('v9.24.')
  await page.goto(`${paths.many}?sort=size`)
  await expect(list.rows.first()).toContainText('v0.0.')
})

test('5,000 tags: the filter finds one among them', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.many)
  await list.filterBy('v4.17.*')
  await expect(list.main).toContainText('v4.17.0')
  await list.filterBy('tag:v4.17.3')
  await expect(list.rows).toHaveCount(1)
  await expect(list.rows.first()).toContainText('v4.17.3')
})

test('an order is chosen from a menu and stays with the filter', async ({ page }) => {
  const list = new List(page)
  await page.goto(`${paths.repository}?q=tag:v2.*`)
  await list.choose(/Version/, /Largest|Size/)
  await expect(page).toHaveURL(/sort=-?size/)
  await expect(page).toHaveURL(/q=tag:v2/)
})

test('an image opens from its row', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.repository)
  await list.linkTo('local/team/api:v2.14.0').first().click()
  await expect(page).toHaveURL(/\/r\/local\/team\/api:v2\.14\.0$/)
})

test('a warm page asks the registry for nothing', async ({ page, url }) => {
  const asked = async () => {
    const text = await (await fetch(`${new URL(url).origin}/metrics`)).text()
    // The clock asks whether the registry is there; no page does.
    const lines = text.split('\n').filter((line) => /^[a-z_]*upstream[a-z_]*(total|count)\{/.test(line) && !line.includes('operation="ping"'))
    expect(lines.length).toBeGreaterThan(0)
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  await page.goto(paths.repository)
  const before = await asked()
  await page.goto(paths.many)
  await page.goto(paths.repository)
  await page.goto('/')
  expect(await asked()).toBe(before)
})
