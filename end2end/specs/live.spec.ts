import { expectStayed, stay } from '../support/checks'
import { small } from '../../scripts/lib/content/team.mjs'
import { until } from '../support/processes'
import { List } from '../support/pages'
import { expect, test } from '../support/test'

// One after another: a page that was just drawn anew rests for a while, whoever pushed.
test.describe.configure({ mode: 'serial' })

const known = (url: string, reference: string) =>
  until(reference, async () => {
    const { status } = await fetch(`${url}/api/v1/image?ref=${encodeURIComponent(reference)}`)
    return status === 200 || `it answered ${status}`
  })

// The best of three: a busy machine may keep one of them waiting, a crawl every few seconds would keep all of them.
test('a push is seen by the API within a second', async ({ publisher, url }) => {
  const took = []
  for (const round of [1, 2, 3]) {
    await publisher.push(`live/first-${round}`, await small(`live first ${round}`), ['1.0.0'])
    const pushed = Date.now()
    await known(url, `local/live/first-${round}:1.0.0`)
    took.push(Date.now() - pushed)
  }
  expect(Math.min(...took)).toBeLessThan(1000)
})

test('a push leaves the registry in step, not stale', async ({ publisher, url }) => {
  await publisher.push('live/steady', await small('live steady'), ['1.0.0'])
  await known(url, 'local/live/steady:1.0.0')
  const { state } = await (await fetch(`${url}/api/v1/registries/local`)).json()
  expect(['fresh', 'crawling']).toContain(state)
})

test('a pushed tag appears on the open page of its repository', async ({ page, publisher, url }) => {
  const list = new List(page)
  await publisher.push('live/tags', await small('live tags 1'), ['1.0.0'])
  await known(url, 'local/live/tags:1.0.0')
  await list.open('/r/local/live/tags')
  await expect(list.linkTo('local/live/tags:1.0.0').first()).toBeVisible()
  await stay(page)
  await publisher.push('live/tags', await small('live tags 2'), ['1.1.0'])
  await expect(list.linkTo('local/live/tags:1.1.0').first()).toBeVisible()
  await expectStayed(page)
})

// The best of three, as above.
test('a push right after another appears within a second, too', async ({ page, publisher, url }) => {
  const list = new List(page)
  const took = []
  for (const round of [1, 2, 3]) {
    const repository = `live/pairs-${round}`
    await publisher.push(repository, await small(`${repository} 0`), ['1.0.0'])
    await known(url, `local/${repository}:1.0.0`)
    await list.open(`/r/local/${repository}`)
    for (const tag of ['1.1.0', '1.2.0']) {
      await publisher.push(repository, await small(`${repository} ${tag}`), [tag])
      const pushed = Date.now()
      await expect(list.linkTo(`local/${repository}:${tag}`).first()).toBeAttached()
      if (tag === '1.2.0') took.push(Date.now() - pushed)
    }
  }
  expect(Math.min(...took)).toBeLessThan(1000)
})

test('a link that is being clicked stays until the button is up', async ({ page, publisher, url }) => {
  const list = new List(page)
  await publisher.push('live/click', await small('live click 1'), ['1.0.0'])
  await known(url, 'local/live/click:1.0.0')
  await list.open('/r/local/live/click')
  await list.linkTo('local/live/click:1.0.0').first().hover()
  await page.mouse.down()
  await publisher.push('live/click', await small('live click 2'), ['1.1.0'])
  await known(url, 'local/live/click:1.1.0')
  await page.waitForTimeout(1000)
  await expect(list.linkTo('local/live/click:1.1.0')).toHaveCount(0)
  await page.mouse.up()
  await expect(page).toHaveURL(/live\/click:1\.0\.0$/)
})

test('a moved tag shows its new digest on the open page of its image', async ({ page, publisher, url }) => {
  const list = new List(page)
  const [first, second] = [await small('live move 1'), await small('live move 2')]
  await publisher.push('live/move', first, ['latest'])
  await known(url, 'local/live/move:latest')
  await list.open('/r/local/live/move')
  await expect(list.main).toContainText(first.digest.slice(-4))
  await publisher.push('live/move', second, ['latest'])
  await expect(list.main).toContainText(second.digest.slice(-4))
})

test('a new repository appears in the open catalogue', async ({ page, publisher }) => {
  const list = new List(page)
  await list.open('/')
  await stay(page)
  await publisher.push('live/newcomer', await small('live newcomer'), ['1'])
  await expect(list.linkTo('local/live/newcomer')).toBeVisible()
  await expectStayed(page)
})

test('words typed into the filter survive what happens meanwhile', async ({ page, publisher }) => {
  const list = new List(page)
  await list.open('/')
  await list.filter.fill('half a wor')
  await publisher.push('live/meanwhile', await small('live meanwhile'), ['1'])
  const notice = page.getByRole('button', { name: 'Something changed: show' })
  await expect(notice).toBeVisible()
  await expect(list.filter).toHaveValue('half a wor')
  await expect(list.filter).toBeFocused()
  await notice.click()
  await expect(list.linkTo('local/live/meanwhile')).toBeVisible()
})
