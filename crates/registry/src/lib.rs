//! What any registry can do: the trait [`Registry`], and [`remote`], which speaks `/v2` to one over HTTP.
//!
//! This crate knows neither axum nor Leptos nor the catalogue. Everything a registry sends is bounded, checked and,
//! where it was asked for by digest, verified; nothing secret leaves the configured origin.

mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod remote;
mod secret;

pub use error::{Error, Result};
pub use secret::Secret;

use async_trait::async_trait;
use bytes::Bytes;
use oci::{Descriptor, Digest, RepositoryName, Tag, Target};

/// What can be read of a registry. Nothing here changes one.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// One page of repository names; `after` is the cursor of the page before. Order is the registry's.
    async fn repositories(&self, after: Option<&Cursor>) -> Result<Page<RepositoryName>>;

    /// One page of a repository's tags, machinery included.
    async fn tags(&self, repository: &RepositoryName, after: Option<&Cursor>) -> Result<Page<Tag>>;

    /// What a tag or digest names now, by HEAD (by GET where the registry's HEAD tells no digest).
    async fn resolve(&self, repository: &RepositoryName, target: &Target) -> Result<Resolved>;

    /// A manifest, at most [`oci::limits::MANIFEST`] bytes; verified where it was asked for by a digest we can
    /// compute, else hashed by us.
    async fn manifest(&self, repository: &RepositoryName, target: &Target) -> Result<RawManifest>;

    /// A small blob (a configuration) of at most `limit` bytes, verified.
    async fn blob(&self, repository: &RepositoryName, digest: &Digest, limit: usize) -> Result<Bytes>;

    /// What refers to a digest: by the API, else by the fallback tag. Empty where neither knows any.
    async fn referrers(&self, repository: &RepositoryName, digest: &Digest) -> Result<Vec<Descriptor>>;

    /// What the registry can do. Asks it anew; the caller keeps the answer.
    async fn probe(&self) -> Result<Vec<Capability>>;

    /// The state of our connection to it, without asking it anything.
    fn health(&self) -> Health;
}

/// Where a list goes on; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
    /// Names the registry sent that are not well-formed, left out.
    pub dropped: usize,
}

/// What HEAD tells of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub digest: Digest,
    pub media_type: Option<String>,
    /// Bytes of the manifest.
    pub size: Option<u64>,
}

/// A manifest's exact bytes.
#[derive(Debug, Clone)]
pub struct RawManifest {
    pub digest: Digest,
    /// The Content-Type, without parameters.
    pub media_type: Option<String>,
    pub bytes: Bytes,
}

/// One thing a registry can or cannot do; `None` when it cannot be told without changing something.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Capability {
    /// Stable word: `auth`, `catalog`, `tag-paging`, `digest-header`, `etag`, `referrers`, `delete`, `delete-tag`.
    pub name: String,
    pub can: Option<bool>,
    /// What it means for people and the exact setting that changes it.
    pub hint: Option<String>,
}

/// Our connection to a registry, as last seen.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// Milliseconds of the last answer.
    pub latency_ms: Option<u64>,
    /// The breaker is open: nothing is asked until this many milliseconds from now.
    pub open_for_ms: Option<u64>,
    /// The error of the last request, if it failed to reach the registry.
    pub last_error: Option<String>,
}
