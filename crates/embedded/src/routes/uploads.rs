//! `/v2/{name}/blobs/uploads/`: beginning, writing, ending and cancelling uploads; mounting.
//!
//! An upload's Location is a path of ours without a query: no word of the client's is in it.

use super::{Asked, DOCKER_CONTENT_DIGEST, empty, path, query, range, value};
use crate::{
    error::{Code, Error, Result, refuse},
    hash::{Algorithm, Hasher},
    intake::Intake,
    observer::{Action, Event, Object},
    store::{
        blobs::Readable,
        sessions::Turn,
        uploads::{Chunk, Writer},
    },
    upload::UploadId,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use oci::{Digest, RepositoryName};

pub(super) async fn begin(asked: &Asked, name: RepositoryName, body: Body) -> Result<Response> {
    let asked_digest = digest(asked, "digest")?;
    if let Some(digest) = digest(asked, "mount")?
        && let Some(response) = mount(asked, &name, digest).await?
    {
        return Ok(response);
    }
    let algorithm = match (query::first(asked.query(), "digest-algorithm")?, &asked_digest) {
        (Some(named), _) => Algorithm::named(&named).ok_or_else(|| unsupported(&named))?,
        (None, Some(digest)) => Algorithm::of(digest).ok_or_else(|| unsupported(digest.algorithm()))?,
        (None, None) => Algorithm::Sha256,
    };
    let (id, turn) = asked.local.store.sessions.begin(Hasher::new(algorithm))?;
    match asked_digest {
        // A digest with nothing announces an upload, unless it is of nothing.
        Some(digest) if !nothing(asked) || Algorithm::is_of_nothing(&digest) => {
            let repository = name.clone();
            let mut intake = Intake::new(&asked.local, move |store| {
                store.begin_upload(&repository, id)?;
                store.open_upload(&repository, id, turn, None)
            });
            let size = match intake.take(body, None).await {
                Ok(()) => {
                    let digest = digest.clone();
                    intake.end(move |store, writer| store.finish_upload(writer, &digest)).await
                }
                Err(error) => Err(error),
            };
            if size.is_err() {
                // Nobody was told its address, so nobody goes on with what came of it.
                let repository = name.clone();
                let thrown_away = asked.local.run(move |store| store.remove_upload(&repository, id)).await;
                thrown_away.unwrap_or_else(|error| tracing::warn!(%error, "what came of an upload that failed stays until it expires"));
            }
            Ok(created(asked, &name, &digest, size?))
        }
        _ => {
            let repository = name.clone();
            let begun = asked.local.run(move |store| store.begin_upload(&repository, id)).await;
            drop(turn);
            if begun.is_err() {
                asked.local.store.sessions.forget(id);
            }
            begun.map(|()| empty(StatusCode::ACCEPTED, progress(&name, id, 0)))
        }
    }
}

/// Whether the request says that it has no body.
fn nothing(asked: &Asked) -> bool {
    asked.header(header::CONTENT_LENGTH).map_or(!asked.headers().contains_key(header::TRANSFER_ENCODING), |length| length.trim() == "0")
}

fn unsupported(algorithm: &str) -> Error {
    Error::new(
        Code::DigestInvalid,
        format!("digests by “{}” are not taken: sha256 and sha512 are", algorithm.chars().take(40).collect::<String>()),
    )
}

fn digest(asked: &Asked, parameter: &str) -> Result<Option<Digest>> {
    query::first(asked.query(), parameter)?.map(|text| path::digest(&text)).transpose()
}

/// `None` where it cannot be mounted, whyever: then an upload is begun.
async fn mount(asked: &Asked, name: &RepositoryName, digest: Digest) -> Result<Option<Response>> {
    let from = match query::first(asked.query(), "from")?.map(|from| RepositoryName::parse(&from)) {
        None => None,
        Some(Ok(from)) => Some(from),
        Some(Err(_)) => return Ok(None),
    };
    let readable = asked.readable();
    let (to, digest, from, size) = {
        let name = name.clone();
        asked
            .local
            .run(move |store| {
                let readable = readable.as_ref().map_or(Readable::All, |readable| Readable::Some(&*readable.0));
                let size = store.mount(&name, &digest, from.as_ref(), &readable)?;
                Ok((name, digest, from, size))
            })
            .await?
    };
    let Some(size) = size else { return Ok(None) };
    let client = asked.client();
    asked.local.tell(&Event {
        action: Action::Mounted,
        repository: &to,
        object: Object::Blob,
        digest: Some(&digest),
        tag: None,
        media_type: None,
        size: Some(size),
        from: from.as_ref(),
        client: &client,
    });
    Ok(Some(empty(StatusCode::CREATED, located(&to, &digest))))
}

fn located(name: &RepositoryName, digest: &Digest) -> [(HeaderName, HeaderValue); 3] {
    [
        (header::LOCATION, value(&format!("/v2/{name}/blobs/{digest}"))),
        (DOCKER_CONTENT_DIGEST, value(digest.as_str())),
        (header::CONTENT_LENGTH, HeaderValue::from_static("0")),
    ]
}

fn created(asked: &Asked, name: &RepositoryName, digest: &Digest, size: u64) -> Response {
    let client = asked.client();
    asked.local.tell(&Event {
        action: Action::Pushed,
        repository: name,
        object: Object::Blob,
        digest: Some(digest),
        tag: None,
        media_type: None,
        size: Some(size),
        from: None,
        client: &client,
    });
    empty(StatusCode::CREATED, located(name, digest))
}

/// Where an upload stands. An empty one says `0-0`, as everybody does.
fn progress(name: &RepositoryName, id: UploadId, size: u64) -> [(HeaderName, HeaderValue); 4] {
    [
        (header::LOCATION, value(&format!("/v2/{name}/blobs/uploads/{id}"))),
        (header::RANGE, value(&format!("0-{}", size.saturating_sub(1)))),
        (HeaderName::from_static("docker-upload-uuid"), value(&id.to_string())),
        (header::CONTENT_LENGTH, HeaderValue::from_static("0")),
    ]
}

/// What the request says of its body's place, checked against its length.
fn chunk(asked: &Asked) -> Result<Option<Chunk>> {
    let Some(header) = asked.headers().get(header::CONTENT_RANGE) else { return Ok(None) };
    let chunk = range::chunk(header.to_str().unwrap_or_default())?;
    if let Some(length) = asked.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok())
        && length != chunk.length
    {
        return refuse(
            Code::SizeInvalid,
            format!("the chunk's Content-Range is of {} bytes, its Content-Length of {length}", chunk.length),
        );
    }
    Ok(Some(chunk))
}

