use super::{
    Bits, Dictionary, Model,
    columns::{Reader, Writer},
    postings::Postings,
};
use crate::query::{LabelMatch, TextMatch};
use std::io::{Read, Result, Write};

/// What manifests say of themselves: keys and values of labels, and who says a value. Descriptions are said as well.
///
/// Values that are only hexadecimal digits (revisions, digests) are one image's own each, and more than all other text
/// together. They have a dictionary of their own, read only for what may stand in one: hexadecimal digits.
#[derive(Default)]
pub(super) struct Said {
    keys: Dictionary,
    hexes: Dictionary,
    /// Manifests by number of a text in [`Model::texts`].
    by_text: Postings,
    /// Manifests by number in `hexes`.
    by_hex: Postings,
    /// Keys that have a value in `hexes`.
    hex_keys: Vec<bool>,
    /// By manifest, which digits its values in `hexes` have, a bit each: whoever types a single one is told from these,
    /// since nearly every revision has it.
    digits: Vec<u16>,
}

/// Set in the number of a value that is in `hexes`.
const HEX: u32 = 1 << 31;
/// The shortest run of digits that is no ordinary word: git's short revision.
const REVISION: usize = 7;

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A digit's bit.
fn digit(digit: u8) -> u16 {
    (digit as char).to_digit(16).map_or(0, |d| 1 << d)
}

impl Said {
    pub(super) fn key(&self, id: u32) -> &str {
        self.keys.text(id)
    }

    /// Notes that a manifest says a text of [`Model::texts`].
    pub(super) fn text(&mut self, text: u32, manifest: u32) {
        self.by_text.push(text, manifest);
    }

    /// Room for so many more manifests; each is likely to have a revision.
    pub(super) fn reserve(&mut self, manifests: usize) {
        self.hexes.reserve(manifests);
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        let Self { keys, hexes, by_text, by_hex, hex_keys, digits } = self;
        keys.write(to)?;
        hexes.write(to)?;
        by_text.write(to)?;
        by_hex.write(to)?;
        to.value(hex_keys)?;
        to.column(digits)
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        Ok(Self {
            keys: Dictionary::read(from)?,
            hexes: Dictionary::read(from)?,
            by_text: Postings::read(from)?,
            by_hex: Postings::read(from)?,
            hex_keys: from.value()?,
            digits: from.column()?,
        })
    }

    pub(super) fn shrink(&mut self) {
        self.hexes.shrink();
        self.by_text.shrink();
        self.by_hex.shrink();
        self.digits.shrink_to_fit();
    }
}

impl Model {
    /// The text of a label's value.
    pub(super) fn value(&self, id: u32) -> &str {
        if id & HEX == 0 { self.texts.text(id) } else { self.said.hexes.text(id & !HEX) }
    }

    /// Notes a label. Returns the numbers of its key and value.
    pub(super) fn say(&mut self, manifest: u32, key: &str, value: &str) -> (u32, u32) {
        let key = self.said.keys.number(key);
        if value.len() < REVISION || !is_hex(value) {
            let value = self.texts.number(value);
            self.said.by_text.push(value, manifest);
            return (key, value);
        }
        let said = &mut self.said;
        if said.digits.len() <= manifest as usize {
            said.digits.resize(manifest as usize + 1, 0);
        }
        said.digits[manifest as usize] |= value.bytes().map(digit).fold(0, |all, d| all | d);
        let value = said.hexes.number(value);
        said.by_hex.push(value, manifest);
        if said.hex_keys.len() <= key as usize {
            said.hex_keys.resize(key as usize + 1, false);
        }
        said.hex_keys[key as usize] = true;
        (key, HEX | value)
    }

