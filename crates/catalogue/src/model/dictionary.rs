use super::{
    Bits,
    arena::Arena,
    columns::{Reader, Writer},
};
use crate::query::TextMatch;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::{
    hash::BuildHasher,
    io::{Read, Result, Write},
};

/// Distinct texts, each with a small number, and all of them searched in one pass. Nothing is ever removed: what
/// vanishes from a registry often comes back.
#[derive(Default)]
pub struct Dictionary {
    texts: Arena,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Those with capitals once more in lower case, and their numbers. Capitals are rare in what registries hold, so
    /// this costs little, and searching without regard to case is two plain searches.
    lowered: Arena,
    lowered_ids: Vec<u32>,
    /// Bytes of the longest text.
    longest: usize,
}

impl Dictionary {
    /// The number of a text, given to it now if it has none. Newlines in it become spaces. Texts are cut at 1,024
    /// bytes, all of them together at 4 GiB (then the first text's number is given).
    pub fn number(&mut self, text: &str) -> u32 {
        let mut end = text.len().min(1024);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let owned;
        let text = if memchr::memchr(b'\n', text.as_bytes()).is_some() {
            owned = text.replace('\n', " ");
            &owned
        } else {
            text
        };
        let hash = self.hasher.hash_one(text);
        let texts = &self.texts;
        if let Some(&id) = self.table.find(hash, |&id| texts.get(id) == text) {
            return id;
        }
        let Some(id) = self.texts.push(text) else { return 0 };
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.table.insert_unique(hash, id, |&id| hasher.hash_one(texts.get(id)));
        if let Some(lowered) = lowered(text)
            && self.lowered.push(&lowered).is_some()
        {
            self.lowered_ids.push(id);
        }
        self.longest = self.longest.max(text.len());
        id
    }

    /// The number of a text that has one.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.table.find(self.hasher.hash_one(text), |&id| self.text(id) == text).copied()
    }

    /// The text of a number; empty for a number never given.
    #[inline]
    pub fn text(&self, id: u32) -> &str {
        self.texts.get(id)
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts for which `matches` holds.
    pub fn bits(&self, matches: impl Fn(&str) -> bool) -> Bits {
        let mut bits = Bits::new(self.len());
        (0..self.len() as u32).filter(|&id| matches(self.text(id))).for_each(|id| bits.set(id));
        bits
    }

    /// The texts that any of them matches; a part or a whole text is looked up, only patterns are tried on each.
    pub fn matching(&self, any: &[TextMatch]) -> Bits {
        let mut bits = Bits::new(self.len());
        for one in any {
            match one {
                TextMatch::Contains(part) if !part.needle().is_empty() => self.each_containing(part.needle(), |id| bits.set(id)),
                TextMatch::Exact(text) => self.find(text).into_iter().for_each(|id| bits.set(id)),
                _ => bits.add(&self.bits(|text| one.matches(text))),
            }
        }
        bits
    }

    /// The texts that hold `needle`.
    pub fn containing(&self, needle: &str) -> Bits {
        let mut bits = Bits::new(self.len());
        self.each_containing(needle, |id| bits.set(id));
        bits
    }

    /// Calls `found` with each text that holds `needle` (in ASCII lower case), letter case ignored for ASCII; with some
    /// of them twice.
    pub fn each_containing(&self, needle: &str, mut found: impl FnMut(u32)) {
        if needle.len() >= self.longest {
            // Only the whole of a text can be as long: no need to read them all.
            if needle.len() == self.longest
                && self.lowered.len() == 0
                && let Some(id) = self.find(needle)
            {
                found(id);
                return;
            }
            if needle.len() > self.longest || self.lowered.len() == 0 {
                return;
            }
        }
        self.texts.each_with(needle, &mut found);
        if needle.bytes().any(|b| b.is_ascii_lowercase()) {
            self.lowered.each_with(needle, |i| self.lowered_ids.get(i as usize).copied().into_iter().for_each(&mut found));
        }
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        self.texts.write(to)
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let texts = Arena::read(from)?;
        let mut read = Self::default();
        read.table.reserve(texts.len(), |_| 0);
        for id in 0..texts.len() as u32 {
            let text = texts.get(id);
            read.table.insert_unique(read.hasher.hash_one(text), id, |&id| read.hasher.hash_one(texts.get(id)));
            if let Some(lowered) = lowered(text)
                && read.lowered.push(&lowered).is_some()
            {
                read.lowered_ids.push(id);
            }
            read.longest = read.longest.max(text.len());
        }
        Ok(Self { texts, ..read })
    }

    /// Room for so many more texts, so that the table need not grow by halves.
    pub fn reserve(&mut self, texts: usize) {
        let (texts_, hasher) = (&self.texts, &self.hasher);
        self.table.reserve(texts, |&id| hasher.hash_one(texts_.get(id)));
    }

    /// Gives back what was kept for growing.
    pub fn shrink(&mut self) {
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.table.shrink_to_fit(|&id| hasher.hash_one(texts.get(id)));
        self.texts.shrink();
        self.lowered.shrink();
    }
}

/// A text with capitals, without them.
fn lowered(text: &str) -> Option<String> {
    text.bytes().any(|b| b.is_ascii_uppercase()).then(|| text.to_ascii_lowercase())
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
        assert_eq!(d.containing("release-2").iter().collect::<Vec<_>>(), [c]);
        assert_eq!(d.containing("v2.14.0\nl").count(), 0);
        assert_eq!(d.containing("").count(), 0);
        assert_eq!(d.text(99), "");
    }

    #[test]
    fn the_longest_text_is_found_as_a_whole() {
        let mut d = Dictionary::default();
        let (short, long) = (d.number("abc"), d.number("abcdef"));
        assert_eq!(d.containing("abcdef").iter().collect::<Vec<_>>(), [long]);
        assert_eq!(d.containing("abcdefg").count(), 0);
        assert_eq!(d.containing("abc").iter().collect::<Vec<_>>(), [short, long]);
    }

    proptest! {
        #[test]
        fn searching_the_arena_equals_searching_each(texts in prop::collection::vec("[a-cA\\-.]{0,5}", 0..30), needle in "[a-c.]{1,5}") {
            let mut d = Dictionary::default();
            for t in &texts { d.number(t); }
            let expected: Vec<u32> = (0..d.len() as u32).filter(|&i| d.text(i).to_ascii_lowercase().contains(&needle)).collect();
            prop_assert_eq!(d.containing(&needle).iter().collect::<Vec<_>>(), expected.clone());
            let any = [TextMatch::Contains(crate::query::Contains::new(&needle)), TextMatch::Exact(needle.as_str().into())];
            prop_assert_eq!(d.matching(&any).iter().collect::<Vec<_>>(), expected);
        }
    }
}
