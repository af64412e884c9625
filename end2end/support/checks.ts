// What must hold on any page.
import AxeBuilder from '@axe-core/playwright'
import { type Page, expect } from '@playwright/test'

/** WCAG 2.2 AA as far as a program can tell: no violation, each named with the elements that break it. */
export async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}\n${failureSummary}`))
  expect(found).toEqual([])
}

/** Nothing makes the page wider than the window; what is too wide scrolls in its own box. */
export async function expectNoOverflow(page: Page) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const sticksOut = (element: Element) => element.getBoundingClientRect().right > width + 0.5
    const all = [...document.querySelectorAll('body *')].filter((element) => sticksOut(element) && !element.closest('[class*="overflow-x-auto"]'))
    // The innermost say most; a few of them are enough.
    return all.filter((element) => ![...element.children].some(sticksOut)).slice(0, 5).map((element) => element.outerHTML.slice(0, 160)).concat('the page scrolls sideways')
  })
  expect(wide).toEqual([])
}

/** Whether the page is still the document that `stay` was called on. */
export const stay = (page: Page) => page.evaluate(() => void Object.assign(window, { stayed: true }))
export const expectStayed = async (page: Page) => expect(await page.evaluate(() => 'stayed' in window), 'the page was not loaded again').toBe(true)

/** What a paste would insert, seen in the search field. */
export async function pasted(page: Page) {
  const field = page.getByRole('banner').getByRole('combobox')
  await field.fill('')
  await field.press('Control+V')
  return field.inputValue()
}
