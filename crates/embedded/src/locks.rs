//! Who may change what at a time: so that no tag is left to a manifest that is being deleted, and no blob is judged twice at once.
//!
//! Held by blocking threads only, over one composite operation. [`LocalLocks`] serve one process; several on one storage put a lock
//! of their database's in its place.

use oci::{Digest, RepositoryName, Tag};
use std::{
    hash::{BuildHasher, RandomState},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
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

pub trait Locks: Send + Sync + 'static {
    /// Waits until all are free, and holds them until what is returned is dropped.
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>>;
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
}

impl Default for LocalLocks {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: Box::new(std::array::from_fn(|_| std::array::from_fn(|_| Mutex::new(())))) }
    }
}

struct Guards<'a>(#[expect(dead_code, reason = "held, not looked at")] Vec<MutexGuard<'a, ()>>);

impl Held for Guards<'_> {}

impl Locks for LocalLocks {
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>> {
        let mut places: Vec<(usize, usize)> = keys
            .iter()
            .map(|key| {
                let kind = match key {
                    Key::Manifest(..) => 0,
                    Key::Tag(..) => 1,
                    Key::Blob(_) => 2,
                };
                (kind, (self.hasher.hash_one(key) % SHARDS as u64) as usize)
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        // A poisoned lock guards nothing but order.
        let guards = places.iter().map(|&(kind, shard)| self.shards[kind][shard].lock().unwrap_or_else(PoisonError::into_inner)).collect();
        Ok(Box::new(Guards(guards)))
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
