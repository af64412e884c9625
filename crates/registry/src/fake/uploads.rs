//! Uploads of blobs to the fake, and mounts.

use super::{Answer, Inner, LocationStyle, Seen, content, lock, routes::unknown_route};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use std::io;

const UPLOADS: &str = "/blobs/uploads/";

/// A blob on its way in.
#[derive(Default)]
pub(super) struct Upload {
    repository: String,
    bytes: BytesMut,
    /// What the next request's address must hold: it changes with every answer.
    state: String,
    /// Its last piece broke off.
    broken: bool,
}

/// Whether a request is one of an upload.
pub(super) fn is_upload(seen: &Seen) -> bool {
    seen.path.contains(UPLOADS)
}

impl Inner {
    /// Answers a request of an upload. The error closes the connection.
    pub(super) async fn upload(&self, seen: &Seen, body: Body) -> io::Result<Answer> {
        let Some((name, id)) = self.beneath(seen).and_then(|path| path.rsplit_once(UPLOADS)) else { return Ok(unknown_route()) };
        let from = seen.parameter("from");
        let mut scope = match seen.method.as_str() {
            "GET" => format!("repository:{name}:pull"),
            "DELETE" => format!("repository:{name}:delete"),
            _ => format!("repository:{name}:pull,push"),
        };
        if let Some(from) = &from {
            scope = format!("{scope} repository:{from}:pull");
        }
        if let Some(refusal) = self.refuse(seen, &scope) {
            return Ok(refusal);
        }
        if seen.method == "POST" && id.is_empty() {
            return Ok(self.begin(seen, name, from.as_deref()));
        }
        let state = seen.parameter("_state");
        let known = lock(&self.uploads).get(id).map(|u| u.repository == name && state.as_deref() == Some(u.state.as_str()));
        match known {
            None => return Ok(Answer::error(404, "BLOB_UPLOAD_UNKNOWN")),
            Some(false) => return Ok(Answer::error(404, "BLOB_UPLOAD_INVALID")),
            Some(true) => {}
        }
        let resumable = lock(&self.knobs).resumable;
        if !resumable && lock(&self.uploads).get(id).is_some_and(|u| u.broken) {
            return Ok(Answer::error(416, "RANGE_INVALID"));
        }
        match seen.method.as_str() {
            "GET" => Ok(self.stands(seen, name, id, 204)),
            "PATCH" => self.patch(seen, name, id, body).await,
            "PUT" => self.close(seen, name, id, body).await,
            "DELETE" => {
                lock(&self.uploads).remove(id);
                Ok(Answer::status(204))
            }
            _ => Ok(Answer::status(405)),
        }
    }

    fn begin(&self, seen: &Seen, name: &str, from: Option<&str>) -> Answer {
        let knobs = lock(&self.knobs).clone();
        if let (Some(digest), Some(from)) = (seen.parameter("mount"), from)
            && knobs.mount
        {
            let mut store = lock(&self.store);
            if let Some(bytes) = store.blob(from, &digest) {
                store.put_blob_as(name, &bytes, &digest);
                return Answer::status(201)
                    .header("location", &format!("{}/v2/{name}/blobs/{digest}", self.settings.prefix))
                    .header("docker-content-digest", &digest);
            }
        }
        let id = format!("{:016x}", rand::random::<u64>());
        lock(&self.uploads).insert(id.clone(), Upload { repository: name.to_owned(), ..Upload::default() });
        let answer = self.stands(seen, name, &id, 202);
        match knobs.chunk_min {
            Some(least) => answer.header("oci-chunk-min-length", &least.to_string()),
            None => answer,
        }
    }

    async fn patch(&self, seen: &Seen, name: &str, id: &str, body: Body) -> io::Result<Answer> {
        let (most, breaks) = {
            let mut knobs = lock(&self.knobs);
            let breaks = if knobs.break_uploads.is_empty() { None } else { Some(knobs.break_uploads.remove(0)) };
            (knobs.max_patch, breaks)
        };
        let length = seen.header("content-length").and_then(|l| l.parse::<usize>().ok());
        if most.is_some_and(|most| length.is_none_or(|l| l > most)) {
            return Ok(Answer::status(413));
        }
        let stands = lock(&self.uploads).get(id).map_or(0, |u| u.bytes.len());
        let begins = seen.header("content-range").and_then(|r| r.split('-').next()?.parse::<usize>().ok());
        if begins.is_some_and(|b| b != stands) {
            return Ok(self.stands(seen, name, id, 416));
        }
        let mut room = breaks.unwrap_or(usize::MAX);
        let mut frames = body.into_data_stream();
        while let Some(frame) = frames.next().await {
            let mut uploads = lock(&self.uploads);
            let Some(upload) = uploads.get_mut(id) else { return Ok(Answer::error(404, "BLOB_UPLOAD_UNKNOWN")) };
            let Ok(frame) = frame else {
                upload.broken = true;
                return Err(io::Error::other("the client broke off"));
            };
            let taken = frame.len().min(room);
            upload.bytes.extend_from_slice(&frame[..taken]);
            room -= taken;
            if room == 0 {
                upload.broken = true;
                return Err(io::Error::other("broken off"));
            }
        }
        Ok(self.stands(seen, name, id, 202))
    }

    async fn close(&self, seen: &Seen, name: &str, id: &str, body: Body) -> io::Result<Answer> {
        let rest = axum::body::to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
        let Some(mut upload) = lock(&self.uploads).remove(id) else { return Ok(Answer::error(404, "BLOB_UPLOAD_UNKNOWN")) };
        upload.bytes.extend_from_slice(&rest);
        let wanted = seen.parameter("digest").unwrap_or_default();
        let bytes: Bytes = upload.bytes.freeze();
        if content::digest_like(&wanted, &bytes).as_deref() != Some(wanted.as_str()) {
            return Ok(Answer::error(400, "DIGEST_INVALID"));
        }
        lock(&self.store).put_blob_as(name, &bytes, &wanted);
        Ok(Answer::status(201)
            .header("location", &format!("{}/v2/{name}/blobs/{wanted}", self.settings.prefix))
            .header("docker-content-digest", &wanted))
    }

    /// How far an upload has come, and where it goes on.
    fn stands(&self, seen: &Seen, name: &str, id: &str, status: u16) -> Answer {
        let style = lock(&self.knobs).upload_location.clone();
        let mut uploads = lock(&self.uploads);
        let Some(upload) = uploads.get_mut(id) else { return Answer::error(404, "BLOB_UPLOAD_UNKNOWN") };
        // A query that must come back byte for byte.
        upload.state = format!("{:08x}/+=", rand::random::<u32>());
        let state: String = url::form_urlencoded::byte_serialize(upload.state.as_bytes()).collect();
        let path = format!("{}/v2/{name}{UPLOADS}{id}?_state={state}", self.settings.prefix);
        let location = match style {
            LocationStyle::Relative => path,
            LocationStyle::Absolute => format!("http://{}{path}", seen.header("host").unwrap_or_default()),
            LocationStyle::Origin(origin) => format!("{origin}{path}"),
        };
        Answer::status(status)
            .header("location", &location)
            .header("range", &format!("0-{}", upload.bytes.len().saturating_sub(1)))
            .header("docker-upload-uuid", id)
    }
}
