//! A job's steps, in the order in which they are done. They are written when the job begins; what became of each is
//! written as the job goes on, so that another process knows where to go on.

use super::asked::Asked;
use super::words;
use crate::store::{Change, Result, Row, Statement, Store};

words! {
    /// How a step stands.
    pub enum StepState {
        /// Not begun, or begun and cut off.
        Waiting "waiting",
        Done "done",
        /// Nothing was left to be done.
        Skipped "skipped",
        Failed "failed",
    }
}

/// A step of a new job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// What is done, as text or JSON.
    pub step: String,
    /// What it is done to.
    pub reference: String,
}

/// A step as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Its place in the job, from 0.
    pub n: u64,
    pub step: String,
    pub reference: String,
    pub state: StepState,
    /// What went wrong, or how it was done, in a sentence.
    pub detail: Option<String>,
    /// What undoing it needs, as JSON.
    pub undo: Option<String>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUpdate {
    pub n: u64,
    pub state: StepState,
    pub detail: Option<String>,
    /// None leaves what is there.
    pub undo: Option<String>,
}

const ADD: Statement = Statement("INSERT INTO job_steps (job, n, step, reference, state) VALUES {}");
const UPDATE: Statement = Statement(
    "WITH t (job, n, state, detail, undo) AS (VALUES {})
     UPDATE job_steps SET state = t.state, detail = t.detail, undo = COALESCE(t.undo, job_steps.undo)
     FROM t WHERE job_steps.job = t.job AND job_steps.n = t.n",
);

pub(super) async fn add(change: &mut Change<'_>, job: &str, steps: &[NewStep]) -> Result<()> {
    let waiting = StepState::Waiting.as_str();
    // Part by part, since a clean-up may have a million.
    for (part, some) in (0..).zip(steps.chunks(PART)) {
        let numbered = (part * PART as u64..).zip(some);
        let rows = numbered.map(|(n, step)| [job.into(), n.into(), (&step.step).into(), (&step.reference).into(), waiting.into()]);
        change.rows(&ADD, rows.collect()).await?;
    }
    Ok(())
}

/// Steps whose rows are made together.
const PART: usize = 4096;

/// A step named twice has the later state.
pub(super) async fn update(change: &mut Change<'_>, job: &str, steps: &[StepUpdate]) -> Result<()> {
    let mut last = std::collections::BTreeMap::new();
    for step in steps {
        last.insert(step.n, step);
    }
    let rows = last.values().map(|step| {
        let StepUpdate { n, state, detail, undo } = step;
        [job.into(), (*n).into(), state.as_str().into(), detail.into(), undo.into()]
    });
    change.rows(&UPDATE, rows.collect()).await.map(drop)
}

pub(super) async fn page(store: &Store, job: &str, from: u64, state: Option<StepState>, limit: u32) -> Result<Vec<StepRecord>> {
    let mut asked = Asked::new("SELECT n, step, reference, state, detail, undo FROM job_steps".to_owned());
    let (job, from) = (asked.put(job), asked.put(from));
    asked.and(format!("job = {job} AND n >= {from}"));
    if let Some(state) = state {
        let state = asked.put(state.as_str());
        asked.and(format!("state = {state}"));
    }
    asked.end("n", limit);
    store.select(&asked.sql, asked.values, read).await
}

fn read(row: &Row) -> sqlx::Result<StepRecord> {
    Ok(StepRecord {
        n: row.get::<i64>(0)?.max(0) as u64,
        step: row.get(1)?,
        reference: row.get(2)?,
        state: StepState::read(row, 3)?,
        detail: row.get(4)?,
        undo: row.get(5)?,
    })
}
