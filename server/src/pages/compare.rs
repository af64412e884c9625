//! `/compare`: two images side by side.

use super::{
    now,
    problem::fail,
    render::{Head, render},
};
use crate::{AppState, query::Query};
use api::{Code, Problem};
use app::{CompareModel, Page};
use axum::{extract::State, response::Response};
use oci::{Platform, Reference};
use service::{Caller, TagsQuery};

/// Tags of a repository that are suggested.
const SUGGESTED: u32 = 50;

/// `GET /compare?from=&to=&platform=`
pub(crate) async fn compare(State(state): State<AppState>, head: Head, query: Query) -> Response {
    match model(&state, &head, &query).await {
        Ok(model) => render(&state, &head, Page::Compare(Box::new(model))).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

async fn model(state: &AppState, head: &Head, query: &Query) -> Result<CompareModel, Problem> {
    let caller = head.client.caller();
    let (from, to, platform) = (query.owned("from")?.unwrap_or_default(), query.owned("to")?.unwrap_or_default(), query.owned("platform")?);
    let mut model = CompareModel {
        now: now(),
        suggestions: suggestions(state, &caller, [&from, &to]).await,
        from,
        to,
        platform,
        comparison: None,
        problem: None,
    };
    match compared(state, &caller, &model).await {
        Ok(comparison) => model.comparison = comparison,
        Err(problem) => model.problem = Some(problem),
    }
    Ok(model)
}

/// What differs; nothing while one of the two is yet to be named.
async fn compared(state: &AppState, caller: &Caller, asked: &CompareModel) -> Result<Option<api::Comparison>, Problem> {
    if asked.from.is_empty() || asked.to.is_empty() {
        return Ok(None);
    }
    let read = |text: &str| Reference::parse(text).map_err(service::Error::from);
    let platform = asked.platform.as_deref();
    if platform.is_some_and(|platform| Platform::parse(platform).is_none()) {
        return Err(Problem::new(Code::BadQuery, "“platform” is an operating system and an architecture, such as linux/amd64."));
    }
    Ok(Some(state.service.compare(caller, &read(&asked.from)?, &read(&asked.to)?, platform).await?))
}

/// The newest tags of the repositories that are named.
async fn suggestions(state: &AppState, caller: &Caller, named: [&String; 2]) -> Vec<String> {
    let mut places: Vec<Reference> = named.into_iter().filter_map(|text| Reference::parse(text).ok()).collect();
    places.iter_mut().for_each(|place| place.target = None);
    places.dedup();
    let mut all = Vec::new();
    for place in places {
        let wanted = TagsQuery { limit: Some(SUGGESTED), ..TagsQuery::default() };
        // Without suggestions one can type.
        if let Ok(tags) = state.service.tags(caller, &place, &wanted).await {
            all.extend(tags.items.into_iter().map(|tag| format!("{place}:{}", tag.tag)));
        }
    }
    all
}
