import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../layer.mjs'

export default {
  name: 'helm',
  programs: ['helm'],
  version: ['version', '--short'],
  install: 'go install helm.sh/helm/v3/cmd/helm@latest',
  async steps({ step, run, wire, host, folder }) {
    const at = `oci://${host}/helm`
    const helm = (...words) => run('helm', ...words)
    await step('package, push', async () => {
      await helm('create', 'app')
      await helm('package', 'app', '--version', '1.2.3+build.7')
      await helm('push', '--plain-http', 'app-1.2.3+build.7.tgz', at)
      // OCI tags have no plus: Helm writes an underscore.
      const { layers, config } = await wire.manifest('helm/app', '1.2.3_build.7')
      assert.equal(config.mediaType, 'application/vnd.cncf.helm.config.v1+json')
      assert.equal(layers[0].digest, digestOf(readFileSync(join(folder, 'app-1.2.3+build.7.tgz'))))
      return 'the layer is the package'
    })
    await step('pull', async () => {
      mkdirSync(join(folder, 'back'))
      await helm('pull', '--plain-http', `${at}/app`, '--version', '1.2.3+build.7', '--destination', 'back')
      assert.deepEqual(readFileSync(join(folder, 'back/app-1.2.3+build.7.tgz')), readFileSync(join(folder, 'app-1.2.3+build.7.tgz')))
      return 'bytes equal'
    })
    await step('show chart', async () => {
      assert.match(await helm('show', 'chart', '--plain-http', `${at}/app`, '--version', '1.2.3+build.7'), /^name: app$/m)
      return 'its Chart.yaml'
    })
    await step('the newest of a range', async () => {
      await helm('package', 'app', '--version', '1.3.0')
      await helm('push', '--plain-http', 'app-1.3.0.tgz', at)
      assert.match(await helm('show', 'chart', '--plain-http', `${at}/app`, '--version', '^1.2'), /^version: 1\.3\.0$/m)
      return '^1.2 is 1.3.0, found in the tags'
    })
    await step('template', async () => {
      assert.match(await helm('template', 'it', '--plain-http', `${at}/app`, '--version', '1.3.0'), /kind: Deployment/)
      return 'a Deployment'
    })
    await step('dependency build', async () => {
      await helm('create', 'outer')
      const chart = `apiVersion: v2\nname: outer\nversion: 0.1.0\ndependencies:\n  - name: app\n    version: 1.3.0\n    repository: ${at}\n`
      writeFileSync(join(folder, 'outer/Chart.yaml'), chart)
      await helm('dependency', 'update', '--plain-http', 'outer')
      assert.deepEqual(readFileSync(join(folder, 'outer/charts/app-1.3.0.tgz')), readFileSync(join(folder, 'app-1.3.0.tgz')))
      return 'bytes equal'
    })
  },
}
