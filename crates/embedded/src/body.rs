//! A blob on its way out.
//!
//! Pieces of 128 KiB are read when the one before has been sent, into the same buffer: a client that stops reading holds one
//! buffer, whatever the server would queue (hyper: 400 kB). Who would collect such a body has to copy its pieces, since the next one
//! waits until the one before is let go. What is in the page cache is read at once, or sent from there where the connection can
//! ([`Direct`]); what is not, is read on the blocking pool.

use crate::{
    Store,
    direct::{Direct, LONGEST, Placed},
    driver::Content,
    error::{Code, Error},
    hash::Hasher,
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use oci::Digest;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::task::JoinHandle;

const PIECE: usize = 128 << 10;
/// Less than this is sent sooner together with the answer's head.
const SMALL: u64 = 64 << 10;

/// What comes back from the blocking pool.
type Read = io::Result<(Vec<u8>, Option<Box<Check>>)>;

pub(crate) struct BlobBody {
    content: Arc<dyn Content>,
    at: u64,
    end: u64,
    gate: Arc<Gate>,
    reading: Option<JoinHandle<Read>>,
    check: Option<Box<Check>>,
    direct: Option<Direct>,
}

/// Hashes what goes out, where the blob was never verified: one that is not what its digest says is cut before its end.
pub(crate) struct Check {
    pub(crate) store: Arc<Store>,
    pub(crate) digest: Digest,
    pub(crate) hasher: Hasher,
}

/// Where the buffer comes back to when its piece was sent.
#[derive(Default)]
struct Gate(Mutex<Place>);

#[derive(Default)]
struct Place {
    buffer: Option<Vec<u8>>,
    waker: Option<Waker>,
}

/// A buffer that is being sent, or rests while what is placed is sent.
struct Piece {
    buffer: Vec<u8>,
    placed: Option<Placed>,
    gate: Arc<Gate>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        self.placed.as_ref().map_or(&self.buffer, Placed::as_ref)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // The connection is free for the next before that is asked for.
        self.placed = None;
        let mut place = self.gate.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.buffer = Some(std::mem::take(&mut self.buffer));
        if let Some(waker) = place.waker.take() {
            drop(place);
            waker.wake();
        }
    }
}

impl BlobBody {
    /// The bytes from `at` up to before `end`. `check` is for all of them.
    pub(crate) fn new(content: Arc<dyn Content>, at: u64, end: u64, check: Option<Check>, direct: Option<Direct>) -> Self {
        let gate = Gate::default();
        gate.0.lock().unwrap_or_else(PoisonError::into_inner).buffer = Some(Vec::new());
        Self { content, at, end, gate: Arc::new(gate), reading: None, check: check.map(Box::new), direct }
    }

    /// The next bytes in their file, where the connection can send them from there.
    fn place(&self) -> Option<Placed> {
        let left = self.end - self.at;
        let direct = self.direct.as_ref().filter(|_| self.check.is_none() && left >= SMALL)?;
        let length = self.content.sendable(self.at, usize::try_from(left).unwrap_or(LONGEST).min(LONGEST));
        if length == 0 { None } else { direct.place(self.content.clone(), self.at, length) }
    }

    fn send(&mut self, buffer: Vec<u8>) -> io::Result<Frame<Bytes>> {
        if buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the blob's file has become shorter"));
        }
        self.at += buffer.len() as u64;
        Ok(Frame::data(Bytes::from_owner(Piece { buffer, placed: None, gate: self.gate.clone() })))
    }
}

impl Body for BlobBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if let Some(reading) = &mut this.reading {
            let Poll::Ready(read) = Pin::new(reading).poll(context) else { return Poll::Pending };
            this.reading = None;
            return Poll::Ready(Some(match read {
                Ok(Ok((buffer, check))) => {
                    this.check = check;
                    this.send(buffer)
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Err(io::Error::other("reading the blob did not end")),
            }));
        }
        if this.at >= this.end {
            return Poll::Ready(None);
        }
        let mut buffer = {
            let mut place = this.gate.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(buffer) = place.buffer.take() else {
                place.waker = Some(context.waker().clone());
                return Poll::Pending;
            };
            buffer
        };
        if let Some(placed) = this.place() {
            this.at += placed.as_ref().len() as u64;
            let piece = Piece { buffer, placed: Some(placed), gate: this.gate.clone() };
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))));
        }
        let left = this.end - this.at;
        buffer.resize(usize::try_from(left).unwrap_or(PIECE).min(PIECE), 0);
        if this.check.is_none()
            && let Some(n) = this.content.read_now(&mut buffer, this.at)
        {
            buffer.truncate(n);
            return Poll::Ready(Some(this.send(buffer)));
        }
        let (content, at, mut check) = (this.content.clone(), this.at, this.check.take());
        this.reading = Some(tokio::task::spawn_blocking(move || {
            let n = content.read_at(&mut buffer, at)?;
            buffer.truncate(n);
            if let Some(check) = &mut check {
                check.hasher.update(&buffer);
            }
            if n as u64 >= left
                && let Some(check) = check.take()
            {
                let whole = check.hasher.finish() == check.digest;
                check.store.was_read(&check.digest, whole);
                if !whole {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the blob is not what its digest says"));
                }
            }
            Ok((buffer, check))
        }));
        // Registers the waker.
        self.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end && self.reading.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}

/// All of a blob in memory, up to a limit.
pub(crate) fn small(content: &dyn Content, limit: usize) -> Result<Bytes, Error> {
    let size = usize::try_from(content.size()).unwrap_or(usize::MAX);
    if size > limit {
        return Err(Error::new(Code::SizeInvalid, format!("the blob has {size} bytes, more than the {limit} that are read")));
    }
    let mut bytes = vec![0; size];
    let n = content.read_at(&mut bytes, 0)?;
    bytes.truncate(n);
    Ok(bytes.into())
}