/// Waits until no other request writes to the upload.
async fn turn(asked: &Asked, name: &RepositoryName, id: UploadId) -> Result<Turn> {
    let sessions = &asked.local.store.sessions;
    if !sessions.knows(id) {
        let name = name.clone();
        asked.local.run(move |store| store.upload_size(&name, id)).await?;
    }
    sessions.turn(id).await
}

/// Writes the body to the upload, then does the last.
async fn write<T: Send + 'static>(
    asked: &Asked,
    name: &RepositoryName,
    id: UploadId,
    body: Body,
    last: impl FnOnce(&crate::Store, Writer) -> Result<T> + Send + 'static,
) -> Result<T> {
    let chunk = match chunk(asked) {
        Ok(chunk) => chunk,
        Err(error) => {
            crate::intake::drain(body.into_data_stream()).await;
            return Err(error);
        }
    };
    let turn = match turn(asked, name, id).await {
        Ok(turn) => turn,
        Err(error) => {
            crate::intake::drain(body.into_data_stream()).await;
            return Err(error);
        }
    };
    let repository = name.clone();
    let mut intake = Intake::new(&asked.local, move |store| store.open_upload(&repository, id, turn, chunk));
    intake.take(body, chunk.map(|chunk| chunk.length)).await?;
    intake.end(last).await
}

/// A refused chunk's answer says where the upload stands, so that its client can go on.
async fn refused(asked: &Asked, name: RepositoryName, id: UploadId, error: Error) -> Response {
    let out_of_order = error.code == Code::RangeInvalid;
    let mut response = error.into_response();
    if out_of_order && let Ok((name, size)) = asked.local.run(move |store| store.upload_size(&name, id).map(|size| (name, size))).await {
        // Not the last: the body has a length of its own.
        response.headers_mut().extend(progress(&name, id, size).into_iter().take(3));
    }
    response
}

pub(super) async fn patch(asked: &Asked, name: RepositoryName, id: UploadId, body: Body) -> Result<Response> {
    match write(asked, &name, id, body, |_, writer| writer.pause()).await {
        Ok(size) => Ok(empty(StatusCode::ACCEPTED, progress(&name, id, size))),
        Err(error) => Ok(refused(asked, name, id, error).await),
    }
}

pub(super) async fn put(asked: &Asked, name: RepositoryName, id: UploadId, body: Body) -> Result<Response> {
    let Some(digest) = digest(asked, "digest")? else {
        return refuse(Code::DigestInvalid, "an upload is ended with the parameter “digest”");
    };
    let is = digest.clone();
    match write(asked, &name, id, body, move |store, writer| store.finish_upload(writer, &is)).await {
        Ok(size) => Ok(created(asked, &name, &digest, size)),
        Err(error) => Ok(refused(asked, name, id, error).await),
    }
}

pub(super) async fn status(asked: &Asked, name: RepositoryName, id: UploadId) -> Result<Response> {
    let (name, size) = asked.local.run(move |store| store.upload_size(&name, id).map(|size| (name, size))).await?;
    Ok(empty(StatusCode::NO_CONTENT, progress(&name, id, size).into_iter().take(3)))
}

pub(super) async fn cancel(asked: &Asked, name: RepositoryName, id: UploadId) -> Result<Response> {
    let turn = turn(asked, &name, id).await?;
    asked.local.run(move |store| store.cancel_upload(&name, id, turn)).await.inspect_err(|_| asked.local.store.sessions.forget(id))?;
    Ok(empty(StatusCode::NO_CONTENT, []))
}
