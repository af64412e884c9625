import { LONG_NAME } from '../../scripts/lib/content/quirks.mjs'
import { expectAccessible } from '../support/checks'
import { Image, List, paths, tabs } from '../support/pages'
import { expect, test } from '../support/test'

const pages = {
  ...paths,
  'the catalogue by name': '/?sort=name',
  'the catalogue filtered': '/?q=kind:image+team',
  'nothing found': '/?q=nosuchthinganywhere',
  'tags one by one': `${paths.repository}?flat=1`,
  'a very long name': `/r/local/${LONG_NAME}`,
  'an empty search': '/search',
  ...Object.fromEntries(tabs.slice(1).map((tab) => [tab, `${paths.image}?tab=${tab}`])),
  'hostile layers': `${paths.hostile}?tab=layers`,
  'a chart’s manifest': `${paths.chart}?tab=manifest`,
  'a digest': '/r/local/team/web:latest?tab=attached',
}

for (const [name, path] of Object.entries(pages)) {
  test(`axe finds nothing: ${name}`, async ({ page }) => {
    await new List(page).open(path)
    await expectAccessible(page)
  })
}

test('axe finds nothing: search results open', async ({ page }) => {
  const list = new List(page)
  await list.open('/')
  await list.search('api')
  await expect(list.options.first()).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await expectAccessible(page)
})

test('axe finds nothing: menus open', async ({ page }) => {
  const list = new List(page)
  await page.goto('/')
  for (const summary of await list.main.locator('summary').all()) {
    if (!(await summary.isVisible())) continue
    await summary.click()
    await expectAccessible(page)
    await summary.click()
  }
})

test('axe finds nothing: pull lines open', async ({ page }) => {
  const image = new Image(page)
  await page.goto(paths.image)
  await image.pull.click()
  await expectAccessible(page)
})
