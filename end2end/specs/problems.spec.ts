import { expectAccessible } from '../support/checks'
import { Frame } from '../support/pages'
import { expect, test } from '../support/test'

test.use({ expectedErrors: [/status of 40[04]/] })

for (const [what, path] of [
  ['an address that means nothing', '/no/such/page'],
  ['a registry that is not configured', '/r/elsewhere'],
  ['a repository that is not there', '/r/local/team/nothing'],
  ['a tag that is not there', '/r/local/team/api:v99.0.0'],
  ['a digest that is not there', `/r/local/team/api@sha256:${'0'.repeat(64)}`],
  ['a platform that is not there', '/r/local/team/api:v2.14.0?platform=plan9/mips'],
] as const) {
  test(`${what} is a page with status 404`, async ({ page }) => {
    const response = await page.goto(path)
    expect(response?.status()).toBe(404)
    await expect(new Frame(page).heading).toBeVisible()
    await expect(new Frame(page).searchBox).toBeVisible()
    await expectAccessible(page)
  })
}

for (const [what, path] of [
  ['a reference that is none', '/r/local/Team/API:v1'],
  ['an order that is none', '/?sort=colour'],
  ['a tab that is none', '/r/local/team/api:v2.14.0?tab=taste'],
] as const) {
  test(`${what} is a page with status 400 or 404`, async ({ page }) => {
    const response = await page.goto(path)
    expect([400, 404]).toContain(response?.status())
    await expect(new Frame(page).main).toBeVisible()
  })
}

test('a query that cannot be read is pointed at', async ({ page }) => {
  const frame = new Frame(page)
  const response = await page.goto(`/?q=${encodeURIComponent('api age:>soon')}`)
  expect(response?.status()).toBe(400)
  await expect(frame.alert).toContainText('age:>soon')
  await expectAccessible(page)
})

test('a mistyped repository suggests the right one', async ({ page }) => {
  await page.goto('/r/local/team/appi')
  await expect(new Frame(page).linkTo('local/team/api')).toBeVisible()
})
