use crate::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A repository's name, such as `team/api` (distribution-spec 1.1, "Pulling manifests").
///
/// Lower-case alphanumeric components joined by `/`; inside a component `.`, `_`, `__` or any run of `-`
/// separate. At most 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(Box<str>);

impl RepositoryName {
    /// The longest name accepted, in bytes.
    pub const MAX_LEN: usize = 255;

    /// Parses a name; the error says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = |why: &str| Err(ParseError(format!("“{}” is not a repository name: {why}", crate::value::clip(text, 80))));
        if text.is_empty() {
            return wrong("it is empty");
        }
        if text.len() > Self::MAX_LEN {
            return wrong("it is longer than 255 characters");
        }
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return wrong("names are lower-case");
        }
        if !text.split('/').all(component) {
            return wrong("each part between slashes is letters and digits, joined by “.”, “_”, “__” or “-”");
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the last slash: `team` of `team/api`, nothing of `api`.
    pub fn namespace(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(n, _)| n)
    }

    /// The last component: `api` of `team/api`.
    pub fn leaf(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, l)| l)
    }
}

fn component(part: &str) -> bool {
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    if !alnum(first) || !alnum(last) {
        return false;
    }
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&b| !alnum(b)) {
        let len = rest[at..].iter().position(|&b| alnum(b)).unwrap_or(rest.len() - at);
        let separator = &rest[at..at + len];
        if !(matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|&b| b == b'-')) {
            return false;
        }
        rest = &rest[at + len..];
    }
    true
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl From<RepositoryName> for String {
    fn from(n: RepositoryName) -> Self {
        n.0.into()
    }
}

impl std::str::FromStr for RepositoryName {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_of_the_specification() {
        for good in ["a", "team/api", "a.b", "a_b", "a__b", "a---b", "0/1/2", &"a".repeat(255)] {
            assert!(RepositoryName::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a._b", "-a", "a-", "a/../b", "a%2fb", "a\0", "é", "a b", &"a".repeat(256)]
        {
            assert!(RepositoryName::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_can_stand_in_a_path(text in "\\PC{0,40}") {
            if let Ok(name) = RepositoryName::parse(&text) {
                prop_assert!(name.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b)));
                prop_assert!(!name.as_str().split('/').any(|c| c == ".." || c == "." || c.is_empty()));
            }
        }

        #[test]
        fn the_specifications_expression_is_accepted(text in "[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}){0,2}") {
            prop_assert!(RepositoryName::parse(&text).is_ok());
        }
    }
}
