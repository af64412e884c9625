//! Collecting what nothing in a registry holds any more, where that is ours to do: in our own.

use crate::Result;
use async_trait::async_trait;
use oci::{Digest, RepositoryName};
use std::{sync::Arc, time::Duration};

/// What is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// What was pushed, or lost its tag, within this time stays: a push may be under way whose manifest is to come.
    pub grace: Duration,
    /// Manifests without a tag go, where nothing that stays names them and they refer to nothing that stays. Else only blobs go.
    pub untagged: bool,
    /// Nothing goes; all is told as if it did.
    pub dry_run: bool,
}

/// What a collection found or took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// How far it is: so many of all repositories were looked at.
    Looked { repositories: usize, of: usize },
    /// A manifest that no tag names was taken out of its repository.
    Manifest { repository: RepositoryName, digest: Digest, size: u64 },
    /// A repository has nothing left.
    Repository { repository: RepositoryName },
    /// The bytes of a blob or manifest are gone.
    Blob { digest: Digest, size: u64 },
    /// A manifest that stays could not be read, so that nobody knows what it names: all of its repository's blobs stay.
    Unread { repository: RepositoryName, digest: Digest },
}

/// Told of each thing, on a thread that may wait; `false` ends the collection.
pub type Told = Box<dyn FnMut(Collected) -> bool + Send>;

/// Who collects.
#[async_trait]
pub trait Collector: Send + Sync {
    /// Takes away what nothing holds, while the registry serves.
    async fn collect(&self, how: Collection, told: Told) -> Result<()>;
}

/// A collector that is shared.
pub type SharedCollector = Arc<dyn Collector>;