    /// The manifests that say a text (in ASCII lower case) in a label's value or a description, and the indexes that
    /// show one of them.
    pub fn saying(&self, needle: &str) -> Bits {
        let mut saying = Bits::default();
        let mut add = |manifests: &[u32]| {
            if saying.is_empty() && !manifests.is_empty() {
                saying = Bits::new(self.manifest_bound());
            }
            manifests.iter().for_each(|&m| saying.set(m));
        };
        self.texts.each_containing(needle, |text| add(self.said.by_text.get(text)));
        if let (true, &[one]) = (is_hex(needle), needle.as_bytes()) {
            let with_it: Vec<u32> = (0..).zip(&self.said.digits).filter(|(_, digits)| **digits & digit(one) != 0).map(|(m, _)| m).collect();
            add(&with_it);
        } else if is_hex(needle) {
            self.said.hexes.each_containing(needle, |text| add(self.said.by_hex.get(text)));
        }
        self.add_showing(&mut saying);
        saying
    }

    /// The manifests that have a label, and the indexes that show one of them.
    pub fn labelled(&self, label: &LabelMatch) -> Bits {
        let keys = self.said.keys.bits(|k| label.matches_key(k));
        let mut labelled = Bits::new(self.manifest_bound());
        let Some(values) = &label.values else {
            let commons: Vec<bool> = self.manifests.commons().iter().map(|c| c.keys.iter().any(|&k| keys.has(k))).collect();
            (0..self.manifest_bound() as u32)
                .filter(|&m| self.manifests.common(m).is_some_and(|c| commons[c as usize]))
                .for_each(|m| labelled.set(m));
            self.add_showing(&mut labelled);
            return labelled;
        };
        let mut add = |manifests: &[u32], value: u32| {
            for &m in manifests {
                // Another key may have the same value, and so may a description.
                if self.manifests.label_numbers(m).any(|(k, v)| v == value && keys.has(k)) {
                    labelled.set(m);
                }
            }
        };
        if !keys.is_empty() {
            self.texts.matching(values).iter().for_each(|text| add(self.said.by_text.get(text), text));
            if keys.iter().any(|k| self.said.hex_keys.get(k as usize) == Some(&true)) {
                // A part that is not hexadecimal stands in none of them.
                let may: Vec<TextMatch> =
                    values.iter().filter(|v| !matches!(v, TextMatch::Contains(part) if !is_hex(part.needle()))).cloned().collect();
                self.said.hexes.matching(&may).iter().for_each(|text| add(self.said.by_hex.get(text), HEX | text));
            }
        }
        self.add_showing(&mut labelled);
        labelled
    }

    /// Adds the indexes that show one of the manifests.
    fn add_showing(&self, manifests: &mut Bits) {
        if !manifests.is_empty() {
            let showing: Vec<u32> =
                self.manifests.shows().iter().filter(|(index, _)| manifests.has(self.shown(*index))).map(|&(index, _)| index).collect();
            showing.into_iter().for_each(|index| manifests.set(index));
        }
    }

    /// Adds the manifests whose digest begins so.
    pub fn add_beginning(&self, prefix: &crate::query::DigestPrefix, manifests: &mut Bits) {
        self.digests.each_beginning(prefix.algorithm.as_deref(), &prefix.hex, |m| {
            if manifests.is_empty() {
                manifests.add(&Bits::new(self.manifest_bound()));
            }
            manifests.set(m);
        });
    }

    /// Of each number in [`Manifests::common`](super::manifest::Manifests::common), what is made of its kind, its platform and
    /// whether it has entries.
    pub(crate) fn kinds_and_platforms<T>(&self, make: impl Fn(oci::Kind, u32, bool) -> T) -> Vec<T> {
        self.manifests.commons().iter().map(|c| make(c.kind, c.platform, c.entries)).collect()
    }

    /// In which of [`Model::kinds_and_platforms`] a manifest stands; none until it is fetched.
    #[inline]
    pub(crate) fn common(&self, manifest: u32) -> Option<usize> {
        self.manifests.common(manifest).map(|c| c as usize)
    }

    /// Entries of an index; none of any other manifest.
    #[inline]
    pub(crate) fn children(&self, manifest: u32) -> &[super::ChildInfo] {
        self.manifests.children(manifest)
    }
}
