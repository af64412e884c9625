import { pasted } from '../support/checks'
import { Image, paths } from '../support/pages'
import { expect, test } from '../support/test'

test('the digest is copied whole', async ({ page, url }) => {
  const { digest } = await (await fetch(`${url}/api/v1/image?ref=local/team/api:v2.14.0`)).json()
  const image = new Image(page)
  await image.open(paths.image)
  await image.copy('Copy digest').first().click()
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeAttached()
  expect(await pasted(page)).toBe(digest)
})

test('a pull line is copied as it stands', async ({ page }) => {
  const host = new URL(process.env.E2E_REGISTRY_URL ?? '').host
  const image = new Image(page)
  await image.open(paths.image)
  await image.pull.click()
  await image.main.locator('details[open]').getByRole('button', { name: 'Copy this line' }).locator('visible=true').first().click()
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeAttached()
  expect(await pasted(page)).toBe(`docker pull ${host}/team/api:v2.14.0`)
})

test.describe('on plain http under another name', () => {
  test.use({ url: (process.env.E2E_URL ?? '').replace('127.0.0.1', 'supercargo.test') })
  test('copying works where the browser has no clipboard for us', async ({ page }) => {
    const image = new Image(page)
    await image.open(paths.image)
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false)
    await image.copy('Copy digest').first().click()
    await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeAttached()
    expect(await pasted(page)).toMatch(/^sha256:[0-9a-f]{64}$/)
  })
})
