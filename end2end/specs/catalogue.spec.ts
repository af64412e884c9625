import { List } from '../support/pages'
import { expect, test } from '../support/test'

test('the catalogue shows every kind of repository with its newest tag', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/?q=team/api')
  await expect(page).toHaveTitle(/Supercargo/)
  const api = catalogue.row('local/team/api')
  await expect(api).toContainText('v2.14.0')
  await expect(api).toContainText('latest')
  await expect(api).toContainText('Payments API: accepts, routes and settles card payments')
  await expect(api).toContainText('amd64')
  await expect(api).toContainText('arm64')
})

test('the filter narrows the whole list and stays in the address', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/')
  await catalogue.filterBy('postgres')
  await expect(page).toHaveURL(/[?&]q=postgres/)
  await expect(catalogue.linkTo('local/library/postgres')).toBeVisible()
  await expect(catalogue.linkTo('local/library/redis')).toHaveCount(0)
  await expect(catalogue.filter).toHaveValue('postgres')
})

test('the value of a label finds its repository', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/')
  await catalogue.filterBy('label:team=ledger')
  await expect(catalogue.linkTo('local/team/legacy')).toBeVisible()
  await expect(catalogue.linkTo('local/team/api')).toHaveCount(0)
})

test('a kind is chosen from a menu and becomes part of the query', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/')
  await catalogue.choose(/^\s*Kind/, 'Helm chart')
  await expect(page).toHaveURL(/q=kind:helm/)
  await expect(catalogue.linkTo('local/charts/ingress')).toBeVisible()
  await expect(catalogue.rows).toHaveCount(2)
})

test('each order is over the whole list', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/')
  await catalogue.choose(/Last pushed/, 'Most tags')
  await expect(page).toHaveURL(/sort=-tags/)
  await expect(catalogue.rows.first().getByRole('link').first()).toHaveAttribute('href', '/r/local/load/many-tags')

  await catalogue.choose(/Most tags/, 'Name')
  await expect(page).toHaveURL(/sort=name/)
  const names = await catalogue.rows.evaluateAll((rows) => rows.map((row) => row.querySelector('a[href*="/r/"]')?.getAttribute('href') ?? ''))
  expect(names[0]).toBe('/r/local/charts/ingress')
  expect(names.length).toBeGreaterThan(50)
})

test('pages lead forward and back without losing or repeating a repository', async ({ page }) => {
  const catalogue = new List(page)
  const names = () => catalogue.rows.evaluateAll((rows) => rows.map((row) => row.querySelector('a[href*="/r/"]')?.getAttribute('href') ?? ''))
  await page.goto('/?sort=name')
  const seen: string[][] = []
  for (;;) {
    seen.push(await names())
    if ((await catalogue.next.count()) === 0) break
    await catalogue.next.click()
    await expect.poll(names).not.toEqual(seen.at(-1))
  }
  const all = seen.flat()
  expect(seen.length).toBeGreaterThanOrEqual(3)
  expect(new Set(all).size).toBe(all.length)
  expect(all.filter((name) => name.includes('/fleet/'))).toHaveLength(210)

  await page.goBack()
  expect(await names()).toEqual(seen.at(-2))
})

test('a repository opens from its row', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/?q=redis')
  await catalogue.linkTo('local/library/redis').click()
  await expect(page).toHaveURL(/\/r\/local\/library\/redis$/)
  await expect(catalogue.heading).toContainText('redis')
})

test('a filter that matches nothing says so and leads back', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/?q=nosuchthinganywhere')
  await expect(catalogue.main).toContainText('Nothing matches')
  await catalogue.main.getByRole('link', { name: 'Show all repositories' }).click()
  await expect(catalogue.rows.first()).toBeVisible()
})
