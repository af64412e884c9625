//! The database: what is known, kept over restarts. SQLite in a file by default, in memory for tests and one-off
//! commands, PostgreSQL where several processes share one.
//!
//! [`Store`] is the whole of it; [`crate::record`] says what it holds. It knows nothing of registries and decides
//! nothing: the catalogue keeps what lists and search need in memory, reads it from here once ([`Store::read`]) and
//! writes each change here ([`Store::save`]). Everything of that can be had again from the registries but two things:
//! when a tag named which digest, and when something was first seen.
//!
//! Beside it lie the tables of what only the database knows ([`crate::kept`]), whose transactions survive a power cut.
//!
//! `docs/decisions/003-database.md` says why it is as it is.

mod address;
mod advisory;
pub mod backup;
mod batch;
mod change;
mod error;
mod migration;
mod pools;
mod read;
mod row;
mod statement;
mod transaction;
mod write;

pub use advisory::{AdvisoryGuard, AdvisoryLocks};
pub(crate) use change::Change;
pub use error::{Result, StoreError};
pub(crate) use row::{Value, values};
pub(crate) use statement::Statement;
pub(crate) use transaction::Row;

use crate::record::{HeldRecord, Loaded, ManifestRecord, MomentRecord, Piece, Write};
use address::Address;
use pools::Pools;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A database of the catalogue. Cheap to clone; all clones are one. Several processes may open the same one.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    /// Where it is a file of SQLite's.
    file: Option<PathBuf>,
    /// What sentences call it: the file, or name, host and port.
    name: String,
}

impl Store {
    /// How long [`Store::open`] waits for a server that is just starting, and every call for a file that is locked.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/NAME`, and brings its schema up to
    /// date.
    ///
    /// A file is created with its folders, for this user alone. The schema only goes forward: a database that a newer
    /// version wrote is refused with [`StoreError::Newer`] and left as it is.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_within(url, Self::PATIENCE).await
    }

    /// As [`Store::open`], with a patience of one's own.
    pub async fn open_within(url: &str, patience: Duration) -> Result<Self> {
        let address = Address::parse(url)?;
        let pools = Pools::open(&address, patience).await?;
        let name = address.name();
        let file = if let Address::File(path) = address { Some(path) } else { None };
        Ok(Self { pools, file, name })
    }

    /// Everything but bodies and moments, as it was at one instant.
    pub async fn load(&self) -> Result<Loaded> {
        let mut loaded = Loaded::default();
        self.read(0, &mut |piece| loaded.take(piece)).await?;
        Ok(loaded)
    }

    /// The same, piece by piece as it is read: all of it is several times as large as what is made of it. Manifests up to a row
    /// ([`Store::last_manifest`]) are left out.
    pub async fn read(&self, after: i64, take: &mut (dyn FnMut(Piece<'_>) + Send)) -> Result<()> {
        read::everything(&self.pools, after, take).await.map_err(|error| self.error(&error))
    }

    /// The file of SQLite, beside which others may lie; none where the database is another.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The number of the last row of the manifests, its digest, and how many rows there are; none where rows have no numbers, as
    /// in PostgreSQL, or where there are none.
    pub async fn last_manifest(&self) -> Result<Option<(i64, String, i64)>> {
        read::last_manifest(&self.pools).await.map_err(|error| self.error(&error))
    }

    /// Whether the row of that number is the manifest of that digest.
    pub async fn is_manifest(&self, row: i64, digest: &str) -> Result<bool> {
        read::is_manifest(&self.pools, row, digest).await.map_err(|error| self.error(&error))
    }

    /// Writes a batch, wholly or not at all, with the outcome of writing one after the other.
    ///
    /// Referrers and tags belong to a repository: where it is neither there nor in the batch before them, the batch
    /// fails. Moments of a tag never overlap and last a millisecond at least: one that would begin before its
    /// predecessor ended, or end before it began, does so then. NUL is left out of all text. Saving a batch again
    /// changes nothing, unless it drops a tag or repository that it also writes.
    pub async fn save(&self, batch: &[Write]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        write::save(&self.pools, batch).await.map_err(|error| self.error(&error))
    }

    /// A manifest with its bytes.
    pub async fn manifest(&self, digest: &str) -> Result<Option<ManifestRecord>> {
        read::manifest(&self.pools, digest).await.map_err(|error| self.error(&error))
    }

    /// Which digests a tag named and when, newest first, at most `limit`. Known also of tags that are gone.
    pub async fn moments(&self, registry: &str, repository: &str, tag: &str, limit: u32) -> Result<Vec<MomentRecord>> {
        read::moments(&self.pools, [registry, repository, tag], limit).await.map_err(|error| self.error(&error))
    }

    /// Manifests that no tag reaches any more, in the order of their places.
    pub async fn held(&self) -> Result<Vec<HeldRecord>> {
        let sql = "SELECT registry, repository, digest, since FROM held ORDER BY registry, repository, digest";
        let take = |row: &Row| Ok(HeldRecord { registry: row.get(0)?, repository: row.get(1)?, digest: row.get(2)?, since: row.get(3)? });
        self.select(sql, values![], take).await
    }

    /// Whether it can be read now.
    pub async fn ping(&self) -> Result<()> {
        read::ping(&self.pools).await.map_err(|error| self.error(&error))
    }

    /// Finishes what is under way and closes all connections; whatever is called afterwards fails.
    pub async fn close(&self) {
        self.pools.close().await;
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        StoreError::of(&self.name, error)
    }
}
