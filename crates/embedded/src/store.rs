//! The registry's content: what can be done to it, in sync style, whatever the driver. Everything here is for blocking threads.
//!
//! Storage is the truth: what a tag names, and whether a manifest or blob is in a repository, is read from it each time, since
//! another process may share it. Only what cannot change is kept: manifests by digest, and which blobs were verified.

pub(crate) mod blobs;
pub(crate) mod catalogue;
pub(crate) mod collect;
mod complete;
pub(crate) mod listed;
mod lists;
pub(crate) mod manifests;
mod referrers;
pub(crate) mod sessions;
pub(crate) mod uploads;
pub(crate) mod verify;

use crate::{
    driver::{Driver, Files, Objects},
    error::Result,
    layout,
    locks::{FileLocks, LocalLocks, Locks},
    seen::Seen,
    settings::{Settings, Storage},
};
use moka::sync::Cache;
use oci::Digest;
use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Bytes of manifests that are kept.
const MANIFESTS: u64 = 16 << 20;

/// What a kill left in the staging folder is thrown away when it is this old.
const STAGED: Duration = Duration::from_hours(1);

pub struct Store {
    driver: Arc<dyn Driver>,
    locks: Box<dyn Locks>,
    pub(crate) settings: Settings,
    manifests: Cache<Digest, Arc<manifests::Stored>>,
    /// Blobs whose bytes are what their digest says.
    verified: Seen,
    /// Repositories that have the folders they need.
    prepared: Seen,
    /// Repositories whose referrers are all in their index.
    indexed: Seen,
    /// Repositories whose tags all name something.
    tagged: Seen,
    listed: listed::Listed,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) catalogue: catalogue::Catalogue,
}

impl Store {
    /// Opens a folder, making it where it is not there, or a bucket that is there.
    pub fn open(settings: Settings) -> Result<Self> {
        let (driver, locks): (Arc<dyn Driver>, Box<dyn Locks>) = match &settings.storage {
            Storage::Folder(folder) => (Arc::new(Files::new(folder, settings.durability)?), Box::new(FileLocks::new(folder))),
            Storage::Bucket(bucket) => (Arc::new(Objects::new(bucket.clone())?), Box::new(LocalLocks::default())),
        };
        Ok(Self::over(driver, locks, settings))
    }

    /// The same over any driver and locks.
    pub fn over(driver: Arc<dyn Driver>, locks: Box<dyn Locks>, settings: Settings) -> Self {
        let weight = |_: &Digest, stored: &Arc<manifests::Stored>| u32::try_from(stored.bytes.len() + 512).unwrap_or(u32::MAX);
        Self {
            driver,
            locks,
            manifests: Cache::builder().max_capacity(MANIFESTS).weigher(weight).build(),
            verified: Seen::default(),
            prepared: Seen::default(),
            indexed: Seen::default(),
            tagged: Seen::default(),
            listed: listed::Listed::default(),
            sessions: sessions::Sessions::new(settings.uploads),
            catalogue: catalogue::Catalogue::default(),
            settings,
        }
    }

    /// With other locks: where several processes write to one storage, they want some that hold over all of them.
    #[must_use]
    pub fn locked_by(self, locks: Box<dyn Locks>) -> Self {
        Self { locks, ..self }
    }

    /// Throws away what nobody will come for: uploads that have expired, files that a kill left half made.
    pub fn tidy(&self) -> Result<()> {
        let now = SystemTime::now();
        self.driver.tidy(now.checked_sub(STAGED).unwrap_or(now))?;
        self.purge_uploads(now.checked_sub(self.settings.upload_expiry).unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// The digest a link holds; `None` where there is no link, or none that can be read.
    fn link(&self, path: &str) -> Result<Option<Digest>> {
        let bytes = match self.driver.read(path, 1024) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            // Larger than any link: damaged as well, and mended by the next push.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let digest = layout::linked(&bytes);
        if digest.is_none() {
            tracing::warn!(path, "a link in the storage holds no digest");
        }
        Ok(digest)
    }

    /// The digest a link holds, where it takes no wait for a disk.
    fn link_now(&self, path: &str) -> Option<Digest> {
        layout::linked(&self.driver.read_now(path, 1024)?)
    }

    /// Dates a file, so that a collection spares what it stands for. `false` where there is none.
    fn keep(&self, path: &str) -> Result<bool> {
        Ok(self.driver.date(path, SystemTime::now())?)
    }

    /// Dates a folder's link. `false` where it holds none.
    fn keep_link(&self, folder: &str) -> Result<bool> {
        Ok(self.linked(folder)? && self.keep(&format!("{folder}/{}", layout::LINK))?)
    }

    /// Whether a folder holds a link. What it says is its folder's name.
    fn linked(&self, folder: &str) -> Result<bool> {
        Ok(self.driver.stat(&format!("{folder}/{}", layout::LINK))?.is_some_and(|stat| stat.size > 0))
    }
}
