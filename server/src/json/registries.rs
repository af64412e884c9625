use super::{answer, body, fields::Fields, only_json};
use crate::{AppState, failure::Failure, middleware::Client};
use api::{Collections, Registry};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

/// All registries.
#[utoipa::path(get, path = "/registries", operation_id = "registries", tag = "registries", responses(
    (status = 200, description = "All registries, in the order of the settings", body = Vec<Registry>),
))]
pub(crate) async fn list(State(state): State<AppState>, client: Client, headers: HeaderMap) -> Result<Response, Failure> {
    answer(&headers, &state.service.registries(&client.caller()).await?)
}

/// One registry, with what it can do.
#[utoipa::path(get, path = "/registries/{registry}", operation_id = "registry", tag = "registries",
    params(("registry" = String, Path, description = "Its name in the settings")),
    responses(
        (status = 200, description = "The registry", body = Registry),
        (status = 404, description = "`registry_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(registry): Path<String>,
) -> Result<Response, Failure> {
    answer(&headers, &state.service.registry(&client.caller(), &registry).await?)
}

/// Has a registry read anew.
#[utoipa::path(post, path = "/registries/{registry}/refresh", operation_id = "refresh", tag = "registries",
    params(("registry" = String, Path, description = "Its name in the settings")),
    responses(
        (status = 202, description = "It is being read; `GET registries/{registry}` tells how far"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(registry): Path<String>,
) -> Result<StatusCode, Failure> {
    only_json(&headers)?;
    state.service.refresh(&client.caller(), &registry).await?;
    Ok(StatusCode::ACCEPTED)
}

/// How the garbage of our own registry is collected, and how far the last collection is.
#[utoipa::path(get, path = "/registries/{registry}/collection", operation_id = "collection", tag = "registries",
    params(("registry" = String, Path, description = "Its name in the settings")),
    responses(
        (status = 200, description = "The settings, and the collection under way or the last of this process", body = Collections),
        (status = 404, description = "`registry_not_found`; `not_found`: a registry that collects by itself", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn collection(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(registry): Path<String>,
) -> Result<Response, Failure> {
    let collections = state.service.collections(&client.caller(), &registry).await?;
    let none = || service::Error::new(api::Code::NotFound, format!("{registry} collects its garbage itself."));
    answer(&headers, &collections.ok_or_else(none)?)
}

/// Collects garbage, as the settings say.
#[utoipa::path(post, path = "/registries/{registry}/collection", operation_id = "collect", tag = "registries",
    params(("registry" = String, Path, description = "Its name in the settings")),
    request_body(content = Value, description = "`{\"dry_run\": true}`: nothing goes, what would is counted"),
    responses(
        (status = 202, description = "It has begun; `GET registries/{registry}/collection` tells how far it is"),
        (status = 403, description = "`forbidden`: another site's page asked", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`busy`: one is under way; `read_only`", body = api::Problem, content_type = "application/problem+json"),
        (status = 422, description = "`not_supported`: it collects by itself", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn collect(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path(registry): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    let mut fields = Fields::of_body(body::read(&headers, body).await?)?;
    let dry_run = fields.flag("dry_run")?.unwrap_or(false);
    fields.end()?;
    state.service.start_collecting(&client.caller(), &registry, dry_run)?;
    Ok(StatusCode::ACCEPTED)
}
