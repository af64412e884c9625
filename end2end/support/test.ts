// Every test sees its page watched: a console error, an uncaught error, a broken policy or a request to another origin fails it.
import { type Page, expect, test as base } from '@playwright/test'
import { Publisher } from '../../scripts/lib/publish.mjs'

interface World {
  /** The server's address. */
  url: string
  /** Console errors that this test is about: the 404 that Chromium reports for a page that is not there. */
  expectedErrors: RegExp[]
  /** Pushes to the registry that the server stands beside. */
  publisher: Publisher
}

/** Collects what should not happen on `page`. */
export function watch(page: Page, allowed: { origin: string; errors: RegExp[] }) {
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const text = `${message.text()} (${message.location().url})`
    if (!allowed.errors.some((pattern) => pattern.test(text))) faults.push(`console: ${text}`)
  })
  page.on('pageerror', (error) => {
    // A load cut off by leaving the page ends without a word; whatever goes wrong by itself says what.
    if (error.stack || error.message) faults.push(`page: ${error.stack || error.message}`)
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== allowed.origin) faults.push(`request to another origin: ${request.url()}`)
  })
  return faults
}

export const test = base.extend<World>({
  url: [process.env.E2E_URL ?? '', { option: true }],
  expectedErrors: [[], { option: true }],
  baseURL: async ({ url }, use) => use(url),
  page: async ({ page, url, expectedErrors }, use) => {
    const faults = watch(page, { origin: new URL(url).origin, errors: expectedErrors })
    await use(page)
    expect(faults, 'nothing went wrong on the page').toEqual([])
  },
  publisher: async ({}, use) => use(new Publisher(process.env.E2E_REGISTRY_URL ?? '')),
})

export { expect }
