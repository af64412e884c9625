//! The vocabulary of OCI registries: names, tags, digests, references, media types, manifests, configurations.
//!
//! Nothing here does I/O, and everything compiles to WASM. Types are made once, at the edge, by parsing, and
//! cannot be wrong afterwards: [`RepositoryName`], [`Tag`], [`Digest`], [`Reference`]. Documents that a registry
//! holds are read leniently ([`Manifest`], [`ImageConfig`]): a field that is null, absent or of the wrong type is
//! unknown, and only what makes a document ambiguous or unbounded is an error.

mod config;
mod digest;
mod kind;
mod manifest;
pub mod media_type;
mod name;
mod platform;
mod reference;
mod tag;
mod value;
mod version;

pub use config::{History, ImageConfig, RunConfig};
pub use digest::Digest;
pub use kind::Kind;
pub use manifest::{Body, Descriptor, Manifest, ManifestError, limits};
pub use name::RepositoryName;
pub use platform::Platform;
pub use reference::{Reference, Target, registry_name};
pub use tag::{Machinery, Tag};
pub use version::VersionKey;

/// Why a text is not a name, a tag, a digest or a reference. The sentence is fit for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);
