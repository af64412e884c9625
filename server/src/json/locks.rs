use super::{answer, body, fields::Fields, lists::reference, made};
use crate::{AppState, failure::Failure, middleware::Client, query::Query};
use api::Lock;
use axum::{body::Body, extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use oci::Reference;

/// What no change of ours takes away or moves, by its place.
#[utoipa::path(get, path = "/locks", operation_id = "locks", tag = "changes",
    params(
        ("registry" = Option<String>, Query, description = "Only those of this registry"),
        ("repository" = Option<String>, Query, description = "Only those of this repository, with `registry`"),
    ),
    responses((status = 200, description = "All of them", body = Vec<Lock>)))]
pub(crate) async fn list(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    answer(&headers, &state.service.locks(&client.caller(), query.text("registry")?, query.text("repository")?).await?)
}

/// Locks a tag, or a whole repository. What is locked already gets the new note.
#[utoipa::path(post, path = "/locks", operation_id = "lock", tag = "changes",
    request_body(content = Lock, description = "`reference`, and a `note` where one wants to say why"),
    responses(
        (status = 201, description = "The lock", body = Lock),
        (status = 400, description = "`bad_request`, `not_a_reference`", body = api::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn lock(State(state): State<AppState>, client: Client, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let mut fields = Fields::of_body(body::read(&headers, body).await?)?;
    let reference = fields.text("reference")?;
    let (reference, note) = (fields.required("reference", reference)?, fields.text("note")?);
    fields.end()?;
    let reference = Reference::parse(&reference).map_err(service::Error::from)?;
    let lock = state.service.lock(&client.caller(), &reference, note.as_deref()).await?;
    made(&state, StatusCode::CREATED, "/locks", &lock)
}

/// Takes a lock away.
#[utoipa::path(delete, path = "/locks", operation_id = "unlock", tag = "changes",
    params(("ref" = String, Query, description = "`reference` of the lock")),
    responses(
        (status = 204, description = "It is unlocked"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn unlock(State(state): State<AppState>, client: Client, query: Query) -> Result<StatusCode, Failure> {
    state.service.unlock(&client.caller(), &reference(&query)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
