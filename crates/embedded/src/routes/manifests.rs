//! `/v2/{name}/manifests/{tag or digest}`.

use super::{Asked, DOCKER_CONTENT_DIGEST, blobs::matches, empty, path, query, value};
use crate::{
    error::{Code, Error, Result, refuse},
    observer::{Action, Event, Object},
    store::manifests::Stored,
};
use axum::{
    body::{Body, BodyDataStream},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use oci::{Digest, RepositoryName, Tag, Target, limits};

/// Tags that one push may set besides (the draft asks for ten at least).
const TAGS: usize = 100;

pub(super) async fn get(asked: &Asked, name: RepositoryName, target: Target) -> Result<Response> {
    let (name, target, stored) = match asked.local.store.manifest_now(&name, &target) {
        Some(stored) => (name, target, stored),
        None => asked.local.run(move |store| store.manifest(&name, &target).map(|stored| (name, target, stored))).await?,
    };
    let headers = &stored.headers;
    let same =
        asked.headers().contains_key(header::IF_NONE_MATCH) && matches(asked, header::IF_NONE_MATCH, &format!("\"{}\"", stored.digest));
    let mut response = Response::new(if same || asked.is_head() { Body::empty() } else { Body::from(stored.bytes.clone()) });
    let to = response.headers_mut();
    to.reserve(6);
    to.insert(DOCKER_CONTENT_DIGEST, headers.digest.clone());
    to.insert(header::ETAG, headers.etag.clone());
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    to.insert(header::CONTENT_TYPE, headers.content_type.clone());
    to.insert(header::CONTENT_LENGTH, HeaderValue::from(stored.bytes.len()));
    if !asked.is_head() && asked.local.is_observed() {
        let tag = if let Target::Tag(tag) = &target { Some(tag) } else { None };
        tell(asked, Action::Pulled, &name, &stored, tag);
    }
    Ok(response)
}

fn tell(asked: &Asked, action: Action, name: &RepositoryName, stored: &Stored, tag: Option<&Tag>) {
    let client = asked.client();
    asked.local.tell(&Event {
        action,
        repository: name,
        object: Object::Manifest,
        digest: Some(&stored.digest),
        tag,
        media_type: Some(&stored.media_type),
        size: Some(stored.bytes.len() as u64),
        from: None,
        client: &client,
    });
}

pub(super) async fn put(asked: &Asked, name: RepositoryName, target: Target, body: Body) -> Result<Response> {
    let mut tags = Vec::new();
    for text in query::all(asked.query(), "tag") {
        let tag = path::tag(&text?)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        if tags.len() > TAGS {
            return refuse(Code::UriTooLong, format!("at most {TAGS} tags are set at once"));
        }
    }
    let told = !tags.is_empty();
    let digest = match target.clone() {
        Target::Digest(digest) => Some(digest),
        Target::Tag(tag) => {
            if told {
                return refuse(Code::TagInvalid, "more tags are taken with a manifest's digest in the address only");
            }
            tags.push(tag);
            None
        }
    };
    let bytes = read(asked, body).await?;
    let content_type = asked.header(header::CONTENT_TYPE).map(str::to_owned);
    let (name, tags, put) = asked
        .local
        .run(move |store| store.put_manifest(&name, digest.as_ref(), &tags, content_type.as_deref(), bytes).map(|put| (name, tags, put)))
        .await?;
    let stored = &put.stored;
    if tags.is_empty() {
        tell(asked, Action::Pushed, &name, stored, None);
    }
    for tag in &tags {
        tell(asked, Action::Pushed, &name, stored, Some(tag));
    }
    let mut headers = vec![
        (header::LOCATION, value(&format!("/v2/{name}/manifests/{}", stored.digest))),
        (DOCKER_CONTENT_DIGEST, stored.headers.digest.clone()),
        (header::CONTENT_LENGTH, HeaderValue::from_static("0")),
    ];
    if let Some(subject) = &put.subject {
        headers.push((HeaderName::from_static("oci-subject"), value(subject.as_str())));
    }
    let mut response = empty(StatusCode::CREATED, headers);
    if told {
        for tag in &tags {
            response.headers_mut().append(HeaderName::from_static("oci-tag"), value(tag.as_str()));
        }
    }
    Ok(response)
}

/// A manifest's body, up to the bound.
async fn read(asked: &Asked, body: Body) -> Result<Bytes> {
    let too_large = || Error::new(Code::ManifestTooLarge, format!("a manifest has at most {} bytes", limits::MANIFEST));
    let said = asked.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    if said.is_some_and(|said| said > limits::MANIFEST) {
        crate::intake::drain(body.into_data_stream()).await;
        return Err(too_large());
    }
    let mut stream: BodyDataStream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Error::new(Code::ManifestInvalid, "the body broke off"))?;
        if bytes.len() + piece.len() > limits::MANIFEST {
            crate::intake::drain(stream).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

pub(super) async fn delete(asked: &Asked, name: RepositoryName, target: Target) -> Result<Response> {
    asked.may_delete()?;
    let client = asked.client();
    let event = |name, object, digest, tag| Event {
        action: Action::Deleted,
        repository: name,
        object,
        digest,
        tag,
        media_type: None,
        size: None,
        from: None,
        client: &client,
    };
    match target {
        Target::Tag(tag) => {
            let (name, tag, digest): (_, _, Option<Digest>) =
                asked.local.run(move |store| store.delete_tag(&name, &tag).map(|digest| (name, tag, digest))).await?;
            asked.local.tell(&event(&name, Object::Tag, digest.as_ref(), Some(&tag)));
        }
        Target::Digest(digest) => {
            let (name, digest, tags) =
                asked.local.run(move |store| store.delete_manifest(&name, &digest).map(|tags| (name, digest, tags))).await?;
            for tag in &tags {
                asked.local.tell(&event(&name, Object::Tag, Some(&digest), Some(tag)));
            }
            asked.local.tell(&event(&name, Object::Manifest, Some(&digest), None));
        }
    }
    Ok(empty(StatusCode::ACCEPTED, [(header::CONTENT_LENGTH, HeaderValue::from_static("0"))]))
}
