use crate::store::{Result, Row, Store, values};

/// What is never taken by a change of ours, whoever asks, until it is unlocked. A registry knows nothing of it.
#[derive(Debug, Clone, Copy)]
pub struct Locks<'s>(pub(super) &'s Store);

/// A lock on a tag, a digest or a whole repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockRecord {
    pub registry: String,
    pub repository: String,
    /// A tag or digest; empty for the whole repository.
    pub name: String,
    pub at: i64,
    pub actor: Option<String>,
    /// Why.
    pub note: Option<String>,
}

const COLUMNS: &str = "registry, repository, name, at, actor, note";

impl Locks<'_> {
    /// Locks something, or says anew why and by whom it is.
    pub async fn put(&self, lock: &LockRecord) -> Result<()> {
        let sql = "INSERT INTO locks (registry, repository, name, at, actor, note) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (registry, repository, name) DO UPDATE SET at = excluded.at, actor = excluded.actor, note = excluded.note";
        let LockRecord { registry, repository, name, at, actor, note } = lock;
        self.0.run(sql, values![registry, repository, name, *at, actor, note]).await.map(drop)
    }

    /// `false` where there was none.
    pub async fn take(&self, registry: &str, repository: &str, name: &str) -> Result<bool> {
        let sql = "DELETE FROM locks WHERE registry = $1 AND repository = $2 AND name = $3";
        Ok(self.0.run(sql, values![registry, repository, name]).await? > 0)
    }

    /// All of them, in the order of their places.
    pub async fn all(&self) -> Result<Vec<LockRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM locks ORDER BY registry, repository, name");
        self.0.select(&sql, values![], read).await
    }
}

fn read(row: &Row) -> sqlx::Result<LockRecord> {
    Ok(LockRecord {
        registry: row.get(0)?,
        repository: row.get(1)?,
        name: row.get(2)?,
        at: row.get(3)?,
        actor: row.get(4)?,
        note: row.get(5)?,
    })
}
