// Models, WebAssembly, and files that have no better home.
import { artifact, blob } from '../image.mjs'
import { hex, noise } from '../layer.mjs'
import { ago, releases } from './history.mjs'

const title = (name, mediaType, content, annotations) => blob(mediaType, Buffer.from(content), { 'org.opencontainers.image.title': name, ...annotations })

const model = (name, { version, created }, weights) => {
  const file = (path, mediaType, content) => blob(mediaType, Buffer.from(content), { 'org.cncf.model.filepath': path, 'org.opencontainers.image.title': path })
  return artifact({
    artifactType: 'application/vnd.cncf.model.manifest.v1+json',
    config: blob('application/vnd.cncf.model.config.v1+json', {
      descriptor: { createdAt: created, family: name, name, version, licenses: ['Apache-2.0'], title: name },
      config: { architecture: 'transformer', format: 'safetensors', paramSize: '22m', precision: 'float16' },
      modelfs: { type: 'layers', diffIds: [`sha256:${hex('sha256', `${name} ${version}`)}`] },
    }),
    layers: [
      file('model.safetensors', 'application/vnd.cncf.model.weight.v1.raw', noise(`${name} ${version}`, weights)),
      file('tokenizer.json', 'application/vnd.cncf.model.weight.config.v1.raw', JSON.stringify({ version: '1.0', model: { type: 'WordPiece', vocab: { '[PAD]': 0, '[UNK]': 100 } } })),
      file('README.md', 'application/vnd.cncf.model.doc.v1.raw', `# ${name}\n\nTurns sentences into vectors. Version ${version}.\n`),
      file('LICENSE', 'application/vnd.cncf.model.doc.v1.raw', 'Apache License, Version 2.0\n'),
    ],
    annotations: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.created': created, 'org.opencontainers.image.version': version, 'org.opencontainers.image.description': 'Sentence embeddings, small enough for a laptop' },
  })
}

/** A module that WebAssembly engines accept: the header, one type, one function that returns `answer`, exported as `answer`. */
const wasm = (answer) =>
  Buffer.from([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
    0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f,
    0x03, 0x02, 0x01, 0x00,
    0x07, 0x0a, 0x01, 0x06, 0x61, 0x6e, 0x73, 0x77, 0x65, 0x72, 0x00, 0x00,
    0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, answer & 0x3f, 0x0b,
  ])

export async function* artifacts(now) {
  for (const release of releases('embed-small', now, { '1.0': 2, 1.1: 2, '2.0': 1 }, { first: 300, last: 19, aliases: ['major', 'latest'] })) {
    yield { repository: 'models/embed-small', manifest: model('embed-small', release, 400_000), tags: release.tags }
  }
  for (const release of releases('rerank', now, { '0.1': 3 }, { first: 120, last: 33, aliases: ['latest'] })) {
    yield { repository: 'models/rerank', manifest: model('rerank', release, 250_000), tags: release.tags }
  }

  for (const release of releases('edge-filter', now, { '0.3': 2, 0.4: 3 }, { first: 210, last: 11, aliases: ['latest'] })) {
    const code = blob('application/wasm', wasm(release.place), { 'org.opencontainers.image.title': 'filter.wasm' })
    yield {
      repository: 'team/edge-filter',
      manifest: artifact({
        config: blob('application/vnd.wasm.config.v0+json', { created: release.created, architecture: 'wasm', os: 'wasip2', layerDigests: [code.digest], component: { exports: ['wasi:http/incoming-handler@0.2.0'], imports: ['wasi:logging/logging'], target: 'wasi:http/proxy@0.2.0' } }),
        layers: [code],
        annotations: { 'org.opencontainers.image.created': release.created, 'org.opencontainers.image.description': 'Drops requests that look like scans, at the edge', 'org.opencontainers.image.version': release.version },
      }),
      tags: release.tags,
    }
  }

  for (const [tag, days] of [['2025-q3', 140], ['2025-q4', 48], ['latest', 48]]) {
    const created = ago(now, days)
    yield {
      repository: 'models/training-notes',
      manifest: artifact({
        artifactType: 'application/vnd.example.report.v1',
        layers: [
          title('report.md', 'text/markdown', '# Training notes\n\nWhat was tried, what was kept, and why.\n'),
          title('losses.csv', 'text/csv', `step,loss\n${Array.from({ length: 300 }, (_, step) => `${step},${(4 / (1 + step / 20)).toFixed(4)}`).join('\n')}\n`),
          title('plots/loss.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><path d="M0 2Q20 40 100 48" fill="none" stroke="#000"/></svg>\n'),
        ],
        annotations: { 'org.opencontainers.image.created': created, 'org.opencontainers.image.title': 'Training notes' },
      }),
      tags: [tag],
    }
  }
}
