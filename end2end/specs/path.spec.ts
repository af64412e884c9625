// The second server stands under a path: https://host/sub/.
import { Image, List } from '../support/pages'
import { expect, test } from '../support/test'

const below = process.env.E2E_BELOW_URL ?? ''
const origin = below && new URL(below).origin
test.use({ url: below })

test('every file and every link is under the path', async ({ page }) => {
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  for (const path of ['/', '/r/local', '/r/local/team/api', '/r/local/team/api:v2.14.0?tab=layers', '/search?q=api']) {
    await page.goto(`${below}${path}`)
    const strays = await page.locator('a[href], form[action], link[href], script[src]').evaluateAll((all) =>
      all
        .map((element) => new URL(element.getAttribute('href') ?? element.getAttribute('action') ?? element.getAttribute('src') ?? '', document.baseURI))
        .filter((address) => address.origin === location.origin && !address.pathname.startsWith('/sub/') && address.pathname !== '/sub')
        .map(String),
    )
    expect(strays).toEqual([])
  }
  expect(asked.filter((address) => address.startsWith(origin) && !address.startsWith(`${below}/`))).toEqual([])
})

test('links, filters, search and copying work there', async ({ page }) => {
  const list = new List(page)
  await page.goto(`${below}/`)
  await list.filterBy('redis')
  await expect(page).toHaveURL(new RegExp(`^${below}/\\?q=redis`))
  await list.linkTo('local/library/redis').click()
  await expect(page).toHaveURL(`${below}/r/local/library/redis`)
  await list.awake()
  await list.search('team/api')
  await list.options.first().click()
  await expect(page).toHaveURL(new RegExp(`^${below}/r/local/team/api`))
  await expect(new Image(page).heading).toContainText('api')
})

test('what is not under the path is not ours', async ({ request }) => {
  expect((await request.get(`${origin}/r/local`)).status()).toBe(404)
  expect((await request.get(`${below}/api/v1/registries`)).status()).toBe(200)
})
