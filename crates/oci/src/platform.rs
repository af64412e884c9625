use serde::{Deserialize, Serialize};
use std::fmt;

/// `os/architecture[/variant]`, as people write it (image-spec 1.1, image-index.md, `platform`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform {
    pub os: String,
    pub architecture: String,
    pub variant: Option<String>,
}

impl Platform {
    /// A platform from an index or a configuration. `None` for what is no platform: a part missing, `unknown`
    /// (attestations), over 64 characters or with characters no platform has.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Option<Self> {
        let part = |s: &str| {
            (1..=64).contains(&s.len())
                && s != "unknown"
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
        };
        if !part(os) || !part(architecture) {
            return None;
        }
        let variant = variant.filter(|v| part(v)).map(str::to_owned);
        // arm64 has one variant in use; writing it out would make two names of one platform.
        let variant = if architecture == "arm64" && variant.as_deref() == Some("v8") { None } else { variant };
        Some(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }

    /// Parses `os/architecture[/variant]`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (os, architecture, variant) = (parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() {
            return None;
        }
        Self::new(os, architecture, variant)
    }

    /// `amd64`, `arm/v7`: without the operating system, for narrow places.
    pub fn short(&self) -> String {
        match &self.variant {
            Some(v) => format!("{}/{v}", self.architecture),
            None => self.architecture.clone(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |v| write!(f, "/{v}"))
    }
}

impl TryFrom<String> for Platform {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("“{}” is not a platform such as linux/amd64", crate::value::clip(&text, 80)))
    }
}

impl From<Platform> for String {
    fn from(p: Platform) -> Self {
        p.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attestation_is_no_platform() {
        assert_eq!(Platform::new("unknown", "unknown", None), None);
        assert_eq!(Platform::new("linux", "", None), None);
        assert_eq!(Platform::parse("linux/arm64/v8").unwrap().to_string(), "linux/arm64");
        assert_eq!(Platform::parse("linux/arm/v7").unwrap().to_string(), "linux/arm/v7");
        assert_eq!(Platform::parse("linux"), None);
        assert_eq!(Platform::parse("a/b/c/d"), None);
    }
}
