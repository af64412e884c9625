//! `/v2/{name}/blobs/{digest}`.

use super::{Asked, DOCKER_CONTENT_DIGEST, empty, range, value};
use crate::{
    body::{BlobBody, Check},
    error::Error,
    hash::{Algorithm, Hasher},
    observer::{Action, Event, Object},
};
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use oci::{Digest, RepositoryName};

/// Content under its digest never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(super) async fn get(asked: &Asked, name: RepositoryName, digest: Digest) -> Result<Response, Error> {
    let etag = format!("\"{digest}\"");
    // A HEAD asks whether a push can be spared, so it is answered of what is verified.
    let now = if asked.is_head() { None } else { asked.local.store.open_blob_now(&name, &digest) };
    let (size, opened) = if let Some(opened) = now {
        (opened.content.size(), Some(opened))
    } else {
        let (name, digest, head) = (name.clone(), digest.clone(), asked.is_head());
        asked
            .local
            .run(move |store| {
                if head {
                    store.blob_size(&name, &digest).map(|size| (size, None))
                } else {
                    store.open_blob(&name, &digest).map(|o| (o.content.size(), Some(o)))
                }
            })
            .await?
    };
    let mut headers = vec![
        (DOCKER_CONTENT_DIGEST, value(digest.as_str())),
        (header::ETAG, value(&etag)),
        (header::CACHE_CONTROL, FOR_EVER),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    if matches(asked, header::IF_NONE_MATCH, &etag) {
        return Ok(empty(StatusCode::NOT_MODIFIED, headers));
    }
    headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")));
    let whole_only = asked.headers().contains_key(header::IF_RANGE) && !matches(asked, header::IF_RANGE, &etag);
    let wanted = if whole_only { range::Wanted::All } else { range::wanted(asked.header(header::RANGE), size) };
    let (status, from, to) = match wanted {
        range::Wanted::All => (StatusCode::OK, 0, size),
        range::Wanted::Part(from, to) => {
            headers.push((header::CONTENT_RANGE, value(&format!("bytes {from}-{}/{size}", to - 1))));
            (StatusCode::PARTIAL_CONTENT, from, to)
        }
        range::Wanted::Unsatisfiable => {
            headers.push((header::CONTENT_RANGE, value(&format!("bytes */{size}"))));
            return Ok(empty(StatusCode::RANGE_NOT_SATISFIABLE, headers));
        }
    };
    headers.push((header::CONTENT_LENGTH, HeaderValue::from(to - from)));
    let Some(opened) = opened else { return Ok(empty(status, headers)) };
    if asked.local.is_observed() {
        let client = asked.client();
        let event = Event {
            action: Action::Pulled,
            repository: &name,
            object: Object::Blob,
            digest: Some(&digest),
            tag: None,
            media_type: None,
            size: Some(size),
            from: None,
            client: &client,
        };
        asked.local.tell(&event);
    }
    let check = match Algorithm::of(&digest) {
        Some(algorithm) if !opened.verified && from == 0 && to == size => {
            Some(Check { store: asked.local.store.clone(), digest, hasher: Hasher::new(algorithm) })
        }
        _ => None,
    };
    let mut response = Response::new(Body::new(BlobBody::new(opened.content, from, to, check, asked.parts.extensions.get().cloned())));
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    Ok(response)
}

/// Whether a header names the tag, quoted or not, weak or not; or is `*`.
pub(super) fn matches(asked: &Asked, name: header::HeaderName, etag: &str) -> bool {
    asked.header(name).is_some_and(|text| {
        text.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == etag || one == etag.trim_matches('"') || one == "*")
    })
}

pub(super) async fn delete(asked: &Asked, name: RepositoryName, digest: Digest) -> Result<Response, Error> {
    asked.may_delete()?;
    let (name, digest) = asked.local.run(move |store| store.delete_blob(&name, &digest).map(|()| (name, digest))).await?;
    let client = asked.client();
    asked.local.tell(&Event {
        action: Action::Deleted,
        repository: &name,
        object: Object::Blob,
        digest: Some(&digest),
        tag: None,
        media_type: None,
        size: None,
        from: None,
        client: &client,
    });
    Ok(empty(StatusCode::ACCEPTED, [(header::CONTENT_LENGTH, HeaderValue::from_static("0"))]))
}
