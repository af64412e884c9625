use crate::store::{Result, Row, Statement, Store, values};
use std::collections::BTreeMap;

/// When tags and digests were last pulled, and how often, as far as registries tell.
#[derive(Debug, Clone, Copy)]
pub struct Pulls<'s>(pub(super) &'s Store);

/// Pulls of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRecord {
    pub registry: String,
    pub repository: String,
    /// The tag, or the digest where it was asked for by that.
    pub name: String,
    pub last: i64,
    pub pulls: u64,
    /// How many on which day, in days since 1970 in UTC; of the last [`Pulls::DAYS`] only.
    pub days: BTreeMap<i64, u64>,
}

/// That a registry tells of pulls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListeningRecord {
    pub registry: String,
    /// Without a break since.
    pub since: i64,
    /// When it last told of one.
    pub heard: i64,
}

const ADD: Statement = Statement(
    "INSERT INTO pulls (registry, repository, name, last, pulls) VALUES {}
     ON CONFLICT (registry, repository, name) DO UPDATE SET
         last = CASE WHEN excluded.last > pulls.last THEN excluded.last ELSE pulls.last END, pulls = pulls.pulls + excluded.pulls",
);
const ADD_DAYS: Statement = Statement(
    "INSERT INTO pull_days (registry, repository, name, day, pulls) VALUES {}
     ON CONFLICT (registry, repository, name, day) DO UPDATE SET pulls = pull_days.pulls + excluded.pulls",
);

impl Pulls<'_> {
    /// Days for which pulls are counted one by one.
    pub const DAYS: i64 = 30;

    /// The day of a time, in days since 1970 in UTC.
    pub fn day(at: i64) -> i64 {
        at.div_euclid(86_400_000)
    }

    /// Adds pulls to those known. Of one name there is one record.
    pub async fn add(&self, records: &[PullRecord]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut change = self.0.change().await?;
        let rows = records.iter().map(|r| [(&r.registry).into(), (&r.repository).into(), (&r.name).into(), r.last.into(), r.pulls.into()]);
        change.rows(&ADD, rows.collect()).await?;
        let days = records.iter().flat_map(|r| r.days.iter().map(move |(&day, &pulls)| (r, day, pulls)));
        let rows = days
            .map(|(r, day, pulls)| [(&r.registry).into(), (&r.repository).into(), (&r.name).into(), day.into(), pulls.into()])
            .collect();
        change.rows(&ADD_DAYS, rows).await?;
        change.commit().await
    }

    /// Pulls of a repository, by name.
    pub async fn of(&self, registry: &str, repository: &str) -> Result<Vec<PullRecord>> {
        let sql = "SELECT registry, repository, name, last, pulls FROM pulls WHERE registry = $1 AND repository = $2 ORDER BY name";
        let mut records = self.0.select(sql, values![registry, repository], read).await?;
        let sql = "SELECT name, day, pulls FROM pull_days WHERE registry = $1 AND repository = $2 ORDER BY name, day";
        let days: Vec<(String, i64, i64)> =
            self.0.select(sql, values![registry, repository], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await?;
        for (name, day, pulls) in days {
            if let Ok(i) = records.binary_search_by(|r| r.name.as_str().cmp(&name)) {
                records[i].days.insert(day, pulls.max(0) as u64);
            }
        }
        Ok(records)
    }

    /// When each name was last pulled, where that was at or after a time; without how often.
    pub(crate) async fn since(&self, time: i64) -> Result<Vec<PullRecord>> {
        let sql = "SELECT registry, repository, name, last, pulls FROM pulls WHERE last >= $1";
        self.0.select(sql, values![time], read).await
    }

    /// Since when each registry tells of pulls without a break, and when it last did.
    pub async fn listening(&self) -> Result<Vec<ListeningRecord>> {
        let take = |row: &Row| Ok(ListeningRecord { registry: row.get(0)?, since: row.get(1)?, heard: row.get(2)? });
        self.0.select("SELECT registry, since, heard FROM listening ORDER BY registry", values![], take).await
    }

    /// Inserts or replaces. Of two processes the one that heard later counts.
    pub(crate) async fn listen(&self, record: &ListeningRecord) -> Result<()> {
        let sql = "INSERT INTO listening (registry, since, heard) VALUES ($1, $2, $3)
             ON CONFLICT (registry) DO UPDATE SET since = excluded.since, heard = excluded.heard WHERE listening.heard <= excluded.heard";
        self.0.run(sql, values![&record.registry, record.since, record.heard]).await.map(drop)
    }

    /// Forgets how many there were on days before the last [`Pulls::DAYS`].
    pub async fn forget_days(&self, now: i64) -> Result<u64> {
        self.0.run("DELETE FROM pull_days WHERE day <= $1", values![Self::day(now) - Self::DAYS]).await
    }
}

fn read(row: &Row) -> sqlx::Result<PullRecord> {
    Ok(PullRecord {
        registry: row.get(0)?,
        repository: row.get(1)?,
        name: row.get(2)?,
        last: row.get(3)?,
        pulls: row.get::<i64>(4)?.max(0) as u64,
        days: BTreeMap::new(),
    })
}
