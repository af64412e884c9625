//! Uploads that are open: what of them is not in storage, which is the running hash and who is writing.
//!
//! Losing it loses nothing: the bytes are hashed again when the upload is closed. So an upload goes on after a restart, and on another
//! process; and a request that is dropped half way leaves its upload as it stands in storage.

use crate::{
    error::{Code, Result, refuse},
    hash::Hasher,
    upload::UploadId,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::OwnedMutexGuard;

/// How long a request waits for another one's write to the same upload; a client whose connection broke comes again that fast.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Sessions {
    open: Mutex<HashMap<UploadId, Session>>,
    most: usize,
}

#[derive(Clone)]
struct Session {
    running: Arc<tokio::sync::Mutex<Running>>,
    used: Instant,
}

/// The hash of an upload's first bytes.
#[derive(Default)]
pub(crate) struct Running(pub(crate) Option<(Hasher, u64)>);

/// The right to write to an upload.
pub(crate) type Turn = OwnedMutexGuard<Running>;

impl Sessions {
    pub(crate) fn new(most: usize) -> Self {
        Self { open: Mutex::new(HashMap::new()), most }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new upload, whose bytes are hashed by `hasher` as they come.
    pub(crate) fn begin(&self, hasher: Hasher) -> Result<(UploadId, Turn)> {
        let running = Arc::new(tokio::sync::Mutex::new(Running(Some((hasher, 0)))));
        let id = UploadId::random();
        let mut open = self.open();
        if open.len() >= self.most {
            return refuse(Code::TooManyRequests, format!("{} uploads are open: finish or cancel some", open.len()));
        }
        open.insert(id, Session { running: running.clone(), used: Instant::now() });
        drop(open);
        let turn = running.try_lock_owned();
        turn.map_or_else(|_| refuse(Code::BlobUploadBusy, "another request is writing to this upload"), |turn| Ok((id, turn)))
    }

    /// Whether an upload is known here. One that is not may be of before a restart, or of another process: storage tells.
    pub(crate) fn knows(&self, id: UploadId) -> bool {
        self.open().contains_key(&id)
    }

    /// Waits for the turn of an upload that is there: what never was would take the place of one.
    pub(crate) async fn turn(&self, id: UploadId) -> Result<Turn> {
        let running = {
            let mut open = self.open();
            if open.len() >= self.most && !open.contains_key(&id) {
                return refuse(Code::TooManyRequests, format!("{} uploads are open: finish or cancel some", open.len()));
            }
            let session = open.entry(id).or_insert_with(|| Session { running: Arc::default(), used: Instant::now() });
            session.used = Instant::now();
            session.running.clone()
        };
        tokio::time::timeout(PATIENCE, running.lock_owned())
            .await
            .or_else(|_| refuse(Code::BlobUploadBusy, "another request is writing to this upload"))
    }

    pub(crate) fn forget(&self, id: UploadId) {
        self.open().remove(&id);
    }

    /// Forgets those that nothing came for in this long; they may still be there.
    pub(crate) fn forget_old(&self, age: SystemTime) {
        let age = SystemTime::now().duration_since(age).unwrap_or_default();
        self.open().retain(|_, session| session.used.elapsed() < age || Arc::strong_count(&session.running) > 1);
    }
}

impl Default for Session {
    fn default() -> Self {
        Self { running: Arc::default(), used: Instant::now() }
    }
}
