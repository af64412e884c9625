import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export default {
  name: 'cosign',
  programs: ['cosign', 'skopeo'],
  version: ['version'],
  install: 'go install github.com/sigstore/cosign/v2/cmd/cosign@latest',
  async steps({ step, folder, run: runAny, wire, host, made }) {
    const at = `${host}/cosign/app`
    const image = `${at}@${made.image.digest}`
    const run = (...words) => runAny('env', 'COSIGN_PASSWORD=clients', 'COSIGN_YES=true', 'cosign', ...words)
    const plain = '--allow-http-registry'
    const tagged = (end) => `${made.image.digest.replace(':', '-')}.${end}`
    await runAny('skopeo', 'copy', '--quiet', '--dest-tls-verify=false', `oci:${made.image.folder}:v1`, `docker://${at}:v1`)
    await run('generate-key-pair')
    const quiet = ['--tlog-upload=false', plain]
    const trusting = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true', plain]
    await step('verify what is not signed', async () => {
      await assert.rejects(run('verify', ...trusting, image), /no signatures found/)
      return 'refused'
    })
    await step('sign', async () => {
      await run('sign', '--key', 'cosign.key', ...quiet, image)
      const { layers } = await wire.manifest('cosign/app', tagged('sig'))
      assert.equal(JSON.parse(await wire.blob('cosign/app', layers[0].digest)).critical.image['docker-manifest-digest'], made.image.digest)
      return 'the signature’s tag names the digest'
    })
    await step('verify', async () => {
      const said = await run('verify', ...trusting, image)
      assert.ok(said.includes(made.image.digest))
      return 'it holds'
    })
    await step('verify by the tag', async () => {
      assert.ok((await run('verify', ...trusting, `${at}:v1`)).includes(made.image.digest))
      return 'it holds'
    })
    await step('attach sbom', async () => {
      writeFileSync(join(folder, 'sbom.json'), JSON.stringify(made.sbom))
      await run('attach', 'sbom', plain, '--type', 'spdx', '--input-format', 'json', '--sbom', 'sbom.json', image)
      assert.deepEqual(JSON.parse(await wire.blob('cosign/app', (await wire.manifest('cosign/app', tagged('sbom'))).layers[0].digest)), made.sbom)
      return 'bytes equal'
    })
    await step('download sbom', async () => {
      assert.ok((await run('download', 'sbom', plain, image)).includes(JSON.stringify(made.sbom)))
      return 'bytes equal'
    })
    await step('attest', async () => {
      await run('attest', '--key', 'cosign.key', ...quiet, '--type', 'spdxjson', '--predicate', 'sbom.json', image)
      await run('verify-attestation', ...trusting, '--type', 'spdxjson', image)
      return 'verified'
    })
    await step('sign as a referrer', async () => {
      await runAny('env', 'COSIGN_PASSWORD=clients', 'COSIGN_YES=true', 'COSIGN_EXPERIMENTAL=1', 'cosign', 'sign', '--key', 'cosign.key', ...quiet, '--registry-referrers-mode', 'oci-1-1', image)
      const all = await wire.referrers('cosign/app', made.image.digest)
      assert.equal(all.filter(({ artifactType }) => artifactType?.includes('cosign')).length, 1)
      return 'one referrer'
    })
    await step('verify the referrer', async () => {
      const said = await runAny('env', 'COSIGN_EXPERIMENTAL=1', 'cosign', 'verify', '--experimental-oci11', ...trusting, image)
      assert.ok(said.includes(made.image.digest))
      return 'it holds'
    })
    await step('tree', async () => {
      const said = await run('tree', plain, image)
      assert.ok(said.includes('.sig') && said.includes('.sbom'), said)
      return 'signature and SBOM are listed'
    })
    await step('clean', async () => {
      await run('clean', plain, '--type', 'signature', '--force', image)
      await wire.gone('cosign/app', tagged('sig'))
      assert.equal(await wire.digest('cosign/app', 'v1'), made.image.digest)
      return 'the signature’s tag gone, the image lives'
    })
  },
}
