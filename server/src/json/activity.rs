use super::{
    answer,
    export::{self, As},
};
use crate::{AppState, failure::Failure, middleware::Client, query::Query};
use api::{Activity, Code, List, Problem};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use service::ActivityQuery;

/// Entries read at once for a file.
const PAGE: u32 = 1000;

/// What was done to the registries, the newest first.
#[utoipa::path(get, path = "/activity", operation_id = "activity", tag = "activity",
    params(
        ("registry" = Option<String>, Query, description = "Only in this registry"),
        ("repository" = Option<String>, Query, description = "Only in this repository"),
        ("tag" = Option<String>, Query, description = "Only of this tag"),
        ("action" = Option<String>, Query, description = "`push`, `pull`, `delete`, `tag`, `copy` or `restore`"),
        ("actor" = Option<String>, Query, description = "Only by this one"),
        ("source" = Option<String>, Query, description = "`us`: through Supercargo; `registry`: told by the registry's events"),
        ("job" = Option<String>, Query, description = "Only what this job did"),
        ("q" = Option<String>, Query, description = "Words that stand in repository, tag, actor, digest or detail"),
        ("since" = Option<String>, Query, description = "Not before: RFC 3339, or an age such as `7d`"),
        ("until" = Option<String>, Query, description = "Before: RFC 3339, or an age"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of entries", body = List<Activity>),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(State(state): State<AppState>, client: Client, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let asked = ActivityQuery { limit: query.limit()?, after: query.owned("after")?, ..filter(&query)? };
    answer(&headers, &state.service.activity(&client.caller(), &asked).await?)
}

/// All that was done to the registries as a file, the newest first.
#[utoipa::path(get, path = "/activity/export", operation_id = "export_activity", tag = "activity",
    params(
        ("as" = String, Query, description = "`jsonl` or `csv`"),
        ("registry" = Option<String>, Query, description = "As of `activity`, and so all that follow"),
        ("repository" = Option<String>, Query),
        ("tag" = Option<String>, Query),
        ("action" = Option<String>, Query),
        ("actor" = Option<String>, Query),
        ("source" = Option<String>, Query),
        ("job" = Option<String>, Query),
        ("q" = Option<String>, Query),
        ("since" = Option<String>, Query),
        ("until" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "The file", content((String = "application/jsonl"), (String = "text/csv"))),
        (status = 400, description = "`bad_query`", body = api::Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn export(State(state): State<AppState>, client: Client, query: Query) -> Result<Response, Failure> {
    let format = As::asked(&query)?.ok_or_else(|| Problem::new(Code::BadQuery, "“as” is missing; it is jsonl or csv."))?;
    let (service, caller, asked) = (state.service.clone(), client.caller(), filter(&query)?);
    export::response(format, "activity", move |after| {
        let (service, caller) = (service.clone(), caller.clone());
        let asked = ActivityQuery { limit: Some(PAGE), after, ..asked.clone() };
        async move {
            let page = service.activity(&caller, &asked).await?;
            Ok((page.items, page.next))
        }
    })
    .await
}

fn filter(query: &Query) -> Result<ActivityQuery, Problem> {
    Ok(ActivityQuery {
        registry: query.owned("registry")?,
        repository: query.owned("repository")?,
        tag: query.owned("tag")?,
        action: query.owned("action")?,
        actor: query.owned("actor")?,
        source: query.owned("source")?,
        job: query.owned("job")?,
        q: query.owned("q")?.unwrap_or_default(),
        since: query.owned("since")?,
        until: query.owned("until")?,
        limit: None,
        after: None,
    })
}
