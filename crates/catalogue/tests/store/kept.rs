//! What only the database knows, on every database alike.

mod activity;
mod jobs;
mod small;

use catalogue::kept::{ActivityRecord, ActivitySource, NewJob, NewStep, PlanRecord, new_id};

/// Made at 1,000.
pub(crate) fn plan() -> PlanRecord {
    PlanRecord {
        id: new_id(),
        action: "delete".to_owned(),
        body: r#"{"steps":[]}"#.to_owned(),
        intent: r#"{"action":"delete"}"#.to_owned(),
        actor: Some("mira".to_owned()),
        address: Some("10.0.0.7".to_owned()),
        created: 1_000,
        job: None,
    }
}

/// A job without plan and steps.
pub(crate) fn job(repositories: &[&str]) -> NewJob {
    NewJob {
        id: new_id(),
        action: "delete".to_owned(),
        registry: crate::R.to_owned(),
        repositories: repositories.iter().map(|name| (crate::R.to_owned(), (*name).to_owned())).collect(),
        summary: "Delete 3 tags".to_owned(),
        total: 3,
        unit: "steps".to_owned(),
        ..NewJob::default()
    }
}

pub(crate) fn steps(count: usize) -> Vec<NewStep> {
    (0..count).map(|n| NewStep { step: format!("step {n}"), reference: format!("prod/team/api:{n}") }).collect()
}

pub(crate) fn done(at: i64, action: &str, repository: &str, tag: Option<&str>) -> ActivityRecord {
    ActivityRecord {
        at,
        action: action.to_owned(),
        actor: Some("mira".to_owned()),
        address: Some("10.0.0.7".to_owned()),
        agent: None,
        source: ActivitySource::Us,
        registry: crate::R.to_owned(),
        repository: repository.to_owned(),
        tag: tag.map(str::to_owned),
        before: None,
        after: Some("sha256:aa".to_owned()),
        failed: false,
        detail: None,
        job: None,
        event: None,
    }
}
