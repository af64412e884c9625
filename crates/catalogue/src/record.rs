//! What the database keeps, as plain records. Times are milliseconds since 1970.

use std::borrow::Cow;

/// A registry's own row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryRecord {
    pub registry: String,
    /// When a crawl last came to its end.
    pub crawled: Option<i64>,
    /// The capabilities as JSON, as last probed.
    pub capabilities: Option<String>,
}

/// A repository's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRecord {
    pub registry: String,
    pub repository: String,
    pub first_seen: i64,
    /// When its tags were last all read; null until then.
    pub crawled: Option<i64>,
    /// How often in a row the registry did not list it.
    pub strikes: i64,
}

/// A tag's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRecord {
    pub registry: String,
    pub repository: String,
    pub tag: String,
    /// Null until fetched.
    pub digest: Option<String>,
    pub first_seen: i64,
    /// When it came to name this digest, as told by an event or else seen by us.
    pub pushed: Option<i64>,
    /// Whether an event told `pushed` (else it is when we saw it).
    pub told: bool,
    pub strikes: i64,
    /// Why its manifest could not be read.
    pub problem: Option<String>,
}

/// A manifest: content, never changed once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRecord {
    pub digest: String,
    pub media_type: String,
    /// What lists need of it, encoded by [`crate::model`].
    pub summary: Vec<u8>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// The configuration's exact bytes, for what has one of interest.
    pub config: Option<Vec<u8>>,
}

/// Attached things of a digest in a repository, as last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrersRecord {
    pub registry: String,
    pub repository: String,
    /// The subject.
    pub digest: String,
    pub checked: i64,
    /// The descriptors as JSON.
    pub descriptors: String,
}

/// A time in which a tag named a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MomentRecord {
    pub registry: String,
    pub repository: String,
    pub tag: String,
    pub digest: String,
    pub since: i64,
    pub until: Option<i64>,
}

/// A manifest that no tag of a repository reaches any more and that is there still, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRecord {
    pub registry: String,
    pub repository: String,
    pub digest: String,
    pub since: i64,
}

/// One change to write. A batch is one transaction, applied in order.
#[derive(Debug, Clone)]
pub enum Write {
    /// Inserts or replaces.
    Registry(RegistryRecord),
    /// Inserts or replaces.
    Repository(RepositoryRecord),
    /// Removes the repository with its tags, referrers and what is held in it; its tags' open moments end at the time given.
    DropRepository { registry: String, repository: String, at: i64 },
    /// Inserts or replaces. Where the digest differs from the row before (or there was none), the tag's open moment
    /// ends and a new one begins, at `pushed`, else `first_seen`; a null digest begins none.
    Tag(TagRecord),
    /// Removes the tag; its open moment ends at the time given.
    DropTag { registry: String, repository: String, tag: String, at: i64 },
    /// Inserts; nothing happens when the digest is there already.
    Manifest(ManifestRecord),
    /// Inserts or replaces.
    Referrers(ReferrersRecord),
    /// Inserts or replaces.
    Held(HeldRecord),
    /// Removes it from those that are held.
    DropHeld { registry: String, repository: String, digest: String },
}

/// A part of what is read at start, in this order; within each kind as in [`Loaded`]. Texts lie where they were read.
#[derive(Debug)]
pub enum Piece<'a> {
    /// How many manifests will come, about; to make room for them.
    Manifests(usize),
    Registry(RegistryRecord),
    Manifest {
        digest: &'a str,
        summary: &'a [u8],
    },
    Repository(RepositoryRecord),
    /// Some or all tags of a repository.
    Tags {
        registry: &'a str,
        repository: &'a str,
        tags: &'a [TagRow<'a>],
    },
    Referrers(ReferrersRecord),
}

/// A [`TagRecord`] without its place.
#[derive(Debug)]
pub struct TagRow<'a> {
    pub tag: Cow<'a, str>,
    pub digest: Option<Cow<'a, str>>,
    pub first_seen: i64,
    pub pushed: Option<i64>,
    pub told: bool,
    pub strikes: i64,
    pub problem: Option<Cow<'a, str>>,
}

/// Everything lists are made of, as read at start. Bodies stay in the database.
#[derive(Debug, Default)]
pub struct Loaded {
    pub registries: Vec<RegistryRecord>,
    /// By registry, then repository.
    pub repositories: Vec<RepositoryRecord>,
    /// By registry, then repository, then tag.
    pub tags: Vec<TagRecord>,
    /// Digest and summary.
    pub manifests: Vec<(String, Vec<u8>)>,
    pub referrers: Vec<ReferrersRecord>,
}

impl Loaded {
    pub(crate) fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Manifests(_) => {}
            Piece::Registry(record) => self.registries.push(record),
            Piece::Manifest { digest, summary } => self.manifests.push((digest.to_owned(), summary.to_owned())),
            Piece::Repository(record) => self.repositories.push(record),
            Piece::Tags { registry, repository, tags } => self.tags.extend(tags.iter().map(|row| TagRecord {
                registry: registry.to_owned(),
                repository: repository.to_owned(),
                tag: row.tag.to_string(),
                digest: row.digest.as_deref().map(str::to_owned),
                first_seen: row.first_seen,
                pushed: row.pushed,
                told: row.told,
                strikes: row.strikes,
                problem: row.problem.as_deref().map(str::to_owned),
            })),
            Piece::Referrers(record) => self.referrers.push(record),
        }
    }
}

impl Write {
    /// What it is about, for a message.
    pub fn subject(&self) -> String {
        match self {
            Self::Registry(r) => r.registry.clone(),
            Self::Repository(r) => format!("{}/{}", r.registry, r.repository),
            Self::DropRepository { registry, repository, .. } => format!("{registry}/{repository}"),
            Self::Tag(t) => format!("{}/{}:{}", t.registry, t.repository, t.tag),
            Self::DropTag { registry, repository, tag, .. } => format!("{registry}/{repository}:{tag}"),
            Self::Manifest(m) => m.digest.clone(),
            Self::Referrers(r) => format!("{}/{}@{}", r.registry, r.repository, r.digest),
            Self::Held(h) => format!("{}/{}@{}", h.registry, h.repository, h.digest),
            Self::DropHeld { registry, repository, digest } => format!("{registry}/{repository}@{digest}"),
        }
    }
}
