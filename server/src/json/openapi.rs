//! The description of `/api/v1` for programs, made of the handlers themselves.

use super::{activity, compare, events, images, jobs, lists, locks, notifications, plans, policies, registries, written};
use crate::{AppState, failure::Failure};
use api::Code;
use axum::{extract::State, response::Response};
use http::HeaderMap;
use utoipa::OpenApi;
use utoipa::openapi::Server;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Supercargo",
        description = "What is in your registries. Sizes are bytes; times are RFC 3339 in UTC with milliseconds; unknown is null, never 0.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        registries::list,
        registries::one,
        registries::refresh,
        registries::collection,
        registries::collect,
        lists::repositories,
        lists::tags,
        lists::search,
        compare::compare,
        images::image,
        images::manifest,
        images::configuration,
        images::referrers,
        plans::make,
        plans::one,
        jobs::start,
        jobs::list,
        jobs::one,
        jobs::items,
        jobs::cancel,
        jobs::undo,
        jobs::events,
        locks::list,
        locks::lock,
        locks::unlock,
        policies::list,
        policies::keep,
        policies::one,
        policies::remove,
        activity::list,
        activity::export,
        events::stream,
        notifications::take,
    ),
    components(schemas(api::Problem, api::Change))
)]
struct Description;

/// `GET /api/v1/openapi.json`.
pub(crate) async fn document(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut document = Description::openapi();
    document.servers = Some(vec![Server::new(format!("{}{}", state.base(), super::ROOT))]);
    let body =
        serde_json::to_vec(&document).map_err(|e| Failure::new(Code::Internal, format!("The description could not be written: {e}.")))?;
    Ok(written(&headers, body))
}
