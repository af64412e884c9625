// What the clients carry: an image of two layers and an index of two platforms, as an OCI layout; files that are no image.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { descriptor, encode, image, index } from '../image.mjs'
import { digestOf, layer, noise, program, text } from '../layer.mjs'

const CREATED = '2026-01-01T00:00:00Z'

async function forPlatform(platform) {
  const base = await layer(`clients base ${platform}`, { 'etc/os-release': text(`ID=example ${platform}\n`), 'bin/app': program(platform, 300_000) })
  const top = await layer('clients top', { 'srv/index.html': text('<h1>hello</h1>\n') })
  return image({ platform, created: CREATED, config: { Cmd: ['/bin/app'] }, steps: [{ createdBy: 'COPY base', layer: base }, { createdBy: 'COPY srv', layer: top }] })
}

const everything = (manifest) => [manifest, ...manifest.blobs, ...manifest.children.flatMap(everything)]
const file = (folder, digest) => join(folder, 'blobs', ...digest.split(':'))

/** An OCI layout (image-spec, image-layout.md) of one manifest under a name. */
function layout(folder, name, manifest) {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  for (const { digest, bytes } of everything(manifest)) writeFileSync(file(folder, digest), bytes)
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const named = { ...descriptor(manifest), annotations: { 'org.opencontainers.image.ref.name': name } }
  writeFileSync(join(folder, 'index.json'), encode({ schemaVersion: 2, manifests: [named] }))
  return { folder, manifest, digest: manifest.digest, size: manifest.size, mediaType: manifest.mediaType }
}

/** That a layout has all of what `made` has, byte for byte. */
export function same(folder, made) {
  const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json')))
  assert.ok(manifests.some(({ digest }) => digest === made.digest), `the layout names ${manifests.map(({ digest }) => digest)}, not ${made.digest}`)
  const all = everything(made.manifest)
  for (const { digest } of all) {
    assert.ok(existsSync(file(folder, digest)), `${digest} did not come back`)
    assert.equal(digestOf(readFileSync(file(folder, digest))), digest)
  }
  return `${new Set(all.map(({ digest }) => digest)).size} blobs equal`
}

export async function content(folder) {
  const both = await Promise.all(['linux/amd64', 'linux/arm64'].map(forPlatform))
  const large = noise('clients large', 2_500_000)
  const notes = Buffer.from('what is no image\n')
  mkdirSync(join(folder, 'files'), { recursive: true })
  writeFileSync(join(folder, 'files/large.bin'), large)
  writeFileSync(join(folder, 'files/notes.txt'), notes)
  return {
    image: layout(join(folder, 'image'), 'v1', both[0]),
    index: layout(join(folder, 'index'), 'v1', index(both)),
    large: { file: join(folder, 'files/large.bin'), bytes: large, digest: digestOf(large) },
    notes: { file: join(folder, 'files/notes.txt'), bytes: notes, digest: digestOf(notes) },
    sbom: { spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'app', packages: [] },
  }
}
