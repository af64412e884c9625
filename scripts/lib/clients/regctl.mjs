import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { same } from './content.mjs'

export default {
  name: 'regctl',
  programs: ['regctl'],
  version: ['version'],
  install: 'go install github.com/regclient/regclient/cmd/regctl@latest',
  async steps({ step, run, bytes, wire, host, made, folder }) {
    const at = `${host}/regctl`
    const plain = ['--host', `reg=${host},tls=disabled`]
    const regctl = (...words) => run('regctl', ...plain, ...words)
    await step('image copy there', async () => {
      await regctl('image', 'copy', `ocidir://${made.index.folder}:v1`, `${at}/app:v1`)
      assert.equal(await wire.digest('regctl/app', 'v1'), made.index.digest)
      return 'digest equal'
    })
    await step('image copy back', async () => {
      await regctl('image', 'copy', `${at}/app:v1`, `ocidir://${join(folder, 'back')}:v1`)
      return same(join(folder, 'back'), made.index)
    })
    await step('blob put in one piece', async () => {
      const said = await bytes('regctl', [...plain, 'blob', 'put', `${at}/blobs`], made.large.bytes)
      assert.equal(said.toString().trim(), made.large.digest)
      assert.deepEqual(await wire.blob('regctl/blobs', made.large.digest), made.large.bytes)
      return `${made.large.bytes.length} bytes equal`
    })
    await step('blob put in chunks', async () => {
      // Another repository; over blobmax it is sent in chunks.
      const chunked = ['--host', `reg=${host},tls=disabled,blobchunk=524288,blobmax=524288`]
      const said = await bytes('regctl', [...chunked, 'blob', 'put', `${at}/chunked`], made.large.bytes)
      assert.equal(said.toString().trim(), made.large.digest)
      assert.deepEqual(await wire.blob('regctl/chunked', made.large.digest), made.large.bytes)
      return `${made.large.bytes.length} bytes in pieces of 512 KiB`
    })
    await step('blob get', async () => {
      assert.deepEqual(await bytes('regctl', [...plain, 'blob', 'get', `${at}/blobs`, made.large.digest]), made.large.bytes)
      return 'bytes equal'
    })
    await step('artifact put, on a subject', async () => {
      await regctl('artifact', 'put', '--artifact-type', 'application/vnd.example.notes', '--file', made.notes.file, '--subject', `${at}/app:v1`)
      const [referrer, ...more] = await wire.referrers('regctl/app', made.index.digest)
      assert.deepEqual([referrer.artifactType, more], ['application/vnd.example.notes', []])
      return 'one referrer'
    })
    await step('artifact list', async () => {
      const [{ digest }] = await wire.referrers('regctl/app', made.index.digest)
      assert.ok((await regctl('artifact', 'list', '--format', 'body', `${at}/app:v1`)).includes(digest))
      return 'the referrer is listed'
    })
    await step('artifact get', async () => {
      const back = await bytes('regctl', [...plain, 'artifact', 'get', '--subject', `${at}/app:v1`])
      assert.deepEqual(back, readFileSync(made.notes.file))
      return 'bytes equal'
    })
    await step('image copy with referrers', async () => {
      await regctl('image', 'copy', '--referrers', `${at}/app:v1`, `${at}/copied:v1`)
      const [there] = await wire.referrers('regctl/copied', made.index.digest)
      const [here] = await wire.referrers('regctl/app', made.index.digest)
      assert.equal(there.digest, here.digest)
      return 'image and referrer'
    })
    await step('image mod', async () => {
      await regctl('image', 'mod', '--create', 'labelled', '--label', 'team=clients', `${at}/app:v1`)
      const { manifests } = await wire.manifest('regctl/app', 'labelled')
      const { config } = await wire.manifest('regctl/app', manifests[0].digest)
      assert.equal(JSON.parse(await wire.blob('regctl/app', config.digest)).config.Labels.team, 'clients')
      return 'the label is in each image'
    })
    await step('tag delete', async () => {
      await regctl('image', 'copy', `${at}/app:v1`, `${at}/app:old`)
      await regctl('tag', 'delete', `${at}/app:old`)
      await wire.gone('regctl/app', 'old')
      assert.equal(await wire.digest('regctl/app', 'v1'), made.index.digest)
      assert.deepEqual((await regctl('tag', 'ls', `${at}/app`)).split('\n').sort(), ['labelled', 'v1'])
      return 'the other tag of the digest lives'
    })
    await step('repo ls', async () => {
      const all = (await regctl('repo', 'ls', host)).split('\n')
      for (const name of ['regctl/app', 'regctl/copied']) assert.ok(all.includes(name), `${name} is not among ${all}`)
      return `${all.length} repositories`
    })
    await step('manifest delete', async () => {
      await regctl('manifest', 'delete', `${at}/copied@${made.index.digest}`)
      await wire.gone('regctl/copied', 'v1')
      return 'digest and its tag gone'
    })
  },
}
