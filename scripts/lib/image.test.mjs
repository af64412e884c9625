import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import tarStream from 'tar-stream'
import { alpine } from './content/bases.mjs'
import { current, releases } from './content/history.mjs'
import { LONG_NAME, LONG_TAG } from './content/quirks.mjs'
import { small } from './content/team.mjs'
import { versionOf } from './example.mjs'
import { fallbackTag, index } from './image.mjs'
import { digestOf, layer, removed, text } from './layer.mjs'

const names = async (bytes) => {
  const found = []
  const extract = tarStream.extract()
  extract.end(gunzipSync(bytes))
  for await (const entry of extract) {
    found.push(entry.header.name)
    entry.resume()
  }
  return found
}

test('a layer names its digest, the digest of its tar, and every parent folder once', async () => {
  const made = await layer('test: parents', { 'a/b/c': text('1'), 'a/b/d': text('2'), ...Object.fromEntries([removed('a/old')]) })
  assert.equal(made.digest, digestOf(made.bytes))
  assert.equal(made.diffId, digestOf(gunzipSync(made.bytes)))
  assert.deepEqual(await names(made.bytes), ['a/', 'a/b/', 'a/b/c', 'a/b/d', 'a/.wh.old'])
})

test('the same seed gives the same image, another seed another', async () => {
  const created = '2026-01-01T00:00:00Z'
  assert.equal((await small('one', { created })).digest, (await small('one', { created })).digest)
  assert.notEqual((await small('one', { created })).digest, (await small('two', { created })).digest)
})

test('history has one entry without empty_layer for each layer', async () => {
  const made = await small('history')
  const config = JSON.parse(made.blobs[0].bytes)
  assert.equal(config.history.filter((step) => !step.empty_layer).length, config.rootfs.diff_ids.length)
  assert.equal(config.rootfs.diff_ids.length, JSON.parse(made.bytes).layers.length)
})

test('an index lists its children with their platforms', async () => {
  const made = index([await small('child', { platform: 'linux/arm/v7' })])
  assert.deepEqual(JSON.parse(made.bytes).manifests[0].platform, { architecture: 'arm', os: 'linux', variant: 'v7' })
})

test('aliases stand on the newest release of their line', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const made = releases('test', now, { '1.9': 2, '2.0': 1, '2.10': 2 }, { prefix: 'v' })
  assert.deepEqual(
    made.map((release) => release.tags),
    [['v1.9.0'], ['v1.9.1', '1.9', '1'], ['v2.0.0', '2.0'], ['v2.10.0'], ['v2.10.1', '2.10', '2', 'latest']],
  )
  const dates = made.map((release) => Date.parse(release.created))
  assert.deepEqual(dates, dates.toSorted((a, b) => a - b))
})

test('a base is the one that was current at the time', async () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const bases = (await alpine(now)).releases
  const then = current(bases, 300)
  assert.ok(then.days >= 300)
  assert.ok(bases[bases.indexOf(then) + 1].days < 300)
})

test('names keep to the grammar of registries', () => {
  assert.match(LONG_NAME, /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/)
  assert.ok(LONG_NAME.length <= 255 - 'localhost:5000/'.length)
  assert.match(LONG_TAG, /^\w[\w.-]{0,127}$/)
  assert.equal(fallbackTag(`sha256:${'a'.repeat(64)}`, '.sig'), `sha256-${'a'.repeat(64)}.sig`)
  assert.equal(fallbackTag(`sha512:${'a'.repeat(128)}`), `sha512-${'a'.repeat(64)}`)
  assert.equal(new Set(Array.from({ length: 5000 }, (_, number) => versionOf(number))).size, 5000)
})
