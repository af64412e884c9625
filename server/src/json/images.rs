use super::{answer, lists::reference, tagged};
use crate::{
    AppState,
    failure::Failure,
    middleware::{Client, Exact},
    query::Query,
};
use api::{Code, Descriptor, Image, List};
use axum::{body::Body, extract::State, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use oci::Platform;
use service::ManifestBytes;

/// An image in full.
#[utoipa::path(get, path = "/image", operation_id = "image", tag = "images",
    params(
        ("ref" = String, Query, description = "`registry/repository:tag` or `registry/repository@digest`; the newest tag without either"),
        ("platform" = Option<String>, Query, description = "`os/architecture[/variant]`; of an index, its default when absent"),
    ),
    responses(
        (status = 200, description = "The image", body = Image),
        (status = 400, description = "`not_a_reference`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`, `platform_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 422, description = "`too_large`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`registry_busy`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn image(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let reference = reference(&query)?;
    answer(&headers, &state.service.image(&client.caller(), &reference, platform(&query)?).await?)
}

/// The platform asked for, if one is.
pub(super) fn platform(query: &Query) -> Result<Option<&str>, Failure> {
    let platform = query.text("platform")?;
    if let Some(given) = platform.filter(|p| Platform::parse(p).is_none()) {
        let given: String = given.chars().take(80).collect();
        return Err(Failure::new(Code::BadQuery, format!("“{given}” is not a platform such as linux/amd64.")));
    }
    Ok(platform)
}

/// A manifest's exact bytes.
#[utoipa::path(get, path = "/manifest", operation_id = "manifest", tag = "images",
    params(("ref" = String, Query, description = "`registry/repository:tag` or `registry/repository@digest`")),
    responses(
        (status = 200, description = "The exact bytes, as their own media type", headers(
            ("Docker-Content-Digest" = String, description = "The digest of the bytes"),
            ("ETag" = String, description = "The digest in quotes"),
        )),
        (status = 400, description = "`not_a_reference`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn manifest(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let manifest = state.service.manifest(&client.caller(), &reference(&query)?).await?;
    Ok(exact(&headers, manifest))
}

/// A configuration's exact bytes; of an index, that of the platform asked for or its default.
#[utoipa::path(get, path = "/configuration", operation_id = "configuration", tag = "images",
    params(
        ("ref" = String, Query, description = "`registry/repository:tag` or `registry/repository@digest`"),
        ("platform" = Option<String>, Query, description = "`os/architecture[/variant]`; of an index, its default when absent"),
    ),
    responses(
        (status = 200, description = "The exact bytes, as their own media type", headers(
            ("Docker-Content-Digest" = String, description = "The digest of the bytes"),
            ("ETag" = String, description = "The digest in quotes"),
        )),
        (status = 400, description = "`not_a_reference`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`, `platform_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn configuration(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Failure> {
    let reference = reference(&query)?;
    let found = state.service.configuration(&client.caller(), &reference, query.text("platform")?).await?;
    found
        .map(|bytes| exact(&headers, bytes))
        .ok_or_else(|| Failure::new(Code::ManifestNotFound, format!("{reference} has no configuration of interest.")))
}

/// Exact bytes with their own type and digest.
fn exact(headers: &HeaderMap, found: ManifestBytes) -> Response {
    let mut response = Response::new(Body::from(found.bytes));
    let out = response.headers_mut();
    let kind = HeaderValue::from_str(&found.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    out.insert(header::CONTENT_TYPE, kind);
    if let Ok(digest) = HeaderValue::from_str(&found.digest) {
        out.insert(HeaderName::from_static("docker-content-digest"), digest);
    }
    response.extensions_mut().insert(Exact);
    tagged(headers, response, &format!("\"{}\"", found.digest))
}

/// What is attached to an image: signatures, SBOMs, provenance, others.
#[utoipa::path(get, path = "/referrers", operation_id = "referrers", tag = "images",
    params(("ref" = String, Query, description = "`registry/repository:tag` or `registry/repository@digest`")),
    responses(
        (status = 200, description = "All that refers to it", body = List<Descriptor>),
        (status = 400, description = "`not_a_reference`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn referrers(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Failure> {
    answer(&headers, &state.service.referrers(&client.caller(), &reference(&query)?).await?)
}
