//! Where things are: distribution's storage layout (its `registry/storage/paths.go`, the same in 2.x and 3.x), and what we add.
//!
//! Paths are relative to the storage's root, with `/`, and are made of parsed types only: no text of a client's is in one.
//! What we add begins with `_`, so that distribution's walks pass it by (`registry/storage/catalog.go`, `handleRepository`;
//! `purgeuploads.go`): `_referrers` in a repository, `_staging`, `_locks` and
//! `_quarantine` beside `blobs` and `repositories`.

use crate::upload::UploadId;
use oci::{Digest, RepositoryName, Tag};

/// What holds all else.
pub(crate) const TOP: &str = "docker/registry/v2";
/// The blobs, by algorithm, first two digits and digest.
pub(crate) const BLOBS: &str = "docker/registry/v2/blobs";
/// The repositories, by name.
pub(crate) const REPOSITORIES: &str = "docker/registry/v2/repositories";
/// Files being made; what a kill leaves here is nobody's.
pub(crate) const STAGING: &str = "docker/registry/v2/_staging";
/// Files that are locked; they hold nothing.
pub(crate) const LOCKS: &str = "docker/registry/v2/_locks";
/// The file with a blob's bytes, or an upload's.
pub(crate) const DATA: &str = "data";
/// The file that holds a digest's text.
pub(crate) const LINK: &str = "link";
/// When an upload began (RFC 3339).
pub(crate) const STARTED_AT: &str = "startedat";

/// The digest that a link's text is; other registries end it with a line break.
pub(crate) fn linked(text: &[u8]) -> Option<Digest> {
    Digest::parse(std::str::from_utf8(text).ok()?.trim()).ok()
}

/// `sha256/3f2a…`.
fn pair(digest: &Digest) -> String {
    format!("{}/{}", digest.algorithm(), digest.encoded())
}

/// The folder of a blob's [`DATA`].
pub(crate) fn blob_folder(digest: &Digest) -> String {
    let encoded = digest.encoded();
    format!("{TOP}/blobs/{}/{}/{encoded}", digest.algorithm(), encoded.get(..2).unwrap_or(encoded))
}

/// A blob's bytes.
pub(crate) fn blob(digest: &Digest) -> String {
    format!("{}/{DATA}", blob_folder(digest))
}

/// Where a blob is put that is not what its digest says.
pub(crate) fn quarantined(digest: &Digest) -> String {
    format!("{TOP}/_quarantine/{}", pair(digest))
}

pub(crate) fn repository(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}")
}

/// The blobs of a repository; docker-registry 2.x knows a repository by this folder.
pub(crate) fn layers(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}/_layers")
}

/// The folder of the link that says a blob is in a repository.
pub(crate) fn layer(name: &RepositoryName, digest: &Digest) -> String {
    format!("{REPOSITORIES}/{name}/_layers/{}", pair(digest))
}

pub(crate) fn manifests(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}/_manifests")
}

pub(crate) fn revisions(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/revisions")
}

/// The folder of the link that says a manifest is in a repository.
pub(crate) fn revision(name: &RepositoryName, digest: &Digest) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/revisions/{}", pair(digest))
}

pub(crate) fn tags(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/tags")
}

pub(crate) fn tag(name: &RepositoryName, tag: &Tag) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/tags/{tag}")
}

/// Inside a tag's folder: what it names.
pub(crate) const CURRENT: &str = "current/link";

/// Inside a tag's folder: the folder of the link that says it has named this.
pub(crate) fn tag_index(digest: &Digest) -> String {
    format!("index/{}", pair(digest))
}

/// Says that manifests older than itself are in the index of referrers.
pub(crate) fn referrers_marker(name: &RepositoryName) -> String {
    format!("{REPOSITORIES}/{name}/_referrers/indexed")
}

/// What refers to a digest.
pub(crate) fn referrers(name: &RepositoryName, subject: &Digest) -> String {
    format!("{REPOSITORIES}/{name}/_referrers/{}", pair(subject))
}

/// The folder of the link that says one manifest refers to another.
pub(crate) fn referrer(name: &RepositoryName, subject: &Digest, by: &Digest) -> String {
    format!("{}/{}", referrers(name, subject), pair(by))
}

/// The folder of an upload.
pub(crate) fn upload(name: &RepositoryName, id: &UploadId) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_distribution() {
        let name = RepositoryName::parse("team/api").unwrap();
        let digest = Digest::sha256(&[0xab; 32]);
        let hex = "ab".repeat(32);
        assert_eq!(blob(&digest), format!("docker/registry/v2/blobs/sha256/ab/{hex}/data"));
        assert_eq!(layer(&name, &digest), format!("docker/registry/v2/repositories/team/api/_layers/sha256/{hex}"));
        assert_eq!(
            format!("{}/{}", tag(&name, &Tag::parse("v1").unwrap()), tag_index(&digest)),
            format!("docker/registry/v2/repositories/team/api/_manifests/tags/v1/index/sha256/{hex}")
        );
    }
}
