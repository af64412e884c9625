// Where things are on the pages, and what people do there. A change of the pages' words is a change here and nowhere else.
import type { Locator, Page } from '@playwright/test'

export const paths = {
  catalogue: '/',
  registry: '/r/local',
  repository: '/r/local/team/api',
  many: '/r/local/load/many-tags',
  image: '/r/local/team/api:v2.14.0',
  chart: '/r/local/charts/ingress:4.11.2',
  model: '/r/local/models/embed-small:latest',
  files: '/r/local/models/training-notes:latest',
  wasm: '/r/local/team/edge-filter:latest',
  docker: '/r/local/library/node:latest',
  legacy: '/r/local/team/legacy:latest',
  hostile: '/r/local/quirks/hostile-labels:latest',
  search: '/search?q=payments',
} as const

export const tabs = ['overview', 'layers', 'configuration', 'manifest', 'attached'] as const

/** What every page has around its content. */
export class Frame {
  constructor(readonly page: Page) {}

  get main(): Locator {
    return this.page.getByRole('main')
  }
  get searchBox(): Locator {
    return this.page.getByRole('banner').getByRole('combobox')
  }
  get results(): Locator {
    return this.page.getByRole('listbox')
  }
  get options(): Locator {
    return this.results.getByRole('option')
  }
  get chosen(): Locator {
    return this.results.locator('[role=option][aria-selected=true]')
  }
  get themeButton(): Locator {
    return this.page.getByRole('banner').getByRole('button', { name: /theme|light|dark/i })
  }
  get status(): Locator {
    return this.main.getByRole('status')
  }
  get alert(): Locator {
    return this.main.getByRole('alert')
  }
  get heading(): Locator {
    return this.page.getByRole('heading', { level: 1 })
  }
  /** The link to a reference in the content: `local/team/api:v2.14.0`. */
  linkTo(reference: string): Locator {
    return this.main.locator(`a[href$="/r/${reference}"]`)
  }

  /** Opens a page and waits until its islands are awake: before that it is a page of links and forms. */
  async open(path: string) {
    const response = await this.page.goto(path)
    await this.awake()
    return response
  }
  async awake() {
    await this.page.locator('html[data-hydrated]').waitFor({ state: 'attached' })
  }
  async search(words: string) {
    await this.searchBox.fill(words)
  }
  /** Presses the theme's button until `changed`: from the system's it goes to light, to dark, and back. */
  async changeTheme(changed: () => Promise<boolean>) {
    for (let press = 0; press < 3 && !(await changed()); press += 1) {
      const before = await this.page.locator('html').getAttribute('data-theme')
      await this.themeButton.click()
      await this.page.locator(`html:not([data-theme="${before}"])`).waitFor({ state: 'attached' })
    }
  }
}

/** A list with its filter, its order and its pages: the catalogue, a repository's tags, search results. */
export class List extends Frame {
  get rows(): Locator {
    return this.main.getByRole('row').filter({ has: this.page.locator('td a[href*="/r/"]') })
  }
  /** The row that leads to a reference. */
  row(reference: string): Locator {
    return this.main.getByRole('row').filter({ has: this.page.locator(`a[href$="/r/${reference}"]`) })
  }
  get filter(): Locator {
    return this.page.getByRole('search', { name: 'This list' }).getByRole('textbox')
  }
  get pager(): Locator {
    return this.page.getByRole('navigation', { name: 'Pages of this list' })
  }
  get next(): Locator {
    return this.pager.getByRole('link', { name: /^Next/ })
  }
  get previous(): Locator {
    return this.pager.getByRole('link', { name: 'Previous' })
  }
  get first(): Locator {
    return this.pager.getByRole('link', { name: 'First page' })
  }

  async filterBy(words: string) {
    await this.filter.fill(words)
    await this.filter.press('Enter')
  }
  /** The menu that a summary opens, then one of its choices. */
  async choose(menu: RegExp, choice: string | RegExp) {
    await this.main.locator('summary').filter({ hasText: menu }).first().click()
    await this.main.locator('details[open]').getByRole('link', { name: choice }).click()
  }
}

/** An image's page. */
export class Image extends Frame {
  tab(name: string): Locator {
    return this.main.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) })
  }
  platform(name: string): Locator {
    return this.main.getByRole('link', { name, exact: true })
  }
  get pull(): Locator {
    return this.main.locator('summary').filter({ hasText: 'Pull' })
  }
  copy(name: string): Locator {
    return this.main.getByRole('button', { name, exact: true })
  }
}
