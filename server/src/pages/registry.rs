//! `/r/…`: a registry, and what is in it.

use super::{
    asked, image,
    lists::nothing,
    now,
    problem::{about, fail},
    query_error,
    render::{Head, public_address, render},
};
use crate::{AppState, query::Query};
use api::{Code, List, Problem, Tag};
use app::{Asked, Page, RegistryModel, RepositoryModel};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use oci::Reference;
use service::{Caller, TagsQuery};
use std::borrow::Cow;

/// `/r/{registry}`
pub(crate) async fn registry(State(state): State<AppState>, head: Head, query: Query, Path(name): Path<String>) -> Response {
    match registry_model(&state, &head, &query, &name).await {
        Ok(model) => render(&state, &head, Page::Registry(model)).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn registry_model(state: &AppState, head: &Head, query: &Query, name: &str) -> Result<RegistryModel, Problem> {
    let registry = state.service.registry(&head.client.caller(), name).await?;
    // One in this process is heard anyway.
    let provided = state.service.settings().registries.iter().any(|registry| registry.name == name && registry.provided.is_some());
    let notifications = (!provided).then(|| format!("{}/api/v1/notifications/{name}", public_address(state, &head.client)));
    let collections = state.service.collections(&head.client.caller(), name).await?;
    Ok(RegistryModel { now: now(), registry, notifications, collections, refreshing: query.switch("refreshing")? })
}

/// `/r/{registry}/{repository}[:{tag}|@{digest}]`: the rest of the path, decoded once, is a reference.
pub(crate) async fn below_registry(State(state): State<AppState>, head: Head, query: Query, uri: http::Uri) -> Response {
    let Some(text) = decoded(uri.path()) else {
        return fail(&state, &head, Problem::new(Code::NotAReference, "This address is not UTF-8.")).await;
    };
    if let Some(path) = uri.path().strip_suffix('/') {
        let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        return Redirect::permanent(&format!("{}{path}{query}", state.base())).into_response();
    }
    let reference = match Reference::parse(&text) {
        Ok(reference) => reference,
        Err(error) => return fail(&state, &head, service::Error::from(error).into()).await,
    };
    let page = match reference.target {
        None => repository_model(&state, &head, &query, &reference).await.map(Page::Repository),
        Some(_) => image::model(&state, &head, &query, &reference).await.map(|m| Page::Image(Box::new(m))),
    };
    match page {
        Ok(page) => render(&state, &head, page).await,
        Err(problem) => about(&state, &head, problem, Some(&reference)).await,
    }
}

/// What stands after `/r/`, with percent signs undone, once.
fn decoded(path: &str) -> Option<String> {
    let raw = path.strip_prefix("/r/")?;
    percent_encoding::percent_decode_str(raw).decode_utf8().ok().map(Cow::into_owned)
}

/// How many tags match, where the list tells how many images do. Without a filter that is all of them, and known already.
async fn matching(state: &AppState, caller: &Caller, reference: &Reference, asked: &Asked, list: &List<Tag>) -> Option<u64> {
    if asked.flat || list.items.is_empty() {
        return Some(list.total);
    }
    let one_by_one = TagsQuery { q: asked.q.clone(), limit: Some(1), ..TagsQuery::default() };
    state.service.tags(caller, reference, &one_by_one).await.ok().map(|list| list.total)
}

async fn repository_model(state: &AppState, head: &Head, query: &Query, reference: &Reference) -> Result<RepositoryModel, Problem> {
    let caller = head.client.caller();
    let mut asked = asked(query)?;
    let registry = state.service.registry(&caller, &reference.registry).await?;
    let repository = state.service.repository(&caller, reference).await?;
    let wanted = TagsQuery {
        q: asked.q.clone(),
        sort: asked.sort.clone(),
        limit: query.limit()?,
        after: asked.after.clone(),
        gathered: !asked.flat,
    };
    let (list, error) = match state.service.tags_paged(&caller, reference, &wanted).await {
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
    let labels = state.service.labels(&caller, reference)?;
    let matching = matching(state, &caller, reference, &asked, &list).await;
    let locks = state.service.locks(&caller, Some(&reference.registry), Some(reference.repository.as_str())).await?;
    Ok(RepositoryModel { now: now(), registry, repository, list, asked, error, labels, matching, locks })
}
