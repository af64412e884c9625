use crate::store::{Result, Row, Store, values};

/// What is cleaned up, and when. When a schedule is due next is worked out by the caller, who knows cron and time zones;
/// here it is a time, and whoever claims it runs it.
#[derive(Debug, Clone, Copy)]
pub struct Policies<'s>(pub(super) &'s Store);

/// A policy, its schedule and its last run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyRecord {
    /// See [`new_id`](super::new_id).
    pub id: String,
    pub name: String,
    /// Only in this registry; all when absent.
    pub registry: Option<String>,
    /// The policy as JSON.
    pub body: String,
    /// In cron's words.
    pub schedule: Option<String>,
    /// The time zone the schedule is meant in.
    pub zone: Option<String>,
    /// Whether the schedule runs.
    pub enabled: bool,
    pub created: i64,
    pub changed: i64,
    /// When it runs next.
    pub next: Option<i64>,
    /// When it last ran. This and the rest are written by [`Policies::claim`] and [`Policies::ran`] only.
    pub last: Option<i64>,
    pub plan: Option<String>,
    pub job: Option<String>,
    /// What came of the last run, in a sentence.
    pub result: Option<String>,
}

const COLUMNS: &str = "policy, name, registry, body, schedule, zone, enabled, created, changed, next, last, plan, job, result";
/// What came of the last run stays.
const SAVE: &str = "INSERT INTO policies (policy, name, registry, body, schedule, zone, enabled, created, changed, next)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (policy) DO UPDATE SET name = excluded.name, registry = excluded.registry, body = excluded.body,
         schedule = excluded.schedule, zone = excluded.zone, enabled = excluded.enabled, changed = excluded.changed, next = excluded.next";

impl Policies<'_> {
    /// Inserts a policy or replaces it; when it was created and what came of its last run stay.
    pub async fn save(&self, policy: &PolicyRecord) -> Result<()> {
        let PolicyRecord { id, name, registry, body, schedule, zone, enabled, created, changed, next, .. } = policy;
        let values = values![id, name, registry, body, schedule, zone, *enabled, *created, *changed, *next];
        self.0.run(SAVE, values).await.map(drop)
    }

    pub async fn get(&self, id: &str) -> Result<Option<PolicyRecord>> {
        Ok(self.0.select(&format!("SELECT {COLUMNS} FROM policies WHERE policy = $1"), values![id], read).await?.pop())
    }

    /// All of them, by name.
    pub async fn all(&self) -> Result<Vec<PolicyRecord>> {
        self.0.select(&format!("SELECT {COLUMNS} FROM policies ORDER BY name, policy"), values![], read).await
    }

    /// `false` where there was none.
    pub async fn remove(&self, id: &str) -> Result<bool> {
        Ok(self.0.run("DELETE FROM policies WHERE policy = $1", values![id]).await? > 0)
    }

    /// Those enabled whose time has come, the longest due first.
    pub async fn due(&self, now: i64) -> Result<Vec<PolicyRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM policies WHERE enabled AND next <= $1 ORDER BY next, policy");
        self.0.select(&sql, values![now], read).await
    }

    /// Takes the run that was due at `due`, and sets when the policy runs next. `true`: the caller runs it, and nobody
    /// else does. `false`: another has it, or the policy was changed meanwhile.
    pub async fn claim(&self, id: &str, due: i64, next: Option<i64>, now: i64) -> Result<bool> {
        let sql = "UPDATE policies SET next = $3, last = $4, plan = NULL, job = NULL, result = NULL
             WHERE policy = $1 AND next = $2 AND enabled";
        Ok(self.0.run(sql, values![id, due, next, now]).await? > 0)
    }

    /// Writes down what came of the last run.
    pub async fn ran(&self, id: &str, plan: Option<&str>, job: Option<&str>, result: Option<&str>) -> Result<()> {
        let sql = "UPDATE policies SET plan = $2, job = $3, result = $4 WHERE policy = $1";
        self.0.run(sql, values![id, plan, job, result]).await.map(drop)
    }
}

fn read(row: &Row) -> sqlx::Result<PolicyRecord> {
    Ok(PolicyRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        registry: row.get(2)?,
        body: row.get(3)?,
        schedule: row.get(4)?,
        zone: row.get(5)?,
        enabled: row.get(6)?,
        created: row.get(7)?,
        changed: row.get(8)?,
        next: row.get(9)?,
        last: row.get(10)?,
        plan: row.get(11)?,
        job: row.get(12)?,
        result: row.get(13)?,
    })
}
