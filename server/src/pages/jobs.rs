//! `/jobs/{id}`: a job, shown, stopped, undone.

use super::{
    forms::form,
    now,
    problem::fail,
    render::{Head, render},
};
use crate::{AppState, query::Query};
use api::Problem;
use app::{JobModel, Page};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;

/// Steps on a page.
const STEPS: u32 = 100;

/// `GET /jobs/{id}?after=`: after how many steps the page begins.
pub(crate) async fn job(State(state): State<AppState>, head: Head, query: Query, Path(id): Path<String>) -> Response {
    match query.count("after") {
        Ok(after) => show(&state, &head, &id, after, None).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn show(state: &AppState, head: &Head, id: &str, before: u64, problem: Option<Problem>) -> Response {
    match model(state, head, id, before).await {
        Ok(model) => render(state, head, Page::Job(JobModel { problem, ..model })).await,
        Err(error) => fail(state, head, error.into()).await,
    }
}

async fn model(state: &AppState, head: &Head, id: &str, before: u64) -> service::Result<JobModel> {
    let caller = head.client.caller();
    let job = state.service.job(&caller, id).await?;
    // A notice tells no steps.
    let mut items = if head.fragment { Vec::new() } else { state.service.job_items(&caller, id, before, STEPS + 1).await? };
    let more = items.len() > STEPS as usize;
    items.truncate(STEPS as usize);
    Ok(JobModel { now: now(), job, items, before, more, problem: None })
}

/// `POST /jobs/{id}/cancel`: has it stop after the step it is at.
pub(crate) async fn cancel(State(state): State<AppState>, head: Head, headers: HeaderMap, Path(id): Path<String>, body: Body) -> Response {
    if let Err(problem) = form(&head, &headers, body).await {
        return fail(&state, &head, problem).await;
    }
    let stopped = state.service.cancel(&head.client.caller(), &id).await;
    lead(&state, &head, &id, stopped).await
}

/// `POST /jobs/{id}/undo`: has another job put back what it took, and leads to that.
pub(crate) async fn undo(State(state): State<AppState>, head: Head, headers: HeaderMap, Path(id): Path<String>, body: Body) -> Response {
    if let Err(problem) = form(&head, &headers, body).await {
        return fail(&state, &head, problem).await;
    }
    let undoing = state.service.undo(&head.client.caller(), &id).await;
    lead(&state, &head, &id, undoing).await
}

/// To the job; where there is none, to the one that it was about, with what went wrong.
async fn lead(state: &AppState, head: &Head, id: &str, job: service::Result<api::Job>) -> Response {
    match job {
        Ok(job) => Redirect::to(&format!("{}/jobs/{}", state.base(), job.id)).into_response(),
        Err(error) if error.code() == api::Code::JobNotFound => fail(state, head, error.into()).await,
        Err(error) => show(state, head, id, 0, Some(error.into())).await,
    }
}
