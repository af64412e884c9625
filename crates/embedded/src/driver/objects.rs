//! A bucket of an object storage: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
//!
//! The keys are those of distribution's drivers for them, so a bucket of registry:2 or registry:3 is adopted as it is, and given back.
//! What is added is `_held` in an upload's folder ([`uploads`]), `_dated` beside a file whose date was set, and notes in the staging
//! folder ([`copy`]).
//!
//! - A PUT is whole or not at all, and on the disks when it is answered; a read sees the last. So a commit is its steps, one request
//!   after the other ([`steps`]), and nothing is made aside.
//! - Objects have no date to be set. What was set is the text of `_dated`, and counts as long as that is not older than the file.
//! - The driver has a runtime of its own and waits on it: its callers are threads that may block. Opening and dropping may be done
//!   anywhere.
//! - What kills leave: an upload's object `_held`, with what it needs to be gone on from or thrown away once it has expired; of a copy of
//!   more than 5 GiB a note, by which [`Driver::tidy`] gives it up. One multipart upload without a part can be left that nothing knows
//!   of; it costs nothing, and a rule of the bucket (`AbortIncompleteMultipartUpload`) removes it.

mod buffers;
mod connect;
mod copy;
mod failure;
mod held;
mod open;
mod read;
mod steps;
#[cfg(test)]
mod tests;
mod upload;
mod uploads;

use super::{Append, Content, Driver, Entry, Stat, Step};
use crate::{layout, settings::Bucket};
use jiff::Timestamp;
use open::Open;
use std::{
    fmt,
    future::Future,
    io,
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};
use tokio::{
    runtime::{Handle, Runtime},
    sync::Semaphore,
};
use uploads::{Ended, Uploads};

/// Bytes of an upload's part. All are the same (Cloudflare's R2 wants that), S3 takes 5 MiB and more, and ten thousand of them.
const PART: usize = 8 << 20;

/// S3 copies objects up to this size.
const COPY_MOST: u64 = 5 << 30;

/// How long opening may take: a role that does not answer, or a server that is not there, is told of then.
const OPENING: Duration = Duration::from_secs(30);

/// Beside a file: when it was, where that was set. RFC 3339.
const DATED: &str = "_dated";
/// How many are asked at a time of one manifest: an image of dozens of layers takes no longer than a few answers do.
const QUESTIONS: usize = 16;

pub struct Objects {
    open: Open,
    uploads: Arc<Uploads>,
    windows: Arc<Semaphore>,
    runtime: Background,
}

/// A runtime that may be dropped anywhere.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Objects {
    /// Opens a bucket that is there, and looks into it: a wrong name, credentials that are not accepted and a server that does not
    /// answer are told now.
    pub fn new(bucket: Bucket) -> io::Result<Self> {
        let open = Open::new(bucket.clone(), connect::connect(&bucket)?);
        let opened = Self::over(open)?;
        let (sender, receiver) = mpsc::channel();
        let open = opened.open.clone();
        opened.handle()?.spawn(async move {
            let looked = tokio::time::timeout(OPENING, open.list(layout::TOP)).await;
            // Nobody waits for it any more: then nobody misses it.
            let _ = sender.send(looked);
        });
        match receiver.recv() {
            Ok(Ok(looked)) => looked.map(|_| opened),
            _ => Err(io::Error::new(io::ErrorKind::TimedOut, format!("{bucket}: it did not answer within {} seconds", OPENING.as_secs()))),
        }
    }

    fn over(open: Open) -> io::Result<Self> {
        let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).thread_name("objects").enable_all().build()?;
        let uploads = Uploads::new(open.clone(), runtime.handle().clone());
        Ok(Self { open, uploads, windows: read::windows(), runtime: Background(Some(runtime)) })
    }

    fn handle(&self) -> io::Result<&Handle> {
        self.runtime.0.as_ref().map(Runtime::handle).ok_or_else(|| io::Error::other("the storage was closed"))
    }

    fn wait<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        self.handle()?.block_on(work)
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Objects({})", self.open.bucket)
    }
}

/// The upload whose bytes are meant by a path.
fn upload_of(path: &str) -> Option<&str> {
    let (upload, name) = path.rsplit_once('/')?;
    (name == layout::DATA && is_upload(upload)).then_some(upload)
}

