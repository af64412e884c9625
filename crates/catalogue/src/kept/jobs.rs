use super::asked::Asked;
use super::plans::Plans;
use super::steps::{self, NewStep, StepRecord, StepUpdate};
use super::words;
use crate::store::{Change, Result, Row, Statement, Store, values};

/// Plans being carried out, or carried out.
///
/// A job is worked on by whoever has its lease: [`Jobs::claim_next`] gives it, [`Jobs::renew`] and [`Jobs::progress`] keep
/// it. When it runs out, because its process died or hangs, the job goes to the next one that asks, which goes on where
/// the steps say; the former owner learns it from [`Lease::Lost`] and must stop.
#[derive(Debug, Clone, Copy)]
pub struct Jobs<'s>(pub(super) &'s Store);

words! {
    /// How a job stands.
    pub enum JobState {
        /// It waits.
        Queued "queued",
        /// At work.
        Running "running",
        /// Everything was done.
        Done "done",
        /// It stopped.
        Failed "failed",
        /// Someone stopped it.
        Cancelled "cancelled",
    }
}

impl JobState {
    /// Nothing more happens.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A job to begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewJob {
    /// See [`new_id`](super::new_id).
    pub id: String,
    /// The plan it takes.
    pub plan: Option<String>,
    /// `delete`, `retag`, …
    pub action: String,
    /// The registry it is about; of a copy, the target.
    pub registry: String,
    /// Registry and name of each repository it touches. While it is unfinished, no later job that touches one of them runs.
    pub repositories: Vec<(String, String)>,
    /// In a few words.
    pub summary: String,
    pub total: u64,
    /// What `done` and `total` count.
    pub unit: String,
    /// The job it undoes.
    pub undoes: Option<String>,
    pub actor: Option<String>,
    pub address: Option<String>,
    /// In the order in which they are done.
    pub steps: Vec<NewStep>,
}

/// What became of a job to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is queued.
    Queued,
    /// The plan was taken before, by this job.
    PlanTaken(String),
    PlanExpired,
    PlanUnknown,
    /// What it undoes was undone before, or is being undone, by this job.
    Undone(String),
    /// What it undoes is not known, or not over.
    NothingToUndo,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Grows with each job.
    pub number: i64,
    pub id: String,
    pub plan: Option<String>,
    pub action: String,
    pub registry: String,
    pub state: JobState,
    pub summary: String,
    pub created: i64,
    pub started: Option<i64>,
    pub finished: Option<i64>,
    pub done: u64,
    pub total: u64,
    pub unit: String,
    /// As JSON: a list.
    pub problems: String,
    /// Until when it can be undone; null where it cannot, or was.
    pub undo_until: Option<i64>,
    pub undoes: Option<String>,
    /// The job that undid it, or is at it.
    pub undone_by: Option<String>,
    pub actor: Option<String>,
    pub address: Option<String>,
    pub cancel_asked: bool,
    /// Who is at work on it.
    pub owner: Option<String>,
    /// Until when the owner is taken to be alive.
    pub lease: Option<i64>,
}

/// Whether a job is still the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Go on, or stop after this step where that was asked for.
    Ours { cancel_asked: bool },
    /// Another has it, or it is over. What was to be written was not.
    Lost,
}

/// How a job ended.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// One that is over.
    pub state: JobState,
    pub done: u64,
    /// As JSON: a list.
    pub problems: &'a str,
    /// What it took, as JSON.
    pub undo: Option<&'a str>,
    pub undo_until: Option<i64>,
}

/// What became of asking a job to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not begun and never will.
    AtOnce,
    /// Its owner stops after the step it is at.
    Asked,
    /// It was over before.
    Over(JobState),
}

/// Which jobs to list; all when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    pub registry: Option<String>,
    /// With `registry`.
    pub repository: Option<String>,
    /// Any of these.
    pub states: Vec<JobState>,
    pub action: Option<String>,
}

/// A job's columns, in the order of [`read`]; of the table called `j`.
const COLUMNS: &str =
    "j.number, j.job, j.plan, j.action, j.registry, j.state, j.summary, j.created, j.started, j.finished, j.done, j.total,
     j.unit, j.problems, j.undo_until, j.undoes, j.undone_by, j.actor, j.address, j.cancel_asked, j.owner, j.lease";

const INSERT: &str = "INSERT INTO jobs (job, plan, action, registry, state, summary, created, done, total, unit, problems, undoes, actor,
         address, cancel_asked)
     VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, $7, $8, '[]', $9, $10, $11, $12)";
