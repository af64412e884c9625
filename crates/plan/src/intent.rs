//! What someone wants to be done, with the names already found in the snapshot.

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// These tags and digests.
    Delete(Vec<DeleteIn>),
    /// What a policy says, among the tags that are marked as its candidates.
    CleanUp(CleanUp),
}

/// What is to go from one repository. The same repository may be listed more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteIn {
    /// In [`crate::Snapshot::repositories`].
    pub repository: u32,
    /// In [`crate::Repository::tags`]. A tag that is the last of its digest takes the digest with it.
    pub tags: Vec<u32>,
    /// In [`crate::Snapshot::manifests`]: with every tag that they have here.
    pub digests: Vec<u32>,
    /// All there is in the repository.
    pub everything: bool,
    /// Every manifest that no tag reaches, as far as they are known.
    pub untagged: bool,
}

/// A policy, with its patterns already applied: [`crate::Tag::candidate`] and [`crate::Tag::protected`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CleanUp {
    /// The policy says which tags it is about; without that every tag is a candidate, and it must be narrowed by `keep` or an age.
    pub matches: bool,
    /// The newest so many of each repository stay. Ties, and what has no known place in the order, stay as well.
    pub keep: Option<u32>,
    /// What is newest.
    pub keep_by: KeepBy,
    /// Newest among what.
    pub keep_of: KeepOf,
    /// Only what is older than so many milliseconds. What has no known date is never old.
    pub older_than: Option<i64>,
    /// By which clock it is older.
    pub clock: Clock,
    /// Only what was not pulled for so many milliseconds, and was pushed before that.
    pub not_pulled_for: Option<i64>,
    /// Also every manifest that no tag reaches, as far as they are known, in each repository that is a candidate
    /// ([`crate::Repository::candidate`]). A policy that says nothing else takes these alone, and no tag.
    pub untagged: bool,
}

/// The order in which tags are newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeepBy {
    /// By the versions in their names ([`oci::VersionKey`]); a tag that is no version has no place in this order.
    #[default]
    Version,
    /// By when they came to name what they name.
    Pushed,
    /// By when what they name was built.
    Created,
}

/// Among which tags the newest are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeepOf {
    /// All candidates, as registry-cli and Harbor count.
    #[default]
    All,
    /// Only those that are old enough to go, as `acr purge` counts.
    Old,
}

/// How old a tag is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// Since it came to name what it names.
    #[default]
    Pushed,
    /// Since what it names was built.
    Created,
    /// Since the push where that is known, else since the build.
    Any,
}
