use oci::Digest;
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt::Write;

/// A digest in the making. A copy of it goes on from where it was taken.
#[derive(Clone)]
pub(super) enum Hash {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hash {
    /// Of the algorithm of `digest`; `None` for one that we cannot compute.
    pub(super) fn like(digest: &Digest) -> Option<Self> {
        match digest.algorithm() {
            "sha256" => Some(Self::Sha256(Sha256::new())),
            "sha512" => Some(Self::Sha512(Box::default())),
            _ => None,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// `algorithm:hex` of what was hashed so far.
    pub(super) fn text(&self) -> String {
        let (mut text, bytes) = match self {
            Self::Sha256(hash) => ("sha256:".to_owned(), hash.clone().finalize().to_vec()),
            Self::Sha512(hash) => ("sha512:".to_owned(), hash.clone().finalize().to_vec()),
        };
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}
