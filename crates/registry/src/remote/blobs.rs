//! Blobs as they lie: their size, another repository's made to appear, and their bytes as they come.

use super::{
    body,
    client::{Ask, Client},
    explain::{self, What, clean},
    upload::location,
};
use crate::{BlobStream, Error, Result};
use bytes::Bytes;
use futures::{StreamExt, stream};
use oci::{Digest, RepositoryName};
use reqwest::{Method, Response};
use std::time::Duration;

/// Bytes of a piece that is handed on.
const APART: usize = 64 << 10;

impl Client {
    pub(super) async fn blob_size(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<u64>> {
        let path = format!("v2/{repository}/blobs/{digest}");
        let what = What::BlobSize(repository, digest);
        let ask = Ask::new(what, &Method::HEAD, &path);
        let answer = self.send(&ask).await?;
        match answer.status.as_u16() {
            200 => match answer.header("content-length").and_then(|l| l.parse().ok()) {
                Some(size) => Ok(Some(size)),
                None => Err(Error::Misbehaved(format!("{} was asked for {what} and told none", self.name))),
            },
            404 => Ok(None),
            _ => Err(self.refusal(&ask, &answer)),
        }
    }

    pub(super) async fn mount_blob(&self, repository: &RepositoryName, digest: &Digest, from: &RepositoryName) -> Result<bool> {
        let path = format!("v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
        let what = What::Mount(repository, from, digest);
        let ask = Ask::new(what, &Method::POST, &path);
        let answer = self.send(&ask).await?;
        match answer.status.as_u16() {
            201 => match answer.header("docker-content-digest").and_then(|d| Digest::parse(d.trim()).ok()) {
                Some(told) if told != *digest && told.algorithm() == digest.algorithm() => {
                    Err(Error::Misbehaved(format!("{} was asked for {what} and mounted another, {told}", self.name)))
                }
                _ => Ok(true),
            },
            202 => {
                // It began an upload in its stead, which nobody will go on with.
                let here = self.base.join(&path);
                if let Some(Ok(upload)) = answer.headers.get("location").map(|l| location(&self.base, &here, l.as_bytes())) {
                    self.cancel_upload(repository, digest, &upload).await;
                }
                Ok(false)
            }
            // It does not know the blob, the repository, or how to mount.
            400 | 404 | 405 | 501 => Ok(false),
            _ => Err(self.refusal(&ask, &answer)),
        }
    }

    pub(super) async fn read_blob(&self, repository: &RepositoryName, digest: &Digest, from: u64) -> Result<BlobStream> {
        let path = format!("v2/{repository}/blobs/{digest}");
        let what = What::Blob(repository, digest);
        let ask = Ask { stream: Some(from), ..Ask::new(what, &Method::GET, &path) };
        let answer = self.send(&ask).await?;
        let misbehaved = |why: &str| Error::Misbehaved(format!("{} was asked for {what} and {why}", self.name));
        if let Some(how) = body::encoding(&answer.headers) {
            return Err(misbehaved(&format!("answered with a compressed body ({}), though it was asked for a plain one", clean(&how, 40))));
        }
        let range = answer.header("content-range").unwrap_or_default();
        let skip = match answer.status.as_u16() {
            200 => from,
            206 if first_byte(&range) == Some(from) => 0,
            206 => return Err(misbehaved(&format!("sent another part than the one from byte {from} on"))),
            416 if complete_length(&range) == Some(from) => return Ok(stream::empty().boxed()),
            416 => return Err(misbehaved(&format!("has nothing from byte {from} on"))),
            _ => return Err(self.refusal(&ask, &answer)),
        };
        let Some(response) = answer.rest else { return Err(misbehaved("sent nothing")) };
        let asked = format!("{} was asked for {what}", self.name);
        let pieces = pieces(Pieces { response, skip, idle: self.timeouts.idle, came: 0, asked });
        Ok(pieces.flat_map(|piece| stream::iter(piece.map_or_else(|error| vec![Err(error)], apart))).boxed())
    }
}

/// A piece in smaller ones of their own. The client reads into a buffer of some hundred kilobytes that it uses again once nothing of it is
/// held; held until it was sent on, each would be another.
fn apart(piece: Bytes) -> Vec<Result<Bytes>> {
    piece.chunks(APART).map(|part| Ok(Bytes::copy_from_slice(part))).collect()
}

/// A body that is read piece by piece.
struct Pieces {
    response: Response,
    /// Bytes still to be left out: the registry did not begin where it was asked to.
    skip: u64,
    idle: Duration,
    came: u64,
    /// Who was asked for what.
    asked: String,
}

fn pieces(body: Pieces) -> BlobStream {
    stream::try_unfold(body, async |mut body| {
        loop {
            let Some(piece) = body.next().await? else { return Ok(None) };
            if let Some(piece) = body.wanted(piece) {
                return Ok(Some((piece, body)));
            }
        }
    })
    .boxed()
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let piece = match tokio::time::timeout(self.idle, self.response.chunk()).await {
            Err(_) => {
                let seconds = self.idle.as_secs_f32();
                return Err(Error::Unreachable(format!("{} and stopped after {} bytes for {seconds} s", self.asked, self.came)));
            }
            Ok(Err(e)) => {
                return Err(Error::Unreachable(format!("{} and broke off after {} bytes: {}", self.asked, self.came, explain::cause(&e))));
            }
            Ok(Ok(piece)) => piece,
        };
        self.came += piece.as_ref().map_or(0, |p| p.len() as u64);
        Ok(piece)
    }

    /// What is left of a piece after what is to be skipped; `None` for nothing.
    fn wanted(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let left_out = self.skip.min(piece.len() as u64);
        self.skip -= left_out;
        // It is at most the piece's length.
        let piece = piece.split_off(left_out as usize);
        (!piece.is_empty()).then_some(piece)
    }
}

/// The first byte that a Content-Range names (RFC 9110, 14.4): `bytes 5-9/10`.
fn first_byte(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes")?.trim_start().split('-').next()?.trim().parse().ok()
}

/// The length of the whole that a Content-Range names where nothing was sent: `bytes */10`.
fn complete_length(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes")?.trim_start().strip_prefix("*/")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(first_byte("bytes 5-9/10"), Some(5));
        assert_eq!(first_byte(" bytes 0-9/* "), Some(0));
        assert_eq!(complete_length("bytes */10"), Some(10));
        for junk in ["", "bytes", "5-9/10", "bytes */10", "bytes -9", "bytes x-9/10"] {
            assert_eq!(first_byte(junk), None, "{junk}");
        }
        for junk in ["", "bytes 5-9/10", "bytes */*", "*/10"] {
            assert_eq!(complete_length(junk), None, "{junk}");
        }
    }
}
