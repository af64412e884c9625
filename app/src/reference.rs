//! References as the API writes them, taken apart: `registry/repository[:tag|@digest]`.

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

/// Takes a reference apart.
pub(crate) fn parts(reference: &str) -> Parts<'_> {
    let (place, name, by_digest) = match reference.split_once('@') {
        Some((place, digest)) => (place, digest, true),
        None => {
            let leaf = reference.rfind('/').map_or(0, |slash| slash + 1);
            match reference[leaf..].find(':') {
                Some(colon) => (&reference[..leaf + colon], &reference[leaf + colon + 1..], false),
                None => (reference, "", false),
            }
        }
    };
    Parts { place, repository: place.split_once('/').map_or("", |(_, repository)| repository), name, by_digest }
}

#[cfg(test)]
mod tests {
    use super::{Parts, parts};

    #[test]
    fn each_part_is_found() {
        let found = |place, repository, name, by_digest| Parts { place, repository, name, by_digest };
        assert_eq!(parts("local/team/api:v1"), found("local/team/api", "team/api", "v1", false));
        assert_eq!(parts("local/team/api@sha256:ab"), found("local/team/api", "team/api", "sha256:ab", true));
        assert_eq!(parts("local/api"), found("local/api", "api", "", false));
        assert_eq!(parts("nonsense"), found("nonsense", "", "", false));
        assert_eq!(parts(""), found("", "", "", false));
    }
}
