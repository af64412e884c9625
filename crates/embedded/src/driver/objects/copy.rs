//! Copies inside a bucket.
//!
//! Up to 5 GiB S3 copies by itself, in one request; what is larger it copies by parts only, which the library does not do. Then the
//! bytes go through here, some parts at a time: as long as a download and an upload side by side take, with no more memory than those
//! parts. Google's and Azure's copies have no such bound.

use super::open::Open;
use crate::layout;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use serde::{Deserialize, Serialize};
use std::{
    io,
    time::{Duration, SystemTime},
};

/// Bytes of a part, at least; there may be ten thousand.
const PART: u64 = 32 << 20;
const PARTS: u64 = 9_000;

/// Parts on their way at once.
const AT_ONCE: usize = 3;

/// How often it is said that they are.
const NOTED: Duration = Duration::from_mins(10);

/// Says, in the staging folder, that an object is being made of parts: what a kill leaves of it is thrown away by `tidy`.
#[derive(Debug, Serialize, Deserialize)]
struct Making {
    key: String,
    id: String,
}

impl Open {
    pub(super) async fn copy(&self, from: &str, to: &str, size: u64) -> io::Result<()> {
        let (source, target) = (self.key(from)?, self.key(to)?);
        if size <= self.copy_most {
            return self.store.copy(&source, &target).await.map_err(|error| self.told(error));
        }
        let meta = self.store.head(&source).await.map_err(|error| self.told(error))?;
        let id = self.parts.create_multipart(&target).await.map_err(|error| self.told(error))?;
        let note = format!("{}/{:016x}", layout::STAGING, rand::random::<u64>());
        let making = Making { key: target.to_string(), id: id.clone() };
        let result = async {
            let making = Bytes::from(serde_json::to_vec(&making)?);
            self.put(&note, making.clone()).await?;
            // A note that is young says that someone is at it.
            let keep = async {
                loop {
                    tokio::time::sleep(NOTED).await;
                    if let Err(error) = self.put(&note, making.clone()).await {
                        return error;
                    }
                }
            };
            tokio::select! {
                copied = self.copy_parts(&source, &target, &id, meta.size, meta.e_tag) => copied.map_err(|error| self.told(error)),
                error = keep => Err(error),
            }
        }
        .await;
        if result.is_err() {
            // What cannot be given up now is found by `tidy`.
            let _ = self.parts.abort_multipart(&target, &id).await;
        }
        self.delete(&[note]).await?;
        result
    }

    async fn copy_parts(&self, from: &Path, to: &Path, id: &String, size: u64, e_tag: Option<String>) -> Result<(), Error> {
        let length = size.div_ceil(PARTS).max(PART.min(self.copy_most.max(1)));
        let part = |number: u64| {
            let range = number * length..((number + 1) * length).min(size);
            let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match: e_tag.clone(), ..GetOptions::default() };
            async move {
                let pieces: Vec<Bytes> = self.store.get_opts(from, options).await?.into_stream().try_collect().await?;
                self.parts.put_part(to, id, number as usize, PutPayload::from_iter(pieces)).await
            }
        };
        let parts = stream::iter((0..size.div_ceil(length)).map(part)).buffered(AT_ONCE).try_collect().await?;
        self.parts.complete_multipart(to, id, parts).await.map(|_| ())
    }

    /// Gives up what was being made before some time.
    pub(super) async fn tidy(&self, before: SystemTime) -> io::Result<()> {
        for (name, object) in self.under(layout::STAGING).await? {
            if SystemTime::from(object.last_modified) >= before {
                continue;
            }
            let path = format!("{}/{name}", layout::STAGING);
            let making = self.read(&path, 4096).await?.and_then(|bytes| serde_json::from_slice::<Making>(&bytes).ok());
            if let Some(Making { key, id }) = making
                && let Ok(key) = Path::parse(key)
            {
                match self.parts.abort_multipart(&key, &id).await {
                    Ok(()) | Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(self.told(error)),
                }
            }
            self.delete(&[path]).await?;
        }
        Ok(())
    }
}
