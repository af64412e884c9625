//! Who may change what at a time: so that no tag is left to a manifest that is being deleted, no blob is judged twice at once, and
//! nothing is collected that a push is about to name.
//!
//! Held by blocking threads only, over one composite operation. [`LocalLocks`] serve one process, [`FileLocks`] all that have one
//! folder; processes that share a bucket put locks of their database in their place.

mod files;

pub use files::FileLocks;

use oci::{Digest, RepositoryName, Tag};
use sha2::{Digest as _, Sha256};
use std::{
    hash::{BuildHasher, RandomState},
    io,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// What is locked. In the order in which locks are taken: who holds one takes none that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key<'a> {
    /// A manifest in a repository.
    Manifest(&'a RepositoryName, &'a Digest),
    /// A tag in a repository.
    Tag(&'a RepositoryName, &'a Tag),
    /// The bytes of a blob or manifest, for all repositories.
    Blob(&'a Digest),
}

impl Key<'_> {
    /// Which kind of key it is: 0 to 2, in the order in which they are taken.
    pub fn kind(&self) -> usize {
        match self {
            Self::Manifest(..) => 0,
            Self::Tag(..) => 1,
            Self::Blob(_) => 2,
        }
    }

    /// A number that stands for it in every process, whatever build it is of.
    pub fn number(&self) -> u64 {
        let mut hash = Sha256::new();
        match self {
            Self::Manifest(name, digest) => hash.update(format!("manifest {name}@{digest}")),
            Self::Tag(name, tag) => hash.update(format!("tag {name}:{tag}")),
            Self::Blob(digest) => hash.update(format!("blob {digest}")),
        }
        hash.finalize().iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

pub trait Locks: Send + Sync + 'static {
    /// Waits until all are free, and holds them until what is returned is dropped.
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>>;

    /// Passes the gate: held from the first look at what a push names until it is named. Taken before any key; others pass with it.
    fn pass<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>>;

    /// Closes the gate: waits until nobody is passing and keeps everybody waiting. A collection does so for the moments in which it
    /// looks again and takes away.
    fn close<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>>;
}

/// Locks that are held.
pub trait Held {}

/// So many that requests seldom wait for one that has nothing to do with them: they hold theirs while the disk writes.
const SHARDS: usize = 1024;

/// Locks within this process: a bounded number, shared by keys by their hash.
pub struct LocalLocks {
    hasher: RandomState,
    /// For each kind of key its own, so that holding a manifest's and then a tag's never waits for itself.
    shards: Box<[[Mutex<()>; SHARDS]; 3]>,
    gate: RwLock<()>,
}

impl Default for LocalLocks {
    fn default() -> Self {
        let shards = Box::new(std::array::from_fn(|_| std::array::from_fn(|_| Mutex::new(()))));
        Self { hasher: RandomState::new(), shards, gate: RwLock::new(()) }
    }
}

struct Guards<'a>(#[expect(dead_code, reason = "held, not looked at")] Vec<MutexGuard<'a, ()>>);

impl Held for Guards<'_> {}
impl Held for RwLockReadGuard<'_, ()> {}
impl Held for RwLockWriteGuard<'_, ()> {}

impl Locks for LocalLocks {
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>> {
        let mut places: Vec<(usize, usize)> =
            keys.iter().map(|key| (key.kind(), (self.hasher.hash_one(key) % SHARDS as u64) as usize)).collect();
        places.sort_unstable();
        places.dedup();
        // A poisoned lock guards nothing but order.
        let guards = places.iter().map(|&(kind, shard)| self.shards[kind][shard].lock().unwrap_or_else(PoisonError::into_inner)).collect();
        Ok(Box::new(Guards(guards)))
    }

    fn pass<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        Ok(Box::new(self.gate.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn close<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        Ok(Box::new(self.gate.write().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_of_one_shard_do_not_wait_for_each_other() {
        let locks = LocalLocks::default();
        let name = RepositoryName::parse("a").unwrap();
        let tags: Vec<Tag> = (0..500).map(|n| Tag::parse(&format!("t{n}")).unwrap()).collect();
        let digest = Digest::sha256(&[1; 32]);
        let manifest = locks.hold(&[Key::Manifest(&name, &digest)]).unwrap();
        let keys: Vec<Key<'_>> = tags.iter().map(|tag| Key::Tag(&name, tag)).collect();
        let all = locks.hold(&keys).unwrap();
        let blob = locks.hold(&[Key::Blob(&digest)]).unwrap();
        drop((manifest, all, blob));
    }
}
