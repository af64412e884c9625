//! A request's body on its way into an upload.
//!
//! Pieces are copied into a batch while the one before is hashed and written on the blocking pool: two buffers serve a whole body,
//! and one where many bodies come at once (they keep the processors busy among themselves). Copied, since the server's own buffer is
//! then free for the next piece, where it stays in one thread; handed on and freed in another it would be allocated anew for each. No thread waits for a client (ten thousand that send a byte a minute hold no thread), which is why this is no channel to
//! one blocking writer. A body that fits into one batch costs one hop, its upload's end included.

use crate::{
    error::{Code, Error, Result},
    local::Local,
    store::uploads::Writer,
};
use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use std::sync::atomic::Ordering;
use tokio::task::JoinHandle;

/// Bytes collected before they are written.
const BATCH: usize = 128 << 10;

/// How much of a body is read for nothing once it is refused, so that its client gets to read why.
const DRAIN: usize = 1 << 20;

/// So many bodies at once are collected while they are written.
const OVERLAP: usize = 4;

type Written = Result<(Writer, Vec<u8>)>;

type Open = Box<dyn FnOnce(&crate::Store) -> Result<Writer> + Send>;

pub(crate) struct Intake<'a> {
    local: &'a Local,
    slot: Slot,
    /// The batch that is being filled.
    batch: Vec<u8>,
}

enum Slot {
    New(Open),
    Ready(Writer),
    /// Gives the batch's buffer back, too.
    Busy(JoinHandle<Written>),
    /// An error was returned.
    Broken,
}

impl<'a> Intake<'a> {
    /// `open` is called on the blocking pool, before the first batch is written.
    pub(crate) fn new(local: &'a Local, open: impl FnOnce(&crate::Store) -> Result<Writer> + Send + 'static) -> Self {
        local.intakes.fetch_add(1, Ordering::Relaxed);
        Self { local, slot: Slot::New(Box::new(open)), batch: Vec::new() }
    }

    /// Takes the body; of `length` bytes, where that is said.
    pub(crate) async fn take(&mut self, body: Body, length: Option<u64>) -> Result<()> {
        let mut stream = body.into_data_stream();
        let result = self.pour(&mut stream, length).await;
        if let Err(error) = &result
            && error.code != Code::BlobUploadInvalid
        {
            drain(stream).await;
        }
        result
    }

    async fn pour(&mut self, stream: &mut BodyDataStream, length: Option<u64>) -> Result<()> {
        let mut total = 0;
        while let Some(piece) = stream.next().await {
            let Ok(piece) = piece else {
                // What came stays, and can be gone on from.
                self.flush().await?;
                if let Some(writer) = self.settle().await? {
                    self.local.run(|_| writer.pause()).await?;
                }
                return Err(Error::new(Code::BlobUploadInvalid, "the body broke off"));
            };
            total += piece.len() as u64;
            if length.is_some_and(|length| total > length) {
                return Err(Error::new(Code::SizeInvalid, "the body is longer than its Content-Range says"));
            }
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(BATCH - self.batch.len()));
                self.batch.extend_from_slice(now);
                rest = later;
                if self.batch.len() >= BATCH {
                    self.flush().await?;
                }
            }
        }
        // Where its length was said before, that was looked at already.
        if length.is_some_and(|length| total < length) {
            return Err(Error::new(Code::SizeInvalid, "the body is shorter than its Content-Range says"));
        }
        Ok(())
    }

    /// Hands what was collected to the blocking pool, once it is done with what came before.
    async fn flush(&mut self) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        let open = self.ready().await?;
        let store = self.local.store.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut writer = open(&store)?;
            writer.write(&batch)?;
            batch.clear();
            Ok((writer, batch))
        });
        self.slot =
            if self.local.intakes.load(Ordering::Relaxed) > OVERLAP { Slot::Ready(self.joined(work).await?) } else { Slot::Busy(work) };
        Ok(())
    }

    /// Waits until what came before is written; what then gives the writer.
    async fn ready(&mut self) -> Result<Open> {
        Ok(match std::mem::replace(&mut self.slot, Slot::Broken) {
            Slot::New(open) => open,
            Slot::Ready(writer) => Box::new(move |_| Ok(writer)),
            Slot::Busy(work) => {
                let writer = self.joined(work).await?;
                Box::new(move |_| Ok(writer))
            }
            Slot::Broken => return Err(broken()),
        })
    }

    async fn joined(&mut self, work: JoinHandle<Written>) -> Result<Writer> {
        let (writer, buffer) = work.await.unwrap_or_else(|_| Err(Error::new(Code::Storage, "writing the upload did not end")))?;
        if self.batch.capacity() < buffer.capacity() && self.batch.is_empty() {
            self.batch = buffer;
        }
        Ok(writer)
    }

    async fn settle(&mut self) -> Result<Option<Writer>> {
        match std::mem::replace(&mut self.slot, Slot::Broken) {
            Slot::Busy(work) => self.joined(work).await.map(Some),
            Slot::Ready(writer) => Ok(Some(writer)),
            Slot::New(_) | Slot::Broken => Ok(None),
        }
    }

    /// Writes the rest, and ends with the writer on the blocking pool.
    pub(crate) async fn end<T: Send + 'static>(
        mut self,
        then: impl FnOnce(&crate::Store, Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let batch = std::mem::take(&mut self.batch);
        let open = self.ready().await?;
        self.local
            .run(move |store| {
                let mut writer = open(store)?;
                writer.write(&batch)?;
                then(store, writer)
            })
            .await
    }
}

impl Drop for Intake<'_> {
    fn drop(&mut self) {
        self.local.intakes.fetch_sub(1, Ordering::Relaxed);
    }
}

fn broken() -> Error {
    Error::new(Code::Storage, "the upload failed before")
}

/// Reads on for a while.
pub(crate) async fn drain(mut stream: BodyDataStream) {
    let mut read = 0;
    while let Some(Ok(piece)) = stream.next().await {
        read += piece.len();
        if read > DRAIN {
            break;
        }
    }
}
