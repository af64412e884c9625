//! Transactions and rows, the same on either database.

use super::Pools;
use super::batch::text;
use super::row::Value;
use super::statement::{Placeholders, Statement};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Decode, Row as _, Type, raw_sql};
use std::sync::atomic::Ordering;

/// One writer at a time on PostgreSQL too, over all processes: two batches cannot wait for each other's rows, and no tag
/// gets two open moments. Held until the transaction ends. The number is ours alone within the database.
pub(super) const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(7310579643104829)";

/// The same for what is kept, which has tables of its own and should not wait for a crawl's batches. So ids become
/// visible in their order, and of two processes that want one job the second sees that the first has it.
const ONE_KEEPER: &str = "SELECT pg_advisory_xact_lock(7310579643104830)";

/// All of a batch's statements look rows up by their keys. Before PostgreSQL has gathered statistics of tables that were
/// just filled it takes them for small and would read them whole for every statement.
const BY_KEY: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// Rows in a statement. SQLite takes 32,766 values, PostgreSQL 65,535; beyond some hundred rows it gets no faster.
pub(super) const ROWS: usize = 256;
/// Bytes in a statement, after which it takes no further row.
const BYTES: usize = 4 << 20;

/// A transaction on either database. Dropped, it is rolled back.
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    PostgreSql(sqlx::Transaction<'static, Postgres>),
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    PostgreSql(PgRow),
}

