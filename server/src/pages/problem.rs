//! What is answered instead of what was asked for.

use super::{
    now,
    render::{Head, render},
};
use crate::{
    AppState,
    failure::{self, Failure},
};
use api::{Code, Problem};
use app::{Page, ProblemModel};
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use oci::Reference;
use service::TagsQuery;

/// How many places a page proposes instead.
const SUGGESTIONS: u32 = 5;

/// Answers a request with a problem: as a page to people, as JSON to programs.
pub(crate) async fn refuse(state: &AppState, request: Request, problem: Problem) -> Response {
    fail(state, &Head::of(&request), problem).await
}

/// The same, when the request is gone already.
pub(crate) async fn fail(state: &AppState, head: &Head, problem: Problem) -> Response {
    about(state, head, problem, None).await
}

/// The same, with what is known near the reference that was asked for.
pub(super) async fn about(state: &AppState, head: &Head, problem: Problem, reference: Option<&Reference>) -> Response {
    if !head.wants_page {
        return Failure(problem).into_response();
    }
    failure::log(&problem);
    let retry_after = failure::retry_after(problem.code);
    let mut model = ProblemModel {
        now: now(),
        problem,
        registry: None,
        repository: None,
        suggestions: Vec::new(),
        request_id: head.request_id.clone(),
    };
    if let Some(reference) = reference {
        surroundings(state, head, reference, &mut model).await;
    }
    let mut response = render(state, head, Page::Problem(model)).await;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is known near a place that is not there. Nothing here asks a registry, and what fails is left out.
async fn surroundings(state: &AppState, head: &Head, reference: &Reference, model: &mut ProblemModel) {
    let caller = head.client.caller();
    model.registry = state.service.registry(&caller, &reference.registry).await.ok();
    let name = reference.repository.as_str();
    match model.problem.code {
        Code::TagNotFound | Code::ManifestNotFound | Code::PlatformNotFound => {
            model.repository = Some(name.to_owned());
            let query = TagsQuery { limit: Some(SUGGESTIONS), gathered: true, ..TagsQuery::default() };
            if let Ok(tags) = state.service.tags(&caller, reference, &query).await {
                model.suggestions = tags.items.iter().map(|t| format!("{}/{name}:{}", reference.registry, t.tag)).collect();
            }
        }
        Code::RepositoryNotFound | Code::RegistryNotFound => {
            let leaf = name.rsplit('/').next().unwrap_or(name);
            if let Ok(hits) = state.service.search(&caller, leaf, Some(SUGGESTIONS * 4), None).await {
                let mut found: Vec<String> = hits.items.iter().filter(|h| h.kind == "repository").map(|h| h.reference.clone()).collect();
                found.truncate(SUGGESTIONS as usize);
                model.suggestions = found;
            }
        }
        _ => {}
    }
}