const REPOSITORIES: Statement =
    Statement("INSERT INTO job_repositories (job, registry, repository) VALUES {} ON CONFLICT (job, registry, repository) DO NOTHING");

/// The first job that may run. An older unfinished one with a repository of its own keeps it waiting. The few unfinished
/// ones are looked at first, which `CROSS JOIN` has SQLite do.
const NEXT: &str = "SELECT j.job FROM jobs AS j
     WHERE (j.state = 'queued' OR (j.state = 'running' AND j.lease <= $1)) AND j.state IN ('queued', 'running')
       AND NOT EXISTS (
           SELECT 1 FROM jobs AS older CROSS JOIN job_repositories AS theirs CROSS JOIN job_repositories AS mine
           WHERE older.number < j.number AND older.state IN ('queued', 'running') AND theirs.job = older.job
             AND mine.job = j.job AND mine.registry = theirs.registry AND mine.repository = theirs.repository)
     ORDER BY j.number LIMIT 1";
const CLAIM: &str = "UPDATE jobs SET state = 'running', owner = $2, lease = $3, started = COALESCE(started, $4) WHERE job = $1";
const RENEW: &str = "UPDATE jobs SET lease = $3 WHERE job = $1 AND owner = $2 AND state = 'running'";
const ADVANCE: &str = "UPDATE jobs SET done = $2, total = COALESCE($3, total) WHERE job = $1";
const FINISH: &str = "UPDATE jobs SET state = $3, done = $4, problems = $5, undo = $6, undo_until = $7, finished = $8, owner = NULL,
         lease = NULL
     WHERE job = $1 AND owner = $2 AND state = 'running'";
const RELEASE: &str = "UPDATE jobs SET state = 'queued', owner = NULL, lease = NULL WHERE job = $1 AND owner = $2 AND state = 'running'";
const CANCEL: &str = "UPDATE jobs SET cancel_asked = $2, state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
         finished = CASE WHEN state = 'queued' THEN $3 ELSE finished END
     WHERE job = $1 AND state IN ('queued', 'running')";
/// What was to be undone by a job that did not do it can be undone by another.
const STILL_DONE: &str = "UPDATE jobs SET undone_by = NULL WHERE undone_by = $1";
const UNDONE: &str = "UPDATE jobs SET undo_until = NULL WHERE undone_by = $1";

