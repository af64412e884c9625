use crate::{Digest, ParseError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A tag: 1 to 128 characters, the first a letter, digit or `_`, the rest also `.` and `-`
/// (distribution-spec 1.1, "Pulling manifests").
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(Box<str>);

/// What a tag that is only machinery carries for the digest it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machinery {
    /// `sha256-…` alone: the index of referrers where the API is missing.
    Referrers,
    /// `.sig`: a cosign signature.
    Signature,
    /// `.att`: a cosign attestation.
    Attestation,
    /// `.sbom`: a bill of materials attached by cosign.
    Sbom,
}

impl Tag {
    /// The longest tag, in bytes.
    pub const MAX_LEN: usize = 128;
    /// How tags begin under which we keep what was deleted, so that a garbage collection leaves it (decision 006).
    pub const TRASH: &'static str = "supercargo-trash-";

    /// Parses a tag; the error says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        match Self::check(text) {
            Ok(()) => Ok(Self(text.into())),
            Err(why) => Err(ParseError(format!("“{}” is not a tag: {why}", crate::value::clip(text, 80)))),
        }
    }

    /// Whether [`Self::parse`] would take it.
    pub fn is_valid(text: &str) -> bool {
        Self::check(text).is_ok()
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.len() > Self::MAX_LEN {
            return Err("it is longer than 128 characters");
        }
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let mut bytes = text.bytes();
        if !bytes.next().is_some_and(word) || !bytes.all(|b| word(b) || b == b'.' || b == b'-') {
            return Err("a tag is letters, digits, “_”, “.” and “-”, and does not begin with “.” or “-”");
        }
        Ok(())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this tag is only machinery (`sha256-<hex>` alone or with `.sig`, `.att`, `.sbom`), and for which digest.
    pub fn machinery(&self) -> Option<(Digest, Machinery)> {
        let (stem, role) = match self.0.rsplit_once('.') {
            Some((stem, "sig")) => (stem, Machinery::Signature),
            Some((stem, "att")) => (stem, Machinery::Attestation),
            Some((stem, "sbom")) => (stem, Machinery::Sbom),
            Some(_) => return None,
            None => (&*self.0, Machinery::Referrers),
        };
        let (algorithm, encoded) = stem.split_once('-')?;
        // A sha512 subject's tag holds 64 of its 128 digits, so it cannot be turned back into a digest.
        if algorithm != "sha256" || encoded.len() != 64 {
            return None;
        }
        Digest::parse(&format!("{algorithm}:{encoded}")).ok().map(|d| (d, role))
    }

    /// Whether this tag is only machinery, which no person would want to see in a list.
    pub fn is_machinery(&self) -> bool {
        let stem = self.0.split('.').next().unwrap_or_default();
        self.machinery().is_some()
            || self.0.starts_with(Self::TRASH)
            || stem.strip_prefix("sha512-").is_some_and(|e| e.len() == 64 && e.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Tag {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl From<Tag> for String {
    fn from(t: Tag) -> Self {
        t.0.into()
    }
}

impl std::str::FromStr for Tag {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_the_specification() {
        for good in ["latest", "v1.2.3", "_x", "A-b_c.D", &"a".repeat(128)] {
            assert!(Tag::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".x", "-x", "a/b", "a:b", "a b", "a+b", "é", "a\n", &"a".repeat(129)] {
            assert!(Tag::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn machinery_is_known_by_its_whole_shape() {
        let hex = "0123456789abcdef".repeat(4);
        let of = |s: String| Tag::parse(&s).unwrap().machinery().map(|(_, m)| m);
        assert_eq!(of(format!("sha256-{hex}")), Some(Machinery::Referrers));
        assert_eq!(of(format!("sha256-{hex}.sig")), Some(Machinery::Signature));
        assert_eq!(of(format!("sha256-{hex}.att")), Some(Machinery::Attestation));
        assert_eq!(of(format!("sha256-{hex}.sbom")), Some(Machinery::Sbom));
        assert_eq!(of(format!("sha256-{hex}.txt")), None);
        assert_eq!(of(format!("sha256-{}", &hex[1..])), None);
        assert_eq!(of("sha256-fix.sig".into()), None);
        assert_eq!(of(format!("{}20261123-v1", Tag::TRASH)), None, "it carries nothing for a digest");
        for (tag, hidden) in [("supercargo-trash-20261123-v1", true), ("supercargo-trash", false), ("v1-supercargo-trash-", false)] {
            assert_eq!(Tag::parse(tag).unwrap().is_machinery(), hidden, "{tag}");
        }
    }
}
