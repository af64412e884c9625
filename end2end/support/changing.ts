// A world in which things are changed: three registries of its own and the product beside them, once for each worker.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Locator, Page } from '@playwright/test'
import { index } from '../../scripts/lib/image.mjs'
import { small } from '../../scripts/lib/content/team.mjs'
import { Publisher } from '../../scripts/lib/publish.mjs'
import { freePort, startRegistry } from '../../scripts/lib/registry.mjs'
import { List } from './pages'
import { inStep, startSupercargo, until } from './processes'
import { expect, test as base } from './test'

const run = promisify(execFile)
const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0

const MANIFESTS = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json'].join(',')

/** A registry as others see it: what is asked here never went through the product. */
export class Outside {
  readonly publisher: Publisher
  constructor(readonly url: string) {
    this.publisher = new Publisher(url)
  }
  /** The tags that people gave; none where the repository is not there. */
  async tags(repository: string): Promise<string[]> {
    const { tags } = await (await fetch(`${this.url}/v2/${repository}/tags/list`)).json()
    return ((tags ?? []) as string[]).filter((tag) => !tag.startsWith('sha256-')).sort()
  }
  /** What a tag or digest names; nothing where it is not there. */
  async digest(repository: string, reference: string): Promise<string | null> {
    const response = await fetch(`${this.url}/v2/${repository}/manifests/${reference}`, { method: 'HEAD', headers: { accept: MANIFESTS } })
    return response.ok ? response.headers.get('docker-content-digest') : null
  }
  /** Whether skopeo, where it is installed, sees the same tags, and under each what it should name. */
  async confirm(repository: string, tags: Record<string, string>) {
    expect(await this.tags(repository)).toEqual(Object.keys(tags).sort())
    if (!hasSkopeo) return
    const place = `docker://${new URL(this.url).host}/${repository}`
    const { stdout } = await run('skopeo', ['list-tags', '--tls-verify=false', place]).catch((error) => {
      // registry:3 has no list of tags where there is none any more.
      if (Object.keys(tags).length === 0) return { stdout: '{"Tags":[]}' }
      throw error
    })
    const listed = ((JSON.parse(stdout).Tags ?? []) as string[]).filter((tag) => !tag.startsWith('sha256-')).sort()
    expect(listed, 'as skopeo lists them').toEqual(Object.keys(tags).sort())
    for (const [tag, digest] of Object.entries(tags)) {
      const raw = await run('skopeo', ['inspect', '--raw', '--tls-verify=false', `${place}:${tag}`], { encoding: 'buffer' })
      expect(`sha256:${createHash('sha256').update(raw.stdout).digest('hex')}`, `what skopeo reads of ${tag}`).toBe(digest)
    }
  }
  /** Pushes an image under tags; another for each seed. */
  async push(repository: string, seed: string, tags: string[], options: { created?: string } = {}) {
    const made = await small(`${repository} ${seed}`, options)
    await this.publisher.push(repository, made, tags)
    return made.digest as string
  }
  /** The same with two platforms; the index and its children. */
  async pushTwo(repository: string, seed: string, tags: string[]) {
    const children = await Promise.all(['linux/amd64', 'linux/arm64'].map((platform) => small(`${repository} ${seed} ${platform}`, { platform })))
    const made = index(children)
    await this.publisher.push(repository, made, tags)
    return { digest: made.digest as string, children: children.map((child) => child.digest as string) }
  }
}

export interface Changing {
  url: string
  /** Deletes manifests; tells the product what happens to it. */
  local: Outside
  /** Deletes manifests. */
  other: Outside
  /** Deletes nothing. */
  fixed: Outside
}

