import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export default {
  name: 'buildah',
  programs: ['buildah', 'skopeo'],
  version: ['--version'],
  install: 'apt-get install buildah skopeo',
  // Others need a user namespace that is set up for them.
  root: true,
  async steps({ step, run, wire, host, made, folder }) {
    const at = `${host}/buildah`
    const store = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
    const buildah = (command, ...words) => run('buildah', ...store, command, ...words)
    const plain = '--tls-verify=false'
    await step('build from scratch, push', async () => {
      const container = await buildah('from', 'scratch')
      await buildah('copy', '--quiet', container, made.notes.file, '/srv/notes.txt')
      await buildah('config', '--label', 'team=clients', container)
      await buildah('commit', '--quiet', container, 'built:v1')
      await buildah('push', plain, '--quiet', '--digestfile', join(folder, 'digest'), 'built:v1', `docker://${at}/built:v1`)
      const { digest, config } = await wire.manifest('buildah/built', 'v1')
      assert.equal(digest, readFileSync(join(folder, 'digest'), 'utf8').trim())
      assert.equal(JSON.parse(await wire.blob('buildah/built', config.digest)).config.Labels.team, 'clients')
      return 'digest as it says, label in the configuration'
    })
    await step('pull, read a file', async () => {
      await buildah('rmi', '--all', '--force')
      await buildah('pull', plain, '--quiet', `docker://${at}/built:v1`)
      const container = await buildah('from', '--pull-never', `${at}/built:v1`)
      const mounted = await buildah('mount', container)
      assert.deepEqual(readFileSync(join(mounted, 'srv/notes.txt')), made.notes.bytes)
      await buildah('rm', container)
      return 'bytes equal'
    })
    await step('push an image that was pulled', async () => {
      await buildah('push', plain, '--quiet', '--digestfile', join(folder, 'again'), `${at}/built:v1`, `docker://${at}/again:v2`)
      assert.equal(await wire.digest('buildah/again', 'v2'), readFileSync(join(folder, 'again'), 'utf8').trim())
      assert.deepEqual((await wire.manifest('buildah/again', 'v2')).config, (await wire.manifest('buildah/built', 'v1')).config)
      return 'configuration equal'
    })
    await step('manifest create, add, push --all', async () => {
      for (const from of ['image', 'index']) await run('skopeo', 'copy', '--quiet', '--all', '--dest-tls-verify=false', `oci:${made[from].folder}:v1`, `docker://${at}/${from}:v1`)
      await buildah('manifest', 'create', 'list')
      await buildah('manifest', 'add', plain, '--all', 'list', `docker://${at}/index:v1`)
      await buildah('manifest', 'push', plain, '--quiet', '--all', '--format', 'oci', 'list', `docker://${at}/list:v1`)
      const { manifests } = await wire.manifest('buildah/list', 'v1')
      assert.deepEqual(manifests.map((one) => one.digest).sort(), made.index.manifest.children.map((one) => one.digest).sort())
      return `${manifests.length} platforms, digests equal`
    })
    await step('build a Containerfile from what was pushed', async () => {
      await run('sh', '-c', `printf 'FROM ${at}/built:v1\\nCOPY large.bin /srv/\\n' > Containerfile && cp ${made.large.file} large.bin`)
      await buildah('build', plain, '--quiet', '--isolation', 'chroot', '--layers=false', '--file', 'Containerfile', '--tag', `${at}/derived:v1`, folder)
      await buildah('push', plain, '--quiet', `${at}/derived:v1`)
      assert.equal((await wire.manifest('buildah/derived', 'v1')).layers.length, 2)
      return 'two layers'
    })
  },
}
