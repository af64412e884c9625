use super::{answer, images::platform, lists::named};
use crate::{AppState, failure::Failure, middleware::Client, query::Query};
use api::Comparison;
use axum::{extract::State, response::Response};
use http::HeaderMap;

/// What differs between two images, of any repositories and registries.
#[utoipa::path(get, path = "/compare", operation_id = "compare", tag = "images",
    params(
        ("from" = String, Query, description = "`registry/repository:tag` or `registry/repository@digest`; the newest tag without either"),
        ("to" = String, Query, description = "The same of the other"),
        ("platform" = Option<String>, Query, description = "`os/architecture[/variant]`; the default of `from` when absent"),
    ),
    responses(
        (status = 200, description = "What differs", body = Comparison),
        (status = 400, description = "`not_a_reference`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`, `tag_not_found`, `manifest_not_found`, `platform_not_found`", body = api::Problem, content_type = "application/problem+json"),
        (status = 502, description = "`registry_unreachable`, `registry_refused`, `upstream_misbehaved`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn compare(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let (from, to) = (named(&query, "from")?, named(&query, "to")?);
    answer(&headers, &state.service.compare(&client.caller(), &from, &to, platform(&query)?).await?)
}
