//! Locks over all processes that share one PostgreSQL: its advisory locks.

use super::{Address, Result, StoreError, pools};
use sqlx::postgres::{PgPool, PgPoolOptions, Postgres};
use sqlx::{AssertSqlSafe, SqlSafeStr as _, raw_sql};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};
use tokio::runtime::Handle;

/// Locks by numbers, held by blocking threads; see [`AdvisoryLocks::hold`].
///
/// Each is held by a transaction that does nothing else, on a connection of its own, so it ends with the guard, with the
/// process and with the connection. Whoever loses the connection does not learn it before the guard is dropped.
#[derive(Debug)]
pub struct AdvisoryLocks {
    /// By rank.
    pools: [PgPool; AdvisoryLocks::RANKS],
    name: String,
    patience: Duration,
    runtime: Handle,
}

/// What is held until it is dropped.
#[derive(Debug)]
pub struct AdvisoryGuard {
    transaction: Option<sqlx::Transaction<'static, Postgres>>,
    runtime: Handle,
}

/// Connections of a rank: so many hold something at a time, and further ones wait for those.
const CONNECTIONS: u32 = 8;
/// Connections that nobody needed for so long are closed.
const IDLE: Duration = Duration::from_mins(2);

/// On each connection. A machine that is gone without a word is given up after half a minute, not after hours.
const KEEP_ALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4;
    SET idle_in_transaction_session_timeout = 0";

impl AdvisoryLocks {
    /// How long is waited for others.
    pub const PATIENCE: Duration = Duration::from_secs(30);
    /// Whoever holds something of a rank may ask for something of a higher one: each has connections of its own, or those who
    /// hold could all wait for one of those who hold.
    pub const RANKS: usize = 4;

    /// The locks of a database; none where that is SQLite. Connects when something is first held. Called within a runtime.
    pub fn of(database: &str) -> Result<Option<Self>> {
        Self::within(database, Self::PATIENCE)
    }

    /// The same with a patience of one's own.
    pub fn within(database: &str, patience: Duration) -> Result<Option<Self>> {
        let address = Address::parse(database)?;
        let name = address.name();
        let Address::PostgreSql(options) = address else { return Ok(None) };
        let failed = |error: tokio::runtime::TryCurrentError| StoreError::Failed { database: name.clone(), reason: error.to_string() };
        let runtime = Handle::try_current().map_err(failed)?;
        let limits = format!("{}; {KEEP_ALIVE}; SET statement_timeout = {}", pools::LIMITS, patience.as_millis());
        let pool = || {
            let limits = limits.clone();
            PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(patience)
                .idle_timeout(IDLE)
                .after_connect(move |connection, _| {
                    let limits = limits.clone();
                    Box::pin(async move { raw_sql(AssertSqlSafe(limits)).execute(connection).await.map(drop) })
                })
                .connect_lazy_with(pools::named(&options))
        };
        Ok(Some(Self { pools: std::array::from_fn(|_| pool()), name, patience, runtime }))
    }

    /// Waits until all keys are free, and holds them until what is returned is dropped; each alone, or shared with others who
    /// want it shared. Called on a thread that may block. Keys are taken in their order, whatever order they are given in.
    /// An error where others hold one for longer than we wait, or the database cannot be reached.
    pub fn hold(&self, rank: usize, keys: &[(i64, bool)]) -> Result<AdvisoryGuard> {
        self.runtime.block_on(self.take(rank, keys))
    }

    async fn take(&self, rank: usize, keys: &[(i64, bool)]) -> Result<AdvisoryGuard> {
        let mut wanted = BTreeMap::new();
        for &(key, shared) in keys {
            // Wanted both ways, it is wanted alone.
            wanted.entry(key).and_modify(|both: &mut bool| *both &= shared).or_insert(shared);
        }
        let runtime = self.runtime.clone();
        if wanted.is_empty() {
            return Ok(AdvisoryGuard { transaction: None, runtime });
        }
        let pool = self.pools.get(rank).unwrap_or(&self.pools[Self::RANKS - 1]);
        let connection = pool.acquire().await.map_err(|error| self.error(&error))?;
        // In one message, since each costs a way to the server and back.
        let mut sql = "BEGIN".to_owned();
        for (key, shared) in wanted {
            // Writing into a String cannot fail.
            let _ = write!(sql, "; SELECT pg_advisory_xact_lock{}({key})", if shared { "_shared" } else { "" });
        }
        let begun = sqlx::Transaction::begin(connection, Some(AssertSqlSafe(sql).into_sql_str())).await;
        let transaction = begun.map_err(|error| self.error(&error))?;
        Ok(AdvisoryGuard { transaction: Some(transaction), runtime })
    }

    fn error(&self, error: &sqlx::Error) -> StoreError {
        // The statement was ended because of its time.
        let waited = error.as_database_error().is_some_and(|answer| answer.code().is_some_and(|code| code == "57014"));
        if !waited {
            return StoreError::of(&self.name, error);
        }
        let reason = format!("what another process holds was not free within {} s", self.patience.as_secs_f64());
        StoreError::Unavailable { database: self.name.clone(), reason }
    }
}

impl Drop for AdvisoryGuard {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            // Nobody waits for it: a connection that fails here has given up its locks.
            self.runtime.spawn(async move { transaction.rollback().await });
        }
    }
}
