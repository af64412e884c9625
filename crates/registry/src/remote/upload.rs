//! Writing a blob: an upload session, fed from a source, gone on with where it broke, closed only when every byte was right.
//!
//! ```text
//! POST …/blobs/uploads/           a session, at an address on our own origin
//! PATCH session                   the whole as one stream; after a failure in pieces of 16 MiB
//!   broke? GET session            how far it came: on from there, else a new session
//! PUT session?digest=…            only after size and digest were found right
//! ```
//!
//! Registries differ: some choke on one long stream (Azure), some on several pieces (GitHub), and distribution's registry knows a
//! broken piece no more. So each new session after a failure is sent the other way than the one before.

mod location;
mod reading;

use super::{
    client::{Ask, Client, Fed},
    explain::What,
    hash::Hash,
    retry,
};
use crate::{BlobSource, BlobStream, Error, Result};
use bytes::Bytes;
use futures::stream;
pub(super) use location::location;
use oci::{Digest, RepositoryName};
use reading::Reading;
use reqwest::Method;
use std::{convert::Infallible, time::Duration};
use tokio::sync::mpsc;
use url::Url;

/// Blobs up to this size are sent with the request that closes the upload.
const SMALL: u64 = 256 << 10;
/// Bytes of one piece.
const PIECE: u64 = 16 << 20;
/// Pieces of whatever size they are read in that wait to be sent.
const WAITING: usize = 4;
/// Failures in a row, without as much as a piece in between, that are put up with.
const FAILURES: u32 = 5;

/// A blob to be written.
pub(super) struct Upload<'a> {
    pub(super) client: &'a Client,
    pub(super) repository: &'a RepositoryName,
    pub(super) digest: &'a Digest,
    pub(super) size: u64,
    pub(super) progress: &'a (dyn Fn(u64) + Send + Sync),
}

/// An upload that is open.
struct Session {
    url: Url,
    /// Bytes that every piece but the last must have at least.
    least: u64,
}

/// Why an upload was not finished.
enum End {
    /// There is no sense in another try.
    Final(Error),
    /// Nor is there, and it is not the registry's fault.
    Source(Error),
    /// The session is of no use any more.
    Lost(Error),
}

