use super::only_json;
use crate::{AppState, failure::Failure};
use api::Code;
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};

/// The most bytes one notification may have.
pub(crate) const LIMIT: usize = 1024 * 1024;

/// What a registry sends to its notification endpoint.
#[utoipa::path(post, path = "/notifications/{registry}", operation_id = "notifications", tag = "events",
    params(
        ("registry" = String, Path, description = "Its name in the settings"),
        ("authorization" = Option<String>, Header, description = "`Bearer` and the registry's `notification_secret`, where one is set"),
    ),
    request_body(content = serde_json::Value, content_type = "application/vnd.docker.distribution.events.v1+json", description = "An envelope of registry:2 or registry:3, at most 1 MiB"),
    responses(
        (status = 200, description = "How many of the events were taken: `{\"taken\": n}`"),
        (status = 400, description = "`bad_request`", body = api::Problem, content_type = "application/problem+json"),
        (status = 401, description = "`sign_in_required`: the secret is wrong or missing", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = api::Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn take(
    State(state): State<AppState>,
    Path(registry): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    only_json(&headers)?;
    let body =
        axum::body::to_bytes(body, LIMIT).await.map_err(|_| Failure::new(Code::BodyTooLarge, "A notification has at most 1 MiB."))?;
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let taken = state.service.notify(&registry, authorization, &body).await?;
    let mut response = Response::new(Body::from(format!("{{\"taken\":{taken}}}")));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
