use super::Pools;
use super::batch::{Batch, Key, Step, text};
use super::row::{self, Value};
use super::statement::{
    BEGIN, BODIES, DROP_REPOSITORY, DROP_TAGS, END, END_REPOSITORY, MANIFESTS, Placeholders, REFERRERS, REGISTRIES, REPOSITORIES,
    Statement, TAGS,
};
use crate::record::Write;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{Arguments, AssertSqlSafe, raw_sql};

/// One writer at a time on PostgreSQL too, over all processes: two batches cannot wait for each other's rows, and no tag
/// gets two open moments. Held until the transaction ends. The number is ours alone within the database.
pub(super) const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(7310579643104829)";

/// All of a batch's statements look rows up by their keys. Before PostgreSQL has gathered statistics of tables that were
/// just filled it takes them for small and would read them whole for every statement.
const BY_KEY: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// Rows in a statement. SQLite takes 32,766 values, PostgreSQL 65,535; beyond some hundred rows it gets no faster.
const ROWS: usize = 256;
/// Bytes in a statement, after which it takes no further row.
const BYTES: usize = 4 << 20;

/// Writes a batch as one transaction.
pub(super) async fn save(pools: &Pools, writes: &[Write]) -> sqlx::Result<()> {
    let batch = Batch::of(writes);
    let mut transaction = Transaction::begin(pools).await?;
    transaction.manifests(&batch).await?;
    for step in &batch.steps {
        transaction.step(step).await?;
    }
    transaction.commit().await
}

/// A transaction on either database. Dropped, it is rolled back.
enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    PostgreSql(sqlx::Transaction<'static, Postgres>),
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
    async fn begin(pools: &Pools) -> sqlx::Result<Self> {
        match pools {
            // Not a plain BEGIN: a transaction that reads before it writes fails where another process wrote between.
            Pools::Sqlite { writer, .. } => writer.begin_with("BEGIN IMMEDIATE").await.map(Self::Sqlite),
            Pools::PostgreSql(pool) => {
                let mut transaction = pool.begin().await?;
                raw_sql(BY_KEY).execute(&mut *transaction).await?;
                raw_sql(ONE_WRITER).execute(&mut *transaction).await?;
                Ok(Self::PostgreSql(transaction))
            }
        }
    }

    async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::PostgreSql(transaction) => transaction.commit().await,
        }
    }

    fn placeholders(&self) -> Placeholders {
        match self {
            Self::Sqlite(_) => Placeholders::Marks,
            Self::PostgreSql(_) => Placeholders::Numbers,
        }
    }

    /// Runs one statement; `kept` where its text will come again, so that it is prepared once for a connection.
    async fn run(&mut self, sql: String, values: Vec<Value<'_>>, kept: bool) -> sqlx::Result<()> {
        // The texts are constants of ours and placeholders, whatever the values.
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(transaction) => {
                let query = sqlx::query_with(sql, arguments!(SqliteArguments, values));
                query.persistent(kept).execute(&mut **transaction).await.map(drop)
            }
            Self::PostgreSql(transaction) => {
                let query = sqlx::query_with(sql, arguments!(PgArguments, values));
                query.persistent(kept).execute(&mut **transaction).await.map(drop)
            }
        }
    }

    /// Runs a statement over any number of rows, in parts of at most [`ROWS`] rows and about [`BYTES`] bytes.
    async fn rows<const COLUMNS: usize>(&mut self, statement: &Statement, rows: Vec<[Value<'_>; COLUMNS]>) -> sqlx::Result<()> {
        let mut values = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        let mut rows = rows.into_iter();
        while let Some(row) = rows.next() {
            bytes += row.iter().map(Value::len).sum::<usize>();
            values.extend(row);
            count += 1;
            if count == ROWS || bytes >= BYTES || rows.len() == 0 {
                let sql = statement.text(self.placeholders(), count, COLUMNS);
                self.run(sql, std::mem::take(&mut values), count == ROWS || count == 1).await?;
                (count, bytes) = (0, 0);
            }
        }
        Ok(())
    }

    async fn manifests(&mut self, batch: &Batch<'_>) -> sqlx::Result<()> {
        self.rows(&MANIFESTS, batch.manifests.iter().map(|(digest, m)| row::manifest(digest, m)).collect()).await?;
        self.rows(&BODIES, batch.manifests.iter().map(|(digest, m)| row::body(digest, m)).collect()).await
    }

    async fn step(&mut self, step: &Step<'_>) -> sqlx::Result<()> {
        self.rows(&REGISTRIES, step.registries.iter().map(|(name, r)| row::registry(name, r)).collect()).await?;
        self.rows(&REPOSITORIES, step.repositories.iter().map(|(place, r)| row::repository(place, r)).collect()).await?;
        self.rows(&END, step.tags.iter().map(|(key, r)| row::named(key, r)).collect()).await?;
        self.rows(&BEGIN, step.tags.iter().map(|(key, r)| row::named(key, r)).collect()).await?;
        self.rows(&TAGS, step.tags.iter().map(|(key, r)| row::tag(key, r)).collect()).await?;
        self.rows(&REFERRERS, step.referrers.iter().map(|(key, r)| row::referrers(key, r)).collect()).await?;

        self.rows(&END, step.dropped_tags.iter().map(|(key, at)| row::moment(key, None, *at)).collect()).await?;
        self.drop_tags(&step.dropped_tags.keys().collect::<Vec<_>>()).await?;
        for ((registry, repository), at) in &step.dropped_repositories {
            self.run(END_REPOSITORY.to_owned(), vec![(&**registry).into(), (&**repository).into(), (*at).into()], true).await?;
            self.run(DROP_REPOSITORY.to_owned(), vec![(&**registry).into(), (&**repository).into()], true).await?;
        }
        Ok(())
    }

    /// By repository, since SQLite reads the whole table where rows of three columns are looked for in a list.
    async fn drop_tags(&mut self, keys: &[&Key<'_>]) -> sqlx::Result<()> {
        for repository in keys.chunk_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1)) {
            for tags in repository.chunks(ROWS) {
                let sql = format!("{DROP_TAGS}{}", Placeholders::Numbers.rows(3, 1, tags.len()));
                let place = tags.first().into_iter().flat_map(|key| [(&*key.0).into(), (&*key.1).into()]);
                let values = place.chain(tags.iter().map(|key| (&*key.2).into())).collect();
                self.run(sql, values, tags.len() == ROWS || tags.len() == 1).await?;
            }
        }
        Ok(())
    }
}
