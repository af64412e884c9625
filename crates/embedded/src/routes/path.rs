//! What a path names. Read once, from the right, part by part, before anything is decoded: a name may hold the words of routes.

use crate::{
    error::{Code, Error, Result, refuse},
    upload::UploadId,
};
use oci::{Digest, RepositoryName, Tag, Target};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The longest path that is looked at: the longest name, digest and words, percent-encoded.
const LONGEST: usize = 4096;

/// What a request below `/v2` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalogue,
    /// `/v2/{name}/tags/list`
    Tags(RepositoryName),
    /// `/v2/{name}/referrers/{digest}`
    Referrers(RepositoryName, Digest),
    /// `/v2/{name}/manifests/{tag or digest}`
    Manifest(RepositoryName, Target),
    /// `/v2/{name}/blobs/{digest}`
    Blob(RepositoryName, Digest),
    /// `/v2/{name}/blobs/uploads/`
    Uploads(RepositoryName),
    /// `/v2/{name}/blobs/uploads/{id}`
    Upload(RepositoryName, UploadId),
}

impl Route {
    /// Reads a request's raw path, as it came.
    pub fn parse(path: &str) -> Result<Self> {
        if path.len() > LONGEST {
            return refuse(Code::UriTooLong, "the address is too long");
        }
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Base),
            Some(rest) if rest.starts_with('/') => &rest[1..],
            _ => return no_route(),
        };
        if rest == "_catalog" {
            return Ok(Self::Catalogue);
        }
        let Some((before, last)) = rest.rsplit_once('/') else { return no_route() };
        let (above, word) = before.rsplit_once('/').unwrap_or(("", before));
        match (word, last) {
            ("manifests", reference) => Ok(Self::Manifest(name(above)?, target(&part(reference)?)?)),
            // `…/blobs/uploads` without its slash, too.
            ("blobs", "uploads") => Ok(Self::Uploads(name(above)?)),
            ("blobs", reference) => Ok(Self::Blob(name(above)?, digest(&part(reference)?)?)),
            ("tags", "list") => Ok(Self::Tags(name(above)?)),
            ("referrers", reference) => Ok(Self::Referrers(name(above)?, digest(&part(reference)?)?)),
            ("uploads", id) => match above.rsplit_once('/') {
                Some((repository, "blobs")) => {
                    let name = name(repository)?;
                    if id.is_empty() {
                        return Ok(Self::Uploads(name));
                    }
                    let id = UploadId::parse(&part(id)?).ok_or_else(|| Error::new(Code::BlobUploadUnknown, "there is no such upload"))?;
                    Ok(Self::Upload(name, id))
                }
                _ => no_route(),
            },
            _ => no_route(),
        }
    }

    /// The repository it is about.
    pub fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalogue => None,
            Self::Tags(name)
            | Self::Referrers(name, _)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _) => Some(name),
        }
    }
}

fn no_route<T>() -> Result<T> {
    refuse(Code::NoRoute, "there is nothing at this address")
}

/// One part, decoded. An encoded slash is no slash.
fn part(text: &str) -> Result<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().map_err(|_| Error::new(Code::NameInvalid, "the address is not UTF-8"))
}

fn name(text: &str) -> Result<RepositoryName> {
    // Encoded letters are taken; an encoded slash would make one part of a name two.
    if text.to_ascii_lowercase().contains("%2f") {
        return refuse(Code::NameInvalid, "the name has an encoded slash");
    }
    RepositoryName::parse(&part(text)?).map_err(|error| Error::new(Code::NameInvalid, error.to_string()))
}

pub(super) fn digest(text: &str) -> Result<Digest> {
    Digest::parse(text).map_err(|error| Error::new(Code::DigestInvalid, error.to_string()))
}

pub(super) fn tag(text: &str) -> Result<Tag> {
    Tag::parse(text).map_err(|error| Error::new(Code::TagInvalid, error.to_string()))
}

fn target(text: &str) -> Result<Target> {
    if text.contains(':') { digest(text).map(Target::Digest) } else { tag(text).map(Target::Tag) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_is_read_from_the_right() {
        let hex = "a".repeat(64);
        let id = "01234567-89ab-4def-8123-456789abcdef";
        let name = |route: &str| Route::parse(route).unwrap().repository().map(ToString::to_string).unwrap_or_default();
        assert_eq!(Route::parse("/v2").unwrap(), Route::Base);
        assert_eq!(Route::parse("/v2/_catalog").unwrap(), Route::Catalogue);
        for (path, repository) in [
            ("/v2/a/b/manifests/v1".to_owned(), "a/b"),
            (format!("/v2/a/manifests/sha256:{hex}"), "a"),
            (format!("/v2/a/manifests/sha256%3A{hex}"), "a"),
            ("/v2/a/tags/list/tags/list".to_owned(), "a/tags/list"),
            (format!("/v2/blobs/uploads/blobs/sha256:{hex}"), "blobs/uploads"),
            ("/v2/a/blobs/uploads/".to_owned(), "a"),
            ("/v2/a/blobs/uploads".to_owned(), "a"),
            (format!("/v2/a/blobs/uploads/{id}"), "a"),
            (format!("/v2/a/referrers/sha512:{hex}{hex}"), "a"),
            ("/v2/a/manifests/x/manifests/y".to_owned(), "a/manifests/x"),
        ] {
            assert_eq!(name(&path), repository, "{path}");
        }
    }

    #[test]
    fn tricks_are_refused() {
        let long = "a".repeat(256);
        for path in [
            "/v1/",
            "/v2x",
            "/v2//",
            "/v2/a",
            "/v2/manifests/x",
            "/v2//manifests/x",
            "/v2/a//b/manifests/x",
            "/v2/a/../b/manifests/x",
            "/v2/a/manifests/",
            "/v2/a/manifests/..",
            "/v2/a/manifests/%2e%2e",
            "/v2/a/manifests/x%2Fy",
            "/v2/a%2Fb/manifests/x",
            "/v2/a%00/manifests/x",
            "/v2/a/manifests/x%00",
            "/v2/a/manifests/x%0d%0ay",
            "/v2/A/manifests/x",
            "/v2/a/blobs/sha256:../../x",
            "/v2/a/blobs/sha256:",
            "/v2/a/blobs/x",
            "/v2/a/blobs/uploads/x",
            "/v2/a/blobs/uploads/../x",
            "/v2/a/manifests/%ff",
            "/v2/_catalog/",
            "/v2/a/tags/list/",
            "/v2/a/referrers/x",
            &format!("/v2/{long}/tags/list"),
            &format!("/v2/a/manifests/{long}"),
            &format!("/v2/{}/tags/list", "a/".repeat(3000)),
        ] {
            let error = Route::parse(path).unwrap_err();
            assert!(error.code.status().is_client_error(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "(/v2)?(/([a-z%/.:_\\-]{0,9}|manifests|blobs|uploads|tags|list|%2f|%00|\\PC)){0,6}") {
            let _ = Route::parse(&path);
        }
    }
}
