//! `/plans/{id}`: a plan, shown and carried out.

use super::{
    forms::form,
    now,
    problem::fail,
    render::{Head, render},
};
use crate::AppState;
use api::{Code, Problem};
use app::{Page, PlanModel};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;

/// `GET /plans/{id}`
pub(crate) async fn plan(State(state): State<AppState>, head: Head, Path(id): Path<String>) -> Response {
    show(&state, &head, &id, None).await
}

async fn show(state: &AppState, head: &Head, id: &str, problem: Option<Problem>) -> Response {
    match state.service.stored_plan(&head.client.caller(), id).await {
        Ok(plan) => render(state, head, Page::Plan(PlanModel { now: now(), plan, problem })).await,
        Err(error) => fail(state, head, error.into()).await,
    }
}

/// `POST /plans/{id}`: has it carried out, and leads to the job. `confirm` is what the page had typed.
pub(crate) async fn carry_out(
    State(state): State<AppState>,
    head: Head,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    let confirm = match form(&head, &headers, body).await.and_then(|fields| fields.owned("confirm")) {
        Ok(confirm) => confirm.unwrap_or_default(),
        Err(problem) => return fail(&state, &head, problem).await,
    };
    match state.service.carry_out(&head.client.caller(), &id, confirm.trim()).await {
        Ok(job) => Redirect::to(&format!("{}/jobs/{}", state.base(), job.id)).into_response(),
        // The plan says the rest: it is shown again, with why it was not carried out.
        Err(error) if matches!(error.code(), Code::PlanUnconfirmed | Code::PlanStale | Code::Busy) => {
            show(&state, &head, &id, Some(error.into())).await
        }
        Err(error) => fail(&state, &head, error.into()).await,
    }
}
