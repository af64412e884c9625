//! The placeholder: how one of several tags of a digest is taken away where a registry deletes digests only.
//!
//! registry:2 deletes a digest with every tag that names it, and no tag by its name. But a tag can be moved: it is put on a tiny
//! manifest that nothing else names, and that manifest is deleted by its digest. The tag goes with it, its siblings stay. Two blobs
//! of some hundred bytes are left for the registry's garbage collection, and its events tell of a push and a delete that were ours.
//!
//! Should we be cut off in between, the tag names the placeholder. [`of`] recognises one, and tells what the tag named before.

use oci::{Digest, media_type};
use serde_json::{Value, json};

/// Where a placeholder says what its tag named before. Docker's manifests have no annotations, but keep what they do not know.
const MARK: &str = "io.supercargo.placeholder-for";

/// The two families of manifests. A registry may take one kind only, or one kind only in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Oci,
    Docker,
}

impl Family {
    /// The family of a manifest's or index's type; OCI where it is neither's.
    pub fn of(media_type: &str) -> Self {
        if media_type.starts_with("application/vnd.docker.") { Self::Docker } else { Self::Oci }
    }

    /// The type of an image's manifest.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Oci => media_type::OCI_MANIFEST,
            Self::Docker => media_type::DOCKER_MANIFEST,
        }
    }

    /// The type of an image's configuration.
    pub fn config(self) -> &'static str {
        match self {
            Self::Oci => media_type::OCI_CONFIG,
            Self::Docker => media_type::DOCKER_CONFIG,
        }
    }
}

/// What the tag of a placeholder named before, where these are the bytes of a placeholder's manifest.
pub fn of(manifest: &[u8]) -> Option<Digest> {
    // A placeholder is tiny; nothing else need be parsed for this.
    if manifest.len() > 4096 {
        return None;
    }
    let json: Value = serde_json::from_slice(manifest).ok()?;
    Digest::parse(json.get("annotations")?.get(MARK)?.as_str()?).ok()
}

/// A configuration that no other image has: it holds random bytes.
pub(crate) fn config() -> Vec<u8> {
    let random: [u128; 2] = rand::random();
    json!({
        "architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers", "diff_ids": []},
        "comment": format!("Takes the place of a tag that is being deleted. {:032x}{:032x}", random[0], random[1]),
    })
    .to_string()
    .into_bytes()
}

/// The manifest over a [`config`], for a tag that named `before`.
pub(crate) fn manifest(family: Family, config: &Digest, size: usize, before: &Digest) -> Vec<u8> {
    json!({
        "schemaVersion": 2, "mediaType": family.manifest(),
        "config": {"mediaType": family.config(), "digest": config, "size": size},
        "layers": [], "annotations": {MARK: before},
    })
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_recognised_and_unique() {
        let before = Digest::sha256(&[7; 32]);
        for family in [Family::Oci, Family::Docker] {
            let bytes = manifest(family, &Digest::sha256(&[1; 32]), 9, &before);
            assert_eq!(of(&bytes), Some(before.clone()));
            assert_eq!(Family::of(family.manifest()), family);
            let read = oci::Manifest::parse(&bytes, Some(family.manifest())).unwrap();
            assert!(matches!(read.body, oci::Body::Image { config: Some(_), layers } if layers.is_empty()));
        }
        assert_ne!(config(), config());
        for other in ["", "{}", "[]", r#"{"annotations":{}}"#, r#"{"annotations":{"io.supercargo.placeholder-for":"x"}}"#] {
            assert_eq!(of(other.as_bytes()), None, "{other}");
        }
    }
}
