// What is attached to images: signatures, lists of packages, provenance.
import { artifact, blob, types } from '../image.mjs'
import { hex, noise } from '../layer.mjs'

const PACKAGES = [
  ['base-files', '12.4', 'GPL-2.0-or-later'], ['bash', '5.2.15', 'GPL-3.0-or-later'], ['ca-certificates', '20230311', 'MPL-2.0'], ['coreutils', '9.1', 'GPL-3.0-or-later'],
  ['libc6', '2.36', 'LGPL-2.1-or-later'], ['libssl3', '3.0.15', 'Apache-2.0'], ['tini', '0.19.0', 'MIT'], ['zlib1g', '1.2.13', 'Zlib'],
  ['axum', '0.8.4', 'MIT'], ['hyper', '1.6.0', 'MIT'], ['rustls', '0.23.27', 'Apache-2.0 OR ISC OR MIT'], ['serde', '1.0.219', 'MIT OR Apache-2.0'],
  ['serde_json', '1.0.140', 'MIT OR Apache-2.0'], ['sqlx', '0.8.5', 'MIT OR Apache-2.0'], ['tokio', '1.45.0', 'MIT'], ['tower', '0.5.2', 'MIT'],
  ['tracing', '0.1.41', 'MIT'], ['uuid', '1.16.0', 'Apache-2.0 OR MIT'], ['webpki-roots', '0.26.11', 'CDLA-Permissive-2.0'],
]
const purl = ([name, version], place) => (place < 8 ? `pkg:deb/debian/${name}@${version}` : `pkg:cargo/${name}@${version}`)

export const spdx = (name, version, created) => ({
  spdxVersion: 'SPDX-2.3',
  dataLicense: 'CC0-1.0',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: `${name}-${version}`,
  documentNamespace: `https://sbom.example.com/${name}/${version}`,
  creationInfo: { created, creators: ['Tool: syft-1.20.0', 'Organization: Example'] },
  packages: PACKAGES.map((entry, place) => ({
    SPDXID: `SPDXRef-Package-${place + 1}`,
    name: entry[0],
    versionInfo: entry[1],
    licenseDeclared: entry[2],
    licenseConcluded: entry[2],
    downloadLocation: 'NOASSERTION',
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl(entry, place) }],
  })),
})

const cyclonedx = (name, version, created) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${hex('sha256', `${name}${version}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5')}`,
  version: 1,
  metadata: { timestamp: created, component: { type: 'container', name, version } },
  components: PACKAGES.map((entry, place) => ({ type: 'library', name: entry[0], version: entry[1], purl: purl(entry, place), licenses: [{ expression: entry[2] }] })),
})

const inToto = (predicateType, subject, predicate) =>
  blob(
    'application/vnd.in-toto+json',
    {
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType,
      subject: [{ name: 'pkg:docker/image', digest: { sha256: subject.digest.slice('sha256:'.length) } }],
      predicate,
    },
    { 'in-toto.io/predicate-type': predicateType },
  )

const provenance = ({ repository, revision, created, source }) => ({
  buildDefinition: {
    buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
    externalParameters: { configSource: { uri: `${source}.git`, digest: { sha1: revision }, path: 'Containerfile' }, request: { frontend: 'dockerfile.v0', args: { target: 'release' } } },
    internalParameters: { builderPlatform: 'linux/amd64' },
    resolvedDependencies: [{ uri: 'pkg:docker/debian@12?platform=linux%2Famd64', digest: { sha256: hex('sha256', 'debian') } }],
  },
  runDetails: {
    builder: { id: 'https://ci.example.com/runs/4711' },
    metadata: { invocationId: hex('sha1', `${repository}${revision}`), startedOn: created, finishedOn: created },
  },
})

/** BuildKit's entry beside one platform's image: SBOM and provenance as in-toto statements, under the platform `unknown/unknown`. */
export const attestation = (child, facts) =>
  artifact({
    config: blob(types.config, { architecture: 'unknown', os: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [hex('sha256', child.digest)].map((digest) => `sha256:${digest}`) } }),
    layers: [
      inToto('https://spdx.dev/Document', child, spdx(facts.repository, facts.version, facts.created)),
      inToto('https://slsa.dev/provenance/v1', child, provenance(facts)),
    ],
    platform: { architecture: 'unknown', os: 'unknown' },
    descriptorAnnotations: { 'vnd.docker.reference.digest': child.digest, 'vnd.docker.reference.type': 'attestation-manifest' },
  })

/** A signature in the manner of cosign before version 3: an image under the tag `sha256-….sig`. The signature itself is made up. */
export function cosign(subject, repository) {
  const payload = blob(
    'application/vnd.dev.cosign.simplesigning.v1+json',
    {
      critical: { identity: { 'docker-reference': `registry.example.com/${repository}` }, image: { 'docker-manifest-digest': subject.digest }, type: 'cosign container image signature' },
      optional: { 'dev.sigstore.example/builder': 'ci' },
    },
    { 'dev.cosignproject.cosign/signature': noise(subject.digest, 70).toString('base64') },
  )
  return artifact({ config: blob(types.config, { architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [payload.digest] } }), layers: [payload] })
}

const referrer = (artifactType, subject, layer, annotations) => artifact({ artifactType, subject, layers: [layer], annotations })

/** SPDX, CycloneDX and a notation signature, each naming `subject`. */
export const referrers = (subject, { repository, version, created }) => [
  referrer('application/spdx+json', subject, blob('application/spdx+json', spdx(repository, version, created), { 'org.opencontainers.image.title': 'sbom.spdx.json' }), {
    'org.opencontainers.image.created': created,
  }),
  referrer('application/vnd.cyclonedx+json', subject, blob('application/vnd.cyclonedx+json', cyclonedx(repository, version, created), { 'org.opencontainers.image.title': 'sbom.cdx.json' }), {
    'org.opencontainers.image.created': created,
  }),
  artifact({
    artifactType: 'application/vnd.cncf.notary.signature',
    config: blob('application/vnd.cncf.notary.signature', Buffer.from('{}')),
    subject,
    layers: [blob('application/jose+json', { payload: noise(`payload ${subject.digest}`, 60).toString('base64url'), signature: noise(`signature ${subject.digest}`, 64).toString('base64url') })],
    annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify([hex('sha256', 'an example certificate')]), 'org.opencontainers.image.created': created },
  }),
]
