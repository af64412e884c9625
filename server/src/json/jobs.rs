use super::{
    answer, body,
    export::{self, As},
    fields::Fields,
    made, only_json,
};
use crate::{AppState, failure::Failure, following::follow, middleware::Client, query::Query};
use api::{Code, Job, JobItem, List};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use service::JobsQuery;
use utoipa::ToSchema;

/// Steps on a page where no limit is given, and at most.
const STEPS: (u32, u32) = (100, 1000);
/// The id of a stream's last event. A browser comes back with it when the stream has ended, and is told to stay away.
const OVER: &str = "over";

/// A plan to be carried out.
#[derive(ToSchema)]
pub(crate) struct Start {
    /// `id` of the plan.
    plan: String,
    /// `confirm` of the plan, word for word.
    confirm: String,
}

/// A page of a job's steps.
#[derive(Serialize, ToSchema)]
pub(crate) struct Items {
    /// Steps, in the order in which they are done.
    items: Vec<JobItem>,
    /// Give it back as `after` for the next page; null on the last.
    next: Option<String>,
}

/// Carries out a plan, once.
#[utoipa::path(post, path = "/jobs", operation_id = "carry_out", tag = "changes",
    request_body(content = Start, description = "The plan, confirmed"),
    responses(
        (status = 202, description = "The job", body = Job, headers(("Location" = String, description = "Its address"))),
        (status = 400, description = "`bad_request`", body = api::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`plan_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`plan_unconfirmed`, `plan_stale`, `busy`, `read_only`, `delete_disabled`", body = api::Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = api::Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(State(state): State<AppState>, client: Client, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let mut fields = Fields::of_body(body::read(&headers, body).await?)?;
    let (plan, confirm) = (fields.text("plan")?, fields.text("confirm")?);
    // A confirmation that is missing is one that does not fit, which has a code of its own.
    let start = Start { plan: fields.required("plan", plan)?, confirm: confirm.unwrap_or_default() };
    fields.end()?;
    accepted(&state, state.service.carry_out(&client.caller(), &start.plan, &start.confirm).await?)
}

/// Jobs, the newest first.
#[utoipa::path(get, path = "/jobs", operation_id = "jobs", tag = "changes",
    params(
        ("registry" = Option<String>, Query, description = "Only those of this registry"),
        ("repository" = Option<String>, Query, description = "Only those of this repository, with `registry`"),
        ("state" = Option<String>, Query, description = "`queued`, `running`, `done`, `failed`, `cancelled`; `active` for the first two"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of jobs, without their steps", body = List<Job>),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let asked = JobsQuery {
        registry: query.owned("registry")?,
        repository: query.owned("repository")?,
        state: query.owned("state")?,
        limit: query.limit()?,
        after: query.owned("after")?,
    };
    answer(&headers, &state.service.jobs(&client.caller(), &asked).await?)
}

/// A job with its first 1,000 steps.
#[utoipa::path(get, path = "/jobs/{id}", operation_id = "job", tag = "changes",
    params(("id" = String, Path, description = "`id` of the job")),
    responses(
        (status = 200, description = "The job", body = Job),
        (status = 404, description = "`job_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    answer(&headers, &state.service.job(&client.caller(), &id).await?)
}

/// A job's steps and their results, page by page or as a file.
#[utoipa::path(get, path = "/jobs/{id}/items", operation_id = "job_items", tag = "changes",
    params(
        ("id" = String, Path, description = "`id` of the job"),
        ("after" = Option<u64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("as" = Option<String>, Query, description = "`jsonl` or `csv`: all steps as a file"),
    ),
    responses(
        (status = 200, description = "A page of steps, or the file", content(
            (Items = "application/json"),
            (String = "application/jsonl"),
            (String = "text/csv"),
        )),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`job_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn items(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    let (service, caller) = (state.service.clone(), client.caller());
    if let Some(format) = As::asked(&query)? {
        let name = format!("job-{id}");
        return export::response(format, &name, move |after| {
            let (service, caller, id) = (service.clone(), caller.clone(), id.clone());
            async move {
                let after: u64 = after.and_then(|a| a.parse().ok()).unwrap_or_default();
                let items = service.job_items(&caller, &id, after, STEPS.1).await?;
                let next = (items.len() == STEPS.1 as usize).then(|| (after + u64::from(STEPS.1)).to_string());
                Ok((items, next))
            }
        })
        .await;
    }
    let (after, limit) = (query.count("after")?, query.limit()?.unwrap_or(STEPS.0));
    let items = service.job_items(&caller, &id, after, limit).await?;
    let end = after.saturating_add(items.len() as u64);
    let full = items.len() == limit as usize;
    let more = full && !service.job_items(&caller, &id, end, 1).await?.is_empty();
    answer(&headers, &Items { items, next: more.then(|| end.to_string()) })
}

/// Has a job stop after the step it is at.
#[utoipa::path(delete, path = "/jobs/{id}", operation_id = "cancel", tag = "changes",
    params(("id" = String, Path, description = "`id` of the job")),
    responses(
        (status = 202, description = "The job, which stops soon or is over already", body = Job),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`job_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    only_json(&headers)?;
    accepted(&state, state.service.cancel(&client.caller(), &id).await?)
}

/// Puts back what a job took.
#[utoipa::path(post, path = "/jobs/{id}/undo", operation_id = "undo", tag = "changes",
    params(("id" = String, Path, description = "`id` of the job")),
    responses(
        (status = 202, description = "The job that undoes it", body = Job, headers(("Location" = String, description = "Its address"))),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`job_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`busy`, `plan_stale`, `read_only`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn undo(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    only_json(&headers)?;
    accepted(&state, state.service.undo(&client.caller(), &id).await?)
}

/// A job as it goes on.
///
/// Each event's data is the Job, without its steps: at once as it stands, then at each change. The stream ends when the job is
/// over.
#[utoipa::path(get, path = "/jobs/{id}/events", operation_id = "job_events", tag = "changes",
    params(("id" = String, Path, description = "`id` of the job")),
    responses(
        (status = 200, description = "Server-sent events, each with the Job as its data", body = Job, content_type = "text/event-stream"),
        (status = 204, description = "The job is over, and the asker had the last event already (`Last-Event-ID: over`)"),
        (status = 404, description = "`job_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: too many listen already", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn events(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if headers.get("last-event-id").is_some_and(|i| i == OVER) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let permit = state.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Failure::new(Code::TooManyRequests, "Too many listen to events already; ask again later."))?;
    let mut jobs = Box::pin(follow(&state.service, &client.caller(), &id));
    let first = jobs.try_next().await?;
    let opening = Ok(Event::default().retry(super::events::RETRY));
    let told = stream::iter(first.map(Ok)).chain(jobs).map(move |job| {
        // Held until the last event is sent.
        let _ = &permit;
        match job {
            Ok(job) => event(job),
            Err(error) => Err(axum::Error::new(error)),
        }
    });
    let told = stream::iter([opening]).chain(told).take_until(state.stopping.clone().cancelled_owned());
    let mut response = Sse::new(told).keep_alive(KeepAlive::new().interval(super::events::ALIVE)).into_response();
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn event(mut job: Job) -> Result<Event, axum::Error> {
    job.items = Vec::new();
    let event = Event::default().json_data(&job)?;
    Ok(if job.state.is_over() { event.id(OVER) } else { event })
}

/// 202, with the job and its address.
fn accepted(state: &AppState, job: Job) -> Result<Response, Failure> {
    made(state, StatusCode::ACCEPTED, &format!("/jobs/{}", job.id), &job)
}
