//! Blobs on their way: read as they come, written as they are taken.

use crate::{Registry, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use oci::{Digest, RepositoryName};

/// A blob's bytes, in pieces of whatever size they come in. Ends after the first error.
pub type BlobStream = BoxStream<'static, Result<Bytes>>;

/// Where a blob can be read from, more than once.
#[async_trait]
pub trait BlobSource: Send + Sync {
    /// Its bytes from this one on, to its end. Every time the same ones.
    async fn open(&self, from: u64) -> Result<BlobStream>;
}

/// A blob of a registry, as the source of its copy.
pub struct BlobOf<'a> {
    pub registry: &'a dyn Registry,
    pub repository: &'a RepositoryName,
    pub digest: &'a Digest,
}

#[async_trait]
impl BlobSource for BlobOf<'_> {
    async fn open(&self, from: u64) -> Result<BlobStream> {
        self.registry.read_blob(self.repository, self.digest, from).await
    }
}

/// Bytes in memory, in one piece.
#[async_trait]
impl BlobSource for Bytes {
    async fn open(&self, from: u64) -> Result<BlobStream> {
        let from = usize::try_from(from).map_or(self.len(), |from| from.min(self.len()));
        let rest = self.slice(from..);
        Ok(stream::iter((!rest.is_empty()).then_some(Ok(rest))).boxed())
    }
}
