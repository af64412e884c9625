use super::digests::hex;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Layers and configurations, in columns: there are several for each image, and nothing is asked of them but their size
/// and how many images hold them.
#[derive(Default)]
pub(super) struct Blobs {
    /// The first half of a sha256 digest: enough that no two are ever the same by chance, and what lists count does not
    /// decide anything. Of another algorithm's digest, a hash.
    keys: Vec<u128>,
    /// Bytes; [`LARGE`] for what is in `large`.
    sizes: Vec<u32>,
    large: HashMap<u32, u64>,
    images: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

const LARGE: u32 = u32::MAX;

impl Blobs {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    fn key(&self, digest: &str) -> u128 {
        let sha256 = || {
            let mut bytes = [0; 16];
            hex(digest.strip_prefix("sha256:").filter(|d| d.len() == 64)?, &mut bytes)?;
            Some(u128::from_be_bytes(bytes))
        };
        sha256().unwrap_or_else(|| u128::from(self.hasher.hash_one((0u8, digest))) << 64 | u128::from(self.hasher.hash_one((1u8, digest))))
    }

    pub(super) fn find(&self, digest: &str) -> Option<u32> {
        let key = self.key(digest);
        self.table.find(self.hasher.hash_one(key), |&id| self.keys[id as usize] == key).copied()
    }

    /// The number of a blob of so many bytes; of one that is known, the size stays.
    pub(super) fn number(&mut self, digest: &str, size: u64) -> u32 {
        let key = self.key(digest);
        let hash = self.hasher.hash_one(key);
        if let Some(&id) = self.table.find(hash, |&id| self.keys[id as usize] == key) {
            return id;
        }
        let id = self.keys.len() as u32;
        self.keys.push(key);
        let short = u32::try_from(size).unwrap_or(LARGE);
        if short == LARGE {
            self.large.insert(id, size);
        }
        self.sizes.push(short);
        self.images.push(0);
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table.insert_unique(hash, id, |&id| hasher.hash_one(keys[id as usize]));
        id
    }

    #[inline]
    pub(super) fn size(&self, id: u32) -> u64 {
        match self.sizes[id as usize] {
            LARGE => self.large.get(&id).copied().unwrap_or(0),
            size => size.into(),
        }
    }

    /// Images known here that hold it.
    pub(super) fn images(&self, id: u32) -> u32 {
        self.images[id as usize]
    }

    /// One image more holds it. Returns its bytes where that is the first.
    pub(super) fn hold(&mut self, id: u32) -> u64 {
        let images = &mut self.images[id as usize];
        *images += 1;
        if *images == 1 { self.size(id) } else { 0 }
    }

    /// One image less holds it. Returns its bytes where none is left.
    pub(super) fn let_go(&mut self, id: u32) -> u64 {
        let images = &mut self.images[id as usize];
        *images -= 1;
        if *images == 0 { self.size(id) } else { 0 }
    }

    /// Room for so many more.
    pub(super) fn reserve(&mut self, blobs: usize) {
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table.reserve(blobs, |&id| hasher.hash_one(keys[id as usize]));
    }

    pub(super) fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.sizes.shrink_to_fit();
        self.images.shrink_to_fit();
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table.shrink_to_fit(|&id| hasher.hash_one(keys[id as usize]));
    }
}
