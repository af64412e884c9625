use crate::remote::product::Product;
use oci::{Digest, RepositoryName, Tag, Target};
use std::fmt;

/// What a request is for: the words for people, the operation in the metrics, and what follows from it.
#[derive(Debug, Clone, Copy)]
pub(in crate::remote) enum What<'a> {
    Ping,
    Catalog,
    Tags(&'a RepositoryName),
    Head(&'a RepositoryName, &'a Target),
    Manifest(&'a RepositoryName, &'a Target),
    Blob(&'a RepositoryName, &'a Digest),
    Referrers(&'a RepositoryName, &'a Digest),
    BlobSize(&'a RepositoryName, &'a Digest),
    /// The harmless DELETE of something that does not exist.
    DeleteNothing(&'a RepositoryName),
    DeleteManifest(&'a RepositoryName, &'a Digest),
    DeleteTag(&'a RepositoryName, &'a Tag),
    /// The same through the product's own API; of a tag that does not exist where there is none.
    ProductTag(Product, &'a RepositoryName, Option<&'a Tag>),
    /// Which product it is; some tell it of a repository only.
    Product(Option<&'a RepositoryName>),
    PutManifest(&'a RepositoryName, &'a Target),
    /// The blob of the second repository in the first.
    Mount(&'a RepositoryName, &'a RepositoryName, &'a Digest),
    Upload(&'a RepositoryName, &'a Digest),
    /// How far an upload came.
    UploadState(&'a RepositoryName, &'a Digest),
    /// An upload's end, at which some registries move the bytes to where they stay.
    CloseUpload(&'a RepositoryName, &'a Digest),
    CancelUpload(&'a RepositoryName, &'a Digest),
}

impl What<'_> {
    /// The label `operation` of the metrics.
    pub(in crate::remote) fn operation(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Catalog => "catalog",
            Self::Tags(_) => "tags",
            Self::Head(..) => "resolve",
            Self::Manifest(..) => "manifest",
            Self::Blob(..) => "blob",
            Self::Referrers(..) => "referrers",
            Self::BlobSize(..) => "blob-size",
            Self::DeleteNothing(_) | Self::ProductTag(_, _, None) => "probe-delete",
            Self::DeleteManifest(..) => "delete-manifest",
            Self::DeleteTag(..) | Self::ProductTag(..) => "delete-tag",
            Self::Product(_) => "probe-product",
            Self::PutManifest(..) => "put-manifest",
            Self::Mount(..) => "mount",
            Self::Upload(..) | Self::UploadState(..) | Self::CloseUpload(..) | Self::CancelUpload(..) => "upload",
        }
    }

    /// It may take a registry minutes: distribution walks its storage for the catalogue, and copies a blob there to close an upload.
    pub(in crate::remote) fn is_slow(&self) -> bool {
        matches!(self, Self::Catalog | Self::Tags(_) | Self::CloseUpload(..))
    }

    /// Content may lie elsewhere; nothing else may send us away.
    pub(in crate::remote) fn may_be_redirected(&self) -> bool {
        matches!(self, Self::Head(..) | Self::Manifest(..) | Self::Blob(..) | Self::BlobSize(..))
    }

    /// Asking twice does what asking once does, or leaves an upload behind that the registry forgets by itself.
    pub(in crate::remote) fn may_be_repeated(&self) -> bool {
        !matches!(self, Self::DeleteNothing(_) | Self::ProductTag(_, _, None) | Self::CloseUpload(..) | Self::CancelUpload(..))
    }

    /// Its time is that of the bytes on their way, and says nothing of how fast the registry answers.
    pub(in crate::remote) fn is_transfer(&self) -> bool {
        matches!(self, Self::Upload(..) | Self::CloseUpload(..))
    }

    /// A request that changes something of a repository's tags or manifests.
    pub(super) fn is_change(&self) -> bool {
        matches!(self, Self::PutManifest(..) | Self::DeleteManifest(..) | Self::DeleteTag(..) | Self::ProductTag(..))
    }

    /// What shares a challenge: the catalogue, one repository, the rest.
    pub(in crate::remote) fn realm_key(&self) -> String {
        match self {
            Self::Ping => "ping".to_owned(),
            Self::Catalog => "catalog".to_owned(),
            Self::Tags(r)
            | Self::Head(r, _)
            | Self::Manifest(r, _)
            | Self::Blob(r, _)
            | Self::BlobSize(r, _)
            | Self::Referrers(r, _)
            | Self::UploadState(r, _) => format!("r/{r}"),
            Self::DeleteNothing(r) | Self::DeleteManifest(r, _) | Self::DeleteTag(r, _) | Self::CancelUpload(r, _) => format!("d/{r}"),
            Self::PutManifest(r, _) | Self::Upload(r, _) | Self::CloseUpload(r, _) => format!("w/{r}"),
            Self::Mount(r, from, _) => format!("m/{r} {from}"),
            Self::ProductTag(_, r, _) => format!("pd/{r}"),
            Self::Product(Some(r)) => format!("pr/{r}"),
            Self::Product(None) => "product".to_owned(),
        }
    }

    /// A right that the request needs and its challenge may leave out: a mount reads another repository.
    pub(in crate::remote) fn more_scope(&self) -> Option<String> {
        match self {
            Self::Mount(_, from, _) => Some(format!("repository:{from}:pull")),
            _ => None,
        }
    }

    /// What shares a scheme: Harbor wants Basic for its catalogue and tokens for the rest.
    pub(in crate::remote) fn realm_class(&self) -> usize {
        match self {
            Self::Ping => 0,
            Self::Catalog => 1,
            Self::DeleteNothing(_) | Self::DeleteManifest(..) | Self::DeleteTag(..) | Self::CancelUpload(..) => 2,
            Self::PutManifest(..) | Self::Mount(..) | Self::Upload(..) | Self::CloseUpload(..) => 4,
            Self::Product(_) | Self::ProductTag(..) => 5,
            _ => 3,
        }
    }

    /// How many there are of [`Self::realm_class`].
    pub(in crate::remote) const REALM_CLASSES: usize = 6;
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ping => f.write_str("its API version"),
            Self::Catalog => f.write_str("its repositories"),
            Self::Tags(r) => write!(f, "the tags of {r}"),
            Self::Head(r, t) => write!(f, "the digest of {r}{t}"),
            Self::Manifest(r, t) => write!(f, "the manifest {r}{t}"),
            Self::Blob(r, d) => write!(f, "the blob {d} of {r}"),
            Self::Referrers(r, d) => write!(f, "what refers to {r}@{d}"),
            Self::BlobSize(r, d) => write!(f, "the size of the blob {d} of {r}"),
            Self::DeleteNothing(r) | Self::ProductTag(_, r, None) => write!(f, "the deletion of nothing in {r}"),
            Self::DeleteManifest(r, d) => write!(f, "the deletion of {r}@{d}"),
            Self::DeleteTag(r, t) | Self::ProductTag(_, r, Some(t)) => write!(f, "the deletion of the tag {r}:{t}"),
            Self::Product(_) => f.write_str("what product it is"),
            Self::PutManifest(r, t) => write!(f, "the storing of the manifest {r}{t}"),
            Self::Mount(r, from, d) => write!(f, "the mounting of the blob {d} of {from} in {r}"),
            Self::Upload(r, d) => write!(f, "the upload of the blob {d} to {r}"),
            Self::UploadState(r, d) => write!(f, "how far the upload of the blob {d} to {r} came"),
            Self::CloseUpload(r, d) => write!(f, "the end of the upload of the blob {d} to {r}"),
            Self::CancelUpload(r, d) => write!(f, "the end, unfinished, of the upload of the blob {d} to {r}"),
        }
    }
}
