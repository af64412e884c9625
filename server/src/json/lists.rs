use super::answer;
use crate::{AppState, failure::Failure, middleware::Client, query::Query};
use api::{Hit, List, Repository, Tag};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use oci::Reference;
use service::{RepositoriesQuery, TagsQuery};

/// Repositories of one registry or of all.
#[utoipa::path(get, path = "/repositories", operation_id = "repositories", tag = "lists",
    params(
        ("registry" = Option<String>, Query, description = "Only of this registry"),
        ("q" = Option<String>, Query, description = "In the query language"),
        ("namespace" = Option<String>, Query, description = "Only in this namespace and below"),
        ("sort" = Option<String>, Query, description = "`name`, `pushed`, `updated`, `size` or `tags`; `-` before it turns it round"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of repositories", body = List<Repository>),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn repositories(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Failure> {
    let asked = RepositoriesQuery {
        registry: query.owned("registry")?,
        q: query.owned("q")?.unwrap_or_default(),
        namespace: query.owned("namespace")?,
        sort: query.owned("sort")?,
        limit: query.limit()?,
        after: query.owned("after")?,
    };
    answer(&headers, &state.service.repositories(&client.caller(), &asked).await?)
}

/// Tags of a repository.
#[utoipa::path(get, path = "/tags", operation_id = "tags", tag = "lists",
    params(
        ("ref" = String, Query, description = "`registry/repository`"),
        ("q" = Option<String>, Query, description = "In the query language; `v2.*` with a star matches the whole tag"),
        ("sort" = Option<String>, Query, description = "`version` (newest first), `name`, `pushed`, `created` or `size`; `-` before it turns it round"),
        ("gathered" = Option<u8>, Query, description = "`1`: one row for each digest, its other tags as `aliases`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of tags", body = List<Tag>),
        (status = 400, description = "`not_a_reference`, `bad_query`", body = api::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`registry_not_found`, `repository_not_found`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn tags(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let reference = reference(&query)?;
    let asked = TagsQuery {
        q: query.owned("q")?.unwrap_or_default(),
        sort: query.owned("sort")?,
        limit: query.limit()?,
        after: query.owned("after")?,
        gathered: query.switch("gathered")?,
    };
    answer(&headers, &state.service.tags(&client.caller(), &reference, &asked).await?)
}

/// Repositories, tags, digests and labels that match.
#[utoipa::path(get, path = "/search", operation_id = "search", tag = "lists",
    params(
        ("q" = String, Query, description = "In the query language"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of hits, the best first", body = List<Hit>),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn search(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let q = query.text("q")?.unwrap_or_default();
    answer(&headers, &state.service.search(&client.caller(), q, query.limit()?, query.text("after")?).await?)
}

/// The parameter `ref`.
pub(super) fn reference(query: &Query) -> Result<Reference, Failure> {
    named(query, "ref")
}

/// A reference under a name of its own.
pub(super) fn named(query: &Query, name: &str) -> Result<Reference, Failure> {
    Ok(Reference::parse(query.required(name)?).map_err(service::Error::from)?)
}
