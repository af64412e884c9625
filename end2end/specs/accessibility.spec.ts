import { LONG_NAME } from '../../scripts/lib/content/quirks.mjs'
import { expectAccessible } from '../support/checks'
import { Image, List, paths, tabs } from '../support/pages'
import { until } from '../support/processes'
import { small } from '../../scripts/lib/content/team.mjs'
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
  activity: '/activity',
  'activity narrowed': '/activity?repository=team/api&actor=ci&action=delete&since=7d',
  jobs: '/activity?tab=jobs',
  'the clean-up': '/clean-up',
  'the clean-up with a preview': '/clean-up?match=repo:team/api+tag:pr-*&older_than=1d&clock=created',
  'the clean-up with a wrong query': '/clean-up?match=size:%3E5xx',
  comparing: '/compare?from=local/team/api:v2.13.0&to=local/team/api:v2.14.0',
  'a comparison begun': '/compare?to=local/team/api:v2.14.0',
  retagging: '/retag?ref=local/team/api:v2.14.0',
  copying: '/copy?ref=local/team/api:v2.14.0',
  'no such plan': '/plans/none',
}

test.use({ expectedErrors: [/(400|404) .*\/(clean-up|plans)/] })

for (const [name, path] of Object.entries(pages)) {
  test(`axe finds nothing: ${name}`, async ({ page }) => {
    await new List(page).open(path)
    await expectAccessible(page)
  })
}

test('axe finds nothing: rows chosen, a row’s menu, the plan in its dialog and as a page', async ({ page }) => {
  test.slow()
  const list = new List(page)
  await list.open(paths.repository)
  await list.main.getByRole('checkbox', { name: 'Select v2.13.3' }).check()
  await expectAccessible(page)
  await list.row('local/team/api:v2.13.2').getByRole('link', { name: /^More for/ }).click()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await list.main.locator('[data-delete-chosen]').click()
  const form = page.getByRole('dialog').locator('form[action*="/plans/"]')
  await expect(form).toBeVisible()
  await expectAccessible(page)
  await list.open((await form.getAttribute('action')) ?? '')
  await expectAccessible(page)
})

test('axe finds nothing: all that match, with the name to be typed', async ({ page }) => {
  test.slow()
  const list = new List(page)
  await list.open(paths.many)
  await list.main.getByRole('checkbox', { name: 'Select all on this page' }).check()
  await list.main.getByRole('checkbox', { name: /^all 5,001 tags/ }).check()
  await expectAccessible(page)
  await list.main.locator('[data-delete-chosen]').click()
  await expect(page.getByRole('dialog').getByRole('textbox')).toBeVisible({ timeout: 30_000 })
  await expectAccessible(page)
})

test('axe finds nothing: a notice, and a job at its end', async ({ page, publisher, url }, { project }) => {
  test.slow()
  const repository = `live/axe-${project.name}`
  await publisher.push(repository, await small(repository), ['1.0.0', 'stable'])
  await until(repository, async () => (await (await fetch(`${url}/api/v1/tags?ref=local/${repository}`)).json()).total === 2 || 'not there')
  const list = new List(page)
  await list.open(`/r/local/${repository}:1.0.0`)
  await list.main.locator('summary[aria-label=More]').click()
  await list.main.getByRole('link', { name: 'Retag…' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('next')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Set tag' }).click()
  const notice = page.getByRole('region', { name: 'Job' })
  await expect(notice.locator('[data-over]')).toBeVisible({ timeout: 20_000 })
  await expectAccessible(page)
  await list.open((await notice.getByRole('link', { name: 'Details' }).getAttribute('href')) ?? '')
  await expectAccessible(page)
})

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
