// The registry asked directly: what a client says it did is believed when it is there.
import assert from 'node:assert/strict'
import { digestOf } from '../layer.mjs'
import { types } from '../image.mjs'

const ACCEPT = [types.index, types.manifest, types.dockerList, types.dockerManifest].join(', ')

export class Wire {
  constructor(url) {
    this.url = url
    this.host = new URL(url).host
  }

  async #get(path, headers) {
    const answer = await fetch(this.url + path, { headers })
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.status, 200, `GET ${path} answered ${answer.status}: ${bytes.subarray(0, 200)}`)
    return { answer, bytes }
  }

  /** A manifest's digest, from its bytes, and what it says. */
  async manifest(repository, reference) {
    const { answer, bytes } = await this.#get(`/v2/${repository}/manifests/${reference}`, { accept: ACCEPT })
    const digest = digestOf(bytes)
    assert.equal(answer.headers.get('docker-content-digest'), digest)
    return { digest, mediaType: answer.headers.get('content-type'), ...JSON.parse(bytes) }
  }

  async digest(repository, reference) {
    return (await this.manifest(repository, reference)).digest
  }

  async blob(repository, digest) {
    const { bytes } = await this.#get(`/v2/${repository}/blobs/${digest}`)
    assert.equal(digestOf(bytes), digest)
    return bytes
  }

  async tags(repository) {
    return JSON.parse((await this.#get(`/v2/${repository}/tags/list`)).bytes).tags.sort()
  }

  async referrers(repository, digest) {
    return JSON.parse((await this.#get(`/v2/${repository}/referrers/${digest}`)).bytes).manifests
  }

  /** The tag or digest is not there. */
  async gone(repository, reference) {
    const answer = await fetch(`${this.url}/v2/${repository}/manifests/${reference}`, { method: 'HEAD', headers: { accept: ACCEPT } })
    assert.equal(answer.status, 404, `${repository}:${reference} is still there (${answer.status})`)
  }
}
