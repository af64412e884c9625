//! What any registry can do: the trait [`Registry`], and [`remote`], which speaks `/v2` to one over HTTP.
//!
//! This crate knows neither axum nor Leptos nor the catalogue. Everything a registry sends is bounded, checked and,
//! where it was asked for by digest, verified; nothing secret leaves the configured origin.

mod blob;
pub mod collect;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
pub mod placeholder;
pub mod remote;
mod secret;

pub use blob::{BlobOf, BlobSource, BlobStream};
pub use error::{Error, Result};
pub use placeholder::Family;
pub use secret::Secret;

use async_trait::async_trait;
use bytes::Bytes;
use oci::{Descriptor, Digest, RepositoryName, Tag, Target};

/// What can be read of a registry, and done to one.
///
/// What changes something (from [`put_manifest`](Self::put_manifest) on) is [`Error::ReadOnly`], and nothing is sent, where the
/// registry's settings are read only. It is asked for again only where that does no harm, and an answer that is lost is made up
/// for: a delete that was carried out although its answer was an error ends as done.
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

    /// Whether it answers, by the cheapest question there is, whatever it says to that. One that is in this process does.
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    /// What the registry can do. Asks it anew; the caller keeps the answer.
    async fn probe(&self) -> Result<Vec<Capability>>;

    /// The state of our connection to it, without asking it anything.
    fn health(&self) -> Health;

    /// Who takes away what nothing in it holds; `None` where that is not ours to do.
    fn collector(&self) -> Option<collect::SharedCollector> {
        None
    }

    /// Puts a manifest's exact bytes under a tag (made, or moved) or under their own digest; at most [`oci::limits::MANIFEST`]
    /// bytes. Returns their digest, by the algorithm of `target` where that is a digest, else sha256; what the registry says
    /// that it stored is checked against it. [`Error::Incomplete`] where the registry lacks a blob or child that they name.
    async fn put_manifest(&self, repository: &RepositoryName, target: &Target, media_type: &str, bytes: Bytes) -> Result<Digest>;

    /// Deletes a manifest by digest, and with it every tag that names it. [`Error::NotFound`] where there is none (any more),
    /// [`Error::Unsupported`], with the setting that changes it, where deleting is switched off.
    async fn delete_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Result<()>;

    /// Takes a tag away by its name, its manifest and other tags left alone: through the registry's own API where it is known to
    /// have one (Harbor, Azure), else by `DELETE /v2/…/manifests/{tag}`. `expected` is what the caller has just seen the tag name;
    /// it is not looked at again. [`Error::NotFound`] where there is no such tag (any more).
    ///
    /// Some registries answer the second by deleting the digest, siblings included: after a registry's first
    /// [`Untagged::ByName`] the caller has to see that the siblings are still there.
    async fn delete_tag(&self, repository: &RepositoryName, tag: &Tag, expected: &Digest) -> Result<Untagged>;

    /// Takes a tag away where [`delete_tag`](Self::delete_tag) cannot, by moving it to a manifest of its own and deleting that: see
    /// [`placeholder`]. [`Error::Moved`], and nothing is changed, where the tag does not name `expected`. Where something fails half
    /// way the tag is made to name `expected` again, and the error says so, or that it could not be done.
    ///
    /// Let it run to its end: dropped half way it may leave the placeholder under the tag. Asked for again it goes on from there.
    async fn untag_by_placeholder(&self, repository: &RepositoryName, tag: &Tag, expected: &Digest, family: Family) -> Result<()>;

    /// How many bytes a blob has; `None` where it is not in the repository.
    async fn blob_size(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<u64>>;

    /// Makes a blob of another repository of this registry appear in this one, without moving a byte. `false` where the
    /// registry does not (it may not know the blob, or not let us read it there): the blob has to be written then.
    async fn mount_blob(&self, repository: &RepositoryName, digest: &Digest, from: &RepositoryName) -> Result<bool>;

    /// A blob's bytes from some place on, as they come; not verified, not counted: [`write_blob`](Self::write_blob) does both.
    async fn read_blob(&self, repository: &RepositoryName, digest: &Digest, from: u64) -> Result<BlobStream>;

    /// Writes a blob of `size` bytes, read from `source` as the registry takes them; a few pieces at most are in memory. What
    /// breaks, of the source or the registry, is gone on with where it broke. The bytes are hashed and counted on their way, and
    /// an upload of others than `digest` and `size` say is given up, never finished.
    ///
    /// `progress` is told how many bytes were handed over, in all; the number falls where some must be sent again.
    async fn write_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
        source: &dyn BlobSource,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<()>;
}

/// What came of [`Registry::delete_tag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untagged {
    /// The tag is gone.
    ByName,
    /// The registry takes no tag away by its name; nothing was changed. There is [`Registry::untag_by_placeholder`].
    CannotByName,
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
    /// When the tag came to name it, in milliseconds since 1970, where the registry knows: no interface tells, but one in this process does.
    pub pushed: Option<i64>,
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
