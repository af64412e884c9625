//! PostgreSQL: read into a backup in one transaction, and replaced by one in another.

use super::super::row::Value;
use super::super::statement::Placeholders;
use super::super::transaction::{ONE_WRITER, ROWS, Transaction};
use super::super::{Store, StoreError, migration, pools};
use super::schema::{Kind, Schema, Table};
use super::{BackupError, Contents, PATIENCE, Progress, Whole, sqlite};
use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions, Connection, Row as _, TypeInfo as _, raw_sql};
use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

/// A reader of ours waits for as long as it takes: nobody waits for it.
const UNLIMITED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
/// Bytes written together, after which no further row is taken.
const BYTES: usize = 1 << 20;
/// Rows of the file that wait: of those with documents in them few, since one may have megabytes.
const SMALL_ROWS_AHEAD: usize = 1024;
const LARGE_ROWS_AHEAD: usize = 16;
/// Rows after which progress is told.
const TOLD: u64 = 10_000;

/// Writes what a database holds at one instant into an empty file.
pub(super) async fn copy(options: &PgConnectOptions, name: &str, to: &Path, progress: Progress<'_>) -> Result<(), BackupError> {
    let failed = |error: sqlx::Error| StoreError::of(name, &error);
    let mut connection = pools::connect(&pools::named(options), Store::PATIENCE).await.map_err(failed)?;
    if !claim(&mut connection, "pg_try_advisory_lock_shared").await.map_err(failed)? {
        return Err(BackupError::InUse(name.to_owned()));
    }
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed)?;
    raw_sql(UNLIMITED).execute(&mut *transaction).await.map_err(failed)?;
    let found = migration::postgresql_version(&mut transaction).await.map_err(failed)?;
    if found == 0 {
        return Err(BackupError::Missing(name.to_owned()));
    }
    sqlite::newer(name, found)?;
    let schema = Schema::of(found).await.map_err(failed)?;
    let file = to.display().to_string();
    // Which of the two failed cannot be told from the error alone; rows come from the one, and all else is the file's.
    let (pool, mut written) = begin(to, found).await.map_err(|error| StoreError::of(&file, &error))?;
    for table in &schema.tables {
        read(&mut transaction, table, &mut written, progress).await.map_err(|error| match error {
            Side::Read(error) => StoreError::of(name, &error),
            Side::Write(error) => StoreError::of(&file, &error),
        })?;
    }
    written.commit().await.map_err(|error| StoreError::of(&file, &error))?;
    pool.close().await;
    transaction.rollback().await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(())
}

/// Where something failed.
enum Side {
    Read(sqlx::Error),
    Write(sqlx::Error),
}

/// The file with the schema of a version, and the transaction that fills it. It is nobody's before it is complete, so it waits for
/// no disk.
async fn begin(to: &Path, version: i64) -> sqlx::Result<(SqlitePool, Transaction)> {
    let options = SqliteConnectOptions::new()
        .filename(to)
        .foreign_keys(false)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-65536")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    migration::sqlite_steps(&mut *pool.acquire().await?, 0, version).await?;
    let transaction = Transaction::Sqlite(pool.begin().await?);
    Ok((pool, transaction))
}

/// Copies a table's rows, in the order of its key, which is the order in which SQLite keeps most.
async fn read(from: &mut PgConnection, table: &Table, to: &mut Transaction, progress: Progress<'_>) -> Result<(), Side> {
    progress(&table.name, 0);
    let (mut waiting, mut bytes, mut copied) = (Vec::new(), 0, 0_u64);
    {
        let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(&mut *from);
        while let Some(row) = rows.try_next().await.map_err(Side::Read)? {
            bytes += size(&row).map_err(Side::Read)?;
            waiting.push(row);
            if waiting.len() == ROWS || bytes >= BYTES {
                insert(to, table, &waiting).await?;
                copied += waiting.len() as u64;
                (waiting, bytes) = (Vec::new(), 0);
                progress(&table.name, copied);
            }
        }
    }
    if !waiting.is_empty() {
        insert(to, table, &waiting).await?;
    }
    if let Some(column) = &table.numbered {
        let sql = "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass)";
        let last: Option<i64> = sqlx::query_scalar(sql).bind(&table.name).bind(column).fetch_one(from).await.map_err(Side::Read)?;
        let set = [
            ("DELETE FROM sqlite_sequence WHERE name = $1", vec![Value::from(&table.name)]),
            ("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", vec![Value::from(&table.name), Value::from(last.unwrap_or(0))]),
        ];
        for (sql, values) in set {
            to.run(sql.to_owned(), values, false).await.map_err(Side::Write)?;
        }
    }
    Ok(())
}

