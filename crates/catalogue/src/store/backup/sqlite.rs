//! Files of SQLite's: a database that is read or replaced, and the backup itself.

use super::super::{StoreError, migration, pools};
use super::{BackupError, Contents, PATIENCE, Progress, Schema, Whole};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, raw_sql};
use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

/// The pages held while a database is written: 16 MB, as SQLite is told it.
const CACHE: &str = "-16384";
/// For how long each attempt waits.
const TRY: Duration = Duration::from_millis(100);

/// A file that nobody writes to.
fn still(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).immutable(true).read_only(true).disable_statement_logging()
}

/// The version of a backup's schema.
pub(super) async fn version(path: &Path) -> sqlx::Result<i64> {
    let mut connection = still(path).connect().await?;
    let version = migration::sqlite_version(&mut connection).await?;
    connection.close().await?;
    Ok(version)
}

/// A connection that reads a backup; as many rows as are told wait to be taken.
pub(super) async fn reader(path: &Path, rows: usize) -> sqlx::Result<SqliteConnection> {
    still(path).row_buffer_size(rows).connect().await
}

/// What a backup holds.
pub(super) async fn contents(path: &Path) -> sqlx::Result<Vec<(String, u64)>> {
    let mut connection = still(path).connect().await?;
    let version = migration::sqlite_version(&mut connection).await?;
    let rows = count(&mut connection, &Schema::of(version).await?).await?;
    connection.close().await?;
    Ok(rows)
}

async fn count(connection: &mut SqliteConnection, schema: &Schema) -> sqlx::Result<Vec<(String, u64)>> {
    let mut rows = Vec::new();
    for table in &schema.tables {
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM main.{}", table.name))).fetch_one(&mut *connection).await?;
        rows.push((table.name.clone(), count.unsigned_abs()));
    }
    Ok(rows)
}

/// Copies a database as it is at one instant into an empty file. Writers are not kept waiting.
pub(super) async fn copy(path: &Path, name: &str, to: &Path) -> Result<(), BackupError> {
    if !path.exists() {
        return Err(BackupError::Missing(name.to_owned()));
    }
    let failed = |error: sqlx::Error| StoreError::of(name, &error);
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(super::super::Store::PATIENCE).disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    let found = migration::sqlite_version(&mut connection).await.map_err(failed)?;
    if found == 0 {
        return Err(BackupError::Missing(name.to_owned()));
    }
    newer(name, found)?;
    sqlx::query("VACUUM INTO $1").bind(text(to)?).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(())
}

/// Puts a backup in the place of all of ours that a file holds, in one transaction and alone with it.
pub(super) async fn replace(
    path: &Path,
    name: &str,
    whole: &Whole<'_>,
    force: bool,
    progress: Progress<'_>,
) -> Result<Vec<(String, u64)>, BackupError> {
    let failed = |error: sqlx::Error| {
        if pools::is_locked(&error) { BackupError::InUse(name.to_owned()) } else { StoreError::of(name, &error).into() }
    };
    let from = text(whole.path)?;
    pools::prepare(path)?;
    let mut connection = alone(path).await.map_err(failed)?;
    sqlx::query("ATTACH DATABASE $1 AS backup").bind(from).execute(&mut connection).await.map_err(failed)?;
    let mut transaction = connection.begin_with("BEGIN EXCLUSIVE").await.map_err(failed)?;
    let found = migration::sqlite_version(&mut transaction).await.map_err(failed)?;
    newer(name, found)?;
    let old = Schema::of(found).await.map_err(failed)?;
    let there = Contents { rows: count(&mut transaction, &old).await.map_err(failed)?, ..Contents::default() };
    if !force && !there.is_empty() {
        return Err(BackupError::Filled(name.to_owned(), there));
    }
    let rows = fill(&mut transaction, found, &old, whole, progress).await.map_err(failed)?;
    // Before what it tells of goes. It is only there to make a start shorter.
    match fs::remove_file(crate::load::imprint_of(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(BackupError::File { path: crate::load::imprint_of(path), what: "cannot be removed", error });
        }
        _ => {}
    }
    transaction.commit().await.map_err(failed)?;
    // It is done. What is left is to fold the log into the file, which the next start would do as well; but it may be as large as all
    // of it, and closing does not wait for that.
    let folded = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    if let Err(error) = folded.map(drop).and(connection.close().await) {
        tracing::debug!(%error, "the restored database could not be closed");
    }
    Ok(rows)
}

/// The only connection to a file: a process that has it open keeps us out, and we keep out those who come. Made only where nothing
/// has happened yet.
async fn alone(path: &Path) -> sqlx::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(false)
        .busy_timeout(TRY)
        // Set before the file is first read: with a write-ahead log, whoever has it open holds a lock that this wants.
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", CACHE)
        .disable_statement_logging();
    let until = Instant::now() + PATIENCE;
    loop {
        match options.connect().await {
            Err(error) if pools::is_locked(&error) && Instant::now() < until => tokio::time::sleep(TRY).await,
            outcome => return outcome,
        }
    }
}

/// Drops what there is, makes the schema of the backup, copies the tables, and brings them up to date.
async fn fill(
    connection: &mut SqliteConnection,
    found: i64,
    old: &Schema,
    whole: &Whole<'_>,
    progress: Progress<'_>,
) -> sqlx::Result<Vec<(String, u64)>> {
    for table in old.tables.iter().rev() {
        progress(&table.name, 0);
        run(connection, format!("DROP TABLE main.{}", table.name)).await?;
    }
    if found > 0 {
        run(connection, "DROP TABLE main.supercargo_migrations".to_owned()).await?;
    }
    migration::sqlite_steps(connection, 0, whole.version).await?;
    let mut rows = Vec::new();
    for table in &whole.schema.tables {
        progress(&table.name, 0);
        // Without a list of columns SQLite sees that both tables are alike, and copies rows without taking them apart.
        let copied = run(connection, format!("INSERT INTO main.{0} SELECT * FROM backup.{0}", table.name)).await?;
        rows.push((table.name.clone(), copied));
        if table.numbered.is_some() {
            for sql in [
                format!("DELETE FROM main.sqlite_sequence WHERE name = '{}'", table.name),
                format!("INSERT INTO main.sqlite_sequence SELECT name, seq FROM backup.sqlite_sequence WHERE name = '{}'", table.name),
            ] {
                run(connection, sql).await?;
            }
        }
    }
    migration::sqlite_steps(connection, whole.version, migration::KNOWN).await?;
    Ok(rows)
}

/// Runs a statement that is made of names of ours; says how many rows it wrote.
async fn run(connection: &mut SqliteConnection, sql: String) -> sqlx::Result<u64> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|done| done.rows_affected())
}

pub(super) fn newer(name: &str, found: i64) -> Result<(), StoreError> {
    if found <= migration::KNOWN {
        return Ok(());
    }
    Err(StoreError::Newer { database: name.to_owned(), found, known: migration::KNOWN })
}

/// A path as SQLite takes one: names that begin with “file:” it would read as URIs of its own.
fn text(path: &Path) -> Result<String, BackupError> {
    let text = path.to_str().ok_or_else(|| BackupError::File {
        path: path.to_owned(),
        what: "cannot be used",
        error: io::Error::new(io::ErrorKind::InvalidFilename, "its name is not UTF-8"),
    })?;
    Ok(if text.starts_with("file:") { format!("./{text}") } else { text.to_owned() })
}
