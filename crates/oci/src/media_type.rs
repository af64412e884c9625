//! The media types that registries speak of.

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
pub const ORAS_ARTIFACT: &str = "application/vnd.cncf.oras.artifact.manifest.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
pub const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// What we ask for: one header, no q-values (some registries choke on them).
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
                          application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// What we ask for when the four modern types gave nothing.
pub const ACCEPT_OLD: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws, application/vnd.docker.distribution.manifest.v1+json, \
                              application/vnd.oci.artifact.manifest.v1+json, application/vnd.cncf.oras.artifact.manifest.v1+json, */*";

/// The type without its parameters, in lower case.
pub fn bare(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_INDEX | DOCKER_LIST)
}

/// Whether a descriptor of this type can be fetched as a manifest. BuildKit's cache lists layers where an index
/// lists manifests, so nothing else may be followed.
pub fn is_manifest(media_type: &str) -> bool {
    is_index(media_type)
        || matches!(media_type, OCI_MANIFEST | DOCKER_MANIFEST | DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED | OCI_ARTIFACT | ORAS_ARTIFACT)
}

/// Whether this is the configuration of something that runs.
pub fn is_image_config(media_type: &str) -> bool {
    matches!(media_type, OCI_CONFIG | DOCKER_CONFIG)
}

/// What people call a type: `OCI index`, `Docker manifest`, `gzip layer`; the type itself where it has no name.
pub fn name(media_type: &str) -> &str {
    match media_type {
        OCI_INDEX => "OCI index",
        OCI_MANIFEST => "OCI manifest",
        DOCKER_LIST => "Docker manifest list",
        DOCKER_MANIFEST => "Docker manifest",
        DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED => "Docker schema 1 manifest",
        OCI_ARTIFACT | ORAS_ARTIFACT => "artifact manifest",
        other => other,
    }
}