impl Upload<'_> {
    /// Writes it; in pieces from the start where `pieces` says so.
    pub(super) async fn run(&self, source: &dyn BlobSource, mut pieces: bool) -> Result<()> {
        let Some(hash) = Hash::like(self.digest) else {
            return Err(Error::Unsupported(format!("{} cannot be verified: its algorithm is not known here", self.what())));
        };
        let mut reading = Reading::new(source, self.size, hash);
        let small = if self.size <= SMALL { Some(self.whole(&mut reading).await?) } else { None };
        let mut tried = 0;
        loop {
            tried += 1;
            let mut session = self.begin().await?;
            let end = match &small {
                Some(bytes) => self.close(&session, Some(bytes)).await,
                None => match self.fill(&mut session, &mut reading, pieces).await {
                    Ok(()) => self.close(&session, None).await,
                    Err(end) => Err(end),
                },
            };
            let error = match end {
                Ok(()) => {
                    (self.progress)(self.size);
                    return Ok(());
                }
                Err(End::Source(error)) => {
                    self.client.cancel_upload(self.repository, self.digest, &session.url).await;
                    return Err(error);
                }
                Err(End::Final(error)) => {
                    self.cancel(&session, &error).await;
                    return Err(error);
                }
                Err(End::Lost(error)) => error,
            };
            self.cancel(&session, &error).await;
            if tried >= retry::TRIES {
                return Err(error);
            }
            tracing::debug!(registry = self.client.name, error = %error, "Beginning anew with {}.", self.what());
            pieces = !pieces;
            pause(&error, tried).await;
        }
    }

    /// All of a small blob, verified.
    async fn whole(&self, reading: &mut Reading<'_>) -> Result<Bytes> {
        let mut all = Vec::with_capacity(self.size as usize);
        while reading.at() < self.size {
            all.extend_from_slice(&reading.next(self.size).await?);
        }
        reading.verify(self.digest).await?;
        Ok(all.into())
    }

    async fn begin(&self) -> Result<Session> {
        let path = format!("v2/{}/blobs/uploads/", self.repository);
        let ask = Ask::new(self.what(), &Method::POST, &path);
        let answer = self.client.send(&ask).await?;
        if !matches!(answer.status.as_u16(), 200..=202 | 204) {
            return Err(self.client.refusal(&ask, &answer));
        }
        let here = self.client.base.join(&path);
        let url = match answer.headers.get("location") {
            Some(location) => self.location(&here, location.as_bytes())?,
            None => return Err(self.misbehaved("said nothing of where to send it")),
        };
        let least = answer.header("oci-chunk-min-length").and_then(|l| l.trim().parse().ok()).unwrap_or(0);
        Ok(Session { url, least })
    }

    /// Sends all bytes, and finds them right.
    async fn fill(&self, session: &mut Session, reading: &mut Reading<'_>, mut pieces: bool) -> Result<(), End> {
        let (mut at, mut failures, mut since) = (0, 0, 0);
        let mut signed_in_anew = false;
        while at < self.size {
            let piece = PIECE.max(session.least);
            let end = if pieces { self.size.min(at.saturating_add(piece)) } else { self.size };
            reading.seek(at);
            let error = match self.send(session, reading, end, pieces || at > 0).await {
                Ok(Sent::To(next)) if next > at => {
                    at = next;
                    signed_in_anew = false;
                    continue;
                }
                Ok(Sent::To(_)) => self.misbehaved("takes nothing of it"),
                // The token was too old; there is a new one by now.
                Ok(Sent::Unauthorized(_)) if !signed_in_anew => {
                    signed_in_anew = true;
                    at = self.state(session, reading.furthest()).await?.ok_or_else(|| End::Lost(self.misbehaved("forgot it")))?;
                    continue;
                }
                Ok(Sent::Unauthorized(error)) => return Err(End::Final(error)),
                Err(End::Lost(error)) if error.is_outage() => error,
                Err(end) => return Err(end),
            };
            if at - since >= PIECE {
                (failures, since) = (0, at);
            }
            pieces = true;
            at = self.recover(session, reading.furthest(), error, &mut failures).await?;
        }
        reading.verify(self.digest).await.map_err(End::Source)
    }

    /// After a failure: waits, and learns from the registry where to go on. At most `sent` bytes were handed over.
    async fn recover(&self, session: &mut Session, sent: u64, mut error: Error, failures: &mut u32) -> Result<u64, End> {
        loop {
            *failures += 1;
            if *failures >= FAILURES {
                return Err(End::Final(error));
            }
            tracing::debug!(registry = self.client.name, error = %error, "Going on with {}.", self.what());
            pause(&error, *failures).await;
            match self.state(session, sent).await {
                Ok(Some(taken)) => return Ok(taken),
                Ok(None) => return Err(End::Lost(error)),
                Err(End::Lost(later)) if later.is_outage() => error = later,
                Err(end) => return Err(end),
            }
        }
    }

    /// Sends the bytes from where the reading stands to `end` in one request. Returns how far the registry says it has come.
    async fn send(&self, session: &mut Session, reading: &mut Reading<'_>, end: u64, ranged: bool) -> Result<Sent, End> {
        let from = reading.at();
        let (to, waiting) = mpsc::channel(WAITING);
        let body = reqwest::Body::wrap_stream(stream::unfold(waiting, async |mut waiting: mpsc::Receiver<Bytes>| {
            let piece = waiting.recv().await?;
            Some((Ok::<_, Infallible>(piece), waiting))
        }));
        let range = ranged.then(|| format!("{from}-{}", end - 1));
        let what = self.what();
        let ask = Ask { url: Some(&session.url), ..Ask::new(what, &Method::PATCH, "") };
        let feed = self.feed(reading, end, to);
        let answer = match self.client.send_stream(&ask, end - from, range.as_deref(), body, feed).await {
            Err(source) => return Err(End::Source(source)),
            Ok(Err(error @ (Error::ReadOnly(_) | Error::Refused(_)))) => return Err(End::Final(error)),
            Ok(Err(error)) => return Err(End::Lost(error)),
            Ok(Ok(answer)) => answer,
        };
        match answer.status.as_u16() {
            200..=202 | 204 => {}
            401 => return Ok(Sent::Unauthorized(self.client.refusal(&ask, &answer))),
            // The session is gone, or this is no way to send to it.
            400 | 404 | 405 | 411 | 413 | 416 => return Err(End::Lost(self.client.refusal(&ask, &answer))),
            _ => return Err(End::Final(self.client.refusal(&ask, &answer))),
        }
        if let Some(location) = answer.headers.get("location") {
            session.url = self.location(&session.url, location.as_bytes()).map_err(End::Final)?;
        }
        let taken = answer.header("range").and_then(|r| taken(&r)).unwrap_or(end);
        if taken > end || taken < from {
            return Err(End::Lost(self.misbehaved(&format!("was sent the bytes from {from} to {end} and says that it has {taken}"))));
        }
        Ok(Sent::To(taken))
    }

    async fn feed(&self, reading: &mut Reading<'_>, end: u64, to: mpsc::Sender<Bytes>) -> Result<(), Fed<Error>> {
        let patience = self.client.timeouts.header;
        while reading.at() < end {
            let piece = reading.next(end).await.map_err(Fed::Broke)?;
            match tokio::time::timeout(patience, to.send(piece)).await {
                Err(_) => return Err(Fed::Stalled(patience)),
                Ok(Err(_)) => return Err(Fed::Closed),
                Ok(Ok(())) => (self.progress)(reading.at()),
            }
        }
        Ok(())
    }

    /// How far the registry says that it has come; `None` where it knows nothing of the upload any more.
    async fn state(&self, session: &mut Session, sent: u64) -> Result<Option<u64>, End> {
        let what = What::UploadState(self.repository, self.digest);
        let ask = Ask { url: Some(&session.url), ..Ask::new(what, &Method::GET, "") };
        let answer = self.client.send(&ask).await.map_err(End::Lost)?;
        if !matches!(answer.status.as_u16(), 200..=202 | 204) {
            return Ok(None);
        }
        if let Some(location) = answer.headers.get("location") {
            session.url = self.location(&session.url, location.as_bytes()).map_err(End::Final)?;
        }
        // `0-0` is what an empty session says, too; with one byte it is the digest that tells.
        let taken = answer.header("range").and_then(|r| taken(&r)).filter(|&t| t > 1).unwrap_or(0);
        Ok((taken <= sent).then_some(taken))
    }

    /// Closes the upload, with the bytes where they were not sent before.
    async fn close(&self, session: &Session, bytes: Option<&Bytes>) -> Result<(), End> {
        let mut url = session.url.clone();
        let query = url.query().filter(|q| !q.is_empty()).map_or_else(String::new, |q| format!("{q}&"));
        url.set_query(Some(&format!("{query}digest={}", self.digest)));
        let what = What::CloseUpload(self.repository, self.digest);
        let ask = Ask { url: Some(&url), content: bytes.map(|b| ("application/octet-stream", b)), ..Ask::new(what, &Method::PUT, "") };
        let error = match self.client.send(&ask).await {
            Ok(answer) if matches!(answer.status.as_u16(), 200 | 201 | 204) => {
                return match answer.header("docker-content-digest").and_then(|d| Digest::parse(d.trim()).ok()) {
                    Some(told) if told.algorithm() == self.digest.algorithm() && told != *self.digest => {
                        Err(End::Final(self.misbehaved(&format!("stored another, {told}"))))
                    }
                    _ => Ok(()),
                };
            }
            Ok(answer) => self.client.refusal(&ask, &answer),
            Err(error @ (Error::ReadOnly(_) | Error::Refused(_))) => return Err(End::Final(error)),
            Err(error) => error,
        };
        if matches!(error, Error::Refused(_)) {
            return Err(End::Final(error));
        }
        // An answer that was lost may have been that it is done.
        match self.client.blob_size(self.repository, self.digest).await {
            Ok(Some(size)) if size == self.size => Ok(()),
            _ => Err(End::Lost(error)),
        }
    }

    /// Gives a session up, unless its registry cannot be reached.
    async fn cancel(&self, session: &Session, why: &Error) {
        if !why.is_outage() {
            self.client.cancel_upload(self.repository, self.digest, &session.url).await;
        }
    }

    fn location(&self, current: &Url, location: &[u8]) -> Result<Url> {
        location::location(&self.client.base, current, location).map_err(|why| self.misbehaved(&why))
    }

    fn what(&self) -> What<'_> {
        What::Upload(self.repository, self.digest)
    }

    fn misbehaved(&self, why: &str) -> Error {
        Error::Misbehaved(format!("{} was asked for {} and {why}", self.client.name, self.what()))
    }
}

