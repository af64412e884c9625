import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export default {
  name: 'oras',
  programs: ['oras'],
  version: ['version'],
  install: 'go install oras.land/oras/cmd/oras@latest',
  async steps({ step, run, wire, host, made, folder }) {
    const at = `${host}/oras`
    const oras = (...words) => run('oras', ...words)
    const plain = '--plain-http'
    for (const { file } of [made.large, made.notes]) copyFileSync(file, join(folder, file.split('/').pop()))
    let digest
    await step('push files', async () => {
      await oras('push', plain, '--no-tty', '--artifact-type', 'application/vnd.example.files', `${at}/files:v1,latest`, 'large.bin:application/octet-stream', 'notes.txt:text/plain')
      const manifest = await wire.manifest('oras/files', 'v1')
      digest = manifest.digest
      assert.deepEqual([manifest.artifactType, ...manifest.layers.map((one) => one.digest)], ['application/vnd.example.files', made.large.digest, made.notes.digest])
      assert.equal(await wire.digest('oras/files', 'latest'), digest)
      return 'two tags, two layers as the files'
    })
    await step('pull files', async () => {
      mkdirSync(join(folder, 'back'))
      await oras('pull', plain, '--no-tty', '--output', 'back', `${at}/files:v1`)
      assert.deepEqual(readFileSync(join(folder, 'back/large.bin')), made.large.bytes)
      assert.deepEqual(readFileSync(join(folder, 'back/notes.txt')), made.notes.bytes)
      return 'bytes equal'
    })
    await step('attach', async () => {
      await oras('attach', plain, '--no-tty', '--artifact-type', 'application/vnd.example.note', '--annotation', 'by=clients', `${at}/files:v1`, 'notes.txt:text/plain')
      const [one, ...more] = await wire.referrers('oras/files', digest)
      assert.deepEqual([one.artifactType, one.annotations?.by, more], ['application/vnd.example.note', 'clients', []])
      return 'one referrer, with its annotation'
    })
    await step('discover', async () => {
      const said = await oras('discover', plain, '--format', 'json', `${at}/files:v1`)
      const [{ digest: there }] = await wire.referrers('oras/files', digest)
      assert.ok(said.includes(there))
      return 'the referrer is listed'
    })
    await step('discover by type', async () => {
      const said = JSON.parse(await oras('discover', plain, '--format', 'json', '--artifact-type', 'application/vnd.example.other', `${at}/files:v1`))
      assert.deepEqual(said.manifests ?? said.referrers ?? [], [])
      return 'none of another type'
    })
    await step('cp with referrers', async () => {
      await oras('cp', '--no-tty', '--from-plain-http', '--to-plain-http', '--recursive', `${at}/files:v1`, `${at}/copied:v1`)
      assert.equal(await wire.digest('oras/copied', 'v1'), digest)
      assert.equal((await wire.referrers('oras/copied', digest)).length, 1)
      return 'digest equal, and its referrer'
    })
    await step('cp from a layout', async () => {
      await oras('cp', '--no-tty', '--from-oci-layout', '--to-plain-http', `${made.index.folder}:v1`, `${at}/app:v1`)
      assert.equal(await wire.digest('oras/app', 'v1'), made.index.digest)
      return 'digest equal'
    })
    await step('tag, repo tags, repo ls', async () => {
      await oras('tag', plain, `${at}/files:v1`, 'stable')
      assert.deepEqual((await oras('repo', 'tags', plain, `${at}/files`)).split('\n').sort(), ['latest', 'stable', 'v1'])
      assert.deepEqual((await oras('repo', 'ls', plain, at)).split('\n').sort(), ['app', 'copied', 'files'])
      return 'three tags, three repositories'
    })
    await step('blob push, fetch, delete', async () => {
      await oras('blob', 'push', plain, '--no-tty', `${at}/blobs`, 'large.bin')
      await oras('blob', 'fetch', plain, '--no-tty', '--output', 'fetched.bin', `${at}/blobs@${made.large.digest}`)
      assert.deepEqual(readFileSync(join(folder, 'fetched.bin')), made.large.bytes)
      await oras('blob', 'delete', plain, '--force', `${at}/blobs@${made.large.digest}`)
      assert.equal((await fetch(`${wire.url}/v2/oras/blobs/blobs/${made.large.digest}`, { method: 'HEAD' })).status, 404)
      return 'bytes equal, then gone'
    })
    await step('manifest delete', async () => {
      await oras('manifest', 'delete', plain, '--force', `${at}/copied:v1`)
      await wire.gone('oras/copied', 'v1')
      return 'gone'
    })
  },
}
