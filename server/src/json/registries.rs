use super::{answer, only_json};
use crate::{AppState, failure::Failure, middleware::Client};
use api::Registry;
use axum::{
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