macro_rules! arguments {
    ($arguments:ty, $values:expr) => {{
        let mut arguments = <$arguments>::default();
        arguments.reserve($values.len(), 0);
        for value in $values {
            match value {
                Value::Text(value) => arguments.add(value.map(text)),
                Value::Int(value) => arguments.add(value),
                Value::Flag(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        arguments
    }};
}

impl Transaction {
    /// For the catalogue's own tables, of which the last may be lost when the machine goes down: it is learned again.
    pub(super) async fn begin(pools: &Pools) -> sqlx::Result<Self> {
        match pools {
            Pools::Sqlite { writer, synced, .. } => {
                let mut connection = writer.acquire().await?;
                if synced.load(Ordering::Relaxed) {
                    raw_sql("PRAGMA synchronous = NORMAL").execute(&mut *connection).await?;
                    synced.store(false, Ordering::Relaxed);
                }
                // Not a plain BEGIN: a transaction that reads before it writes fails where another process wrote between.
                begin_immediate(connection).await
            }
            Pools::PostgreSql(pool) => {
                let mut transaction = pool.begin().await?;
                raw_sql(BY_KEY).execute(&mut *transaction).await?;
                raw_sql(ONE_WRITER).execute(&mut *transaction).await?;
                Ok(Self::PostgreSql(transaction))
            }
        }
    }

    /// For what only the database knows: once it is committed it survives a power cut, and so does all that was
    /// committed before it.
    pub(super) async fn begin_lasting(pools: &Pools) -> sqlx::Result<Self> {
        match pools {
            Pools::Sqlite { writer, synced, .. } => {
                let mut connection = writer.acquire().await?;
                // Noted first: whoever is cut off between the two leaves a connection that is slower than need be.
                synced.store(true, Ordering::Relaxed);
                // Within a transaction it cannot be changed.
                raw_sql("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
                begin_immediate(connection).await
            }
            Pools::PostgreSql(pool) => {
                let mut transaction = pool.begin().await?;
                raw_sql(ONE_KEEPER).execute(&mut *transaction).await?;
                Ok(Self::PostgreSql(transaction))
            }
        }
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::PostgreSql(transaction) => transaction.commit().await,
        }
    }

    pub(super) fn placeholders(&self) -> Placeholders {
        match self {
            Self::Sqlite(_) => Placeholders::Marks,
            Self::PostgreSql(_) => Placeholders::Numbers,
        }
    }

    /// Runs one statement, and says how many rows it wrote; `kept` where its text will come again, so that it is
    /// prepared once for a connection.
    pub(super) async fn run(&mut self, sql: String, values: Vec<Value<'_>>, kept: bool) -> sqlx::Result<u64> {
        // The texts are constants of ours and placeholders, whatever the values.
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(transaction) => {
                let query = sqlx::query_with(sql, arguments!(SqliteArguments, values));
                query.persistent(kept).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            Self::PostgreSql(transaction) => {
                let query = sqlx::query_with(sql, arguments!(PgArguments, values));
                query.persistent(kept).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        }
    }

    /// The rows that one statement answers with.
    pub(super) async fn select(&mut self, sql: String, values: Vec<Value<'_>>) -> sqlx::Result<Vec<Row>> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(transaction) => {
                let query = sqlx::query_with(sql, arguments!(SqliteArguments, values));
                Ok(query.fetch_all(&mut **transaction).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::PostgreSql(transaction) => {
                let query = sqlx::query_with(sql, arguments!(PgArguments, values));
                Ok(query.fetch_all(&mut **transaction).await?.into_iter().map(Row::PostgreSql).collect())
            }
        }
    }

    /// Runs a statement over any number of rows, in parts of at most [`ROWS`] rows and about [`BYTES`] bytes. Says how
    /// many rows it wrote.
    pub(super) async fn rows<const COLUMNS: usize>(&mut self, statement: &Statement, rows: Vec<[Value<'_>; COLUMNS]>) -> sqlx::Result<u64> {
        let mut values = Vec::new();
        let (mut count, mut bytes, mut written) = (0, 0, 0);
        let mut rows = rows.into_iter();
        while let Some(row) = rows.next() {
            bytes += row.iter().map(Value::len).sum::<usize>();
            values.extend(row);
            count += 1;
            if count == ROWS || bytes >= BYTES || rows.len() == 0 {
                let sql = statement.text(self.placeholders(), count, COLUMNS);
                written += self.run(sql, std::mem::take(&mut values), count == ROWS || count == 1).await?;
                (count, bytes) = (0, 0);
            }
        }
        Ok(written)
    }
}

async fn begin_immediate(connection: sqlx::pool::PoolConnection<Sqlite>) -> sqlx::Result<Transaction> {
    let begun = sqlx::Transaction::begin(connection, Some(sqlx::SqlSafeStr::into_sql_str("BEGIN IMMEDIATE")));
    begun.await.map(Transaction::Sqlite)
}

/// The rows that one statement answers with, outside of any transaction.
pub(super) async fn select(pools: &Pools, sql: String, values: Vec<Value<'_>>) -> sqlx::Result<Vec<Row>> {
    let sql = AssertSqlSafe(sql);
    match pools {
        Pools::Sqlite { readers, .. } => {
            let rows = sqlx::query_with(sql, arguments!(SqliteArguments, values)).fetch_all(readers).await?;
            Ok(rows.into_iter().map(Row::Sqlite).collect())
        }
        Pools::PostgreSql(pool) => {
            let rows = sqlx::query_with(sql, arguments!(PgArguments, values)).fetch_all(pool).await?;
            Ok(rows.into_iter().map(Row::PostgreSql).collect())
        }
    }
}

impl Row {
    /// A column, counted from 0.
    pub(crate) fn get<'r, T>(&'r self, column: usize) -> sqlx::Result<T>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::PostgreSql(row) => row.try_get(column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// 1 is NORMAL, 2 is FULL.
    async fn synchronous(transaction: &mut Transaction) -> i64 {
        transaction.select("PRAGMA synchronous".to_owned(), vec![]).await.unwrap()[0].get(0).unwrap()
    }

    #[tokio::test]
    async fn only_what_is_kept_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("c.db").display())).await.unwrap();
        for _ in 0..2 {
            let mut kept = Transaction::begin_lasting(&store.pools).await.unwrap();
            assert_eq!(synchronous(&mut kept).await, 2);
            // Whether it is committed or not.
            drop(kept);
            let mut kept = Transaction::begin_lasting(&store.pools).await.unwrap();
            assert_eq!(synchronous(&mut kept).await, 2);
            kept.commit().await.unwrap();
            for _ in 0..2 {
                let mut learned = Transaction::begin(&store.pools).await.unwrap();
                assert_eq!(synchronous(&mut learned).await, 1);
                learned.commit().await.unwrap();
            }
        }
        store.close().await;
    }
}
