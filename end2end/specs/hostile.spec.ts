import { HOSTILE } from '../../scripts/lib/content/quirks.mjs'
import { Frame, paths, tabs } from '../support/pages'
import { expect, test } from '../support/test'

// The watched page fails on any dialog: a script that ran would have opened one.
for (const tab of tabs) {
  test(`text that wants to be markup stays text: ${tab}`, async ({ page }) => {
    const frame = new Frame(page)
    await page.goto(`${paths.hostile}?tab=${tab}`)
    await expect(frame.heading).toContainText('hostile-labels')
    const live = await frame.main.evaluate((main) =>
      [...main.querySelectorAll('*')].filter((element) => element.localName === 'script' || element.localName === 'img' || [...element.attributes].some(({ name }) => name.startsWith('on'))).map((element) => element.outerHTML.slice(0, 100)),
    )
    expect(live).toEqual([])
    const links = await frame.main.locator('a').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).protocol))
    expect(links.filter((protocol) => protocol !== 'http:' && protocol !== 'https:')).toEqual([])
  })
}

test('it is shown as it was written, and what hides or turns text is made visible', async ({ page }) => {
  const frame = new Frame(page)
  await page.goto(paths.hostile)
  await expect(frame.main).toContainText(HOSTILE.script)
  await expect(frame.main).toContainText('U+202E')
  expect(await frame.main.evaluate((main) => main.textContent?.includes('\u202E'))).toBe(false)
})

test('lists and search show it as text', async ({ page }) => {
  const frame = new Frame(page)
  await frame.open('/?q=hostile')
  await expect(frame.main).toContainText(HOSTILE.script)
  await frame.search('hostile')
  await expect(frame.options.first()).toBeVisible()
  await page.goto(`/search?q=${encodeURIComponent('alert(1)')}`)
  await expect(frame.main).toContainText('alert(1)')
})

test.describe('a question', () => {
  // The quotation mark is never closed: a query that cannot be read.
  test.use({ expectedErrors: [/status of 400/] })
  test('is text as well', async ({ page }) => {
    for (const path of ['/', '/search']) {
      await page.goto(`${path}?q=${encodeURIComponent(`"><script>alert(20)</script>`)}`)
      await expect(new Frame(page).alert).toContainText('<script>alert(20)</script>')
    }
  })
})
