//! The whole database as one file, and back: to keep it elsewhere, and to move between SQLite and PostgreSQL.
//!
//! A backup is a database of SQLite's with the schema of the version that made it, whichever database it was made of, and a line
//! behind it with the sum of it all ([`file`]). So SQLite makes one by itself (`VACUUM INTO`), any tool can look into one, and one of
//! an older version is brought up to date by the migrations there are anyway. Which tables and columns there are is not written
//! down here: it is what the migrations make ([`schema`]).
//!
//! [`make`] reads one instant of a database that is in use. [`restore`] looks at the file first, to its last byte, and then does
//! all in one transaction, alone with the database: a crash leaves what was there or what was to be there.
//!
//! `docs/decisions/008-backup.md` says why it is so.

mod file;
mod postgresql;
mod schema;
mod sqlite;

use super::{Address, StoreError, migration};
use file::Aside;
use schema::Schema;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// Why there is no backup, or nothing was restored; then all is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no database, or none of ours.
    #[error("There is no catalogue in the database {0}.")]
    Missing(String),
    /// The file to write.
    #[error("{} is there already.", .0.display())]
    Exists(PathBuf),
    #[error("{} {what}: {error}.", path.display())]
    File { path: PathBuf, what: &'static str, error: io::Error },
    /// The file to read.
    #[error("{} is no backup of Supercargo, or not the whole of one.", .0.display())]
    Foreign(PathBuf),
    #[error("{} is damaged: it is not what was written. Nothing of it was used.", .0.display())]
    Damaged(PathBuf),
    #[error("{} was made by a newer Supercargo: restore it with that, or a newer one.", .0.display())]
    Newer(PathBuf),
    /// Another process has the database open, or has a backup under way.
    #[error("The database {0} is in use. Stop the server, and what else of Supercargo uses it.")]
    InUse(String),
    #[error("The database {0} holds a catalogue already: {1}.")]
    Filled(String, Contents),
}

/// What a backup, or a database, holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// When the backup was made, in milliseconds since 1970.
    pub made: i64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Every table with its rows, in the order of the migrations.
    pub rows: Vec<(String, u64)>,
}

/// Told of each table and how many of its rows were copied so far.
pub type Progress<'a> = &'a (dyn Fn(&str, u64) + Send + Sync);

/// How long a database that is in use is waited for: for a command that is about to end, not for a server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes what a database holds at one instant into a file, whatever is written to it meanwhile. The file is there whole or not at
/// all, on the disk, for this user alone; one that exists is only replaced where that is asked for.
pub async fn make(database: &str, to: &Path, replace: bool, progress: Progress<'_>) -> Result<Contents, BackupError> {
    let address = Address::parse(database)?;
    if !replace && to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    if matches!(address, Address::Memory) {
        return Err(BackupError::Missing(address.name()));
    }
    let failed = |error| BackupError::File { path: to.to_owned(), what: "cannot be written", error };
    if let Address::File(path) = &address
        && path.canonicalize().is_ok_and(|path| to.canonicalize().is_ok_and(|to| to == path))
    {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is the database itself")));
    }
    let aside = Aside::begin(to).map_err(failed)?;
    match &address {
        Address::Memory => {}
        Address::File(path) => sqlite::copy(path, &address.name(), aside.path()).await?,
        Address::PostgreSql(options) => postgresql::copy(options, &address.name(), aside.path(), progress).await?,
    }
    let rows = sqlite::contents(aside.path()).await.map_err(|error| StoreError::of(&aside.path().display().to_string(), &error))?;
    let made = crate::catalogue::now();
    let bytes = spawn_blocking(move || aside.finish(made, replace)).await.map_err(io::Error::other).flatten();
    match bytes {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(to.to_owned())),
        bytes => Ok(Contents { made, bytes: bytes.map_err(failed)?, rows }),
    }
}

/// Puts what a file holds in the place of all that a database holds. Without `replace` only into one that is empty. The file is
/// read to its end before anything is touched.
pub async fn restore(database: &str, from: &Path, replace: bool, progress: Progress<'_>) -> Result<Contents, BackupError> {
    let address = Address::parse(database)?;
    let path = from.to_owned();
    let (made, bytes) = spawn_blocking(move || file::check(&path)).await.map_err(|error| BackupError::File {
        path: from.to_owned(),
        what: "cannot be read",
        error: io::Error::other(error),
    })??;
    let unreadable = |error: sqlx::Error| BackupError::Store(StoreError::of(&from.display().to_string(), &error));
    let version = sqlite::version(from).await.map_err(unreadable)?;
    if version > migration::KNOWN {
        return Err(BackupError::Newer(from.to_owned()));
    }
    let schema = Schema::of(version).await.map_err(unreadable)?;
    let whole = Whole { path: from, version, schema };
    let rows = match &address {
        Address::Memory => return Err(BackupError::Missing(address.name())),
        Address::File(path) => sqlite::replace(path, &address.name(), &whole, replace, progress).await?,
        Address::PostgreSql(options) => postgresql::replace(options, &address.name(), &whole, replace, progress).await?,
    };
    Ok(Contents { made, bytes, rows })
}

/// A file that was found to be a whole backup.
struct Whole<'a> {
    path: &'a Path,
    version: i64,
    schema: Schema,
}

impl Contents {
    /// The rows of a table.
    pub fn of(&self, table: &str) -> u64 {
        self.rows.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }

    fn is_empty(&self) -> bool {
        self.rows.iter().all(|(_, rows)| *rows == 0)
    }
}

/// What people know of it, as a part of a sentence.
impl std::fmt::Display for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nouns = [
            ("repositories", "repository", "repositories"),
            ("tags", "tag", "tags"),
            ("moments", "moment of their history", "moments of their history"),
            ("jobs", "job", "jobs"),
            ("policies", "policy", "policies"),
            ("locks", "lock", "locks"),
        ];
        for (table, one, many) in nouns {
            let rows = self.of(table);
            write!(f, "{rows} {}, ", if rows == 1 { one } else { many })?;
        }
        let rows = self.of("activity");
        write!(f, "{rows} {} of activity", if rows == 1 { "entry" } else { "entries" })
    }
}
