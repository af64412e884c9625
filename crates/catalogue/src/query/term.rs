use super::{Contains, Field, Glob, NumberMatch, TextMatch, TimeMatch, any_matches};
use oci::Kind;
use std::fmt;

/// A term: what it tests, and how it was written. Two are equal where they test the same.
#[derive(Debug, Clone)]
pub struct Term {
    pub test: Test,
    pub(super) written: Box<str>,
}

/// What a term tests. A list is of alternatives and never empty; a fact that is unknown passes none.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A plain word or phrase.
    Word(WordMatch),
    Registry(Vec<TextMatch>),
    Repository(Vec<TextMatch>),
    Tag(Vec<TextMatch>),
    Digest(Vec<DigestPrefix>),
    Label(LabelMatch),
    /// Of any platform it runs on.
    Platform(PlatformMatch),
    Kind(Vec<Kind>),
    /// Since it was built.
    Age(Vec<TimeMatch>),
    /// Since the tag came to name its digest.
    Pushed(Vec<TimeMatch>),
    /// In bytes.
    Size(Vec<NumberMatch>),
    Signed(bool),
    Layers(Vec<NumberMatch>),
    /// The base image's name.
    Base(Vec<TextMatch>),
}

/// A plain word.
#[derive(Debug, Clone, PartialEq)]
pub enum WordMatch {
    /// Somewhere in `registry/repository:tag`, in the description, in a label's value; or, where it reads as one, the
    /// first digits of the digest.
    Contains { text: Contains, digest: Option<DigestPrefix> },
    /// With `*` or `?`: the whole tag, the whole repository's name or its last component.
    Glob(Glob),
    /// With a colon as well: the repository's name as above, and the tag. What is left out may be anything.
    Reference { name: Option<Glob>, tag: Option<Glob> },
}

/// A digest's beginning: `sha256:3f2a`, `3f2a91`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix {
    /// Any, where it is not given.
    pub algorithm: Option<Box<str>>,
    /// At least one digit, in lower case.
    pub hex: Box<str>,
}

/// A label or annotation.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelMatch {
    /// The whole key, without regard to case.
    pub keys: Vec<Glob>,
    /// Any value, where none is given.
    pub values: Option<Vec<TextMatch>>,
}

/// The part of a platform that a term is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformPart {
    Os,
    /// With or without its variant: `arm` and `arm/v7` both name `linux/arm/v7`.
    Architecture,
    Whole,
}

/// A platform or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformMatch {
    pub part: PlatformPart,
    pub values: Vec<TextMatch>,
}

impl WordMatch {
    /// Whether the names of registry and repository match by themselves, whatever the tag.
    pub fn matches_repository(&self, registry: &str, repository: &str) -> bool {
        match self {
            Self::Contains { text, .. } => {
                text.matches(registry)
                    || text.matches(repository)
                    || (self.spans_parts() && text.matches(&format!("{registry}/{repository}")))
            }
            Self::Glob(glob) => glob_matches_name(glob, registry, repository),
            Self::Reference { name, tag } => tag.is_none() && name.as_ref().is_none_or(|g| glob_matches_name(g, registry, repository)),
        }
    }

    /// Whether `registry/repository:tag` matches.
    pub fn matches_name(&self, registry: &str, repository: &str, tag: &str) -> bool {
        match self {
            Self::Contains { text, .. } => {
                text.matches(registry)
                    || text.matches(repository)
                    || text.matches(tag)
                    || (self.spans_parts() && text.matches(&format!("{registry}/{repository}:{tag}")))
            }
            Self::Glob(glob) => glob.matches(tag) || glob_matches_name(glob, registry, repository),
            Self::Reference { name, tag: tags } => {
                tags.as_ref().is_none_or(|g| g.matches(tag)) && name.as_ref().is_none_or(|g| glob_matches_name(g, registry, repository))
            }
        }
    }

    /// Whether a description or a label's value matches.
    pub fn matches_prose(&self, text: &str) -> bool {
        matches!(self, Self::Contains { text: t, .. } if t.matches(text))
    }

    /// Whether a digest matches.
    pub fn matches_digest(&self, digest: &str) -> bool {
        matches!(self, Self::Contains { digest: Some(prefix), .. } if prefix.matches(digest))
    }

