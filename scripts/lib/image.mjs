// Images, indexes and artifacts as values: nothing here speaks to a registry.
import { digestOf } from './layer.mjs'

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
}

export const encode = (value) => Buffer.from(JSON.stringify(value))

/** Content with the descriptor that names it. */
export const blob = (mediaType, content, annotations) => {
  const bytes = Buffer.isBuffer(content) ? content : encode(content)
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...(annotations && { annotations }), bytes }
}

export const descriptor = ({ mediaType, digest, size, ...rest }) => {
  const { platform, annotations, artifactType } = rest
  return {
    mediaType,
    digest,
    size,
    ...(artifactType && { artifactType }),
    ...(platform && { platform }),
    ...(annotations && { annotations }),
  }
}

/** `linux/arm/v7` as an object. */
export const platformOf = (words) => {
  const [os, architecture, variant] = words.split('/')
  return { architecture, os, ...(variant && { variant }) }
}

const manifest = (mediaType, document, { blobs = [], children = [], ...rest } = {}) => {
  const bytes = encode(document)
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes, blobs, children, ...rest }
}

/**
 * One image for one platform. `steps` are history entries, oldest first: `{createdBy, created, layer}`; a step without a layer is an empty one.
 * `config` is the run configuration (Env, Cmd, …); `docker` writes Docker's media types instead of OCI's.
 */
export function image({ platform, created, steps, config = {}, author, annotations, subject, docker = false, descriptorAnnotations }) {
  const layers = steps.filter((step) => step.layer)
  const document = {
    created,
    ...(author && { author }),
    ...platformOf(platform),
    config,
    rootfs: { type: 'layers', diff_ids: layers.map((step) => step.layer.diffId) },
    history: steps.map((step) => ({
      created: step.created ?? created,
      created_by: step.createdBy,
      ...(step.comment && { comment: step.comment }),
      ...(!step.layer && { empty_layer: true }),
    })),
  }
  const configBlob = blob(docker ? types.dockerConfig : types.config, document)
  const layerBlobs = layers.map(({ layer }) => ({
    mediaType: docker ? types.dockerLayer : types.layer,
    digest: layer.digest,
    size: layer.size,
    bytes: layer.bytes,
  }))
  const mediaType = docker ? types.dockerManifest : types.manifest
  return manifest(
    mediaType,
    {
      schemaVersion: 2,
      mediaType,
      config: descriptor(configBlob),
      layers: layerBlobs.map(descriptor),
      ...(subject && { subject: descriptor(subject) }),
      ...(annotations && { annotations }),
    },
    { blobs: [configBlob, ...layerBlobs], platform: platformOf(platform), steps, config, created, annotations: descriptorAnnotations },
  )
}

/** Several manifests under one digest. */
export function index(children, { annotations, docker = false, subject } = {}) {
  const mediaType = docker ? types.dockerList : types.index
  return manifest(
    mediaType,
    { schemaVersion: 2, mediaType, manifests: children.map(descriptor), ...(subject && { subject: descriptor(subject) }), ...(annotations && { annotations }) },
    { children },
  )
}

/** Anything that is not an image: a chart, a model, a signature, a list of packages. */
export function artifact({ artifactType, config, layers, annotations, subject, platform, descriptorAnnotations }) {
  const configBlob = config ?? blob(types.empty, Buffer.from('{}'))
  return manifest(
    types.manifest,
    {
      schemaVersion: 2,
      mediaType: types.manifest,
      ...(artifactType && { artifactType }),
      config: descriptor(configBlob),
      layers: layers.map(descriptor),
      ...(subject && { subject: descriptor({ ...subject, platform: undefined, annotations: undefined }) }),
      ...(annotations && { annotations }),
    },
    { blobs: [configBlob, ...layers], artifactType, platform, annotations: descriptorAnnotations ?? annotations },
  )
}

/** The tag under which referrers of `digest` are listed where the registry has no referrers API. */
export const fallbackTag = (digest, suffix = '') => {
  const [algorithm, encoded] = digest.split(':')
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}${suffix}`
}