fn is_upload(folder: &str) -> bool {
    folder.rsplit_once('/').is_some_and(|(uploads, _)| uploads.ends_with("/_uploads"))
}

/// The name of what says a file's date.
fn dated(path: &str) -> String {
    path.rsplit_once('/').map_or_else(|| DATED.to_owned(), |(folder, _)| format!("{folder}/{DATED}"))
}

impl Driver for Objects {
    fn is_atomic(&self) -> bool {
        true
    }

    fn questions_at_a_time(&self) -> usize {
        QUESTIONS
    }

    fn read(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        Ok(self.wait(self.open.read(path, limit))?.map(Into::into))
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        self.wait(async {
            if let Some(upload) = upload_of(path)
                && let Some((size, modified)) = self.uploads.stat(upload).await?
            {
                return Ok(Some(Stat { size, modified }));
            }
            let meta = self.open.head(path).await?;
            Ok(meta.map(|meta| Stat { size: meta.size, modified: meta.last_modified.into() }))
        })
    }

    fn list(&self, folder: &str) -> io::Result<Option<Vec<Entry>>> {
        let Some(listed) = self.wait(self.open.list(folder))? else { return Ok(None) };
        let entry = |folder| move |name| Entry { name, folder };
        Ok(Some(listed.folders.into_iter().map(entry(true)).chain(listed.files.into_iter().map(entry(false))).collect()))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn Content>>> {
        let handle = self.handle()?.clone();
        self.wait(async {
            if let Some(upload) = upload_of(path)
                && let Some(Ended::Few(bytes)) = self.uploads.read(upload).await?
            {
                return Ok(Some(Arc::new(read::Few(bytes)) as Arc<dyn Content>));
            }
            let Some((meta, first)) = self.open.first(path, read::FIRST).await? else { return Ok(None) };
            Ok(Some(Arc::new(read::Reader::new(self.open.clone(), handle, self.windows.clone(), meta, first)) as Arc<dyn Content>))
        })
    }

    fn commit(&self, steps: &[Step]) -> io::Result<()> {
        self.wait(async {
            for step in steps {
                steps::take(&self.open, &self.uploads, step.clone()).await?;
            }
            Ok(())
        })
    }

    fn modified(&self, path: &str) -> io::Result<Option<SystemTime>> {
        let marker = dated(path);
        self.wait(async {
            let (file, marker) = tokio::join!(self.open.head(path), self.open.first(&marker, 64));
            let Some(file) = file? else { return Ok(None) };
            let set = marker?.filter(|(meta, _)| meta.last_modified >= file.last_modified);
            let set = set.and_then(|(_, bytes)| std::str::from_utf8(&bytes).ok()?.trim().parse::<Timestamp>().ok());
            Ok(Some(set.map_or_else(|| file.last_modified.into(), Into::into)))
        })
    }

    fn now(&self) -> io::Result<SystemTime> {
        // Objects are dated by the storage, in whole seconds.
        let probe = format!("{}/{:016x}", layout::STAGING, rand::random::<u64>());
        self.wait(async {
            self.open.put(&probe, bytes::Bytes::new()).await?;
            let meta = self.open.head(&probe).await?;
            self.open.delete(std::slice::from_ref(&probe)).await?;
            meta.map(|meta| meta.last_modified.into()).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn date(&self, path: &str, at: SystemTime) -> io::Result<bool> {
        let at = Timestamp::try_from(at).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.wait(async {
            if self.open.head(path).await?.is_none() {
                return Ok(false);
            }
            self.open.put(&dated(path), at.to_string().into()).await?;
            Ok(true)
        })
    }

    fn append(&self, upload: &str) -> io::Result<Option<Box<dyn Append>>> {
        Ok(self.wait(self.uploads.append(upload))?.map(|writing| Box::new(writing) as Box<dyn Append>))
    }

    fn begin(&self, upload: &str, started_at: &str) -> io::Result<()> {
        self.wait(self.uploads.begin(upload, started_at))
    }

    fn discard(&self, folder: &str) -> io::Result<()> {
        if is_upload(folder) { self.wait(self.uploads.discard(folder)) } else { self.wait(steps::remove(&self.open, folder)) }
    }

    fn tidy(&self, before: SystemTime) -> io::Result<()> {
        self.wait(self.open.tidy(before))
    }
}
