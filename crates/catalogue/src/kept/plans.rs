use crate::store::{Result, Row, Store, values};

/// What changes would do, as they were shown to whoever asked. A plan is carried out by at most one job
/// ([`Jobs::begin`](super::Jobs::begin) takes it), within [`Plans::LIFETIME`].
#[derive(Debug, Clone, Copy)]
pub struct Plans<'s>(pub(super) &'s Store);

/// A stored plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRecord {
    /// See [`new_id`](super::new_id).
    pub id: String,
    /// `delete`, `retag`, …
    pub action: String,
    /// The plan as JSON.
    pub body: String,
    /// What was asked for, as JSON.
    pub intent: String,
    /// Who asked.
    pub actor: Option<String>,
    /// From where.
    pub address: Option<String>,
    pub created: i64,
    /// The job that took it. Nothing to write.
    pub job: Option<String>,
}

impl PlanRecord {
    /// Whether it is too old to be carried out.
    pub fn is_expired(&self, now: i64) -> bool {
        now.saturating_sub(self.created) >= Plans::LIFETIME
    }
}

pub(super) const PLAN: &str = "SELECT p.plan, p.action, p.body, p.intent, p.actor, p.address, p.created, j.job
     FROM plans AS p LEFT JOIN jobs AS j ON j.plan = p.plan WHERE p.plan = $1";

impl Plans<'_> {
    /// Milliseconds for which a plan can be carried out.
    pub const LIFETIME: i64 = 86_400_000;

    pub async fn add(&self, plan: &PlanRecord) -> Result<()> {
        let sql = "INSERT INTO plans (plan, action, body, intent, actor, address, created) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let PlanRecord { id, action, body, intent, actor, address, created, job: _ } = plan;
        self.0.run(sql, values![id, action, body, intent, actor, address, *created]).await.map(drop)
    }

    pub async fn get(&self, id: &str) -> Result<Option<PlanRecord>> {
        Ok(self.0.select(PLAN, values![id], read).await?.pop())
    }

    /// Removes the plans made before a time that no job took; says how many.
    pub async fn forget_before(&self, time: i64) -> Result<u64> {
        let sql = "DELETE FROM plans WHERE created < $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.plan = plans.plan)";
        self.0.run(sql, values![time]).await
    }
}

fn read(row: &Row) -> sqlx::Result<PlanRecord> {
    Ok(PlanRecord {
        id: row.get(0)?,
        action: row.get(1)?,
        body: row.get(2)?,
        intent: row.get(3)?,
        actor: row.get(4)?,
        address: row.get(5)?,
        created: row.get(6)?,
        job: row.get(7)?,
    })
}
