import assert from 'node:assert/strict'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { layer, text } from '../layer.mjs'
import { same } from './content.mjs'

export default {
  name: 'crane',
  programs: ['crane'],
  version: ['version'],
  install: 'go install github.com/google/go-containerregistry/cmd/crane@latest',
  async steps({ step, run, bytes, wire, host, made, folder }) {
    const at = `${host}/crane`
    const crane = (...words) => run('crane', ...words)
    await step('push an index', async () => {
      await crane('push', '--index', made.index.folder, `${at}/app:v1`)
      // The layout's own index, which names ours.
      const { manifests } = await wire.manifest('crane/app', 'v1')
      assert.deepEqual(manifests.map(({ digest }) => digest), [made.index.digest])
      assert.equal((await wire.manifest('crane/app', made.index.digest)).manifests.length, 2)
      return 'an index in an index, whole'
    })
    await step('push an image', async () => {
      const said = await crane('push', made.image.folder, `${at}/one:v1`)
      assert.equal(await wire.digest('crane/one', 'v1'), made.image.digest)
      assert.ok(said.includes(made.image.digest))
      return 'digest equal'
    })
    await step('digest', async () => {
      assert.equal(await crane('digest', `${at}/one:v1`), made.image.digest)
      return 'as pushed'
    })
    await step('pull as a layout', async () => {
      await crane('pull', '--format', 'oci', `${at}/one:v1`, join(folder, 'back'))
      return same(join(folder, 'back'), made.image)
    })
    await step('validate', async () => {
      assert.match(await crane('validate', '--remote', `${at}/one:v1`), /PASS/)
      return 'it says PASS'
    })
    await step('blob', async () => {
      const { digest, bytes: whole } = made.image.manifest.blobs[1]
      assert.deepEqual(await bytes('crane', ['blob', `${at}/one@${digest}`]), whole)
      return `${whole.length} bytes equal`
    })
    await step('export the files', async () => {
      assert.ok((await bytes('crane', ['export', `${at}/one:v1`, '-'])).includes('<h1>hello</h1>'))
      return 'the file is in it'
    })
    await step('copy to another repository', async () => {
      await crane('copy', `${at}/one:v1`, `${at}/two:v1`)
      assert.equal(await wire.digest('crane/two', 'v1'), made.image.digest)
      return 'digest equal'
    })
    await step('append a layer', async () => {
      const { bytes: tar, digest } = await layer('clients appended', { 'appended.txt': text('appended\n') })
      writeFileSync(join(folder, 'layer.tar.gz'), tar)
      await crane('append', '--base', `${at}/one:v1`, '--new_layer', 'layer.tar.gz', '--new_tag', `${at}/one:v2`)
      const { layers } = await wire.manifest('crane/one', 'v2')
      assert.equal(layers.length, 3)
      assert.equal(layers[2].digest, digest)
      return 'three layers, the last as given'
    })
    await step('tag, ls', async () => {
      await crane('tag', `${at}/one:v1`, 'stable')
      assert.deepEqual((await crane('ls', `${at}/one`)).split('\n').sort(), ['stable', 'v1', 'v2'])
      return 'stable, v1, v2'
    })
    await step('catalog', async () => {
      const all = (await crane('catalog', host)).split('\n')
      for (const name of ['crane/app', 'crane/one', 'crane/two']) assert.ok(all.includes(name), `${name} is not among ${all}`)
      return `${all.length} repositories`
    })
    await step('delete a tag', async () => {
      await crane('delete', `${at}/one:v2`)
      await wire.gone('crane/one', 'v2')
      assert.deepEqual(await wire.tags('crane/one'), ['stable', 'v1'])
      return 'only that tag gone'
    })
  },
}
