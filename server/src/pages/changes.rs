//! What asks for a change: deleting, retagging, copying. Each becomes a plan, and the answer leads to it.

use super::{
    forms::form,
    now,
    problem::fail,
    render::{Head, render},
};
use crate::{AppState, query::Query};
use api::{Code, Intent, Problem};
use app::{CopyModel, Page, RetagModel};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use oci::{Reference, Tag};
use service::{Caller, TagsQuery};

/// So many tags can be chosen by a query for a copy, which wants each by name.
const MOST: usize = 10_000;

/// Makes a plan, and leads to it.
pub(super) async fn plan(state: &AppState, head: &Head, intent: &Intent) -> Response {
    match state.service.plan(&head.client.caller(), intent).await {
        Ok(plan) => Redirect::to(&format!("{}/plans/{}", state.base(), plan.id)).into_response(),
        Err(error) => fail(state, head, error.into()).await,
    }
}

/// `POST /delete`: `ref`, as often as there are things to delete; or `all` with `place` and `q` for every tag of a repository that
/// matches; or `q` alone, with `registry` where only one is meant.
pub(crate) async fn delete(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    match form(&head, &headers, body).await.and_then(|fields| deletion(&fields)) {
        Ok(intent) => plan(&state, &head, &intent).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

fn deletion(fields: &Query) -> Result<Intent, Problem> {
    let refs = fields.all("ref");
    let q = fields.text("q")?;
    if let Some(place) = fields.text("place")?
        && fields.switch("all")?
    {
        return Ok(Intent::Delete { refs: Vec::new(), query: Some(within(place, q)?) });
    }
    if !refs.is_empty() {
        return Ok(Intent::Delete { refs, query: None });
    }
    match q.filter(|_| fields.text("place").is_ok_and(|place| place.is_none())) {
        Some(q) => {
            let query = fields.text("registry")?.map_or_else(|| q.to_owned(), |registry| format!("registry:{registry} ({q})"));
            Ok(Intent::Delete { refs: Vec::new(), query: Some(query) })
        }
        None => Err(nothing_chosen()),
    }
}

fn nothing_chosen() -> Problem {
    Problem::new(Code::BadRequest, "Nothing was chosen.").hint("Go back and tick what it is about.")
}

/// A query for the tags of one repository that match another.
fn within(place: &str, q: Option<&str>) -> Result<String, Problem> {
    let reference = Reference::parse(place).map_err(service::Error::from)?;
    let here = format!("registry:{} repo:={}", reference.registry, reference.repository);
    Ok(match q.map(str::trim).filter(|q| !q.is_empty()) {
        Some(q) => format!("{here} ({q})"),
        None => here,
    })
}

/// `GET /retag?ref=`
pub(crate) async fn retag_form(State(state): State<AppState>, head: Head, query: Query) -> Response {
    let asked = query.required("ref").and_then(|reference| Ok((named(reference)?, query.owned("tag")?.unwrap_or_default())));
    match asked {
        Ok((reference, tag)) => {
            render(&state, &head, Page::Retag(RetagModel { now: now(), reference: reference.to_string(), tag, problem: None })).await
        }
        Err(problem) => fail(&state, &head, problem).await,
    }
}

/// `POST /retag`: `ref`, `tag`.
pub(crate) async fn retag(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let fields = form(&head, &headers, body).await;
    let asked = fields.and_then(|fields| Ok((named(fields.required("ref")?)?, fields.owned("tag")?.unwrap_or_default())));
    match asked {
        Err(problem) => fail(&state, &head, problem).await,
        Ok((reference, tag)) => match Tag::parse(tag.trim()) {
            Ok(tag) => plan(&state, &head, &Intent::Retag { r#ref: reference.to_string(), tag: tag.to_string() }).await,
            Err(error) => {
                let problem = Problem::new(Code::NotAReference, error.to_string());
                render(&state, &head, Page::Retag(RetagModel { now: now(), reference: reference.to_string(), tag, problem: Some(problem) }))
                    .await
            }
        },
    }
}

/// A reference of a tag or a digest.
fn named(reference: &str) -> Result<Reference, Problem> {
    let reference = Reference::parse(reference).map_err(service::Error::from)?;
    if reference.target.is_some() {
        return Ok(reference);
    }
    Err(Problem::new(Code::NotAReference, format!("{reference} names a repository, not an image.")).hint("Add a tag or a digest."))
}

/// `GET /copy?ref=`
pub(crate) async fn copy_form(State(state): State<AppState>, head: Head, query: Query) -> Response {
    match copying(&state, &head, &query).await {
        Ok(model) => render(&state, &head, Page::Copy(model)).await,
        Err(problem) => fail(&state, &head, problem).await,
    }
}

/// `POST /copy`: `ref` (or `all`, `place` and `q`), and where to; while that is not told, the form that asks for it.
pub(crate) async fn copy(State(state): State<AppState>, head: Head, headers: HeaderMap, body: Body) -> Response {
    let asked = match form(&head, &headers, body).await {
        Ok(fields) => copying(&state, &head, &fields).await.map(|model| (fields.text("repository").is_ok_and(|r| r.is_some()), model)),
        Err(problem) => Err(problem),
    };
    match asked {
        Err(problem) => fail(&state, &head, problem).await,
        Ok((false, model)) => render(&state, &head, Page::Copy(model)).await,
        Ok((true, model)) => match target(&model) {
            Ok(to) => {
                let platforms = (model.chosen.len() != model.platforms.len() && !model.chosen.is_empty()).then(|| model.chosen.clone());
                plan(&state, &head, &Intent::Copy { from: model.refs.join(" "), to, platforms }).await
            }
            Err(problem) => render(&state, &head, Page::Copy(CopyModel { problem: Some(problem), ..model })).await,
        },
    }
}

/// Where a copy is to go: a tag's place, or a repository where each tag keeps its name.
fn target(model: &CopyModel) -> Result<String, Problem> {
    let repository = model.repository.trim().trim_matches('/');
    let to = match model.tag.trim() {
        "" => format!("{}/{repository}", model.registry),
        tag => format!("{}/{repository}:{tag}", model.registry),
    };
    Ok(Reference::parse(&to).map_err(service::Error::from)?.to_string())
}

async fn copying(state: &AppState, head: &Head, fields: &Query) -> Result<CopyModel, Problem> {
    let caller = head.client.caller();
    let mut refs = fields.all("ref");
    if let Some(place) = fields.text("place")?
        && fields.switch("all")?
    {
        refs = matching(state, &caller, place, fields.text("q")?.unwrap_or_default()).await?;
    }
    let mut parsed = Vec::with_capacity(refs.len());
    for reference in &refs {
        parsed.push(Reference::parse(reference).map_err(service::Error::from)?);
    }
    let Some(first) = parsed.first() else { return Err(nothing_chosen()) };
    let registries: Vec<String> = state.service.registries(&caller).await?.into_iter().filter(|r| !r.read_only).map(|r| r.name).collect();
    if registries.is_empty() {
        return Err(Problem::new(Code::ReadOnly, "No registry can be written to through us.")
            .hint("Take `read_only` out of the settings of the one that may."));
    }
    // Another registry is the likelier place.
    let registry = fields.owned("registry")?.or_else(|| registries.iter().find(|name| **name != first.registry.as_str()).cloned());
    let alone = parsed.len() == 1;
    let tag = match (&first.target, alone) {
        (Some(oci::Target::Tag(tag)), true) => tag.to_string(),
        _ => String::new(),
    };
    let platforms = if alone && first.target.is_some() {
        let image = state.service.image(&caller, first, None).await?;
        image.platforms.into_iter().map(|platform| platform.platform).collect()
    } else {
        Vec::new()
    };
    let typed = fields.text("repository")?.is_some();
    Ok(CopyModel {
        now: now(),
        registry: registry.unwrap_or_else(|| registries[0].clone()),
        registries,
        repository: fields.owned("repository")?.unwrap_or_else(|| first.repository.to_string()),
        tag: if typed { fields.owned("tag")?.unwrap_or_default() } else { tag },
        platforms,
        chosen: fields.all("platform"),
        refs,
        problem: None,
    })
}

/// The references of the tags that match, by name; all of the repository's as the repository itself.
async fn matching(state: &AppState, caller: &Caller, place: &str, q: &str) -> Result<Vec<String>, Problem> {
    if q.trim().is_empty() {
        return Ok(vec![place.to_owned()]);
    }
    let reference = Reference::parse(place).map_err(service::Error::from)?;
    let mut query = TagsQuery { q: q.to_owned(), sort: Some("name".into()), limit: Some(1000), ..TagsQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = state.service.tags(caller, &reference, &query).await?;
        found.extend(page.items.iter().map(|tag| format!("{place}:{}", tag.tag)));
        if found.len() > MOST {
            let detail = format!("More than {MOST} tags match, which is more than one copy takes.");
            return Err(Problem::new(Code::BadRequest, detail).hint("Copy the whole repository, or narrow the filter."));
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_deleted_is_named_or_found() {
        let intent = |fields: &str| deletion(&Query::parse(fields));
        let named = |refs: &[&str]| Intent::Delete { refs: refs.iter().map(|&r| r.to_owned()).collect(), query: None };
        let found = |query: &str| Intent::Delete { refs: Vec::new(), query: Some(query.into()) };
        assert_eq!(intent("ref=local/a:1&ref=local/a:2").unwrap(), named(&["local/a:1", "local/a:2"]));
        // The page sends its place and filter along; they count only where all was ticked.
        assert_eq!(intent("ref=local/a:1&place=local/a&q=v2.*").unwrap(), named(&["local/a:1"]));
        assert_eq!(intent("ref=local/a:1&place=local/a&q=v1+OR+v2&all=1").unwrap(), found("registry:local repo:=a (v1 OR v2)"));
        assert_eq!(intent("place=local/a&q=&all=1").unwrap(), found("registry:local repo:=a"));
        assert_eq!(intent("q=repo:x&registry=local").unwrap(), found("registry:local (repo:x)"));
        for nothing in ["", "place=local/a&q=v1", "ref=", "registry=local"] {
            assert_eq!(intent(nothing).unwrap_err().code, Code::BadRequest, "{nothing}");
        }
        assert_eq!(intent("place=%21&all=1").unwrap_err().code, Code::NotAReference);
    }
}
