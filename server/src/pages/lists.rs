//! The catalogue and the search: lists over everything.

use super::{
    asked, now,
    problem::fail,
    query_error,
    render::{Head, render},
};
use crate::{AppState, query::Query};
use api::{Code, Freshness, List, Problem, Repository, State as Standing};
use app::{CatalogueModel, Namespace, Page, SearchModel};
use axum::{extract::State, response::Response};
use service::{Caller, RepositoriesQuery};
use std::time::Instant;

/// `/`
pub(crate) async fn catalogue(State(state): State<AppState>, head: Head, query: Query) -> Response {
    match catalogue_model(&state, &head, &query).await {
        Ok(model) => render(&state, &head, Page::Catalogue(model)).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn catalogue_model(state: &AppState, head: &Head, query: &Query) -> Result<CatalogueModel, Problem> {
    let caller = head.client.caller();
    let mut asked = asked(query)?;
    let totals = state.service.totals(&caller, asked.registry.as_deref()).await?;
    let registries = state.service.registries(&caller).await?;
    let wanted = RepositoriesQuery {
        registry: asked.registry.clone(),
        q: asked.q.clone(),
        namespace: asked.namespace.clone(),
        // What changed last is what most come to see.
        sort: Some(asked.sort.clone().unwrap_or_else(|| "-pushed".into())),
        limit: query.limit()?,
        after: asked.after.clone(),
    };
    let (list, error) = match state.service.repositories_paged(&caller, &wanted).await {
        Ok(page) => {
            asked.before = page.offset;
            asked.previous = page.previous;
            (page.list, None)
        }
        Err(error) if error.code() == Code::BadQuery => match query_error(&asked.q) {
            Some(wrong) => (nothing(), Some(wrong)),
            None => return Err(error.into()),
        },
        Err(error) => return Err(error.into()),
    };
    // Only where they stand together.
    let grouped = asked.sort.as_deref() == Some("name");
    let namespaces = if grouped { namespaces(state, &caller, &list.items).await? } else { Vec::new() };
    Ok(CatalogueModel { now: now(), totals, registries, list, asked, error, namespaces })
}

/// The sums of the namespaces on a page, in its order.
async fn namespaces(state: &AppState, caller: &Caller, page: &[Repository]) -> Result<Vec<Namespace>, Problem> {
    let mut sums: Vec<Namespace> = Vec::new();
    for repository in page {
        let namespace = repository.repository.rsplit_once('/').map_or("", |(space, _)| space);
        if sums.iter().any(|s| s.registry == repository.registry && s.namespace == namespace) {
            continue;
        }
        let totals = state.service.namespace_totals(caller, &repository.registry, namespace).await?;
        sums.push(Namespace {
            registry: repository.registry.clone(),
            namespace: namespace.to_owned(),
            repositories: totals.repositories,
            size: Some(totals.size),
        });
    }
    Ok(sums)
}

/// `/search`
pub(crate) async fn search(State(state): State<AppState>, head: Head, query: Query) -> Response {
    match search_model(&state, &head, &query).await {
        Ok(model) => render(&state, &head, Page::Search(model)).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn search_model(state: &AppState, head: &Head, query: &Query) -> Result<SearchModel, Problem> {
    let asked = asked(query)?;
    let limit = query.limit()?;
    if asked.q.trim().is_empty() {
        return Ok(SearchModel { now: now(), asked, list: None, error: None, took_ms: 0 });
    }
    let began = Instant::now();
    let (list, error) = match state.service.search(&head.client.caller(), &asked.q, limit, asked.after.as_deref()).await {
        Ok(list) => (Some(list), None),
        Err(error) if error.code() == Code::BadQuery => match query_error(&asked.q) {
            Some(wrong) => (None, Some(wrong)),
            None => return Err(error.into()),
        },
        Err(error) => return Err(error.into()),
    };
    Ok(SearchModel { now: now(), asked, list, error, took_ms: began.elapsed().as_millis() as u64 })
}

/// The list of a query that cannot be read.
pub(super) fn nothing<T>() -> List<T> {
    List { items: Vec::new(), next: None, total: 0, freshness: Freshness { state: Standing::Fresh, at: None } }
}
