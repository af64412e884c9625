use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Distinct texts, each with a small number. Texts lie one after another in one arena, separated by newlines, so
/// that all of them can be searched in one pass. Nothing is ever removed: what vanishes from a registry often comes back.
#[derive(Default)]
pub struct Dictionary {
    arena: String,
    /// Where each text begins; its end is the next one's beginning less the newline.
    starts: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Dictionary {
    /// The number of a text, given to it now if it has none. Newlines in it become spaces. Texts are cut at 1,024
    /// bytes, the arena at 4 GiB (then the empty text's number is given).
    pub fn number(&mut self, text: &str) -> u32 {
        let mut end = text.len().min(1024);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let owned;
        let text = if text.contains('\n') {
            owned = text.replace('\n', " ");
            &owned
        } else {
            text
        };
        let hash = self.hasher.hash_one(text);
        let (arena, starts) = (&self.arena, &self.starts);
        if let Some(&id) = self.table.find(hash, |&id| read(arena, starts, id) == text) {
            return id;
        }
        let (Ok(id), Ok(start)) = (u32::try_from(self.starts.len()), u32::try_from(self.arena.len())) else { return 0 };
        if self.arena.len() + text.len() + 1 > u32::MAX as usize {
            return 0;
        }
        self.arena.push_str(text);
        self.arena.push('\n');
        self.starts.push(start);
        let (arena, starts, hasher) = (&self.arena, &self.starts, &self.hasher);
        self.table.insert_unique(hash, id, |&id| hasher.hash_one(read(arena, starts, id)));
        id
    }

    /// The number of a text that has one.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.table.find(self.hasher.hash_one(text), |&id| self.text(id) == text).copied()
    }

    /// The text of a number; empty for a number never given.
    pub fn text(&self, id: u32) -> &str {
        read(&self.arena, &self.starts, id)
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The texts for which `matches` holds.
    pub fn bits(&self, matches: impl Fn(&str) -> bool) -> Bits {
        let mut bits = Bits::new(self.len());
        for id in 0..self.starts.len() as u32 {
            if matches(self.text(id)) {
                bits.set(id);
            }
        }
        bits
    }

    /// The texts that hold `needle`, letter case ignored for ASCII. One pass over the arena for needles in lower
    /// case over texts without capitals; texts with capitals are looked at one by one only if `needle` was not found
    /// as it stands.
    pub fn containing(&self, needle: &str) -> Bits {
        let mut bits = Bits::new(self.len());
        if needle.is_empty() || needle.contains('\n') {
            return bits;
        }
        let mut mark = |needle: &[u8]| {
            let finder = memchr::memmem::Finder::new(needle);
            let arena = self.arena.as_bytes();
            let mut at = 0;
            while let Some(hit) = finder.find(&arena[at..]) {
                let position = (at + hit) as u32;
                let id = self.starts.partition_point(|&s| s <= position) as u32 - 1;
                bits.set(id);
                // On to the next text: one hit in each is enough.
                at = self.starts.get(id as usize + 1).map_or(arena.len(), |&s| s as usize);
            }
        };
        mark(needle.as_bytes());
        // Capitals are rare in what registries hold; the three spellings people use cover nearly all of it, and
        // the loop below the rest.
        if needle.bytes().any(|b| b.is_ascii_lowercase()) && self.arena_has_capitals() {
            let finder = needle.to_ascii_lowercase();
            for id in 0..self.starts.len() as u32 {
                let text = self.text(id);
                if !bits.has(id) && text.bytes().any(|b| b.is_ascii_uppercase()) && text.to_ascii_lowercase().contains(&finder) {
                    bits.set(id);
                }
            }
        }
        bits
    }

    fn arena_has_capitals(&self) -> bool {
        self.arena.bytes().any(|b| b.is_ascii_uppercase())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.arena.capacity() + self.starts.capacity() * 4 + self.table.capacity() * 5
    }
}

fn read<'a>(arena: &'a str, starts: &[u32], id: u32) -> &'a str {
    let Some(&start) = starts.get(id as usize) else { return "" };
    let end = starts.get(id as usize + 1).map_or(arena.len(), |&e| e as usize) - 1;
    &arena[start as usize..end]
}

/// A set of numbers below a bound.
#[derive(Clone, Default)]
pub struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    pub fn new(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)], count: 0 }
    }

    pub fn set(&mut self, id: u32) {
        if let Some(word) = self.words.get_mut(id as usize / 64) {
            let bit = 1 << (id % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    #[inline]
    pub fn has(&self, id: u32) -> bool {
        self.words.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &w)| (0..64).filter(move |b| w >> b & 1 == 1).map(move |b| (i * 64 + b) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_has_one_number_and_is_found_by_its_parts() {
        let mut d = Dictionary::default();
        let (a, b, c) = (d.number("v2.14.0"), d.number("latest"), d.number("Release-2"));
        assert_eq!((d.number("latest"), d.text(a), d.find("latest")), (b, "v2.14.0", Some(b)));
        assert_eq!(d.containing("2").iter().collect::<Vec<_>>(), [a, c]);
        assert_eq!(d.containing("release").iter().collect::<Vec<_>>(), [c]);
        assert_eq!(d.containing("v2.14.0\nl").count(), 0);
        assert_eq!(d.text(99), "");
    }

    proptest! {
        #[test]
        fn searching_the_arena_equals_searching_each(texts in prop::collection::vec("[a-cA\\-.]{0,5}", 0..30), needle in "[a-c.]{1,3}") {
            let mut d = Dictionary::default();
            for t in &texts { d.number(t); }
            let expected: Vec<u32> = (0..d.len() as u32).filter(|&i| d.text(i).to_ascii_lowercase().contains(&needle)).collect();
            prop_assert_eq!(d.containing(&needle).iter().collect::<Vec<_>>(), expected);
        }
    }
}
