use oci::{RepositoryName, Tag};
use std::hash::{BuildHasher, RandomState};
use tokio::sync::{Mutex, MutexGuard};

/// More than are ever looked at together; two that share a turn wait for one another, and nothing else comes of it.
const TURNS: usize = 512;

/// One look at a tag after the other: from the question what it names until the answer is taken in. Of two that overlap the one
/// that asked first could be the last to write, and what it heard was no longer so.
pub(crate) struct Turns {
    turns: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { turns: (0..TURNS).map(|_| Mutex::default()).collect(), hasher: RandomState::default() }
    }
}

impl Turns {
    /// Waits until nobody else looks at the tag.
    pub(super) async fn take(&self, registry: u16, repository: &RepositoryName, tag: &Tag) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one((registry, repository.as_str(), tag.as_str()));
        self.turns[hash as usize % TURNS].lock().await
    }
}
