//! `/activity`: what was done, and the jobs that did it.

use super::{
    lists::nothing,
    now,
    problem::fail,
    render::{Head, render},
};
use crate::{AppState, query::Query};
use api::{Code, Problem};
use app::{ActivityAsked, ActivityModel, ActivityShown, ActivityTab, Page};
use axum::{extract::State, response::Response};
use service::{ActivityQuery, JobsQuery};

/// `GET /activity?tab=jobs&registry=&repository=…`
pub(crate) async fn activity(State(state): State<AppState>, head: Head, query: Query) -> Response {
    match model(&state, &head, &query).await {
        Ok(model) => render(&state, &head, Page::Activity(model)).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn model(state: &AppState, head: &Head, query: &Query) -> Result<ActivityModel, Problem> {
    let caller = head.client.caller();
    let asked = asked(query)?;
    let registries = state.service.settings().registries.iter().map(|r| r.name.clone()).collect();
    let limit = query.limit()?;
    let shown = if asked.tab == ActivityTab::Jobs {
        let query = JobsQuery {
            registry: asked.registry.clone(),
            repository: asked.repository.clone(),
            state: asked.state.clone(),
            limit,
            after: asked.after.clone(),
        };
        state.service.jobs(&caller, &query).await.map(ActivityShown::Jobs)
    } else {
        let query = ActivityQuery {
            registry: asked.registry.clone(),
            repository: asked.repository.clone(),
            tag: asked.tag.clone(),
            action: asked.action.clone(),
            actor: asked.actor.clone(),
            source: asked.source.clone(),
            q: asked.q.clone(),
            since: asked.since.clone(),
            until: asked.until.clone(),
            job: None,
            limit,
            after: asked.after.clone(),
        };
        state.service.activity(&caller, &query).await.map(ActivityShown::Activity)
    };
    let (shown, problem) = match shown {
        Ok(shown) => (shown, None),
        // What cannot be read in the address is said where the filters are, so that it can be put right.
        Err(error) if error.code() == Code::BadQuery => (ActivityShown::Activity(nothing()), Some(error.into())),
        Err(error) => return Err(error.into()),
    };
    Ok(ActivityModel { now: now(), asked, registries, shown, problem })
}

fn asked(query: &Query) -> Result<ActivityAsked, Problem> {
    let tab = match query.text("tab")? {
        None | Some("activity") => ActivityTab::Activity,
        Some("jobs") => ActivityTab::Jobs,
        Some(_) => return Err(Problem::new(Code::BadQuery, "There is no such tab.").hint("There are activity and jobs.")),
    };
    Ok(ActivityAsked {
        tab,
        q: query.owned("q")?.unwrap_or_default(),
        registry: query.owned("registry")?,
        repository: query.owned("repository")?,
        tag: query.owned("tag")?,
        action: query.owned("action")?,
        actor: query.owned("actor")?,
        source: query.owned("source")?,
        since: query.owned("since")?,
        until: query.owned("until")?,
        state: query.owned("state")?,
        after: query.owned("after")?,
        before: query.count("n")?,
    })
}
