import { Frame, List, paths } from '../support/pages'
import { expect, test } from '../support/test'

test('from the catalogue to a layer without a mouse', async ({ page }) => {
  const frame = new Frame(page)
  await frame.open('/')
  await page.keyboard.press('/')
  await expect(frame.searchBox).toBeFocused()
  await page.keyboard.type('team/api v2.14.0')
  await expect(frame.options.first()).toContainText('v2.14.0')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/team\/api:v2\.14\.0/)
  const layers = frame.main.getByRole('link', { name: /^Layers/ })
  for (let step = 0; step < 60 && !(await layers.evaluate((link) => link === document.activeElement)); step += 1) await page.keyboard.press('Tab')
  await expect(layers).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/tab=layers/)
})

test('the first Tab offers to pass over the frame', async ({ page }) => {
  await page.goto('/')
  await page.keyboard.press('Tab')
  const skip = page.locator(':focus')
  await expect(skip).toHaveAttribute('href', '#main')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#main$/)
})

test('whatever has the focus shows it', async ({ page }) => {
  await page.goto(paths.image)
  for (let step = 0; step < 25; step += 1) {
    await page.keyboard.press('Tab')
    const shown = await page.evaluate(() => {
      const element = document.activeElement
      // The search field shows it by unfolding its list.
      if (!element || element === document.body || element.getAttribute('aria-expanded') === 'true') return true
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      const beside = element.matches('input[type=radio], input[type=checkbox]') && element.closest('label') ? getComputedStyle(element.closest('label') as Element) : null
      const ring = (style: { outlineStyle: string; outlineWidth: string; boxShadow: string }) => (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none'
      return ring({ outlineStyle, outlineWidth, boxShadow }) || (beside !== null && ring(beside)) || `nothing shows the focus on ${element.outerHTML.slice(0, 120)}`
    })
    expect(shown).toBe(true)
  }
})

test('j and k walk over the rows, Enter opens', async ({ page }) => {
  const list = new List(page)
  await list.open('/?sort=name')
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href') ?? document.activeElement?.querySelector('a')?.getAttribute('href'))
  const first = await list.rows.first().locator('a[href*="/r/"]').first().getAttribute('href')
  const second = await list.rows.nth(1).locator('a[href*="/r/"]').first().getAttribute('href')
  await page.keyboard.press('j')
  expect(await focused()).toBe(first)
  await page.keyboard.press('j')
  expect(await focused()).toBe(second)
  await page.keyboard.press('k')
  expect(await focused()).toBe(first)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`${first}$`))
})

test('? shows the keys, Escape closes them', async ({ page }) => {
  await new Frame(page).open('/')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('y copies the reference of the row that has the focus, g c leads to the catalogue', async ({ page }) => {
  const list = new List(page)
  await list.open(paths.repository)
  await page.keyboard.press('j')
  await page.keyboard.press('y')
  await expect(page.getByRole('status').filter({ hasText: /Copied .*team\/api/ })).toBeAttached()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page).toHaveURL(/\/$/)
})

test('keys typed into a field are text', async ({ page }) => {
  const list = new List(page)
  await list.open('/')
  await list.filter.click()
  await page.keyboard.type('jk?gc/y')
  await expect(list.filter).toHaveValue('jk?gc/y')
  await expect(page.getByRole('dialog')).toBeHidden()
})