fn size(row: &PgRow) -> sqlx::Result<usize> {
    (0..row.len()).map(|column| Ok(row.try_get_raw(column)?.as_bytes().map_or(0, <[u8]>::len))).sum()
}

async fn insert(to: &mut Transaction, table: &Table, rows: &[PgRow]) -> Result<(), Side> {
    let mut values = Vec::with_capacity(rows.len() * table.columns.len());
    for row in rows {
        for column in 0..table.columns.len() {
            values.push(value(row, column).map_err(Side::Read)?);
        }
    }
    let places = Placeholders::Marks.rows(1, rows.len(), table.columns.len());
    let sql = format!("INSERT INTO {} ({}) VALUES {places}", table.name, table.list());
    to.run(sql, values, rows.len() == ROWS).await.map_err(Side::Write).map(drop)
}

fn value(row: &PgRow, column: usize) -> sqlx::Result<Value<'_>> {
    let kind = row.try_column(column)?.type_info().name();
    Ok(match kind {
        "INT8" => Value::Int(row.try_get(column)?),
        "BOOL" => Value::Int(row.try_get::<Option<bool>, _>(column)?.map(i64::from)),
        "BYTEA" => Value::Bytes(row.try_get(column)?),
        "TEXT" => Value::Text(row.try_get(column)?),
        other => return Err(sqlx::Error::Decode(format!("a column has the type {other}, which SQLite is not told of").into())),
    })
}

/// Puts a backup in the place of all of ours that a database holds, in one transaction and alone with it.
pub(super) async fn replace(
    options: &PgConnectOptions,
    name: &str,
    whole: &Whole<'_>,
    force: bool,
    progress: Progress<'_>,
) -> Result<Vec<(String, u64)>, BackupError> {
    let failed = |error: sqlx::Error| StoreError::of(name, &error);
    let mut connection = pools::connect(&pools::named(options), Store::PATIENCE).await.map_err(failed)?;
    if !claim(&mut connection, "pg_try_advisory_lock").await.map_err(failed)? {
        return Err(BackupError::InUse(name.to_owned()));
    }
    let mut transaction = connection.begin().await.map_err(failed)?;
    raw_sql(UNLIMITED).execute(&mut *transaction).await.map_err(failed)?;
    // Against one that is just making the schema.
    raw_sql(ONE_WRITER).execute(&mut *transaction).await.map_err(failed)?;
    let found = migration::postgresql_version(&mut transaction).await.map_err(failed)?;
    sqlite::newer(name, found)?;
    let old = Schema::of(found).await.map_err(failed)?;
    let there = Contents { rows: count(&mut transaction, &old).await.map_err(failed)?, ..Contents::default() };
    if !force && !there.is_empty() {
        return Err(BackupError::Filled(name.to_owned(), there));
    }
    let rows = fill(&mut transaction, found, &old, whole, progress).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(rows)
}

