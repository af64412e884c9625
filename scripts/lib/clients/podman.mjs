import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export default {
  name: 'podman',
  programs: ['podman'],
  version: ['--version'],
  install: 'apt-get install podman',
  // Others need a user namespace that is set up for them.
  root: true,
  async steps({ step, run, wire, host, made, folder }) {
    const at = `${host}/podman`
    const store = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'libpod'), '--storage-driver', 'vfs', '--events-backend', 'none', '--cgroup-manager', 'cgroupfs']
    const podman = (...words) => run('podman', ...store, ...words)
    const plain = '--tls-verify=false'
    copyFileSync(made.notes.file, join(folder, 'notes.txt'))
    writeFileSync(join(folder, 'Containerfile'), 'FROM scratch\nLABEL team=clients\nCOPY notes.txt /srv/notes.txt\n')
    await step('build, push', async () => {
      await podman('build', '--quiet', '--isolation', 'chroot', '--tag', `${at}/built:v1`, folder)
      await podman('push', plain, '--quiet', '--digestfile', join(folder, 'digest'), `${at}/built:v1`)
      assert.equal(await wire.digest('podman/built', 'v1'), readFileSync(join(folder, 'digest'), 'utf8').trim())
      return 'digest as it says'
    })
    await step('pull by tag', async () => {
      await podman('rmi', '--all', '--force')
      const id = await podman('pull', plain, '--quiet', `${at}/built:v1`)
      const { config } = await wire.manifest('podman/built', 'v1')
      assert.equal(`sha256:${id}`, config.digest)
      return 'the image’s id is the configuration’s digest'
    })
    await step('pull by digest, read a file', async () => {
      const digest = await wire.digest('podman/built', 'v1')
      await podman('rmi', '--all', '--force')
      await podman('pull', plain, '--quiet', `${at}/built@${digest}`)
      const mounted = await podman('image', 'mount', `${at}/built@${digest}`)
      assert.deepEqual(readFileSync(join(mounted, 'srv/notes.txt')), made.notes.bytes)
      return 'bytes equal'
    })
    await step('manifest create, add, push --all', async () => {
      await podman('manifest', 'create', 'list')
      await podman('manifest', 'add', 'list', `oci:${made.image.folder}:v1`)
      await podman('manifest', 'push', plain, '--quiet', '--all', 'list', `docker://${at}/list:v1`)
      const { manifests } = await wire.manifest('podman/list', 'v1')
      assert.deepEqual(manifests.map((one) => one.digest), [made.image.digest])
      return 'digest equal'
    })
    await step('search', async () => {
      assert.match(await podman('search', plain, '--format', '{{.Name}}', `${host}/podman`), /podman\/built$/m)
      const tags = await podman('search', plain, '--list-tags', '--format', '{{.Tag}}', `${at}/built`)
      assert.match(tags, /\bv1$/)
      return 'repository and tag'
    })
  },
}
