use super::{answer, body, intent, made};
use crate::{AppState, failure::Failure, middleware::Client};
use api::StoredPolicy;
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

/// Policies that are kept, by name.
#[utoipa::path(get, path = "/policies", operation_id = "policies", tag = "changes", responses(
    (status = 200, description = "All of them", body = Vec<StoredPolicy>),
))]
pub(crate) async fn list(State(state): State<AppState>, client: Client, headers: HeaderMap) -> Result<Response, Failure> {
    answer(&headers, &state.service.policies(&client.caller()).await?)
}

/// Keeps a policy, to be run by hand or by its schedule.
#[utoipa::path(post, path = "/policies", operation_id = "keep_policy", tag = "changes",
    request_body(content = StoredPolicy, description = "`name`, `policy`, and where it runs by itself `schedule`, `zone`, `enabled`; `id` where one is replaced"),
    responses(
        (status = 201, description = "As it is kept", body = StoredPolicy, headers(("Location" = String, description = "Its address"))),
        (status = 400, description = "`bad_request`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn keep(State(state): State<AppState>, client: Client, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let policy = intent::kept(body::read(&headers, body).await?)?;
    let kept = state.service.keep_policy(&client.caller(), &policy).await?;
    made(&state, StatusCode::CREATED, &format!("/policies/{}", kept.id), &kept)
}

/// A policy that is kept.
#[utoipa::path(get, path = "/policies/{id}", operation_id = "policy", tag = "changes",
    params(("id" = String, Path, description = "`id` of the policy")),
    responses(
        (status = 200, description = "The policy", body = StoredPolicy),
        (status = 404, description = "`not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    answer(&headers, &state.service.policy(&client.caller(), &id).await?)
}

/// Lets a policy go. What it did stays in the activity.
#[utoipa::path(delete, path = "/policies/{id}", operation_id = "forget_policy", tag = "changes",
    params(("id" = String, Path, description = "`id` of the policy")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn remove(State(state): State<AppState>, client: Client, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    state.service.forget_policy(&client.caller(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
