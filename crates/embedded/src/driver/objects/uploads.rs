//! The uploads of a bucket.
//!
//! An upload's bytes are sent on as parts of 8 MiB of one object, `_uploads/<id>/data`, as distribution's s3 driver does; what is less than
//! a part waits in memory while a request lasts, and in the object `_held` between requests, with the list of the parts: so an upload
//! goes on in any process. One that never had a part becomes its blob by one PUT; the others are put together and copied.
//!
//! One writer at a time: `_held` is written under the condition that it is what was read. Whoever sends a part says before, by it, that
//! the upload is theirs for a minute, and says so again every 20 seconds while parts go. A process that is killed stands in the way no
//! longer than that. Who writes less than a part says nothing before; of two such one is refused when its request ends. There is no
//! lock to be taken away from anyone, and none to be left behind. (Clocks should be no more than some seconds apart. Storage that
//! knows no conditions, `AWS_CONDITIONAL_PUT=disabled`, wants one process.)

use super::{
    buffers::Buffers,
    held::{Head, Held, busy},
    open::Open,
    upload::Upload,
};
use crate::{driver::Append, layout};
use bytes::Bytes;
use moka::sync::Cache;
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex as SyncMutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
};

/// How long one waits whose upload is being put away by another request that has ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of what waits between requests that are kept here as well: most uploads end with the request after.
const KEPT: u64 = 64 << 20;

/// What all uploads share.
#[derive(Clone)]
pub(super) struct Shared {
    /// This process, for others.
    pub(super) us: u64,
    pub(super) buffers: Buffers,
    /// The parts that are on their way hold no more memory than so many.
    pub(super) flights: Arc<Semaphore>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { us: rand::random(), buffers: Buffers::default(), flights: Arc::new(Semaphore::new(32)) }
    }
}

pub(super) struct Uploads {
    open: Open,
    handle: Handle,
    shared: Shared,
    live: SyncMutex<HashMap<String, Weak<Live>>>,
    resting: Cache<String, Held>,
}

/// An upload that is, or is about to be, written to in this process.
struct Live {
    /// Who writes has the one permit.
    turn: Arc<Semaphore>,
    /// `None` where it was not read yet.
    upload: Mutex<Option<Upload>>,
}

/// What `data` of an upload is.
pub(super) enum Ended {
    Few(Bytes),
    /// An object.
    Many,
}

impl Uploads {
    pub(super) fn new(open: Open, handle: Handle) -> Arc<Self> {
        let weigher = |_: &String, held: &Held| u32::try_from(held.tail.len() + 1_000 + held.parts.len() * 64).unwrap_or(u32::MAX);
        Arc::new(Self {
            open,
            handle,
            shared: Shared::default(),
            live: SyncMutex::default(),
            resting: Cache::builder().max_capacity(KEPT).weigher(weigher).time_to_live(Duration::from_mins(10)).build(),
        })
    }

    fn live(&self, path: &str) -> Arc<Live> {
        let mut all = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = all.get(path).and_then(Weak::upgrade) {
            return live;
        }
        all.retain(|_, live| live.strong_count() > 0);
        let live = Arc::new(Live { turn: Arc::new(Semaphore::new(1)), upload: Mutex::default() });
        all.insert(path.to_owned(), Arc::downgrade(&live));
        live
    }

    pub(super) async fn begin(&self, path: &str, started_at: &str) -> io::Result<()> {
        self.open.put(&format!("{path}/{}", layout::STARTED_AT), Bytes::copy_from_slice(started_at.as_bytes())).await
    }

    pub(super) async fn append(self: &Arc<Self>, path: &str) -> io::Result<Option<Writing>> {
        let live = self.live(path);
        let turn =
            tokio::time::timeout(PATIENCE, live.turn.clone().acquire_owned()).await.map_err(|_| busy())?.map_err(io::Error::other)?;
        let Some(upload) = self.load(path).await? else { return Ok(None) };
        upload.check()?;
        let size = upload.size();
        *live.upload.lock().await = Some(upload);
        Ok(Some(Writing { uploads: self.clone(), path: path.to_owned(), live, turn: Some(turn), size }))
    }

