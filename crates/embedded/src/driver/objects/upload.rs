//! One upload that is written to: parts on their way, and the bytes that are not yet a part.

use super::{
    PART,
    held::{Held, busy, held},
    open::Open,
    uploads::Shared,
};
use bytes::Bytes;
use jiff::Timestamp;
use object_store::{Error, MultipartId, multipart::PartId};
use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Parts of an upload on their way at once.
const FLYING: usize = 2;

/// Parts that an upload may have.
const PARTS: usize = 10_000;

/// So many seconds an upload is its writer's alone after the writer was last heard of: a process that was killed stands in the way so long.
const LEASE: i64 = 60;

/// How often a writer is heard of.
const RENEWED: Duration = Duration::from_secs(20);

/// What is larger gets a buffer for a part.
const SMALL: usize = 256 << 10;

pub(super) struct Upload {
    path: String,
    shared: Shared,
    /// As in the storage, or as it will be with the next that is written there.
    held: Held,
    buffer: Vec<u8>,
    flying: VecDeque<JoinHandle<Result<PartId, Error>>>,
    leased: Option<Instant>,
    /// Bytes came that are not in the storage.
    changed: bool,
    /// All of it is one object, `data` in the upload's folder.
    whole: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Something failed: what is in the storage can be gone on from.
    Broken,
    Gone,
}

impl Upload {
    pub(super) fn new(path: &str, shared: &Shared, held: Held) -> Self {
        Self {
            path: path.to_owned(),
            shared: shared.clone(),
            buffer: held.tail.to_vec(),
            held,
            flying: VecDeque::new(),
            leased: None,
            changed: false,
            whole: false,
            state: State::Open,
        }
    }

    pub(super) fn size(&self) -> u64 {
        (self.held.parts.len() + self.flying.len()) as u64 * PART as u64 + self.buffer.len() as u64
    }

