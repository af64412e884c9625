import { Image, paths } from '../support/pages'
import { expect, test } from '../support/test'

test('the overview tells what runs, what it is made of and what it says of itself', async ({ page }) => {
  const image = new Image(page)
  await page.goto(paths.image)
  await expect(image.heading).toContainText('v2.14.0')
  for (const fact of ['/usr/local/bin/api', '8080', '/app/data', '10001:10001', 'curl -fsS', 'SIGTERM', 'payments', 'library/debian:12', 'latest']) {
    await expect(image.main).toContainText(fact)
  }
})

test('each tab has its own address, and the layers tell their instructions', async ({ page }) => {
  const image = new Image(page)
  await page.goto(paths.image)
  await image.tab('Layers').click()
  await expect(page).toHaveURL(/tab=layers/)
  await expect(image.tab('Layers')).toHaveAttribute('aria-current', 'page')
  await expect(image.main).toContainText('apt-get install -y --no-install-recommends ca-certificates curl tini')
  await expect(image.main).toContainText('migrations')

  await image.tab('Configuration').click()
  await expect(page).toHaveURL(/tab=configuration/)
  await expect(image.main).toContainText('diff_ids')

  await image.tab('Manifest').click()
  await expect(page).toHaveURL(/tab=manifest/)
  await expect(image.main).toContainText('application/vnd.oci.image.index.v1+json')

  await image.tab('Attached').click()
  await expect(page).toHaveURL(/tab=attached/)
  await expect(image.main).toContainText(/spdx/i)
  await expect(image.main).toContainText(/cyclonedx/i)
  await expect(image.main).toContainText(/cosign|signature/i)
  await expect(image.main).not.toContainText(/verified signature|signature verified/i)
})

test('a digest in the manifest is a link to what it names', async ({ page }) => {
  const image = new Image(page)
  await page.goto(`${paths.image}?tab=manifest`)
  const link = image.main.locator('a[href*="/r/local/team/api@sha256:"]').first()
  const href = await link.getAttribute('href')
  await link.click()
  await expect(page).toHaveURL(new RegExp(`${href?.replace(/[?].*/, '').replaceAll(/[.]/g, '\\.')}`))
  await expect(image.heading).toContainText('api')
})

test('another platform is another configuration, under its own address', async ({ page }) => {
  const image = new Image(page)
  await page.goto(`${paths.image}?tab=configuration`)
  await expect(image.main).toContainText('"amd64"')
  await image.platform('linux/arm64').click()
  await expect(page).toHaveURL(/platform=linux(\/|%2F)arm64/)
  await expect(page).toHaveURL(/tab=configuration/)
  await expect(image.main).toContainText('"arm64"')
})

test('attestations are attached, never a platform', async ({ page }) => {
  const image = new Image(page)
  await page.goto(paths.image)
  await expect(image.main.getByRole('link', { name: /unknown/ })).toHaveCount(0)
  await page.goto(`${paths.image}?tab=attached`)
  await expect(image.main).toContainText(/provenance/i)
})

test('pull lines name the registry, and pin by digest', async ({ page }) => {
  const image = new Image(page)
  const host = new URL(process.env.E2E_REGISTRY_URL ?? '').host
  await page.goto(paths.image)
  await image.pull.click()
  const box = image.main.locator('details[open]')
  await expect(box).toContainText(`docker pull ${host}/team/api:v2.14.0`)
  await box.getByText('podman', { exact: true }).click()
  await expect(box.getByText(`podman pull ${host}/team/api:v2.14.0`)).toBeVisible()
  await expect(box.getByText(`docker pull ${host}/team/api:v2.14.0`)).toBeHidden()
  await box.getByText('pinned by digest').click()
  await expect(box.getByText(new RegExp(`podman pull ${host}/team/api@sha256:[0-9a-f]{64}`))).toBeVisible()
})

test('the client that was chosen is remembered', async ({ page }) => {
  const image = new Image(page)
  const host = new URL(process.env.E2E_REGISTRY_URL ?? '').host
  await image.open(paths.image)
  await image.pull.click()
  await image.main.locator('details[open]').getByText('crane', { exact: true }).click()
  await image.open('/r/local/team/web:latest')
  await image.pull.click()
  await expect(image.main.locator('details[open]').getByText(`crane pull ${host}/team/web:latest image.tar`)).toBeVisible()
})

for (const [kind, path, words] of [
  ['a Helm chart', paths.chart, ['ingress', 'Ingress controller: routes requests from outside to services', 'helm pull oci://']],
  ['a model', paths.model, ['model.safetensors', 'embed-small']],
  ['a set of files', paths.files, ['report.md', 'losses.csv']],
  ['a WebAssembly module', paths.wasm, ['wasm']],
  ['a Docker manifest list', paths.docker, ['linux/arm64', 'NODE_VERSION']],
  ['an unknown kind', '/r/local/quirks/nested:unknown-kind', ['application/vnd.example.nobody-knows.v7+json']],
] as const) {
  test(`${kind} has an overview of its own`, async ({ page }) => {
    const image = new Image(page)
    await page.goto(path)
    for (const word of words) await expect(image.main).toContainText(word)
  })
}

for (const tag of ['index-of-index', 'mixed', 'empty-index']) {
  test(`an odd index is shown all the same: ${tag}`, async ({ page }) => {
    const response = await page.goto(`/r/local/quirks/nested:${tag}`)
    expect(response?.status()).toBe(200)
    await expect(new Image(page).heading).toContainText(tag)
  })
}

test('a build without a date has none', async ({ page }) => {
  for (const tag of ['epoch', 'year-one']) {
    await page.goto(`/r/local/quirks/dates:${tag}`)
    await expect(new Image(page).main).not.toContainText(/(5\d|20\d\d) y(ears)? ago/)
  }
})
