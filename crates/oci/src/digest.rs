use crate::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A content digest, `algorithm:encoded` (image-spec 1.1, descriptor.md, "Digests").
///
/// `sha256` and `sha512` must be lower-case hexadecimal of the right length; other well-formed algorithms are
/// accepted as valid but cannot be verified. At most 256 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Box<str>);

impl Digest {
    /// The longest digest accepted, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Parses a digest; the error says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = |why: &str| Err(ParseError(format!("“{}” is not a digest: {why}", crate::value::clip(text, 80))));
        if text.len() > Self::MAX_LEN {
            return wrong("it is too long");
        }
        let Some((algorithm, encoded)) = text.split_once(':') else {
            return wrong("it has no “:”");
        };
        let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !algorithm.split(['+', '.', '_', '-']).all(part) {
            return wrong("the algorithm is not well-formed");
        }
        if encoded.is_empty() || !encoded.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-')) {
            return wrong("the encoded part is not well-formed");
        }
        let hex = |n: usize| encoded.len() == n && encoded.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match algorithm {
            "sha256" if !hex(64) => wrong("sha256 takes 64 lower-case hexadecimal digits"),
            "sha512" if !hex(128) => wrong("sha512 takes 128 lower-case hexadecimal digits"),
            _ => Ok(Self(text.into())),
        }
    }

    /// A sha256 digest from its 32 bytes.
    pub fn sha256(bytes: &[u8; 32]) -> Self {
        use std::fmt::Write;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for b in bytes {
            let _ = write!(text, "{b:02x}");
        }
        Self(text.into())
    }

    /// `sha256`, `sha512`, …
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(a, _)| a)
    }

    /// What stands after the colon.
    pub fn encoded(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, e)| e)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256:3f2a…9c01`, for people. Copy the whole instead.
    pub fn short(&self) -> String {
        let e = self.encoded();
        if e.len() <= 12 { self.0.to_string() } else { format!("{}:{}…{}", self.algorithm(), &e[..4], &e[e.len() - 4..]) }
    }

    /// The tag under which referrers of this digest are kept where the API is missing
    /// (distribution-spec 1.1, "Referrers Tag Schema"): algorithm cut to 32 characters, encoded part to 64.
    pub fn referrers_tag(&self) -> String {
        let clean = |s: &str, n: usize| {
            s.chars().take(n).map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '-' }).collect::<String>()
        };
        format!("{}-{}", clean(self.algorithm(), 32), clean(self.encoded(), 64))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(d: Digest) -> Self {
        d.0.into()
    }
}

impl std::str::FromStr for Digest {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_algorithms_take_hex_of_the_right_length() {
        assert!(Digest::parse(&format!("sha256:{}", "a".repeat(64))).is_ok());
        assert!(Digest::parse(&format!("sha256:{}", "A".repeat(64))).is_err());
        assert!(Digest::parse(&format!("sha256:{}", "a".repeat(63))).is_err());
        assert!(Digest::parse(&format!("sha512:{}", "0".repeat(128))).is_ok());
        assert!(Digest::parse("blake3:abc").is_ok());
        assert!(Digest::parse("a+b_c:x=").is_ok());
        for bad in ["", "sha256", ":x", "sha256:", "SHA256:aa", "a..b:x", "a:../x", "a:b\0"] {
            assert!(Digest::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_fallback_tag_of_a_long_digest_is_cut() {
        let d = Digest::parse(&format!("sha512:{}", "ab".repeat(64))).unwrap();
        assert_eq!(d.referrers_tag(), format!("sha512-{}", "ab".repeat(32)));
        assert!(crate::Tag::parse(&d.referrers_tag()).is_ok());
    }
}
