use super::super::{hash::Hash, retry};
use super::BlobStream;
use crate::{BlobSource, Error, Result};
use bytes::Bytes;
use futures::StreamExt;
use oci::Digest;

/// Bytes between two marks.
const MARK: u64 = 16 << 20;

/// A blob that is being read, counted and hashed. It can go back: to the last mark before, whose hash was kept, so that what is
/// read again is hashed again. So what is handed out is always what was hashed.
pub(super) struct Reading<'s> {
    source: &'s dyn BlobSource,
    size: u64,
    stream: Option<BlobStream>,
    /// What was read and hashed and not yet handed out.
    rest: Bytes,
    hash: Hash,
    /// Bytes that were hashed.
    hashed: u64,
    /// Bytes that were handed out, or that need not be.
    at: u64,
    furthest: u64,
    marks: Vec<(u64, Hash)>,
    failures: u32,
    /// Where the last failure was.
    failed_at: u64,
}

impl<'s> Reading<'s> {
    pub(super) fn new(source: &'s dyn BlobSource, size: u64, hash: Hash) -> Self {
        Self {
            source,
            size,
            stream: None,
            rest: Bytes::new(),
            marks: vec![(0, hash.clone())],
            hash,
            hashed: 0,
            at: 0,
            furthest: 0,
            failures: 0,
            failed_at: 0,
        }
    }

    /// Where the next byte stands.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The furthest it ever came.
    pub(super) fn furthest(&self) -> u64 {
        self.furthest
    }

    /// Goes to a place that it has been at.
    pub(super) fn seek(&mut self, to: u64) {
        if to == self.at {
            return;
        }
        self.marks.retain(|(at, _)| *at <= to);
        // The first mark is at 0.
        if let Some((at, hash)) = self.marks.last() {
            (self.hashed, self.hash) = (*at, hash.clone());
        }
        (self.stream, self.rest, self.at) = (None, Bytes::new(), to);
    }

    /// The next bytes before `end`, as many as came at once; never none.
    pub(super) async fn next(&mut self, end: u64) -> Result<Bytes> {
        while self.rest.is_empty() {
            let Some(mut piece) = self.read().await? else {
                return Err(Error::Misbehaved(format!("what was to be written ended after {} of {} bytes", self.hashed, self.size)));
            };
            let before = self.hashed;
            if piece.len() as u64 > self.size - before {
                return Err(self.too_long());
            }
            self.hash.update(&piece);
            self.hashed += piece.len() as u64;
            if self.hashed - self.marks.last().map_or(0, |(at, _)| *at) >= MARK {
                self.marks.push((self.hashed, self.hash.clone()));
            }
            // After going back to a mark, what lies before the place that was asked for is only hashed.
            let known = self.at.saturating_sub(before).min(piece.len() as u64);
            self.rest = piece.split_off(known as usize);
        }
        let piece = self.rest.split_to(usize::try_from(end - self.at).map_or(self.rest.len(), |most| most.min(self.rest.len())));
        self.at += piece.len() as u64;
        self.furthest = self.furthest.max(self.at);
        Ok(piece)
    }

    /// Sees that nothing comes after the last byte, and that the digest is right.
    pub(super) async fn verify(&mut self, digest: &Digest) -> Result<()> {
        while let Some(piece) = self.read().await? {
            if !piece.is_empty() {
                return Err(self.too_long());
            }
        }
        let is = self.hash.text();
        if self.hashed == self.size && is == digest.as_str() {
            return Ok(());
        }
        Err(Error::Misbehaved(format!("what was to be written as the blob {digest} has the digest {is}; it was not kept")))
    }

    /// The next piece of the source, opened again where it broke: three failures in a row are put up with.
    async fn read(&mut self) -> Result<Option<Bytes>> {
        loop {
            let error = match self.one().await {
                Ok(piece) => return Ok(piece),
                Err(error) if error.is_outage() => error,
                Err(error) => return Err(error),
            };
            self.stream = None;
            if self.hashed - self.failed_at.min(self.hashed) >= MARK {
                self.failures = 0;
            }
            (self.failures, self.failed_at) = (self.failures + 1, self.hashed);
            if self.failures >= retry::TRIES {
                return Err(error);
            }
            super::pause(&error, self.failures).await;
        }
    }

    async fn one(&mut self) -> Result<Option<Bytes>> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None if self.hashed == self.size && self.size > 0 => return Ok(None),
            None => self.stream.insert(self.source.open(self.hashed).await?),
        };
        stream.next().await.transpose()
    }

    fn too_long(&self) -> Error {
        Error::Misbehaved(format!("what was to be written goes on after the {} bytes that it should have", self.size))
    }
}
