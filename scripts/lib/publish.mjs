// Pushes what image.mjs makes, over plain HTTP, many requests at a time.

/** Runs at most `size` tasks at once. */
const pool = (size) => {
  let running = 0
  const waiting = []
  const next = () => {
    running -= 1
    waiting.shift()?.()
  }
  return async (task) => {
    if (running >= size) await new Promise((resolve) => waiting.push(resolve))
    running += 1
    try {
      return await task()
    } finally {
      next()
    }
  }
}

export class Publisher {
  #url
  #headers
  #slot
  #stored = new Map()
  #known = new Map()

  /** `url` is the registry's origin; `authorization` a header's value for a registry that wants one. */
  constructor(url, { parallel = 24, authorization } = {}) {
    this.#url = url.replace(/\/$/, '')
    this.#headers = authorization ? { authorization } : {}
    this.#slot = pool(parallel)
  }

  async #send(method, path, { expect, headers, body } = {}) {
    const url = path.startsWith('http') ? path : `${this.#url}${path}`
    return this.#slot(async () => {
      const response = await fetch(url, { method, body, headers: { ...this.#headers, ...headers } })
      const said = await response.text()
      if (!expect.includes(response.status)) throw new Error(`${method} ${url}: the registry answered ${response.status}. ${said}`)
      return response
    })
  }

  /** Uploads one blob, or mounts it from a repository that has it already. */
  blob(repository, content) {
    const key = `${repository}@${content.digest}`
    let stored = this.#stored.get(key)
    if (!stored) {
      const before = this.#known.get(content.digest)
      stored = this.#upload(repository, content, before)
      this.#stored.set(key, stored)
      if (!before) this.#known.set(content.digest, { repository, stored })
    }
    return stored
  }

  async #upload(repository, { digest, bytes }, before) {
    const uploads = `/v2/${repository}/blobs/uploads/`
    await before?.stored
    const query = before ? `?mount=${digest}&from=${encodeURIComponent(before.repository)}` : ''
    const begun = await this.#send('POST', `${uploads}${query}`, { expect: [201, 202] })
    if (begun.status === 201) return
    const target = new URL(begun.headers.get('location'), this.#url)
    target.searchParams.set('digest', digest)
    await this.#send('PUT', target.href, { expect: [201], headers: { 'content-type': 'application/octet-stream' }, body: bytes })
  }

  /** Writes a manifest whose parts are there already, under a tag or its digest. */
  async manifest(repository, manifest, reference = manifest.digest) {
    await this.#send('PUT', `/v2/${repository}/manifests/${reference}`, {
      expect: [201],
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
    })
  }

  /** Blobs, then children, then the manifest under each tag (under its digest alone when there is none). */
  async push(repository, manifest, tags = []) {
    await Promise.all([
      ...manifest.blobs.map((blob) => this.blob(repository, blob)),
      ...manifest.children.map((child) => this.#once(repository, child)),
    ])
    if (tags.length === 0) return this.#once(repository, manifest)
    await Promise.all(tags.map((tag) => this.manifest(repository, manifest, tag)))
  }

  #once(repository, manifest) {
    const key = `${repository}@${manifest.digest}`
    let stored = this.#stored.get(key)
    if (!stored) {
      stored = (async () => {
        await Promise.all([
          ...manifest.blobs.map((blob) => this.blob(repository, blob)),
          ...manifest.children.map((child) => this.#once(repository, child)),
        ])
        await this.manifest(repository, manifest)
      })()
      this.#stored.set(key, stored)
    }
    return stored
  }

  async remove(repository, digest) {
    await this.#send('DELETE', `/v2/${repository}/manifests/${digest}`, { expect: [202] })
  }
}
