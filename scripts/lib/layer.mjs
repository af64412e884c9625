// File system layers: deterministic tar archives, gzipped.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import tarStream from 'tar-stream'

// Every file carries the same time, so that a layer with the same files is the same blob in every run.
const MTIME = new Date('2024-01-01T00:00:00Z')

export const hex = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex')
export const digestOf = (bytes) => `sha256:${hex('sha256', bytes)}`

/** Bytes that look like a program: incompressible, and always the same for one seed. */
export const noise = (seed, length) => createHash('shake256', { outputLength: length }).update(seed).digest()

/** An ELF file in its first bytes only. */
export const program = (seed, length) => ({
  mode: 0o755,
  bytes: Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), noise(seed, length)]),
})

export const text = (content, mode = 0o644) => ({ mode, bytes: Buffer.from(content) })
export const directory = (mode = 0o755) => ({ type: 'directory', mode })
export const symlink = (linkname) => ({ type: 'symlink', mode: 0o777, linkname })
export const hardlink = (linkname) => ({ type: 'link', mode: 0o755, linkname })
export const owned = (entry, uid, gid) => ({ ...entry, uid, gid })

/** `path` was removed by this layer (OCI image-spec, layer.md "Whiteouts"). */
export const removed = (path) => {
  const at = path.lastIndexOf('/') + 1
  return [`${path.slice(0, at)}.wh.${path.slice(at)}`, text('', 0o600)]
}

/** `folder` hides everything that lower layers had in it. */
export const opaque = (folder) => [`${folder}/.wh..wh..opq`, text('', 0o600)]

/** An uncompressed tar of `{path: entry}`; parent folders are added where they are missing. */
export async function tar(files) {
  const pack = tarStream.pack()
  const chunks = []
  const done = new Promise((resolve, reject) => {
    pack.on('data', (chunk) => chunks.push(chunk))
    pack.on('end', resolve)
    pack.on('error', reject)
  })
  const written = new Set()
  const write = (name, { bytes, ...header }) => {
    written.add(name)
    pack.entry({ name, mtime: MTIME, uid: 0, gid: 0, ...header }, bytes)
  }
  for (const [path, entry] of Object.entries(files)) {
    const parts = path.split('/').filter(Boolean)
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = `${parts.slice(0, depth).join('/')}/`
      if (!written.has(parent)) write(parent, files[parent] ?? directory())
    }
    if (!written.has(path)) write(path, entry)
  }
  pack.finalize()
  await done
  return Buffer.concat(chunks)
}

const kept = new Map()

/** A gzipped layer. `key` names its content: the same key is built once. */
export function layer(key, files) {
  let made = kept.get(key)
  if (!made) {
    made = (async () => {
      const plain = await tar(typeof files === 'function' ? files() : files)
      const bytes = gzipSync(plain, { level: 6 })
      return { diffId: digestOf(plain), digest: digestOf(bytes), size: bytes.length, bytes }
    })()
    kept.set(key, made)
  }
  return made
}
