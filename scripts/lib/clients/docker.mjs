import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { daemon } from './shell.mjs'

export default {
  name: 'docker',
  programs: ['dockerd', 'docker', 'containerd'],
  version: ['--version'],
  install: 'apt-get install docker.io',
  root: true,
  async steps({ step, folder, env, bytes, run: runAny, wire, host, made }) {
    const at = `${host}/docker`
    const socket = `unix://${join(folder, 'socket')}`
    const run = (...words) => runAny('docker', '--host', socket, ...words)
    // A daemon of our own, which touches neither the network nor the machine's images.
    const stop = await daemon({ folder, env }, 'dockerd', ['--host', socket, '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--storage-driver', 'vfs', '--bridge', 'none', '--iptables=false', '--ip6tables=false'], () => run('info'))
    try {
      copyFileSync(made.notes.file, join(folder, 'notes.txt'))
      writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nLABEL team=clients\nCOPY notes.txt /srv/notes.txt\n')
      writeFileSync(join(folder, '.dockerignore'), '*\n!notes.txt\n')
      let digest
      await step('build, push', async () => {
        await bytes('sh', ['-c', `tar -c Dockerfile notes.txt | DOCKER_BUILDKIT=0 docker --host ${socket} build --quiet --tag ${at}/built:v1 -`])
        const said = await run('push', `${at}/built:v1`)
        digest = await wire.digest('docker/built', 'v1')
        assert.ok(said.includes(digest), said)
        return 'digest as it says'
      })
      await step('push again', async () => {
        await run('tag', `${at}/built:v1`, `${at}/other:v1`)
        const said = await run('push', `${at}/other:v1`)
        assert.match(said, /Mounted from docker\/built/)
        assert.equal(await wire.digest('docker/other', 'v1'), digest)
        return 'layers mounted from the other repository'
      })
      await step('pull', async () => {
        await run('rmi', `${at}/built:v1`, `${at}/other:v1`)
        await run('pull', '--quiet', `${at}/built:v1`)
        const id = await run('inspect', '--format', '{{.Id}}', `${at}/built:v1`)
        assert.equal(id, (await wire.manifest('docker/built', 'v1')).config.digest)
        return 'the image’s id is the configuration’s digest'
      })
      await step('read a file of it', async () => {
        const container = await run('create', `${at}/built:v1`, '/none')
        const tar = await bytes('docker', ['--host', socket, 'cp', `${container}:/srv/notes.txt`, '-'])
        assert.ok(tar.includes(made.notes.bytes))
        await run('rm', container)
        return 'bytes equal'
      })
      await step('pull by digest', async () => {
        await run('rmi', `${at}/built:v1`)
        await run('pull', '--quiet', `${at}/built@${digest}`)
        assert.deepEqual(JSON.parse(await run('inspect', '--format', '{{json .RepoDigests}}', `${at}/built@${digest}`)), [`${at}/built@${digest}`])
        return 'digest equal'
      })
      await step('manifest create, push', async () => {
        await run('manifest', 'create', '--insecure', `${at}/list:v1`, `${at}/built@${digest}`)
        await run('manifest', 'push', '--insecure', `${at}/list:v1`)
        const { manifests } = await wire.manifest('docker/list', 'v1')
        assert.deepEqual(manifests.map((one) => one.digest), [digest])
        return 'digest equal'
      })
      await step('pull --all-tags', async () => {
        await run('tag', `${at}/built@${digest}`, `${at}/built:v2`)
        await run('push', '--quiet', `${at}/built:v2`)
        await run('rmi', '--force', `${at}/built:v2`)
        await run('pull', '--quiet', '--all-tags', `${at}/built`)
        const tags = (await run('images', '--format', '{{.Tag}}', `${at}/built`)).split('\n').filter((tag) => tag !== '<none>')
        assert.deepEqual(tags.sort(), ['v1', 'v2'])
        return 'both tags'
      })
    } finally {
      await stop()
    }
  },
}
