//! `/api/v1`: the same use cases as the pages, as JSON. docs/api.md is its contract, [`openapi`] its description.

mod activity;
mod body;
mod compare;
mod events;
pub(crate) mod export;
mod fields;
mod images;
mod intent;
mod jobs;
mod lists;
mod locks;
mod notifications;
pub(crate) mod openapi;
mod plans;
mod policies;
mod registries;

pub(crate) use intent::policy_of;

use crate::{AppState, failure::Failure, middleware::deadline};
use api::Code;
use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Where it stands below the base.
pub(crate) const ROOT: &str = "/api/v1";

/// Every route below [`ROOT`].
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let bounded = Router::new()
        .route("/registries", get(registries::list))
        .route("/registries/{registry}", get(registries::one))
        .route("/registries/{registry}/refresh", post(registries::refresh))
        .route("/registries/{registry}/collection", get(registries::collection).post(registries::collect))
        .route("/repositories", get(lists::repositories))
        .route("/tags", get(lists::tags))
        .route("/search", get(lists::search))
        .route("/compare", get(compare::compare))
        .route("/image", get(images::image))
        .route("/manifest", get(images::manifest))
        .route("/configuration", get(images::configuration))
        .route("/referrers", get(images::referrers))
        .route("/plans", post(plans::make))
        .route("/plans/{id}", get(plans::one))
        .route("/jobs", get(jobs::list).post(jobs::start))
        .route("/jobs/{id}", get(jobs::one).delete(jobs::cancel))
        .route("/jobs/{id}/items", get(jobs::items))
        .route("/jobs/{id}/undo", post(jobs::undo))
        .route("/locks", get(locks::list).post(locks::lock).delete(locks::unlock))
        .route("/policies", get(policies::list).post(policies::keep))
        .route("/policies/{id}", get(policies::one).delete(policies::remove))
        .route("/activity", get(activity::list))
        .route("/activity/export", get(activity::export))
        .route("/notifications/{registry}", post(notifications::take))
        .route("/openapi.json", get(openapi::document))
        .layer(axum::middleware::from_fn_with_state(state.clone(), deadline));
    bounded.route("/events", get(events::stream)).route("/jobs/{id}/events", get(jobs::events))
}

/// A value as JSON, with an ETag; nothing but the ETag where the asker has it already.
pub(crate) fn answer<T: Serialize>(asked: &HeaderMap, value: &T) -> Result<Response, Failure> {
    let body = serde_json::to_vec(value).map_err(|e| Failure::new(Code::Internal, format!("An answer could not be written: {e}.")))?;
    Ok(written(asked, body))
}

/// What was made or begun, with its address below [`ROOT`].
fn made<T: Serialize>(state: &AppState, status: StatusCode, path: &str, value: &T) -> Result<Response, Failure> {
    let body = serde_json::to_vec(value).map_err(|e| Failure::new(Code::Internal, format!("An answer could not be written: {e}.")))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(address) = HeaderValue::from_str(&format!("{}{ROOT}{path}", state.base())) {
        headers.insert(header::LOCATION, address);
    }
    Ok(response)
}

/// JSON that is written already.
fn written(asked: &HeaderMap, body: Vec<u8>) -> Response {
    // Weak: a compressed copy is the same answer.
    let tag = format!("W/\"{}\"", crate::assets::tag(&Sha256::digest(&body).into()));
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    tagged(asked, response, &tag)
}

/// The response with an ETag, or 304 where the asker has it (RFC 9110, 13.1.2). To be asked again each time.
fn tagged(asked: &HeaderMap, mut response: Response, tag: &str) -> Response {
    let opaque = |t: &str| t.trim().trim_start_matches("W/").to_owned();
    let held = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    if held.into_iter().any(|t| t.trim() == "*" || opaque(t) == opaque(tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Refuses a body that is not JSON, where there is a body at all.
fn only_json(headers: &HeaderMap) -> Result<(), Failure> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        Ok(())
    } else {
        Err(Failure::new(Code::UnsupportedMediaType, "This address takes application/json only."))
    }
}
