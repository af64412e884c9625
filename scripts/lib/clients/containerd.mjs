import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { daemon } from './shell.mjs'

export default {
  name: 'containerd',
  programs: ['ctr', 'containerd'],
  version: ['--version'],
  install: 'apt-get install containerd',
  root: true,
  async steps({ step, folder, env, bytes, run, wire, host, made }) {
    const at = `${host}/containerd`
    const socket = join(folder, 'socket')
    const ctr = (...words) => run('ctr', '--address', socket, '--namespace', 'clients', ...words)
    writeFileSync(join(folder, 'config.toml'), `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "${socket}"\n`)
    const stop = await daemon({ folder, env }, 'containerd', ['--config', join(folder, 'config.toml')], () => ctr('version'))
    try {
      // What it imports has this name: the base's, and the layout's.
      const name = `${at}/app:v1`
      await bytes('tar', ['-C', made.index.folder, '-cf', join(folder, 'app.tar'), '.'])
      await step('push an index', async () => {
        await ctr('images', 'import', '--all-platforms', '--no-unpack', '--base-name', `${at}/app`, join(folder, 'app.tar'))
        await ctr('images', 'push', '--plain-http', name)
        assert.equal(await wire.digest('containerd/app', 'v1'), made.index.digest)
        return 'digest equal'
      })
      await step('pull all platforms, unpacked', async () => {
        await ctr('images', 'rm', '--sync', name)
        await ctr('images', 'pull', '--plain-http', '--all-platforms', '--snapshotter', 'native', name)
        assert.ok((await ctr('images', 'ls', `name==${name}`)).includes(made.index.digest))
        return 'digest equal'
      })
      await step('layers as they were', async () => {
        const all = made.index.manifest.children.flatMap((child) => child.blobs)
        for (const { digest, bytes: whole } of all) assert.deepEqual(await bytes('ctr', ['--address', socket, '--namespace', 'clients', 'content', 'get', digest]), whole)
        return `${all.length} blobs equal`
      })
    } finally {
      await stop()
    }
  },
}
