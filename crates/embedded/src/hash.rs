//! Hashing by the algorithms that can be verified here: sha256 and sha512.

use oci::Digest;
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    /// `None` for what cannot be verified here.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(crate) fn of(digest: &Digest) -> Option<Self> {
        Self::named(digest.algorithm())
    }

    /// The digest of bytes in memory.
    pub(crate) fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The digest of nothing.
    pub(crate) fn is_of_nothing(digest: &Digest) -> bool {
        Self::of(digest).is_some_and(|algorithm| algorithm.digest(b"") == *digest)
    }
}

/// A running hash.
#[derive(Debug, Clone)]
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::new(Sha512::new())),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::sha256(&hash.finalize().into()),
            Self::Sha512(hash) => {
                let mut text = String::with_capacity(135);
                text.push_str("sha512:");
                for byte in hash.finalize() {
                    let _ = write!(text, "{byte:02x}");
                }
                Digest::parse(&text).unwrap_or_else(|_| Digest::sha256(&[0; 32]))
            }
        }
    }
}
