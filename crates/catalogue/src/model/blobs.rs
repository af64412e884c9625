use super::{
    columns::{Reader, Writer},
    digests::hex,
};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher},
    io::{Read, Result, Write},
};

/// Layers and configurations, in columns: there are several for each image, and nothing is asked of them but their size
/// and how many images hold them.
#[derive(Default)]
pub(super) struct Blobs {
    /// The first half of a sha256 digest: enough that no two are ever the same by chance, and what lists count does not
    /// decide anything. Of another algorithm's digest, a hash that is the same in every process.
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

    fn key(digest: &str) -> u128 {
        let sha256 = || {
            let mut bytes = [0; 16];
            hex(digest.strip_prefix("sha256:").filter(|d| d.len() == 64)?, &mut bytes)?;
            Some(u128::from_be_bytes(bytes))
        };
        let hash = |half: u8| {
            let mut hasher = DefaultHasher::new();
            (half, digest).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        sha256().unwrap_or_else(|| hash(0) << 64 | hash(1))
    }

    pub(super) fn find(&self, digest: &str) -> Option<u32> {
        let key = Self::key(digest);
        self.table.find(self.hasher.hash_one(key), |&id| self.keys[id as usize] == key).copied()
    }

    /// The number of a blob of so many bytes; of one that is known, the size stays.
    pub(super) fn number(&mut self, digest: &str, size: u64) -> u32 {
        let key = Self::key(digest);
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

    /// Which images hold them is found anew from the tags.
    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        to.column(&self.keys)?;
        to.column(&self.sizes)?;
        to.value(&self.large.iter().map(|(id, size)| (*id, *size)).collect::<Vec<_>>())
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let (keys, sizes): (Vec<u128>, _) = (from.column()?, from.column()?);
        let large = from.value::<Vec<(u32, u64)>>()?.into_iter().collect();
        let (hasher, mut table) = (DefaultHashBuilder::default(), HashTable::with_capacity(keys.len()));
        for (id, key) in (0..).zip(&keys) {
            table.insert_unique(hasher.hash_one(key), id, |&id: &u32| hasher.hash_one(keys[id as usize]));
        }
        Ok(Self { images: vec![0; keys.len()], keys, sizes, large, table, hasher })
    }

    pub(super) fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.sizes.shrink_to_fit();
        self.images.shrink_to_fit();
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.table.shrink_to_fit(|&id| hasher.hash_one(keys[id as usize]));
    }
}
