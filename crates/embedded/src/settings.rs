//! What can be set.

mod storage;

pub use storage::{Bucket, Kind, Storage};

use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Settings {
    pub storage: Storage,
    /// Whether tags, manifests and blobs may be deleted.
    pub delete: bool,
    pub durability: Durability,
    /// Whether a manifest is taken whose blobs or children are not there (a mirror of some platforms only).
    pub sparse: bool,
    /// An upload that nothing came for in this long is thrown away.
    pub upload_expiry: Duration,
    /// Uploads that may be open at once.
    pub uploads: usize,
    /// A catalogue older than this is read anew, in the background, when it is asked for: another process may have written.
    pub catalogue_age: Duration,
}

impl Settings {
    pub fn new(storage: impl Into<Storage>) -> Self {
        let storage = storage.into();
        Self {
            catalogue_age: storage.catalogue_age(),
            storage,
            delete: true,
            durability: Durability::Full,
            sparse: false,
            upload_expiry: Duration::from_hours(24),
            uploads: 10_000,
        }
    }
}

/// What an answer of "created" promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It is on the disk, whatever happens to the machine. A bucket promises that of its own.
    #[default]
    Full,
    /// It is with the operating system: a crash of this process loses nothing, a power cut may lose the last half minute, and leave
    /// files empty that it had promised. Nothing is ever seen half.
    Relaxed,
}