impl Jobs<'_> {
    /// Queues a job, unless the plan it takes is taken, expired or unknown, or what it undoes cannot be.
    pub async fn begin(&self, job: &NewJob, now: i64) -> Result<Begun> {
        let mut change = self.0.change().await?;
        if let Some(refused) = refusal(&mut change, job, now).await? {
            return Ok(refused);
        }
        let NewJob { id, plan, action, registry, repositories, summary, total, unit, undoes, actor, address, steps } = job;
        let values = values![id, plan, action, registry, summary, now, *total, unit, undoes, actor, address, false];
        change.run(INSERT, values).await?;
        let places = repositories.iter().map(|(registry, repository)| [id.into(), registry.into(), repository.into()]);
        change.rows(&REPOSITORIES, places.collect()).await?;
        steps::add(&mut change, id, steps).await?;
        if let Some(undoes) = undoes {
            change.run("UPDATE jobs SET undone_by = $2 WHERE job = $1", values![undoes, id]).await?;
        }
        change.commit().await?;
        Ok(Begun::Queued)
    }

    pub async fn get(&self, id: &str) -> Result<Option<JobRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM jobs AS j WHERE j.job = $1");
        Ok(self.0.select(&sql, values![id], read).await?.pop())
    }

    /// The newest jobs first; `before` is the last number of the page before.
    pub async fn page(&self, filter: &JobFilter, before: Option<i64>, limit: u32) -> Result<Vec<JobRecord>> {
        let mut asked = Asked::new(format!("SELECT {COLUMNS} FROM jobs AS j"));
        filter.write(&mut asked);
        if let Some(before) = before {
            let before = asked.put(before);
            asked.and(format!("j.number < {before}"));
        }
        asked.end("j.number DESC", limit);
        self.0.select(&asked.sql, asked.values, read).await
    }

    /// How many jobs there are.
    pub async fn count(&self, filter: &JobFilter) -> Result<u64> {
        let mut asked = Asked::new("SELECT COUNT(*) FROM jobs AS j".to_owned());
        filter.write(&mut asked);
        let counted = self.0.select(&asked.sql, asked.values, |row| row.get::<i64>(0)).await?;
        Ok(counted.first().map_or(0, |n| n.unsigned_abs()))
    }

    /// Registry and name of the repositories a job touches.
    pub async fn repositories(&self, id: &str) -> Result<Vec<(String, String)>> {
        let sql = "SELECT registry, repository FROM job_repositories WHERE job = $1 ORDER BY registry, repository";
        self.0.select(sql, values![id], |row| Ok((row.get(0)?, row.get(1)?))).await
    }

    /// What a job took, as JSON, where it said so when it ended.
    pub async fn undo(&self, id: &str) -> Result<Option<String>> {
        let rows: Vec<Option<String>> = self.0.select("SELECT undo FROM jobs WHERE job = $1", values![id], |row| row.get(0)).await?;
        Ok(rows.into_iter().flatten().next())
    }

    /// A page of a job's steps, in order: at most `limit`, numbered from `from`. `state`: only those.
    pub async fn steps(&self, id: &str, from: u64, state: Option<super::StepState>, limit: u32) -> Result<Vec<StepRecord>> {
        steps::page(self.0, id, from, state, limit).await
    }

    /// The oldest job that is queued, or whose owner's lease has run out, and that shares no repository with an older
    /// unfinished one: the caller's for so many milliseconds. Over all processes a job has one owner at a time.
    pub async fn claim_next(&self, owner: &str, lease_ms: i64, now: i64) -> Result<Option<JobRecord>> {
        // Nearly always there is nothing to do; to see that, no writer need be waited for.
        if self.0.select(NEXT, values![now], |row| row.get::<String>(0)).await?.is_empty() {
            return Ok(None);
        }
        let mut change = self.0.change().await?;
        let Some(id) = change.select(NEXT, values![now], |row| row.get::<String>(0)).await?.pop() else { return Ok(None) };
        change.run(CLAIM, values![&id, owner, now.saturating_add(lease_ms), now]).await?;
        let sql = format!("SELECT {COLUMNS} FROM jobs AS j WHERE j.job = $1");
        let job = change.select(&sql, values![&id], read).await?.pop();
        change.commit().await?;
        Ok(job)
    }

    /// Keeps a job for so many milliseconds more.
    pub async fn renew(&self, id: &str, owner: &str, lease_ms: i64, now: i64) -> Result<Lease> {
        let mut change = self.0.change().await?;
        let lease = renew(&mut change, id, owner, lease_ms, now).await?;
        change.commit().await?;
        Ok(lease)
    }

    /// Keeps a job, and writes down how far it is and what became of some of its steps. `total` where it is another.
    pub async fn progress(
        &self,
        (id, owner): (&str, &str),
        lease_ms: i64,
        now: i64,
        done: u64,
        total: Option<u64>,
        steps: &[StepUpdate],
    ) -> Result<Lease> {
        let mut change = self.0.change().await?;
        let lease = renew(&mut change, id, owner, lease_ms, now).await?;
        if lease != Lease::Lost {
            let total = total.map(|t| i64::try_from(t).unwrap_or(i64::MAX));
            change.run(ADVANCE, values![id, done, total]).await?;
            steps::update(&mut change, id, steps).await?;
        }
        change.commit().await?;
        Ok(lease)
    }

    /// Ends a job. `false` where it was not the caller's any more; then nothing was written.
    pub async fn finish(&self, id: &str, owner: &str, outcome: &Outcome<'_>, now: i64) -> Result<bool> {
        let Outcome { state, done, problems, undo, undo_until } = *outcome;
        let mut change = self.0.change().await?;
        let written = change.run(FINISH, values![id, owner, state.as_str(), done, problems, undo, undo_until, now]).await?;
        if written == 0 {
            return Ok(false);
        }
        change.run(if state == JobState::Done { UNDONE } else { STILL_DONE }, values![id]).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Gives a job back, to be gone on with by whoever claims it next: at the end of the process. `false` where it was not
    /// the caller's any more.
    pub async fn release(&self, id: &str, owner: &str) -> Result<bool> {
        Ok(self.0.run(RELEASE, values![id, owner]).await? > 0)
    }

    /// Has a job stop. None: there is no such job.
    pub async fn ask_cancel(&self, id: &str, now: i64) -> Result<Option<Cancelled>> {
        let mut change = self.0.change().await?;
        let before = change.select("SELECT state FROM jobs WHERE job = $1", values![id], |row| JobState::read(row, 0)).await?.pop();
        let outcome = match before {
            None => return Ok(None),
            Some(JobState::Queued) => Cancelled::AtOnce,
            Some(JobState::Running) => Cancelled::Asked,
            Some(over) => return Ok(Some(Cancelled::Over(over))),
        };
        change.run(CANCEL, values![id, true, now]).await?;
        if outcome == Cancelled::AtOnce {
            change.run(STILL_DONE, values![id]).await?;
        }
        change.commit().await?;
        Ok(Some(outcome))
    }

    /// Removes jobs that ended before a time, with their steps and plans; says how many jobs.
    pub async fn forget_before(&self, time: i64) -> Result<u64> {
        let mut change = self.0.change().await?;
        let plans = "SELECT plan FROM jobs WHERE finished < $1 AND plan IS NOT NULL";
        let plans: Vec<String> = change.select(plans, values![time], |row| row.get(0)).await?;
        let jobs = change.run("DELETE FROM jobs WHERE finished < $1", values![time]).await?;
        for plan in &plans {
            change.run("DELETE FROM plans WHERE plan = $1", values![plan]).await?;
        }
        change.commit().await?;
        Ok(jobs)
    }
}

