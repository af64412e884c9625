//! The schema, in steps that only go forward. A step that was ever released is never changed; a new one is added.

use super::transaction::ONE_WRITER;
use sqlx::{Connection, PgConnection, SqliteConnection, raw_sql};
use std::time::{SystemTime, UNIX_EPOCH};

/// One step, in both dialects, with one meaning.
struct Migration {
    sqlite: &'static str,
    postgresql: &'static str,
}

/// The version of a step is its place, counted from 1.
const MIGRATIONS: &[Migration] = &[
    Migration {
        sqlite: include_str!("../../migrations/sqlite/0001_catalogue.sql"),
        postgresql: include_str!("../../migrations/postgres/0001_catalogue.sql"),
    },
    Migration {
        sqlite: include_str!("../../migrations/sqlite/0002_changes.sql"),
        postgresql: include_str!("../../migrations/postgres/0002_changes.sql"),
    },
    Migration {
        sqlite: include_str!("../../migrations/sqlite/0003_schedules.sql"),
        postgresql: include_str!("../../migrations/postgres/0003_schedules.sql"),
    },
];

/// The version this program writes and reads.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The version of a database that has the table of versions.
const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM supercargo_migrations";

macro_rules! advance {
    ($connection:expr, $dialect:ident, $after:expr, $until:expr) => {{
        raw_sql("CREATE TABLE IF NOT EXISTS supercargo_migrations (version BIGINT NOT NULL PRIMARY KEY, applied BIGINT NOT NULL)")
            .execute(&mut *$connection)
            .await?;
        for (version, migration) in (1i64..).zip(MIGRATIONS).filter(|(version, _)| *version > $after && *version <= $until) {
            raw_sql(migration.$dialect).execute(&mut *$connection).await?;
            sqlx::query("INSERT INTO supercargo_migrations (version, applied) VALUES ($1, $2)")
                .bind(version)
                .bind(now())
                .execute(&mut *$connection)
                .await?;
        }
        Ok(())
    }};
}

/// Brings the schema to [`KNOWN`]. Returns the version found, which is greater where a newer program wrote it; then
/// nothing was changed.
pub(super) async fn sqlite(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    // Most starts find nothing to do, and then need not wait for whoever is writing.
    let found = sqlite_version(connection).await?;
    if found >= KNOWN {
        return Ok(found);
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = sqlite_version(&mut transaction).await?;
    sqlite_steps(&mut transaction, found, KNOWN).await?;
    transaction.commit().await?;
    Ok(found)
}

/// As [`sqlite`].
pub(super) async fn postgresql(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let found = postgresql_version(connection).await?;
    if found >= KNOWN {
        return Ok(found);
    }
    let mut transaction = connection.begin().await?;
    raw_sql(ONE_WRITER).execute(&mut *transaction).await?;
    let found = postgresql_version(&mut transaction).await?;
    postgresql_steps(&mut transaction, found, KNOWN).await?;
    transaction.commit().await?;
    Ok(found)
}

/// The steps after a version, up to another. The caller has a transaction.
pub(super) async fn sqlite_steps(connection: &mut SqliteConnection, after: i64, until: i64) -> sqlx::Result<()> {
    advance!(connection, sqlite, after, until)
}

/// As [`sqlite_steps`].
pub(super) async fn postgresql_steps(connection: &mut PgConnection, after: i64, until: i64) -> sqlx::Result<()> {
    advance!(connection, postgresql, after, until)
}

/// The version of a database; 0 where nothing of ours is in it.
pub(super) async fn sqlite_version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'supercargo_migrations'";
    if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut *connection).await? == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(connection).await
}

/// As [`sqlite_version`].
pub(super) async fn postgresql_version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let tables = "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('supercargo_migrations')";
    if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut *connection).await? == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(connection).await
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
