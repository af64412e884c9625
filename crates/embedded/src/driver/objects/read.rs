//! An object that is read from, at any place.
//!
//! Pieces of 128 KiB would be a request each. So some MiB are asked for at a time, and the next of them while these are sent: a reader
//! holds two such windows at most, and all readers no more than 256 MiB in windows; more readers than that have small ones. Every
//! request names the version that was opened: should another take its place, reading ends.

use super::open::Open;
use crate::driver::Content;
use bytes::Bytes;
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStore};
use std::{io, sync::Arc};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};

/// What is read on opening: small blobs whole, in one request.
pub(super) const FIRST: u64 = 1 << 20;

/// Bytes of a window, and where there are too many readers.
const WINDOW: u64 = 4 << 20;
const SMALL: u64 = 256 << 10;

/// The windows there are.
pub(super) fn windows() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(64))
}

pub(super) struct Reader {
    source: Arc<Source>,
    handle: Handle,
    windows: Mutex<Windows>,
}

struct Source {
    open: Open,
    meta: ObjectMeta,
    windows: Arc<Semaphore>,
}

struct Windows {
    now: Window,
    next: Option<JoinHandle<io::Result<Window>>>,
}

struct Window {
    at: u64,
    bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Window {
    fn from(&self, at: u64) -> &[u8] {
        at.checked_sub(self.at).and_then(|skip| self.bytes.get(usize::try_from(skip).ok()?..)).unwrap_or_default()
    }

    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        if let Some(next) = self.next.take() {
            next.abort();
        }
    }
}

impl Reader {
    pub(super) fn new(open: Open, handle: Handle, windows: Arc<Semaphore>, meta: ObjectMeta, first: Bytes) -> Self {
        let now = Window { at: 0, bytes: first, _permit: None };
        Self { source: Arc::new(Source { open, meta, windows }), handle, windows: Mutex::new(Windows { now, next: None }) }
    }

    async fn fill(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let mut windows = self.windows.lock().await;
        let mut done = 0;
        while done < buffer.len() && at + (done as u64) < self.source.meta.size {
            let place = at + done as u64;
            if windows.now.from(place).is_empty() {
                windows.now = match windows.next.take() {
                    Some(next) => next.await.map_err(io::Error::other)??,
                    None => self.source.window(place).await?,
                };
                if windows.now.from(place).is_empty() {
                    // It was read on elsewhere.
                    windows.now = self.source.window(place).await?;
                }
                if windows.now.from(place).is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let bytes = windows.now.from(place);
            let n = bytes.len().min(buffer.len() - done);
            buffer[done..done + n].copy_from_slice(&bytes[..n]);
            done += n;
            // Whoever has read half of it reads on.
            let (left, end) = (bytes.len() - n, windows.now.end());
            if windows.next.is_none() && left * 2 <= windows.now.bytes.len() && end < self.source.meta.size {
                let source = self.source.clone();
                windows.next = Some(self.handle.spawn(async move { source.window(end).await }));
            }
        }
        Ok(done)
    }
}

impl Source {
    async fn window(&self, at: u64) -> io::Result<Window> {
        let permit = self.windows.clone().try_acquire_owned().ok();
        let length = if permit.is_some() { WINDOW } else { SMALL };
        let options = GetOptions {
            range: Some(GetRange::Bounded(at..(at + length).min(self.meta.size))),
            if_match: self.meta.e_tag.clone(),
            version: self.meta.version.clone(),
            ..GetOptions::default()
        };
        let replaced = || io::Error::new(io::ErrorKind::InvalidData, format!("{} was replaced while it was read", self.meta.location));
        match self.open.store.get_opts(&self.meta.location, options).await {
            // Some do not know the condition.
            Ok(got) if got.meta.e_tag != self.meta.e_tag => Err(replaced()),
            Ok(got) => {
                let bytes = got.bytes().await.map_err(|error| self.open.told(error))?;
                Ok(Window { at, bytes, _permit: permit })
            }
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => Err(replaced()),
            Err(error) => Err(self.open.told(error)),
        }
    }
}

impl Content for Reader {
    fn size(&self) -> u64 {
        self.source.meta.size
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.handle.block_on(self.fill(buffer, at))
    }
}

/// What is in memory.
pub(super) struct Few(pub(super) Bytes);

impl Content for Few {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.0.get(at..)).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}
