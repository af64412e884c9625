use super::{answer, body, intent, made};
use crate::{AppState, failure::Failure, middleware::Client};
use api::{Intent, Plan};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

/// Plans a change: nothing is done.
#[utoipa::path(post, path = "/plans", operation_id = "plan", tag = "changes",
    request_body(content = Intent, description = "What is to be done, at most 8 MiB: `delete` takes either up to 10,000 `refs` or a `query`"),
    responses(
        (status = 201, description = "The plan, good for a day", body = Plan, headers(("Location" = String, description = "Its address"))),
        (status = 400, description = "`bad_request`, `not_a_reference`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`, `platform_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`read_only`, `delete_disabled`", body = api::Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = api::Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = api::Problem, content_type = "application/problem+json"),
        (status = 422, description = "`too_large`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`registry_busy`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn make(State(state): State<AppState>, client: Client, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let intent = intent::read(body::read(&headers, body).await?)?;
    let plan = state.service.plan(&client.caller(), &intent).await?;
    made(&state, StatusCode::CREATED, &format!("/plans/{}", plan.id), &plan)
}

/// A plan made before.
#[utoipa::path(get, path = "/plans/{id}", operation_id = "stored_plan", tag = "changes",
    params(("id" = String, Path, description = "`id` of the plan")),
    responses(
        (status = 200, description = "The plan", body = Plan),
        (status = 404, description = "`plan_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    answer(&headers, &state.service.stored_plan(&client.caller(), &id).await?)
}