/// What came of one request.
enum Sent {
    /// The registry has the bytes up to here.
    To(u64),
    Unauthorized(Error),
}

impl Client {
    /// Tells the registry that an upload will not be finished. It forgets such by itself in time, so nothing depends on this.
    pub(super) async fn cancel_upload(&self, repository: &RepositoryName, digest: &Digest, url: &Url) {
        let ask = Ask { url: Some(url), ..Ask::new(What::CancelUpload(repository, digest), &Method::DELETE, "") };
        if let Err(error) = self.send(&ask).await {
            tracing::debug!(registry = self.name, error = %error, "An upload was left unfinished and could not be cancelled.");
        }
    }
}

/// Waits as a registry asked for, else longer each time.
async fn pause(error: &Error, failures: u32) {
    let wait = match error {
        Error::Busy { retry_after_ms, .. } => Duration::from_millis(*retry_after_ms).min(retry::LONGEST_WAIT),
        _ => Duration::ZERO,
    };
    tokio::time::sleep(wait.max(retry::backoff(failures))).await;
}

/// The bytes that a Range header says were taken: `0-99` are 100 (distribution-spec 1.1, "Pushing a blob in chunks").
fn taken(range: &str) -> Option<u64> {
    let range = range.trim();
    let range = range.strip_prefix("bytes").map_or(range, |r| r.trim_start_matches(['=', ' ']));
    let (first, last) = range.split_once('-')?;
    (first.trim() == "0").then(|| last.trim().parse::<u64>().ok()?.checked_add(1)).flatten()
}

#[cfg(test)]
mod tests {
    use super::taken;

    #[test]
    fn a_range_tells_how_many_bytes_were_taken() {
        for (range, bytes) in [("0-99", 100), (" 0-0 ", 1), ("bytes=0-9", 10), ("bytes 0-9", 10)] {
            assert_eq!(taken(range), Some(bytes), "{range}");
        }
        for junk in ["", "0", "1-9", "0--1", "0-x", "0-18446744073709551615", "-9", "items=0-9"] {
            assert_eq!(taken(junk), None, "{junk}");
        }
    }
}