export const test = base.extend<object, { changing: Changing }>({
  changing: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'supercargo-changing-'))
      const port = await freePort()
      const notify = { url: `http://127.0.0.1:${port}/api/v1/notifications/local` }
      const registries = await Promise.all([
        startRegistry({ storage: join(folder, 'local'), deletes: true, notify }),
        startRegistry({ storage: join(folder, 'other'), deletes: true }),
        startRegistry({ storage: join(folder, 'fixed') }),
      ])
      const [local, other, fixed] = registries.map(({ url }) => new Outside(url)) as [Outside, Outside, Outside]
      await local.push('first/image', 'first', ['1'])
      await fixed.push('first/image', 'first', ['1'])
      const named = ['local', 'other', 'fixed'].map((name, place) => `${name}=${registries[place]?.url}`)
      const server = await startSupercargo({ registry: named.join(','), port, data: join(folder, 'data') })
      for (const name of ['local', 'fixed']) await inStep(server.url, name)
      await use({ url: server.url, local, other, fixed })
      await server.stop()
      await Promise.all(registries.map((registry) => registry.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  url: async ({ changing }, use) => use(changing.url),
})

export { expect }

/** Waits until the product knows a tag as the registry has it. */
export const known = (url: string, reference: string) =>
  until(reference, async () => {
    const { status } = await fetch(`${url}/api/v1/image?ref=${encodeURIComponent(reference)}`)
    return status === 200 || `it answered ${status}`
  })

/** Waits until the product knows what a tag names by now. */
export const names = (url: string, reference: string, digest: string) =>
  until(`${reference} naming ${digest}`, async () => {
    const image = await (await fetch(`${url}/api/v1/image?ref=${encodeURIComponent(reference)}`)).json()
    return image.digest === digest || `it names ${image.digest}`
  })

/** Waits until a repository is known with so many tags. */
export const holds = (url: string, repository: string, tags: number) =>
  until(`${repository} with ${tags} tags`, async () => {
    const { total } = await (await fetch(`${url}/api/v1/tags?ref=${encodeURIComponent(repository)}&limit=1`)).json()
    return total === tags || `it has ${total}`
  })

/** A list whose rows can be chosen, and what is asked and told of changes. */
export class Change extends List {
  constructor(
    page: Page,
    /** Scripts are off: a plan and a job are pages. */
    readonly plain = false,
  ) {
    super(page)
  }
  get dialog(): Locator {
    return this.plain ? this.main : this.page.getByRole('dialog')
  }
  get notice(): Locator {
    return this.page.getByRole('region', { name: 'Job' })
  }
  box(tag: string): Locator {
    return this.main.getByRole('checkbox', { name: `Select ${tag}`, exact: true })
  }
  get deleteChosen(): Locator {
    return this.main.locator('[data-delete-chosen]')
  }
  get copyChosen(): Locator {
    return this.main.locator('[data-copy-chosen]')
  }
  get chosen(): Locator {
    return this.main.locator('#chosen')
  }
  /** A choice of the menu at the end of a row. */
  async ofRow(reference: string, choice: string) {
    await this.row(reference).getByRole('link', { name: /^More for/ }).or(this.row(reference).locator('summary')).click()
    await this.row(reference).locator('details[open]').getByText(choice, { exact: true }).click()
  }
  /** A choice of the menu in the page's head. */
  async ofPage(choice: RegExp | string) {
    await this.main.locator('summary[aria-label=More]').click()
    await this.main.locator('details[open]').getByText(choice).click()
  }
  /** Agrees to and types what the plan asks for, and has it carried out. */
  async confirm() {
    await expect(this.dialog.locator('form[action*="/plans/"]')).toBeVisible()
    const consent = this.dialog.getByRole('checkbox', { name: /asked once/ })
    if (await consent.count()) await consent.check()
    const field = this.dialog.getByRole('textbox', { name: /to confirm/ })
    if (await field.count()) await field.fill((await this.dialog.locator('label[for=confirm] b').textContent()) ?? '')
    await this.dialog.locator('[data-act]').click()
  }
  /** Waits for the job's end, which the notice or its page tells. */
  async done(state: 'done' | 'failed' | 'stopped' = 'done') {
    if (this.plain) await expect(this.main.locator('p').filter({ hasText: 'asked for' })).toContainText(state, { timeout: 30_000 })
    else await expect(this.notice.locator('[data-over]')).toContainText(state, { timeout: 30_000 })
  }
  async undo() {
    await (this.plain ? this.main : this.notice).getByRole('button', { name: 'Undo' }).click()
    // The notice of what is undone gives way to that of the undoing.
    if (!this.plain) await expect(this.notice).toContainText('Undo:')
    else await expect(this.heading).toContainText('Undo:')
    await this.done()
  }
}