/// Takes the lock of those who use the database, shared or alone, where that can be had soon. It ends with the connection.
async fn claim(connection: &mut PgConnection, function: &str) -> sqlx::Result<bool> {
    let until = Instant::now() + PATIENCE;
    loop {
        let sql = format!("SELECT {function}($1)");
        if sqlx::query_scalar(AssertSqlSafe(sql)).bind(pools::IN_USE).fetch_one(&mut *connection).await? {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn count(connection: &mut PgConnection, schema: &Schema) -> sqlx::Result<Vec<(String, u64)>> {
    let mut rows = Vec::new();
    for table in &schema.tables {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name);
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        rows.push((table.name.clone(), count.unsigned_abs()));
    }
    Ok(rows)
}

/// Drops what there is, makes the schema of the backup, copies the tables, and brings them up to date.
async fn fill(
    connection: &mut PgConnection,
    found: i64,
    old: &Schema,
    whole: &Whole<'_>,
    progress: Progress<'_>,
) -> sqlx::Result<Vec<(String, u64)>> {
    if found > 0 {
        let tables: Vec<&str> = old.tables.iter().map(|table| table.name.as_str()).chain(["supercargo_migrations"]).collect();
        raw_sql(AssertSqlSafe(format!("DROP TABLE {}", tables.join(", ")))).execute(&mut *connection).await?;
    }
    migration::postgresql_steps(connection, 0, whole.version).await?;
    let mut rows = Vec::new();
    for table in &whole.schema.tables {
        rows.push((table.name.clone(), write(connection, table, whole.path, progress).await?));
    }
    migration::postgresql_steps(connection, whole.version, migration::KNOWN).await?;
    // Statements that come before it gathers statistics of itself would take the tables for small.
    let names: Vec<&str> = whole.schema.tables.iter().map(|table| table.name.as_str()).collect();
    raw_sql(AssertSqlSafe(format!("ANALYZE {}", names.join(", ")))).execute(connection).await?;
    Ok(rows)
}

/// Copies a table out of the file.
async fn write(to: &mut PgConnection, table: &Table, path: &Path, progress: Progress<'_>) -> sqlx::Result<u64> {
    progress(&table.name, 0);
    let large = table.columns.iter().any(|column| column.kind == Kind::Bytes);
    let mut from = sqlite::reader(path, if large { LARGE_ROWS_AHEAD } else { SMALL_ROWS_AHEAD }).await?;
    let mut copying = to.copy_in_raw(&format!("COPY {} ({}) FROM STDIN", table.name, table.list())).await?;
    let read = lines(&mut from, table, &mut copying, progress).await;
    let copied = match read {
        Ok(()) => copying.finish().await?,
        Err(error) => {
            copying.abort("the backup could not be read").await?;
            return Err(error);
        }
    };
    if let Some(column) = &table.numbered {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = $1").bind(&table.name).fetch_optional(&mut from).await?;
        if let Some(last) = last.filter(|last| *last > 0) {
            let sql = "SELECT setval(pg_get_serial_sequence($1, $2), $3)";
            sqlx::query(sql).bind(&table.name).bind(column).bind(last).execute(to).await?;
        }
    }
    from.close().await?;
    Ok(copied)
}

async fn lines(
    from: &mut sqlx::SqliteConnection,
    table: &Table,
    to: &mut sqlx::postgres::PgCopyIn<&mut PgConnection>,
    progress: Progress<'_>,
) -> sqlx::Result<()> {
    let (mut text, mut copied) = (String::new(), 0_u64);
    let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(from);
    while let Some(row) = rows.try_next().await? {
        line(&mut text, &row, table)?;
        copied += 1;
        if copied.is_multiple_of(TOLD) {
            progress(&table.name, copied);
        }
        if text.len() >= BYTES {
            to.send(text.as_bytes()).await?;
            text.clear();
        }
    }
    to.send(text.as_bytes()).await?;
    Ok(())
}

/// A row as COPY takes it: <https://www.postgresql.org/docs/current/sql-copy.html>, “Text Format”. A flag is taken as 0 or 1.
fn line(text: &mut String, row: &SqliteRow, table: &Table) -> sqlx::Result<()> {
    for (place, column) in table.columns.iter().enumerate() {
        if place > 0 {
            text.push('\t');
        }
        match column.kind {
            Kind::Number => match row.try_get::<Option<i64>, _>(place)? {
                // Writing into a String cannot fail.
                Some(number) => {
                    let _ = write!(text, "{number}");
                }
                None => text.push_str("\\N"),
            },
            Kind::Bytes => match row.try_get::<Option<&[u8]>, _>(place)? {
                Some(bytes) => {
                    text.push_str("\\\\x");
                    bytes.iter().for_each(|byte| {
                        let _ = write!(text, "{byte:02x}");
                    });
                }
                None => text.push_str("\\N"),
            },
            Kind::Text => match row.try_get::<Option<&str>, _>(place)? {
                Some(field) => escape(text, field),
                None => text.push_str("\\N"),
            },
        }
    }
    text.push('\n');
    Ok(())
}

fn escape(text: &mut String, field: &str) {
    for character in field.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // PostgreSQL's text cannot hold it, and nothing of ours writes it.
            '\0' => {}
            other => text.push(other),
        }
    }
}
