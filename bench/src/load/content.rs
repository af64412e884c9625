//! Bytes and small images, their digests known beforehand.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The ending that makes each content another.
const ENDING: usize = 16;

fn text(hash: Sha256) -> String {
    hash.finalize().iter().fold("sha256:".to_owned(), |mut digest, byte| {
        // Writing to a string does not fail.
        let _ = write!(digest, "{byte:02x}");
        digest
    })
}

pub(super) fn digest(bytes: &[u8]) -> String {
    text(Sha256::new_with_prefix(bytes))
}

/// Incompressible bytes that differ only at their end: hashing what they share once, each digest is a matter of microseconds.
pub(super) struct Bulk {
    pub(super) shared: Vec<u8>,
    hash: Sha256,
}

impl Bulk {
    pub(super) fn of(bytes: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut shared = Vec::with_capacity(bytes);
        let wanted = bytes.saturating_sub(ENDING);
        while shared.len() < wanted {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            shared.extend_from_slice(&state.to_le_bytes());
        }
        shared.truncate(wanted);
        let hash = Sha256::new_with_prefix(&shared);
        Self { shared, hash }
    }

    /// The last bytes of content `number`, and the digest of all of it.
    pub(super) fn ending(&self, salt: u64, number: u64) -> ([u8; ENDING], String) {
        let mut ending = [0; ENDING];
        ending[..8].copy_from_slice(&salt.to_le_bytes());
        ending[8..].copy_from_slice(&number.to_le_bytes());
        (ending, text(self.hash.clone().chain_update(ending)))
    }
}

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The smallest image: a configuration that is its own, and a manifest that names it twice.
pub(super) struct Image {
    pub(super) config: String,
    pub(super) config_digest: String,
    pub(super) manifest: String,
    pub(super) digest: String,
}

impl Image {
    pub(super) fn named(name: &str) -> Self {
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","config":{{"Labels":{{"name":"{name}"}}}},"rootfs":{{"type":"layers","diff_ids":[]}},"history":[]}}"#
        );
        Self::with(config, name)
    }

    /// The manifest of a configuration; `name` makes it another.
    pub(super) fn with(config: String, name: &str) -> Self {
        let (config_digest, size) = (digest(config.as_bytes()), config.len());
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config_digest}","size":{size}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{config_digest}","size":{size}}}],"annotations":{{"name":"{name}"}}}}"#
        );
        let digest = digest(manifest.as_bytes());
        Self { config, config_digest, manifest, digest }
    }
}
