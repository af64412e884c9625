import { Frame, paths } from '../support/pages'
import { expect, test } from '../support/test'

const brightness = (page: import('@playwright/test').Page) =>
  page.locator('body').evaluate((body) => {
    const canvas = document.createElement('canvas').getContext('2d')
    if (!canvas) throw new Error('no canvas')
    canvas.fillStyle = getComputedStyle(body).backgroundColor
    canvas.fillRect(0, 0, 1, 1)
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
    return (red + green + blue) / 3
  })

test('the page is as the system says', async ({ page, colorScheme }) => {
  await page.goto('/')
  const bright = await brightness(page)
  if (colorScheme === 'dark') expect(bright).toBeLessThan(80)
  else expect(bright).toBeGreaterThan(180)
})

test('a choice is kept, and stands in the first byte of the next page', async ({ page }) => {
  const frame = new Frame(page)
  await frame.open('/')
  const before = await brightness(page)
  await frame.changeTheme(async () => (await brightness(page)) !== before)
  const chosen = await brightness(page)
  expect(chosen).not.toBe(before)
  const response = await page.goto(paths.repository)
  expect(await response?.text()).toMatch(chosen < 128 ? /data-theme="?dark/ : /data-theme="?light/)
  expect(await brightness(page)).toBe(chosen)
})
