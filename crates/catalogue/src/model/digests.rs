use super::columns::{Reader, Writer};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::{
    hash::BuildHasher,
    io::{Read, Result, Write},
};

/// Digests of manifests, each with a small number. They lie in two columns: the first eight bytes apart from the rest,
/// so that all can be asked for their first digits by reading eight bytes each.
#[derive(Default)]
pub(super) struct Digests {
    heads: Vec<u64>,
    tails: Vec<[u8; 24]>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Of other algorithms than sha256, whole. Their columns hold zeros.
    others: HashMap<u32, Box<str>>,
    other_ids: HashMap<Box<str>, u32>,
}

/// Heads looked at together.
const TOGETHER: usize = 32;

type Split = (u64, [u8; 24]);

/// A sha256 digest's bytes, or none for another algorithm's.
fn split(digest: &str) -> Option<Split> {
    let mut bytes = [0; 32];
    hex(digest.strip_prefix("sha256:").filter(|h| h.len() == 64)?, &mut bytes)?;
    let (head, tail) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*head), tail.try_into().ok()?))
}

/// What a digit in lower case stands for; 255 for what is none.
const DIGITS: [u8; 256] = {
    let mut digits = [255; 256];
    let mut n = 0;
    while n < 16 {
        digits[b"0123456789abcdef"[n] as usize] = n as u8;
        n += 1;
    }
    digits
};

/// Reads twice as many digits as there are bytes; none where one is no digit in lower case.
pub(super) fn hex(digits: &str, bytes: &mut [u8]) -> Option<()> {
    // One check after all: half of what a start reads is digits.
    let mut any = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().as_chunks::<2>().0) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        any |= high | low;
        *byte = high << 4 | low & 15;
    }
    (any < 16).then_some(())
}

impl Digests {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    fn at(&self, id: u32) -> Split {
        (self.heads[id as usize], self.tails[id as usize])
    }

    pub(super) fn find(&self, digest: &str) -> Option<u32> {
        let Some(split) = split(digest) else { return self.other_ids.get(digest).copied() };
        self.table.find(self.hasher.hash_one(split), |&id| self.at(id) == split).copied()
    }

    /// The number of a digest, and whether it was given now.
    pub(super) fn number(&mut self, digest: &str) -> (u32, bool) {
        let id = self.heads.len() as u32;
        let split = split(digest);
        if let Some(split) = split {
            let hash = self.hasher.hash_one(split);
            if let Some(&id) = self.table.find(hash, |&id| self.at(id) == split) {
                return (id, false);
            }
            self.heads.push(split.0);
            self.tails.push(split.1);
            let (heads, tails, hasher) = (&self.heads, &self.tails, &self.hasher);
            self.table.insert_unique(hash, id, |&id| hasher.hash_one((heads[id as usize], tails[id as usize])));
        } else {
            if let Some(&id) = self.other_ids.get(digest) {
                return (id, false);
            }
            self.heads.push(0);
            self.tails.push([0; 24]);
            self.others.insert(id, digest.into());
            self.other_ids.insert(digest.into(), id);
        }
        (id, true)
    }

    pub(super) fn text(&self, id: u32) -> Option<String> {
        self.with_text(id, str::to_owned)
    }

    /// What `take` makes of the text of a digest.
    pub(super) fn with_text<T>(&self, id: u32, take: impl FnOnce(&str) -> T) -> Option<T> {
        const PREFIX: &[u8] = b"sha256:";
        if let Some(other) = self.others.get(&id) {
            return Some(take(other));
        }
        let (head, tail) = (self.heads.get(id as usize)?.to_be_bytes(), self.tails.get(id as usize)?);
        let mut text = [0; PREFIX.len() + 64];
        let (prefix, digits) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        for (byte, pair) in head.iter().chain(tail).zip(digits.as_chunks_mut::<2>().0) {
            *pair = [b"0123456789abcdef"[usize::from(byte >> 4)], b"0123456789abcdef"[usize::from(byte & 15)]];
        }
        std::str::from_utf8(&text).ok().map(take)
    }

    /// Calls `found` with each digest that begins so: of any algorithm where none is given; `digits` hexadecimal in
    /// lower case.
    pub(super) fn each_beginning(&self, algorithm: Option<&str>, digits: &str, mut found: impl FnMut(u32)) {
        for (&id, text) in &self.others {
            if text.split_once(':').is_some_and(|(a, encoded)| algorithm.is_none_or(|wanted| a == wanted) && encoded.starts_with(digits)) {
                found(id);
            }
        }
        if algorithm.is_some_and(|a| a != "sha256") || digits.len() > 64 {
            return;
        }
        let padded = format!("{digits:0<64}");
        let mut wanted = [0; 32];
        if hex(&padded, &mut wanted).is_none() {
            return;
        }
        let head = wanted.first_chunk().map_or(0, |h| u64::from_be_bytes(*h));
        let unset = 64 - 4 * digits.len().min(16) as u32;
        let mask = u64::MAX.checked_shl(unset).unwrap_or(0);
        let mut look = |id: u32| {
            let rest = digits.len() <= 16 || self.text(id).is_some_and(|t| t["sha256:".len()..].starts_with(digits));
            if rest && !self.others.contains_key(&id) {
                found(id);
            }
        };
        // Several at a time without a branch between, since nearly none is one.
        for (n, some) in self.heads.chunks(TOGETHER).enumerate() {
            if some.iter().map(|h| u8::from(h & mask == head)).fold(0, |any, hit| any | hit) != 0 {
                some.iter().enumerate().filter(|&(_, h)| h & mask == head).for_each(|(i, _)| look((n * TOGETHER + i) as u32));
            }
        }
    }

    /// Room for so many more.
    pub(super) fn reserve(&mut self, digests: usize) {
        self.heads.reserve_exact(digests);
        self.tails.reserve_exact(digests);
        let (heads, tails, hasher) = (&self.heads, &self.tails, &self.hasher);
        self.table.reserve(digests, |&id| hasher.hash_one((heads[id as usize], tails[id as usize])));
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        to.column(&self.heads)?;
        to.bytes(self.tails.as_flattened())?;
        to.value(&self.others.iter().map(|(id, text)| (*id, &**text)).collect::<Vec<_>>())
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let heads: Vec<u64> = from.column()?;
        let tails = from.bytes()?.as_chunks().0.to_vec();
        let others: HashMap<u32, Box<str>> = from.value::<Vec<(u32, String)>>()?.into_iter().map(|(id, text)| (id, text.into())).collect();
        let (hasher, mut table) = (DefaultHashBuilder::default(), HashTable::with_capacity(heads.len()));
        for (id, split) in (0..).zip(heads.iter().copied().zip(tails.iter().copied())) {
            if others.is_empty() || !others.contains_key(&id) {
                table.insert_unique(hasher.hash_one(split), id, |&id: &u32| hasher.hash_one((heads[id as usize], tails[id as usize])));
            }
        }
        let other_ids = others.iter().map(|(id, text)| (text.clone(), *id)).collect();
        Ok(Self { heads, tails, table, hasher, others, other_ids })
    }

    pub(super) fn shrink(&mut self) {
        self.heads.shrink_to_fit();
        self.tails.shrink_to_fit();
    }
}