    /// As it is in the storage; `None` where it is not there.
    async fn load(&self, path: &str) -> io::Result<Option<Upload>> {
        let held = match self.open.held(path, self.resting.get(path)).await? {
            Some(held) => held,
            None if self.open.head(&format!("{path}/{}", layout::STARTED_AT)).await?.is_some() => Held::default(),
            None => return Ok(None),
        };
        Ok(Some(Upload::new(path, &self.shared, held)))
    }

    /// How many bytes an upload has, and since when; `None` where it has none.
    pub(super) async fn stat(&self, path: &str) -> io::Result<Option<(u64, SystemTime)>> {
        let held: Option<(Head, _)> = self.open.held_head(path).await?;
        Ok(held.map(|(head, meta)| (head.size, meta.last_modified.into())))
    }

    /// Its bytes, as they are to be read. It takes no more then, unless they are few.
    pub(super) async fn read(&self, path: &str) -> io::Result<Option<Ended>> {
        let live = self.live(path);
        let mut upload = live.upload.lock().await;
        let Some(upload) = self.loaded(path, &mut upload).await? else { return Ok(None) };
        Ok(Some(upload.end(&self.open).await?.map_or(Ended::Many, Ended::Few)))
    }

    async fn loaded<'a>(&self, path: &str, upload: &'a mut Option<Upload>) -> io::Result<Option<&'a mut Upload>> {
        if upload.is_none() {
            *upload = self.load(path).await?;
            upload.as_ref().map_or(Ok(()), Upload::check)?;
        }
        Ok(upload.as_mut())
    }

    pub(super) async fn place(&self, path: &str, folder: &str) -> io::Result<()> {
        let live = self.live(path);
        let mut upload = live.upload.lock().await;
        let Some(upload) = self.loaded(path, &mut upload).await? else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such upload"));
        };
        upload.place(&self.open, &format!("{folder}/{}", layout::DATA)).await?;
        self.resting.invalidate(path);
        Ok(())
    }

    pub(super) async fn discard(&self, path: &str) -> io::Result<()> {
        let live = self.live(path);
        let mut upload = live.upload.lock().await;
        if upload.is_none() {
            *upload = self.load(path).await?;
        }
        let mut nothing = None;
        let upload = upload.as_mut().or_else(|| {
            nothing = Some(Upload::new(path, &self.shared, Held::default()));
            nothing.as_mut()
        });
        if let Some(upload) = upload {
            upload.discard(&self.open).await?;
        }
        self.resting.invalidate(path);
        Ok(())
    }

    /// Puts away what a request left.
    async fn rest(&self, path: &str, live: &Live) -> io::Result<()> {
        let mut upload = live.upload.lock().await;
        let Some(upload) = upload.as_mut() else { return Ok(()) };
        if upload.is_changed() {
            upload.rest(&self.open).await?;
            self.resting.insert(path.to_owned(), upload.held().clone());
        }
        Ok(())
    }
}

/// An upload that is being written to by this request.
pub(super) struct Writing {
    uploads: Arc<Uploads>,
    path: String,
    live: Arc<Live>,
    turn: Option<OwnedSemaphorePermit>,
    size: u64,
}

impl Append for Writing {
    fn size(&self) -> u64 {
        self.size
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.uploads.handle.block_on(async {
            let mut upload = self.live.upload.lock().await;
            let Some(upload) = upload.as_mut() else { return Err(io::ErrorKind::NotFound.into()) };
            upload.write(&self.uploads.open, bytes).await?;
            self.size = upload.size();
            Ok(())
        })
    }

    fn rest(&mut self) -> io::Result<()> {
        self.uploads.handle.block_on(self.uploads.rest(&self.path, &self.live))
    }
}

/// What a request that was given up had written is put away all the same, by nobody's request.
impl Drop for Writing {
    fn drop(&mut self) {
        let (uploads, path, live, turn) = (self.uploads.clone(), std::mem::take(&mut self.path), self.live.clone(), self.turn.take());
        self.uploads.handle.spawn(async move {
            if let Err(error) = uploads.rest(&path, &live).await {
                tracing::debug!(%error, upload = path, "the end of an upload that was broken off was not kept");
            }
            *live.upload.lock().await = None;
            drop(turn);
        });
    }
}
