import assert from 'node:assert/strict'
import { join } from 'node:path'
import { types } from '../image.mjs'
import { same } from './content.mjs'

export default {
  name: 'skopeo',
  programs: ['skopeo'],
  version: ['--version'],
  install: 'apt-get install skopeo',
  async steps({ step, run, wire, host, made, folder }) {
    const at = `docker://${host}/skopeo`
    const copy = (...words) => run('skopeo', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', ...words)
    await step('copy an index there', async () => {
      await copy('--all', '--preserve-digests', `oci:${made.index.folder}:v1`, `${at}/app:v1`)
      assert.equal(await wire.digest('skopeo/app', 'v1'), made.index.digest)
      return 'digest equal'
    })
    await step('copy it back', async () => {
      await copy('--all', '--preserve-digests', `${at}/app:v1`, `oci:${join(folder, 'back')}:v1`)
      return same(join(folder, 'back'), made.index)
    })
    await step('inspect', async () => {
      const said = JSON.parse(await run('skopeo', 'inspect', '--tls-verify=false', '--override-arch', 'arm64', `${at}/app:v1`))
      assert.deepEqual([said.Digest, said.Architecture, said.RepoTags], [made.index.digest, 'arm64', ['v1']])
      return 'digest, platform, tags'
    })
    await step('copy within the registry', async () => {
      await copy('--all', '--preserve-digests', `${at}/app:v1`, `${at}/other:v2`)
      assert.equal(await wire.digest('skopeo/other', 'v2'), made.index.digest)
      return 'digest equal'
    })
    await step('copy as Docker’s schema 2', async () => {
      await copy('--format', 'v2s2', `oci:${made.image.folder}:v1`, `${at}/docker:v1`)
      const { mediaType, layers } = await wire.manifest('skopeo/docker', 'v1')
      assert.equal(mediaType, types.dockerManifest)
      for (const { digest } of layers) await wire.blob('skopeo/docker', digest)
      return `${layers.length} layers whole`
    })
    await step('list-tags', async () => {
      await copy('--all', `${at}/app:v1`, `${at}/app:v1.1`)
      const { Tags } = JSON.parse(await run('skopeo', 'list-tags', '--tls-verify=false', `${at}/app`))
      assert.deepEqual(Tags, ['v1', 'v1.1'])
      return Tags.join(', ')
    })
    await step('sync a repository to a folder', async () => {
      await run('skopeo', 'sync', '--src-tls-verify=false', '--src', 'docker', '--dest', 'dir', '--all', `${host}/skopeo/app`, join(folder, 'synced'))
      const back = join(folder, 'again')
      await copy('--all', `dir:${join(folder, 'synced/app:v1.1')}`, `oci:${back}:v1`)
      return same(back, made.index)
    })
    await step('delete', async () => {
      await run('skopeo', 'delete', '--tls-verify=false', `${at}/other:v2`)
      await wire.gone('skopeo/other', 'v2')
      await wire.gone('skopeo/other', made.index.digest)
      assert.equal(await wire.digest('skopeo/app', 'v1'), made.index.digest)
      return 'tag and digest gone, the other repository whole'
    })
  },
}
