import { expectNoOverflow } from '../support/checks'
import { List, paths, tabs } from '../support/pages'
import { LONG_NAME, LONG_TAG } from '../../scripts/lib/content/quirks.mjs'
import { expect, test } from '../support/test'

const pages = {
  ...paths,
  'empty search': '/search',
  'nothing found': '/?q=nosuchthinganywhere',
  'a very long name': `/r/local/${LONG_NAME}`,
  'a very long tag': `/r/local/${LONG_NAME}:${LONG_TAG}`,
  'a list of long names': '/?q=quirks',
  activity: '/activity',
  jobs: '/activity?tab=jobs',
  'the clean-up': '/clean-up?match=repo:team/**&older_than=1d&clock=created',
  comparing: '/compare?from=local/team/api:v2.13.0&to=local/team/api:v2.14.0',
  'comparing hostile text with a very long name': `/compare?from=local/quirks/hostile-labels:latest&to=local/${LONG_NAME}:${LONG_TAG}`,
  'retagging a very long name': `/retag?ref=local/${LONG_NAME}:${LONG_TAG}`,
  'copying a very long name': `/copy?ref=local/${LONG_NAME}:${LONG_TAG}`,
  ...Object.fromEntries(tabs.map((tab) => [`tab ${tab}`, `${paths.image}?tab=${tab}`])),
  ...Object.fromEntries(tabs.map((tab) => [`hostile text, tab ${tab}`, `${paths.hostile}?tab=${tab}`])),
}

for (const [name, path] of Object.entries(pages)) {
  test(`nothing is wider than the window: ${name}`, async ({ page }) => {
    await page.goto(path)
    for (const width of [320, 375, 768]) {
      await page.setViewportSize({ width, height: 800 })
      await expectNoOverflow(page)
    }
  })
}

test('nothing is wider than the window: a plan about a very long name', async ({ page }) => {
  const list = new List(page)
  await list.open(`/r/local/${LONG_NAME}`)
  await list.main.getByRole('checkbox', { name: /^Select / }).last().check()
  for (const width of [320, 375, 768]) {
    await page.setViewportSize({ width, height: 800 })
    await expectNoOverflow(page)
  }
  await list.main.locator('[data-delete-chosen]').click()
  const form = page.getByRole('dialog').locator('form[action*="/plans/"]')
  await expect(form).toBeVisible()
  const address = (await form.getAttribute('action')) ?? ''
  for (const width of [320, 375, 768]) {
    await page.setViewportSize({ width, height: 800 })
    await expectNoOverflow(page)
  }
  await list.open(address)
  await expectNoOverflow(page)
})

test('on a phone the pages of the head are behind one button', async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 800 })
  const list = new List(page)
  await page.goto('/')
  await page.getByRole('banner').locator('summary[aria-label=Menu]').click()
  await page.getByRole('banner').getByRole('link', { name: 'Activity' }).click()
  await expect(list.heading).toContainText('Activity')
  await expectNoOverflow(page)
})

test('menus stay inside a phone’s window', async ({ page }) => {
  await page.goto(paths.image)
  await page.setViewportSize({ width: 375, height: 800 })
  for (const summary of await page.getByRole('main').locator('summary').all()) {
    if (!(await summary.isVisible())) continue
    await summary.click()
    await expectNoOverflow(page)
    await summary.click()
  }
})

test('on a phone the way home stays', async ({ page }) => {
  const list = new List(page)
  await page.setViewportSize({ width: 375, height: 800 })
  await page.goto('/r/local')
  await page.getByRole('banner').getByRole('link', { name: 'Supercargo' }).click()
  await expect(list.rows.first()).toBeVisible()
})
