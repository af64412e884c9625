use super::{Address, Result, StoreError, migration};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, raw_sql};
use std::path::Path;
use std::sync::{Arc, atomic::AtomicBool};
use std::time::{Duration, Instant};

/// Connections to a database whose schema is ours.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    /// One connection writes: SQLite lets no second one write at the same time, and queueing in the pool is fairer than
    /// waiting for the file's lock. In memory it is also the reader.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        /// The writer may be set to wait for the disk after each transaction (`synchronous = FULL`), as what is kept
        /// wants it; the catalogue's own transactions set it back.
        synced: Arc<AtomicBool>,
    },
    PostgreSql(PgPool),
}

/// Connections that read an SQLite file beside the writer.
const READERS: u32 = 3;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 8;
/// How long a call waits for one of our own connections to be free.
const QUEUE: Duration = Duration::from_mins(1);
/// Rows of a result that the thread which reads an SQLite file may be ahead of us. Each time it is full costs a change
/// of threads. A row of the largest table has under a kilobyte.
const ROWS_AHEAD: usize = 4096;

/// On every connection to PostgreSQL. The second ends a transaction whose process hangs, which would else keep all
/// others from writing. The lock is shared by all that use the database, so that nobody puts another in its place meanwhile
/// ([`IN_USE`]); it goes with the connection.
pub(super) const LIMITS: &str = "SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '5s';
    SELECT pg_advisory_lock_shared(7310579643104831); RESET lock_timeout";
/// The number of that lock, ours alone within the database.
pub(super) const IN_USE: i64 = 7_310_579_643_104_831;

impl Pools {
    /// Connects and migrates; waits up to `patience` for a server that is starting or a file that is locked.
    pub(super) async fn open(address: &Address, patience: Duration) -> Result<Self> {
        let (pools, found) = match address {
            Address::Memory => memory().await,
            Address::File(path) => {
                prepare(path)?;
                file(path, patience).await
            }
            Address::PostgreSql(options) => postgresql(options, patience).await,
        }
        .map_err(|error| StoreError::of(&address.name(), &error))?;
        if found > migration::KNOWN {
            pools.close().await;
            return Err(StoreError::Newer { database: address.name(), found, known: migration::KNOWN });
        }
        Ok(pools)
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                // The writer last: whoever closes last folds the write-ahead log into the file, and readers may not write.
                readers.close().await;
                writer.close().await;
            }
            Self::PostgreSql(pool) => pool.close().await,
        }
    }
}

/// A pool whose connections stay open: the database is gone with the last of them (in memory), or it would have to be
/// opened anew for nothing.
fn lasting(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(QUEUE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

async fn memory() -> sqlx::Result<(Pools, i64)> {
    let options = SqliteConnectOptions::new().foreign_keys(true).row_buffer_size(ROWS_AHEAD).disable_statement_logging();
    let writer = lasting(1).connect_with(options).await?;
    let found = migration::sqlite(&mut *writer.acquire().await?).await?;
    Ok((Pools::Sqlite { readers: writer.clone(), writer, synced: Arc::default() }, found))
}

async fn file(path: &Path, patience: Duration) -> sqlx::Result<(Pools, i64)> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(patience)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging();
    // With a write-ahead log, NORMAL may lose the last transactions when the machine (not the process) goes down, and
    // never damages the file. What is lost is read again from the registries.
    let writing = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("cache_size", "-16384")
        .pragma("journal_size_limit", "67108864");
    let until = Instant::now() + patience;
    let writer = loop {
        // SQLite does not wait for the lock it needs to switch to a write-ahead log, so two processes that create a file
        // together would get in each other's way here.
        match lasting(1).connect_with(writing.clone()).await {
            Err(error) if is_locked(&error) && Instant::now() < until => tokio::time::sleep(Duration::from_millis(20)).await,
            outcome => break outcome?,
        }
    };
    let found = migration::sqlite(&mut *writer.acquire().await?).await?;
    let readers = lasting(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok((Pools::Sqlite { writer, readers, synced: Arc::default() }, found))
}

/// Whether another process has a file.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "5" || code == "261")
}

async fn postgresql(options: &PgConnectOptions, patience: Duration) -> sqlx::Result<(Pools, i64)> {
    let options = named(options);
    // Outside the pool, which would keep the reason of a failure to itself.
    let mut connection = connect(&options, patience).await?;
    let found = migration::postgresql(&mut connection).await?;
    connection.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(patience)
        .after_connect(|connection, _| Box::pin(async move { raw_sql(LIMITS).execute(connection).await.map(drop) }))
        .connect_lazy_with(options);
    Ok((Pools::PostgreSql(pool), found))
}

/// The options, with a name by which administrators know us.
pub(super) fn named(options: &PgConnectOptions) -> PgConnectOptions {
    let options = options.clone().disable_statement_logging();
    if options.get_application_name().is_none() { options.application_name("supercargo") } else { options }
}

/// One connection, with no limits set; waits up to `patience` for a server that is starting.
pub(super) async fn connect(options: &PgConnectOptions, patience: Duration) -> sqlx::Result<PgConnection> {
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left.max(Duration::from_secs(1)), options.connect()).await {
            Ok(Err(error)) if is_starting(&error) && Instant::now() < until => tokio::time::sleep(Duration::from_millis(200)).await,
            Ok(outcome) => return outcome,
            Err(_) => return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it did not answer").into()),
        }
    }
}

/// Nobody listens yet, or PostgreSQL is still recovering.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(cause) => cause.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(answer) => answer.code().is_some_and(|code| code == "57P03"),
        _ => false,
    }
}

/// Creates the folder and the file, for us alone: configurations may hold what others should not read. What exists
/// keeps its permissions.
pub(super) fn prepare(path: &Path) -> Result<()> {
    let create = || {
        let mut folder = std::fs::DirBuilder::new();
        let mut file = std::fs::OpenOptions::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
            folder.mode(0o700);
            file.mode(0o600);
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            folder.recursive(true).create(parent)?;
        }
        match file.write(true).create_new(true).open(path) {
            Err(error) if path.is_dir() => Err(std::io::Error::new(error.kind(), "it is a folder")),
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    create().map_err(|error| StoreError::Failed {
        database: path.display().to_string(),
        reason: format!("its file cannot be created ({error})"),
    })
}
