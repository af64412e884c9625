import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fill } from './example.mjs'
import { Publisher } from './publish.mjs'
import { startRegistry } from './registry.mjs'

const storage = mkdtempSync(join(tmpdir(), 'supercargo-example-'))
after(() => rmSync(storage, { recursive: true, force: true }))

test('the example content is taken by a real registry, and is there afterwards', async () => {
  const registry = await startRegistry({ storage })
  try {
    const made = await fill(new Publisher(registry.url), Date.parse('2026-01-01T00:00:00Z'))
    const read = async (path) => (await fetch(`${registry.url}${path}`)).json()
    const { repositories } = await read('/v2/_catalog?n=1000')
    // One more than were filled: the one with an upload and no manifest.
    assert.equal(repositories.length, made.repositories + 1)
    const { tags } = await read('/v2/team/api/tags/list')
    for (const tag of ['v2.14.0', '2.14', '2', 'latest', 'next', 'pr-418']) assert.ok(tags.includes(tag), tag)
    assert.equal(tags.filter((tag) => tag.endsWith('.sig')).length, 4)
  } finally {
    await registry.stop()
  }
})

test('a program that ends at once is an error that says why', async () => {
  await assert.rejects(startRegistry({ storage, notify: { url: ':not a url' }, tls: { certificate: '/nowhere', key: '/nowhere' } }), /ended at once/)
})