    pub(super) fn is_changed(&self) -> bool {
        self.state == State::Open && (self.changed || self.leased.is_some())
    }

    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    pub(super) async fn write(&mut self, open: &Open, mut bytes: &[u8]) -> io::Result<()> {
        self.usable()?;
        let result = async {
            while !bytes.is_empty() {
                if self.whole {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, "the upload was ended, and takes no more bytes"));
                }
                let (now, later) = bytes.split_at(bytes.len().min(PART - self.buffer.len()));
                if self.buffer.capacity() < PART && self.buffer.len() + now.len() > SMALL {
                    let small = std::mem::replace(&mut self.buffer, self.shared.buffers.take());
                    self.buffer.extend_from_slice(&small);
                }
                self.buffer.extend_from_slice(now);
                self.changed = true;
                bytes = later;
                if self.buffer.len() == PART {
                    self.part(open).await?;
                }
            }
            Ok(())
        }
        .await;
        self.minded(result)
    }

    fn usable(&self) -> io::Result<()> {
        match self.state {
            State::Open => Ok(()),
            State::Broken => Err(io::Error::other("writing the upload failed before")),
            State::Gone => Err(io::Error::new(io::ErrorKind::NotFound, "the upload is gone")),
        }
    }

    fn minded<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() && self.state == State::Open {
            self.state = State::Broken;
            self.flying.drain(..).for_each(|part| part.abort());
        }
        result
    }

    /// Sends the buffer on its way.
    async fn part(&mut self, open: &Open) -> io::Result<()> {
        let id = self.multipart(open).await?;
        let number = self.held.parts.len() + self.flying.len();
        if number >= PARTS {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("an upload has {} GB at most", PARTS as u64 * PART as u64 / 1_000_000_000),
            ));
        }
        self.lease(open).await?;
        while self.flying.len() >= FLYING {
            self.landed(open).await?;
        }
        let permit = self.shared.flights.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (parts, key) = (open.parts.clone(), open.key(&self.data())?);
        let bytes = self.shared.buffers.lend(std::mem::take(&mut self.buffer));
        self.flying.push_back(tokio::spawn(async move {
            let put = parts.put_part(&key, &id, number, bytes.into()).await;
            drop(permit);
            put
        }));
        Ok(())
    }

    /// The upload of parts, made where there is none: what makes it known to others is the lease.
    async fn multipart(&mut self, open: &Open) -> io::Result<MultipartId> {
        if let Some(id) = &self.held.head.multipart {
            return Ok(id.clone());
        }
        let id = open.parts.create_multipart(&open.key(&self.data())?).await.map_err(|error| open.told(error))?;
        self.held.head.multipart = Some(id.clone());
        Ok(id)
    }

    /// Says that we write, where that was not said lately; with it, how far we came.
    async fn lease(&mut self, open: &Open) -> io::Result<()> {
        if self.leased.is_some_and(|leased| leased.elapsed() < RENEWED) {
            return Ok(());
        }
        while self.flying.front().is_some_and(JoinHandle::is_finished) {
            self.landed(open).await?;
        }
        self.hold(open, true).await
    }

    async fn hold(&mut self, open: &Open, leased: bool) -> io::Result<()> {
        self.held.head.until = leased.then(|| Timestamp::now().as_second() + LEASE);
        open.hold(&self.path, self.shared.us, &mut self.held).await?;
        self.leased = leased.then(Instant::now);
        Ok(())
    }

    /// Waits for the first of the parts on their way.
    async fn landed(&mut self, open: &Open) -> io::Result<()> {
        if let Some(part) = self.flying.pop_front() {
            let part = part.await.map_err(io::Error::other)?.map_err(|error| open.told(error))?;
            self.held.parts.push(part.content_id);
            self.held.tail = Bytes::new();
        }
        Ok(())
    }

    async fn all_landed(&mut self, open: &Open) -> io::Result<()> {
        while !self.flying.is_empty() {
            self.landed(open).await?;
        }
        Ok(())
    }

    /// Has all that came in the storage, for whoever goes on.
    pub(super) async fn rest(&mut self, open: &Open) -> io::Result<()> {
        self.usable()?;
        if !self.is_changed() {
            return Ok(());
        }
        let result = async {
            self.all_landed(open).await?;
            self.held.tail = Bytes::copy_from_slice(&self.buffer);
            self.hold(open, false).await
        }
        .await;
        self.changed &= result.is_err();
        self.minded(result)
    }

    /// The bytes, where they are so few that they are no object yet; else they are made one, `data` in the upload's folder.
    pub(super) async fn end(&mut self, open: &Open) -> io::Result<Option<Bytes>> {
        self.usable()?;
        let Some(id) = self.held.head.multipart.clone() else { return Ok(Some(self.shared.buffers.copy(&self.buffer))) };
        if self.whole {
            return Ok(None);
        }
        let result = self.join(open, id).await;
        self.whole = result.is_ok();
        self.minded(result).map(|()| None)
    }

    async fn join(&mut self, open: &Open, id: MultipartId) -> io::Result<()> {
        self.all_landed(open).await?;
        let (size, key) = (self.size(), open.key(&self.data())?);
        let part = |content_id: &String| PartId { content_id: content_id.clone() };
        let mut parts: Vec<PartId> = self.held.parts.iter().map(part).collect();
        if !self.buffer.is_empty() {
            let rest = self.shared.buffers.copy(&self.buffer);
            match open.parts.put_part(&key, &id, parts.len(), rest.into()).await {
                Ok(part) => parts.push(part),
                Err(error) => return self.joined_before(open, error, size).await,
            }
        }
        match open.parts.complete_multipart(&key, &id, parts).await {
            Ok(_) => Ok(()),
            Err(error) => self.joined_before(open, error, size).await,
        }
    }

    /// A process that was killed may have come that far, or an answer was lost.
    async fn joined_before(&self, open: &Open, error: Error, size: u64) -> io::Result<()> {
        match open.head(&self.data()).await? {
            Some(meta) if meta.size == size => Ok(()),
            _ => Err(open.told(error)),
        }
    }

    /// The bytes become a file; the upload is gone.
    pub(super) async fn place(&mut self, open: &Open, path: &str) -> io::Result<()> {
        let size = self.size();
        match self.end(open).await? {
            Some(bytes) => open.put(path, bytes).await?,
            None => open.copy(&self.data(), path, size).await?,
        }
        self.state = State::Gone;
        let left = ["startedat", "data"].map(|name| format!("{}/{name}", self.path));
        let left: Vec<String> = left.into_iter().chain([held(&self.path)]).collect();
        if let Err(error) = open.delete(&left).await {
            tracing::warn!(%error, upload = self.path, "an upload that became a blob could not be removed; it will expire");
        }
        Ok(())
    }

    /// Throws it away.
    pub(super) async fn discard(&mut self, open: &Open) -> io::Result<()> {
        self.flying.drain(..).for_each(|part| part.abort());
        self.state = State::Gone;
        if let Some(id) = &self.held.head.multipart {
            match open.parts.abort_multipart(&open.key(&self.data())?, id).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                // What cannot be given up is told, and the rest thrown away all the same.
                Err(error) => {
                    tracing::warn!(error = %open.told(error), upload = self.path, "the parts of an upload could not be thrown away");
                }
            }
        }
        let inside: Vec<String> = open.under(&self.path).await?.into_iter().map(|(name, _)| format!("{}/{name}", self.path)).collect();
        if inside.is_empty() { Ok(()) } else { open.delete(&inside).await }
    }

    pub(super) fn data(&self) -> String {
        format!("{}/{}", self.path, crate::layout::DATA)
    }

    /// Whether another process is at it.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.held.is_anothers(self.shared.us) { Err(busy()) } else { Ok(()) }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.shared.buffers.give(std::mem::take(&mut self.buffer));
    }
}
