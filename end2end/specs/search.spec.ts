import { Frame, List } from '../support/pages'
import { expectStayed, stay } from '../support/checks'
import { expect, test } from '../support/test'

test.describe('the search box', () => {
  test('shows results while typing and opens the chosen one', async ({ page }) => {
    const frame = new Frame(page)
    await frame.open('/')
    await frame.search('team/api v2.14.0')
    await expect(frame.options.first()).toBeVisible()
    await expect(frame.searchBox).toHaveAttribute('aria-expanded', 'true')
    await expect(frame.chosen).toHaveCount(1)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/r\/local\/team\/api:v2\.14\.0$/)
  })

  test('arrows move over the results, Escape closes them and keeps the words', async ({ page }) => {
    const frame = new Frame(page)
    await frame.open('/')
    await frame.search('api')
    await expect(frame.options.nth(2)).toBeVisible()
    await page.keyboard.press('ArrowDown')
    const first = await frame.searchBox.getAttribute('aria-activedescendant')
    await page.keyboard.press('ArrowDown')
    await expect(frame.searchBox).not.toHaveAttribute('aria-activedescendant', first ?? '')
    await page.keyboard.press('ArrowUp')
    await expect(frame.searchBox).toHaveAttribute('aria-activedescendant', first ?? '')
    await page.keyboard.press('Escape')
    await expect(frame.results).toBeHidden()
    await expect(frame.searchBox).toHaveAttribute('aria-expanded', 'false')
    await expect(frame.searchBox).toHaveValue('api')
  })

  for (const key of ['/', 'Control+k']) {
    test(`${key} goes to it`, async ({ page }) => {
      const frame = new Frame(page)
      await frame.open('/')
      await page.keyboard.press(key)
      await expect(frame.searchBox).toBeFocused()
      await expect(frame.searchBox).toHaveValue('')
    })
  }

  test('a slash typed into a field stays there', async ({ page }) => {
    const list = new List(page)
    await list.open('/')
    await list.filter.click()
    await page.keyboard.type('team/api')
    await expect(list.filter).toHaveValue('team/api')
    await expect(list.filter).toBeFocused()
  })

  test('a mistyped name is forgiven', async ({ page }) => {
    const frame = new Frame(page)
    await frame.open('/')
    await frame.search('postgers')
    await expect(frame.options.filter({ hasText: 'library/postgres' }).first()).toBeVisible()
  })

  test('the beginning of a digest finds its image', async ({ page, url }) => {
    const { digest } = await (await fetch(`${url}/api/v1/image?ref=local/team/web:latest`)).json()
    const frame = new Frame(page)
    await frame.open('/')
    await frame.search(digest.slice(0, 19))
    await expect(frame.options.filter({ hasText: 'team/web' }).first()).toBeVisible()
  })

  test('the words of an older question never replace those of a newer one', async ({ page }) => {
    const frame = new Frame(page)
    // The first answer is held back until the second is on the page.
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route(/\/api\/v1\/search\?.*q=redi(&|$)/, async (route) => {
      const response = await route.fetch()
      await held
      await route.fulfill({ response }).catch(() => {})
    })
    await frame.open('/')
    const asked = page.waitForRequest(/q=redi(&|$)/)
    await frame.search('redi')
    const request = await asked
    await frame.search('postgres')
    await expect(frame.options.first()).toContainText('postgres')
    release()
    await request.response().catch(() => null)
    await expect(frame.options.first()).toContainText('postgres')
  })
})

test.describe('the search page', () => {
  test('shows what the box shows, under an address', async ({ page }) => {
    const list = new List(page)
    await list.open('/')
    await list.search('payments')
    await page.keyboard.press('Control+Enter')
    await expect(page).toHaveURL(/\/search\?q=payments/)
    await expect(list.linkTo('local/team/api').first()).toBeVisible()
  })

  test('a term is structured', async ({ page }) => {
    const list = new List(page)
    await page.goto(`/search?q=${encodeURIComponent('repo:team/* tag:v2.14.0')}`)
    await expect(list.linkTo('local/team/api:v2.14.0').first()).toBeVisible()
    await expect(list.main.locator('a[href*="/r/local/library/"]')).toHaveCount(0)
  })

  test('without a question it says what can be asked', async ({ page }) => {
    await page.goto('/search')
    await expect(new Frame(page).heading).toContainText('Search')
  })

  test.describe('with a term that cannot be read', () => {
    test.use({ expectedErrors: [/status of 400/] })
    test('points at it', async ({ page }) => {
      const frame = new Frame(page)
      const response = await page.goto(`/search?q=${encodeURIComponent('api size:enormous')}`)
      expect(response?.status()).toBe(400)
      await expect(frame.alert).toContainText('size:enormous')
    })
  })
})

test('typing does not load the page again', async ({ page }) => {
  const frame = new Frame(page)
  await frame.open('/')
  await stay(page)
  await frame.search('redis')
  await expect(frame.options.first()).toBeVisible()
  await expectStayed(page)
})