/// Why a job cannot begin; none where it can.
async fn refusal(change: &mut Change<'_>, job: &NewJob, now: i64) -> Result<Option<Begun>> {
    if let Some(plan) = &job.plan {
        let sql = "SELECT p.created, j.job FROM plans AS p LEFT JOIN jobs AS j ON j.plan = p.plan WHERE p.plan = $1";
        let rows: Vec<(i64, Option<String>)> = change.select(sql, values![plan], |row| Ok((row.get(0)?, row.get(1)?))).await?;
        match rows.into_iter().next() {
            None => return Ok(Some(Begun::PlanUnknown)),
            Some((_, Some(job))) => return Ok(Some(Begun::PlanTaken(job))),
            Some((created, None)) if now.saturating_sub(created) >= Plans::LIFETIME => return Ok(Some(Begun::PlanExpired)),
            Some(_) => {}
        }
    }
    if let Some(undoes) = &job.undoes {
        let sql = "SELECT state, undone_by FROM jobs WHERE job = $1";
        let rows: Vec<(JobState, Option<String>)> =
            change.select(sql, values![undoes], |row| Ok((JobState::read(row, 0)?, row.get(1)?))).await?;
        match rows.into_iter().next() {
            Some((_, Some(by))) => return Ok(Some(Begun::Undone(by))),
            Some((state, None)) if state.is_over() => {}
            _ => return Ok(Some(Begun::NothingToUndo)),
        }
    }
    Ok(None)
}

async fn renew(change: &mut Change<'_>, id: &str, owner: &str, lease_ms: i64, now: i64) -> Result<Lease> {
    if change.run(RENEW, values![id, owner, now.saturating_add(lease_ms)]).await? == 0 {
        return Ok(Lease::Lost);
    }
    let asked = change.select("SELECT cancel_asked FROM jobs WHERE job = $1", values![id], |row| row.get(0)).await?.pop();
    Ok(Lease::Ours { cancel_asked: asked.unwrap_or(false) })
}

impl JobFilter {
    fn write<'a>(&'a self, asked: &mut Asked<'a>) {
        if let Some(registry) = &self.registry {
            let registry = asked.put(registry);
            let touches =
                |also: &str| format!("EXISTS (SELECT 1 FROM job_repositories AS r WHERE r.job = j.job AND r.registry = {registry}{also})");
            match &self.repository {
                None => asked.and(format!("(j.registry = {registry} OR {})", touches(""))),
                Some(repository) => {
                    let repository = asked.put(repository);
                    asked.and(touches(&format!(" AND r.repository = {repository}")));
                }
            }
        }
        if !self.states.is_empty() {
            let states: Vec<String> = self.states.iter().map(|state| asked.put(state.as_str())).collect();
            asked.and(format!("j.state IN ({})", states.join(", ")));
        }
        if let Some(action) = &self.action {
            let action = asked.put(action);
            asked.and(format!("j.action = {action}"));
        }
    }
}

fn read(row: &Row) -> sqlx::Result<JobRecord> {
    let count = |column| row.get::<i64>(column).map(|n| n.max(0) as u64);
    Ok(JobRecord {
        number: row.get(0)?,
        id: row.get(1)?,
        plan: row.get(2)?,
        action: row.get(3)?,
        registry: row.get(4)?,
        state: JobState::read(row, 5)?,
        summary: row.get(6)?,
        created: row.get(7)?,
        started: row.get(8)?,
        finished: row.get(9)?,
        done: count(10)?,
        total: count(11)?,
        unit: row.get(12)?,
        problems: row.get(13)?,
        undo_until: row.get(14)?,
        undoes: row.get(15)?,
        undone_by: row.get(16)?,
        actor: row.get(17)?,
        address: row.get(18)?,
        cancel_asked: row.get(19)?,
        owner: row.get(20)?,
        lease: row.get(21)?,
    })
}
