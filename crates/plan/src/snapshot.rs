//! What is known of one registry when a plan is made.
//!
//! Manifests and blobs are numbered by their place in the snapshot, repositories and tags too: everything here refers to others by
//! such numbers, so that a registry of a million tags is held and walked cheaply. The order in which things are listed never matters to a plan.

use crate::Text;
use oci::Kind;

/// One registry, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The registry's name in our settings.
    pub registry: Text,
    /// What can be done there.
    pub ways: Ways,
    /// Since when the registry tells us of pulls, in milliseconds since 1970; none where it does not. What was not told of before that
    /// moment is not known, so a tag counts as not pulled only for as long as we have listened.
    pub pulls_since: Option<i64>,
    /// Every manifest that something in `repositories` names or lists. No digest twice.
    pub manifests: Vec<Manifest>,
    /// Layers and configurations.
    pub blobs: Vec<Blob>,
    /// Every repository of the registry that is known; those that are left out count through [`Blob::outside`] alone. No name twice.
    pub repositories: Vec<Repository>,
}

/// What a registry can do and we may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// It deletes manifests by digest; none where that is not known.
    pub delete: Option<bool>,
    /// It deletes a single tag and leaves what the tag names; none where that is not known.
    pub delete_tag: Option<bool>,
    /// A placeholder may be pushed to a tag in order to delete it alone (decision 006).
    pub placeholder: bool,
    /// Our settings forbid every change.
    pub read_only: bool,
}

/// A manifest: the same bytes in whichever repositories it lies.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// `sha256:…`
    pub digest: Text,
    /// As far as it is known; of what is not, what the list that names it says, or nothing.
    pub media_type: Text,
    /// What it is to people.
    pub kind: Kind,
    /// Its content was read: children, blobs and subject are complete.
    pub known: bool,
    /// Its own size.
    pub bytes: u64,
    /// Manifests that it lists, as an index does. What an index lists that is no manifest ([`oci::media_type::is_manifest`]) is a blob.
    pub children: Vec<u32>,
    /// Layers and configuration.
    pub blobs: Vec<u32>,
    /// The manifest that it says it is attached to.
    pub subject: Option<u32>,
}

/// A layer or configuration.
#[derive(Debug, Clone, Default)]
pub struct Blob {
    /// Where it is at hand; nothing is decided by it.
    pub digest: Option<Text>,
    /// Bytes; none where that is not known.
    pub size: Option<u64>,
    /// Something in a repository that is not in this snapshot names it: deleting here frees nothing of it.
    pub outside: bool,
}

/// A repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// Its whole name within the registry.
    pub name: Text,
    /// The tags that people see.
    pub tags: Vec<Tag>,
    /// Tags that are only machinery: `sha256-….sig` and the like, and the fallback tags of referrers.
    pub machinery: Vec<Machinery>,
    /// What the registry's API says is attached to what.
    pub referrers: Vec<Referrer>,
    /// Manifests known to be there that no tag reaches.
    pub untagged: Vec<u32>,
    /// A clean-up may take manifests from here that no tag reaches.
    pub candidate: bool,
    /// All its tags are known by name. While they are not, no digest is deleted here: an unknown tag may name it.
    pub whole: bool,
}

/// A name that people gave.
#[derive(Debug, Clone, Default)]
pub struct Tag {
    /// The tag.
    pub name: Text,
    /// What it names; none while that was not read. Such a tag may name anything, so no digest of its repository is deleted.
    pub manifest: Option<u32>,
    /// The registry lists the tag but has nothing under it (it answers 404): it names nothing, so it keeps nothing.
    pub dangling: bool,
    /// When it came to name what it names, in milliseconds since 1970.
    pub pushed: Option<i64>,
    /// When what it names was built.
    pub created: Option<i64>,
    /// When it was last pulled, as far as we were told.
    pub pulled: Option<i64>,
    /// A clean-up may take it: it matches.
    pub candidate: bool,
    /// It never goes, nor its digest: why, as the end of a sentence (`locked by mira`, `matches v*`).
    pub protected: Option<Text>,
}

/// A tag that is only machinery.
#[derive(Debug, Clone, Default)]
pub struct Machinery {
    /// The tag: `sha256-<hex>`, alone or with `.sig`, `.att`, `.sbom`.
    pub tag: Text,
    /// What it names; none while that was not read, as with [`Tag::manifest`]. One under which the registry has nothing is left out.
    pub manifest: Option<u32>,
    /// What it is about, where the snapshot has that.
    pub subject: Option<u32>,
}

/// Something attached to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referrer {
    /// The image.
    pub subject: u32,
    /// The signature, SBOM, … that is attached to it.
    pub manifest: u32,
}
