//! Changing registries: plans, the jobs that carry them out, what was done. docs/decisions/006-changes.md says how.

use crate::{Caller, Error, Result, Service};
use api::{Activity, Code, Intent, Job, JobItem, List, Plan};
use tokio::sync::broadcast;

/// What to list of jobs, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobsQuery {
    /// Only those of this registry.
    pub registry: Option<String>,
    /// Only those of this repository, with `registry`.
    pub repository: Option<String>,
    /// `queued | running | done | failed | cancelled`, or `active` for the first two.
    pub state: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

/// What to list of activity, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityQuery {
    pub registry: Option<String>,
    pub repository: Option<String>,
    pub tag: Option<String>,
    /// `push | pull | delete | tag | copy | restore`.
    pub action: Option<String>,
    pub actor: Option<String>,
    /// `us | registry`.
    pub source: Option<String>,
    /// Words that stand in repository, tag, actor, digest or detail.
    pub q: String,
    /// RFC 3339, or an age such as `7d`: not before.
    pub since: Option<String>,
    /// RFC 3339, or an age: before.
    pub until: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

impl Service {
    /// What a change would do. Stored for a day, so that exactly this can be carried out.
    pub async fn plan(&self, _caller: &Caller, _intent: &Intent) -> Result<Plan> {
        Err(unbuilt())
    }

    /// A stored plan.
    pub async fn stored_plan(&self, _caller: &Caller, _id: &str) -> Result<Plan> {
        Err(unbuilt())
    }

    /// Carries out a plan, once. `confirm` is the plan's, word for word.
    pub async fn carry_out(&self, _caller: &Caller, _plan: &str, _confirm: &str) -> Result<Job> {
        Err(unbuilt())
    }

    pub async fn jobs(&self, _caller: &Caller, _query: &JobsQuery) -> Result<List<Job>> {
        Err(unbuilt())
    }

    /// A job with its first thousand steps.
    pub async fn job(&self, _caller: &Caller, _id: &str) -> Result<Job> {
        Err(unbuilt())
    }

    /// A page of a job's steps; `after` is how many came before.
    pub async fn job_items(&self, _caller: &Caller, _id: &str, _after: u64, _limit: u32) -> Result<Vec<JobItem>> {
        Err(unbuilt())
    }

    /// Has a job stop after the step it is at.
    pub async fn cancel(&self, _caller: &Caller, _id: &str) -> Result<Job> {
        Err(unbuilt())
    }

    /// Puts back what a job took. Returns the job that does so.
    pub async fn undo(&self, _caller: &Caller, _id: &str) -> Result<Job> {
        Err(unbuilt())
    }

    /// Ids of jobs as they change; a receiver that falls behind should read anew.
    pub fn job_changes(&self) -> broadcast::Receiver<String> {
        broadcast::channel(1).1
    }

    pub async fn activity(&self, _caller: &Caller, _query: &ActivityQuery) -> Result<List<Activity>> {
        Err(unbuilt())
    }
}

fn unbuilt() -> Error {
    Error::new(Code::Internal, "Changes are being built.")
}
