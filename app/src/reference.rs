//! References as the API writes them, taken apart: `registry/repository[:tag|@digest]`.

use std::borrow::Cow;

/// A reference's parts. What is no reference has an empty repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// `registry/repository`.
    pub(crate) place: &'a str,
    /// The repository alone.
    pub(crate) repository: &'a str,
    /// The tag or the digest; empty for a whole repository.
    pub(crate) name: &'a str,
    /// `name` is a digest.
    pub(crate) by_digest: bool,
}

impl Parts<'_> {
    /// A tag that is only machinery, such as `sha256-….sig`: what is attached is kept under it.
    pub(crate) fn is_machinery(&self) -> bool {
        !self.by_digest
            && self
                .name
                .strip_prefix("sha256-")
                .and_then(|rest| rest.get(..64))
                .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

/// A tag as it is shown: of one that is only machinery, the middle of its digest is left out.
pub(crate) fn shown_tag(tag: &str) -> Cow<'_, str> {
    let parts = Parts { place: "", repository: "", name: tag, by_digest: false };
    match tag.split_at_checked(71).filter(|_| parts.is_machinery()) {
        Some((hex, rest)) => format!("{}…{}{rest}", &hex[..11], &hex[67..]).into(),
        None => tag.into(),
    }
}

/// Takes a reference apart.
pub(crate) fn parts(reference: &str) -> Parts<'_> {
    let (place, name, by_digest) = if let Some((place, digest)) = reference.split_once('@') {
        (place, digest, true)
    } else {
        let leaf = reference.rfind('/').map_or(0, |slash| slash + 1);
        match reference[leaf..].find(':') {
            Some(colon) => (&reference[..leaf + colon], &reference[leaf + colon + 1..], false),
            None => (reference, "", false),
        }
    };
    Parts { place, repository: place.split_once('/').map_or("", |(_, repository)| repository), name, by_digest }
}

#[cfg(test)]
mod tests {
    use super::{Parts, parts, shown_tag};

    #[test]
    fn each_part_is_found() {
        let found = |place, repository, name, by_digest| Parts { place, repository, name, by_digest };
        assert_eq!(parts("local/team/api:v1"), found("local/team/api", "team/api", "v1", false));
        assert_eq!(parts("local/team/api@sha256:ab"), found("local/team/api", "team/api", "sha256:ab", true));
        assert_eq!(parts("local/api"), found("local/api", "api", "", false));
        assert_eq!(parts("nonsense"), found("nonsense", "", "", false));
        assert_eq!(parts(""), found("", "", "", false));
        assert!(parts(&format!("local/api:sha256-{}.sig", "0a".repeat(32))).is_machinery());
        assert!(!parts("local/api:sha256-0a").is_machinery());
        assert_eq!(shown_tag(&format!("sha256-{}.sig", "0a".repeat(32))), "sha256-0a0a…0a0a.sig");
        assert_eq!(shown_tag("v1"), "v1");
    }
}
