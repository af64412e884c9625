use crate::{Digest, ParseError, RepositoryName, Tag};
use std::fmt;

/// What inside a repository a reference names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    Tag(Tag),
    Digest(Digest),
}

/// `{registry}/{repository}[:{tag}|@{digest}]`: an image page's path without `/r/`. The registry is the name it
/// has in the settings, not a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    pub registry: String,
    pub repository: RepositoryName,
    pub target: Option<Target>,
}

impl Reference {
    /// Parses a reference. `repo:tag@digest` names the digest; the tag must still be well-formed.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = |why: &str| ParseError(format!("“{}” is not a reference: {why}", crate::value::clip(text, 120)));
        let (registry, rest) = text
            .split_once('/')
            .filter(|(registry, rest)| !registry.is_empty() && !rest.is_empty())
            .ok_or_else(|| wrong("it has the form registry/repository:tag"))?;
        if !registry_name(registry) {
            return Err(wrong("a registry's name is letters, digits, “.”, “_” and “-”"));
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
            None => (rest, None),
        };
        // A colon may only stand after the last slash: names hold none.
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) => (repository, Some(Tag::parse(tag)?)),
            None => (rest, None),
        };
        let repository = RepositoryName::parse(repository)?;
        let target = digest.map(Target::Digest).or(tag.map(Target::Tag));
        Ok(Self { registry: registry.to_owned(), repository, target })
    }
}

/// Whether a text may name a registry in settings, addresses and references: 1 to 64 characters of
/// `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
pub fn registry_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl fmt::Display for Target {
    /// With its separator: `:tag` or `@digest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, ":{tag}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.target.as_ref().map_or(Ok(()), |t| t.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reference_is_taken_apart() {
        let r = Reference::parse("local/team/api:v1.2").unwrap();
        assert_eq!((r.registry.as_str(), r.repository.as_str()), ("local", "team/api"));
        assert_eq!(r.target, Some(Target::Tag(Tag::parse("v1.2").unwrap())));
        let d = format!("sha256:{}", "0".repeat(64));
        let r = Reference::parse(&format!("local/api:v1@{d}")).unwrap();
        assert_eq!(r.target, Some(Target::Digest(Digest::parse(&d).unwrap())));
        for bad in ["", "local", "local/", "/api", "local/API", "local/api:", "local/api@x", "local/api:a:b", "lo cal/a", "local/a@b@c"] {
            assert!(Reference::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_display_parses_back(text in "[a-z0-9/:@.\\-]{0,60}") {
            if let Ok(r) = Reference::parse(&text) {
                prop_assert_eq!(Reference::parse(&r.to_string()).unwrap(), r);
            }
        }
    }
}
