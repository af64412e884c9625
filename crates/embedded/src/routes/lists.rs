//! Lists: the catalogue, a repository's tags, what refers to a manifest.

use super::{Asked, query, value};
use crate::error::{Code, Result, refuse};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use oci::{Digest, RepositoryName, media_type};
use serde_json::{Value, json};
use std::fmt::Write;

/// Referrers in one answer, and the bytes of their descriptors: a client may not read more than a manifest may have.
const REFERRERS: usize = 1000;
const REFERRERS_BYTES: usize = 3 << 20;

/// The repositories. Not of the specification; asked for by everybody.
pub(super) async fn catalogue(asked: &Asked) -> Result<Response> {
    let (n, last) = query::page(asked.query())?;
    let n = n.unwrap_or(usize::MAX);
    let readable = asked.readable();
    let wanted = |name: &RepositoryName| readable.as_ref().is_none_or(|readable| (readable.0)(name));
    // One more tells whether there is more.
    let mut names = asked.local.repository_names(last.as_deref(), n.saturating_add(usize::from(n > 0)), &wanted).await?;
    let more = names.len() > n;
    names.truncate(n);
    let mut body = String::with_capacity(32 + names.iter().map(|name| name.as_str().len() + 3).sum::<usize>());
    body.push_str("{\"repositories\":[");
    list(&mut body, names.iter().map(RepositoryName::as_str));
    body.push_str("]}\n");
    let next = names.last().filter(|_| more).map(|last| format!("</v2/_catalog?last={}&n={n}>; rel=\"next\"", encoded(last.as_str())));
    Ok(answer(body, "application/json", next))
}

pub(super) async fn tags(asked: &Asked, name: RepositoryName) -> Result<Response> {
    let (n, last) = query::page(asked.query())?;
    let (name, tags) = asked.local.run(move |store| store.tag_names(&name).map(|tags| (name, tags))).await?;
    let Some(tags) = tags else { return refuse(Code::NameUnknown, format!("there is no repository {name}")) };
    let from = last.map_or(0, |last| tags.partition_point(|tag| *tag <= last));
    let n = n.unwrap_or(usize::MAX);
    let page = &tags[from..tags.len().min(from.saturating_add(n))];
    let mut body = String::with_capacity(64 + name.as_str().len() + page.iter().map(|tag| tag.len() + 3).sum::<usize>());
    let _ = write!(body, "{{\"name\":\"{name}\",\"tags\":[");
    list(&mut body, page.iter().map(String::as_str));
    body.push_str("]}\n");
    let next = page
        .last()
        .filter(|_| from + page.len() < tags.len())
        .map(|last| format!("</v2/{name}/tags/list?last={last}&n={n}>; rel=\"next\""));
    Ok(answer(body, "application/json", next))
}

/// Names and tags need no escapes.
fn list<'a>(body: &mut String, items: impl Iterator<Item = &'a str>) {
    for (at, item) in items.enumerate() {
        body.push_str(if at == 0 { "\"" } else { ",\"" });
        body.push_str(item);
        body.push('"');
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(super) async fn referrers(asked: &Asked, name: RepositoryName, digest: Digest) -> Result<Response> {
    let query = asked.query();
    // A type has no blanks: one that is read here was a plus which its client did not encode.
    let kind = query::first(query, "artifactType")?.filter(|kind| !kind.is_empty()).map(|kind| kind.replace(' ', "+"));
    let (n, last) = query::page(query)?;
    let (name, digest, all) = asked.local.run(move |store| store.referrers(&name, &digest).map(|all| (name, digest, all))).await?;
    let of = |descriptor: &Value| descriptor["digest"].as_str().unwrap_or_default().to_owned();
    let mut page = Vec::new();
    let mut bytes = 0;
    let mut more = false;
    let n = n.unwrap_or(REFERRERS).min(REFERRERS);
    for descriptor in all {
        if kind.as_deref().is_some_and(|kind| descriptor["artifactType"] != kind)
            || last.as_ref().is_some_and(|last| of(&descriptor) <= *last)
        {
            continue;
        }
        bytes += descriptor.to_string().len();
        if page.len() >= n || (bytes > REFERRERS_BYTES && !page.is_empty()) {
            more = n > 0;
            break;
        }
        page.push(descriptor);
    }
    let next = page.last().filter(|_| more).map(|last| {
        let kind = kind.as_deref().map(|kind| format!("&artifactType={}", encoded(kind))).unwrap_or_default();
        format!("</v2/{name}/referrers/{digest}?last={}&n={n}{kind}>; rel=\"next\"", encoded(&of(last)))
    });
    let body = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": page}).to_string();
    let mut response = answer(body, media_type::OCI_INDEX, next);
    if kind.is_some() {
        response.headers_mut().insert(HeaderName::from_static("oci-filters-applied"), HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}

fn answer(body: String, kind: &'static str, next: Option<String>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], Body::from(body)).into_response();
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, value(&next));
    }
    response
}