    /// Whether it can match across the borders of registry, repository and tag: it has a slash or a colon. Else it
    /// matches the joined name exactly where it matches one of the three.
    pub fn spans_parts(&self) -> bool {
        match self {
            Self::Contains { text, .. } => text.needle().contains(['/', ':']),
            Self::Glob(_) => false,
            Self::Reference { .. } => true,
        }
    }
}

fn glob_matches_name(glob: &Glob, registry: &str, repository: &str) -> bool {
    let leaf = repository.rsplit('/').next().unwrap_or(repository);
    glob.matches(repository) || glob.matches(leaf) || (glob.has_slash() && glob.matches(&format!("{registry}/{repository}")))
}

impl DigestPrefix {
    /// Parses `[algorithm:]hex`; at most 128 digits, any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (algorithm, hex) = match text.split_once(':') {
            Some((algorithm, hex)) if algorithm.starts_with(|c: char| c.is_ascii_alphabetic()) => (Some(algorithm), hex),
            Some(_) => return None,
            None => (None, text.as_str()),
        };
        let word = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+._-".contains(&b));
        let digits = (1..=128).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit());
        (digits && algorithm.is_none_or(word)).then(|| Self { algorithm: algorithm.map(Into::into), hex: hex.into() })
    }

    pub fn matches(&self, digest: &str) -> bool {
        digest
            .split_once(':')
            .is_some_and(|(algorithm, hex)| self.algorithm.as_deref().is_none_or(|a| a == algorithm) && hex.starts_with(&*self.hex))
    }
}

impl LabelMatch {
    pub fn matches_key(&self, key: &str) -> bool {
        self.keys.iter().any(|k| k.matches(key))
    }

    pub fn matches_value(&self, value: &str) -> bool {
        self.values.as_deref().is_none_or(|v| any_matches(v, value))
    }

    pub fn matches(&self, key: &str, value: &str) -> bool {
        self.matches_key(key) && self.matches_value(value)
    }
}

impl PlatformMatch {
    /// Whether `os/architecture[/variant]` matches.
    pub fn matches(&self, platform: &str) -> bool {
        let (os, architecture) = platform.split_once('/').unwrap_or((platform, ""));
        match self.part {
            PlatformPart::Os => any_matches(&self.values, os),
            PlatformPart::Whole => any_matches(&self.values, platform),
            PlatformPart::Architecture => {
                let bare = architecture.split('/').next().unwrap_or(architecture);
                any_matches(&self.values, bare) || (bare != architecture && any_matches(&self.values, architecture))
            }
        }
    }
}

impl Test {
    /// The field it was written with; none for a word.
    pub fn field(&self) -> Option<Field> {
        Some(match self {
            Self::Word(_) => return None,
            Self::Registry(_) => Field::Registry,
            Self::Repository(_) => Field::Repo,
            Self::Tag(_) => Field::Tag,
            Self::Digest(_) => Field::Digest,
            Self::Label(_) => Field::Label,
            Self::Platform(p) => match p.part {
                PlatformPart::Os => Field::Os,
                PlatformPart::Architecture => Field::Arch,
                PlatformPart::Whole => Field::Platform,
            },
            Self::Kind(_) => Field::Kind,
            Self::Age(_) => Field::Age,
            Self::Pushed(_) => Field::Pushed,
            Self::Size(_) => Field::Size,
            Self::Signed(_) => Field::Signed,
            Self::Layers(_) => Field::Layers,
            Self::Base(_) => Field::Base,
        })
    }

    /// How much it counts against [`super::limits::TERMS`].
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Word(_) | Self::Signed(_) => 1,
            Self::Registry(v) | Self::Repository(v) | Self::Tag(v) | Self::Base(v) => v.len(),
            Self::Digest(v) => v.len(),
            Self::Label(l) => l.keys.len() + l.values.as_ref().map_or(0, Vec::len),
            Self::Platform(p) => p.values.len(),
            Self::Kind(v) => v.len(),
            Self::Age(v) | Self::Pushed(v) => v.len(),
            Self::Size(v) | Self::Layers(v) => v.len(),
        }
    }
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.test == other.test
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
