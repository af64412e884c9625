//! What the pages are made of that change a registry: forms, plans, jobs, activity.

use api::{Activity, Job, JobItem, List, Plan, Policy, Problem, StoredPolicy};

/// `/plans/{id}`: what a change would do.
#[derive(Debug, Clone)]
pub struct PlanModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// It.
    pub plan: Plan,
    /// Why it was not carried out when that was asked for.
    pub problem: Option<Problem>,
}

/// `/jobs/{id}`: a plan being carried out.
#[derive(Debug, Clone)]
pub struct JobModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// It; its own `items` are not shown.
    pub job: Job,
    /// A page of its steps.
    pub items: Vec<JobItem>,
    /// How many steps come before them.
    pub before: u64,
    /// Whether more come after them.
    pub more: bool,
    /// Why it was not stopped or undone when that was asked for.
    pub problem: Option<Problem>,
}

/// `/retag`: a further name for an image.
#[derive(Debug, Clone)]
pub struct RetagModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// What is to be named: `registry/repository:tag` or `@digest`.
    pub reference: String,
    /// The tag as it was typed.
    pub tag: String,
    /// Why that is none.
    pub problem: Option<Problem>,
}

/// `/copy`: images to another place.
#[derive(Debug, Clone)]
pub struct CopyModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// What is copied: references of tags, digests or whole repositories.
    pub refs: Vec<String>,
    /// The registries that can be written to.
    pub registries: Vec<String>,
    /// The registry chosen.
    pub registry: String,
    /// The repository as it was typed.
    pub repository: String,
    /// The tag as it was typed; of no account where several tags are copied, for each keeps its name.
    pub tag: String,
    /// The platforms there are, where they are known.
    pub platforms: Vec<String>,
    /// Those chosen; none for all.
    pub chosen: Vec<String>,
    /// Why it cannot be done so.
    pub problem: Option<Problem>,
}

/// `/clean-up`: a policy, and beside it what it would do.
#[derive(Debug, Clone)]
pub struct CleanUpModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// All registries that can be written to.
    pub registries: Vec<String>,
    /// As it was typed.
    pub policy: Policy,
    /// What it would do; none where it says nothing or cannot be read.
    pub plan: Option<Plan>,
    /// What it would do is still being reckoned: its place is marked by [`PREVIEW`](crate::PREVIEW).
    pub pending: bool,
    /// Why it cannot be read.
    pub problem: Option<Problem>,
    /// The policies that are kept.
    pub kept: Vec<StoredPolicy>,
    /// The one of them that is shown (`?policy=`).
    pub edited: Option<StoredPolicy>,
}

/// The tabs of `/activity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ActivityTab {
    /// What was done.
    #[default]
    Activity,
    /// What does it.
    Jobs,
}

/// What the address asked of `/activity`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityAsked {
    /// The tab.
    pub tab: ActivityTab,
    /// Words.
    pub q: String,
    /// Only of this registry.
    pub registry: Option<String>,
    /// Only of this repository.
    pub repository: Option<String>,
    /// Only of this tag.
    pub tag: Option<String>,
    /// `push`, `delete`, …
    pub action: Option<String>,
    /// Only by them.
    pub actor: Option<String>,
    /// `us` or `registry`.
    pub source: Option<String>,
    /// An age or a time: not before.
    pub since: Option<String>,
    /// An age or a time: before.
    pub until: Option<String>,
    /// Of jobs, how they stand.
    pub state: Option<String>,
    /// The cursor of this page.
    pub after: Option<String>,
    /// How many rows come before this page.
    pub before: u64,
}

/// `/activity`
#[derive(Debug, Clone)]
pub struct ActivityModel {
    /// Milliseconds since 1970.
    pub now: i64,
    /// What was asked.
    pub asked: ActivityAsked,
    /// All registries, for the picker.
    pub registries: Vec<String>,
    /// What is shown.
    pub shown: ActivityShown,
    /// Why nothing is.
    pub problem: Option<Problem>,
}

/// What a tab of `/activity` lists.
#[derive(Debug, Clone)]
pub enum ActivityShown {
    /// What was done, newest first.
    Activity(List<Activity>),
    /// Jobs, newest first.
    Jobs(List<Job>),
}
