use crate::store::{Result, Row, Store, values};

/// What somebody agreed to, once for a registry: that the placeholder may be used, say.
#[derive(Debug, Clone, Copy)]
pub struct Consents<'s>(pub(super) &'s Store);

/// Who agreed to what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    pub registry: String,
    /// To what, in a word: `placeholder`.
    pub subject: String,
    pub at: i64,
    pub actor: Option<String>,
    pub address: Option<String>,
}

impl Consents<'_> {
    /// Writes a consent down. The first one counts: who agreed before stays.
    pub async fn give(&self, consent: &ConsentRecord) -> Result<()> {
        let sql = "INSERT INTO consents (registry, subject, at, actor, address) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (registry, subject) DO NOTHING";
        let ConsentRecord { registry, subject, at, actor, address } = consent;
        self.0.run(sql, values![registry, subject, *at, actor, address]).await.map(drop)
    }

    pub async fn get(&self, registry: &str, subject: &str) -> Result<Option<ConsentRecord>> {
        let sql = "SELECT registry, subject, at, actor, address FROM consents WHERE registry = $1 AND subject = $2";
        Ok(self.0.select(sql, values![registry, subject], read).await?.pop())
    }

    /// Takes a consent back; `false` where there was none.
    pub async fn withdraw(&self, registry: &str, subject: &str) -> Result<bool> {
        let sql = "DELETE FROM consents WHERE registry = $1 AND subject = $2";
        Ok(self.0.run(sql, values![registry, subject]).await? > 0)
    }
}

fn read(row: &Row) -> sqlx::Result<ConsentRecord> {
    Ok(ConsentRecord { registry: row.get(0)?, subject: row.get(1)?, at: row.get(2)?, actor: row.get(3)?, address: row.get(4)? })
}
