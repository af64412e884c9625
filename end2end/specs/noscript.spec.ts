// The same flows with scripts switched off: links, forms and details only.
import { Image, List, paths } from '../support/pages'
import { expect, test } from '../support/test'

test('the catalogue is filtered, sorted and paged', async ({ page }) => {
  const catalogue = new List(page)
  await page.goto('/')
  await catalogue.filterBy('redis')
  await expect(page).toHaveURL(/q=redis/)
  await expect(catalogue.rows).toHaveCount(1)
  await page.goto('/')
  await catalogue.choose(/Last pushed/, 'Name')
  await expect(page).toHaveURL(/sort=name/)
  await catalogue.next.click()
  await expect(catalogue.linkTo('local/fleet/service-150')).toBeVisible()
  await catalogue.previous.or(catalogue.first).first().click()
  await expect(catalogue.linkTo('local/charts/ingress')).toBeVisible()
})

test('searching is a form', async ({ page }) => {
  const list = new List(page)
  await page.goto('/')
  await list.page.getByRole('banner').locator('input[name=q]').fill('payments')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/search\?q=payments/)
  await expect(list.linkTo('local/team/api').first()).toBeVisible()
})

test('a repository leads to an image, its tabs and its platforms', async ({ page }) => {
  const image = new Image(page)
  await page.goto('/?q=team/api')
  await image.linkTo('local/team/api').first().click()
  await image.linkTo('local/team/api:v2.14.0').first().click()
  await image.tab('Layers').click()
  await expect(image.main).toContainText('apt-get install')
  await image.platform('linux/arm64').click()
  await expect(page).toHaveURL(/arm64/)
  for (const tab of ['Configuration', 'Manifest', 'Attached', 'Overview']) {
    await image.tab(tab).click()
    await expect(image.tab(tab)).toHaveAttribute('aria-current', 'page')
  }
})

test('pull lines open and can be chosen', async ({ page }) => {
  const image = new Image(page)
  await page.goto(paths.image)
  await image.pull.click()
  const box = image.main.locator('details[open]')
  await box.getByText('skopeo', { exact: true }).click()
  await expect(box.getByText(/^skopeo copy docker:/).locator('visible=true')).toHaveCount(1)
})

test('the theme is changed by a form and kept', async ({ page }) => {
  const list = new List(page)
  await page.goto('/')
  const ground = () => page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor)
  const before = await ground()
  await list.changeTheme(async () => (await ground()) !== before)
  await page.goto(paths.repository)
  expect(await ground()).not.toBe(before)
})

test('5,000 tags are paged by links', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.many)
  await list.next.click()
  await expect(list.pager).toContainText('101')
  await list.next.click()
  await expect(list.rows.first()).toBeVisible()
})

test('a registry’s page asks for a refresh by a form', async ({ page }) => {
  const list = new List(page)
  await page.goto(paths.registry)
  await list.main.getByRole('button', { name: /Read it anew/ }).click()
  await expect(page).toHaveURL(/\/r\/local/)
  await expect(list.heading).toContainText('local')
})
