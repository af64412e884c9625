//! A bounded memory of what was looked at in this process's life: blobs whose bytes were compared with their digest, foremost.
//!
//! The folder may be another registry's, whose writes are not atomic: a blob's file that is there may be empty or cut. Before
//! something is built upon one it is read once; what is in here was read, or written by us.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
};

/// Entries of one generation: 16 bytes each.
const GENERATION: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Seen {
    // Two hashes with secret keys stand for a digest or a name: as good as it, and short.
    keys: (RandomState, RandomState),
    generations: Mutex<(HashSet<u128>, HashSet<u128>)>,
}

impl Seen {
    fn key(&self, it: &(impl Hash + ?Sized)) -> u128 {
        u128::from(self.keys.0.hash_one(it)) << 64 | u128::from(self.keys.1.hash_one(it))
    }

    pub(crate) fn has(&self, it: &(impl Hash + ?Sized)) -> bool {
        let key = self.key(it);
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.0.contains(&key) || generations.1.contains(&key)
    }

    pub(crate) fn add(&self, it: &(impl Hash + ?Sized)) {
        let key = self.key(it);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.0.len() >= GENERATION {
            generations.1 = std::mem::take(&mut generations.0);
        }
        generations.0.insert(key);
    }

    pub(crate) fn forget(&self, it: &(impl Hash + ?Sized)) {
        let key = self.key(it);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.0.remove(&key);
        generations.1.remove(&key);
    }
}
