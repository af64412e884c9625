//! An opened bucket: what is asked of it, by paths below its prefix. Nothing here blocks.

use super::{connect::Connected, failure};
use crate::settings::Bucket;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
    multipart::MultipartStore, path::Path,
};
use std::{io, sync::Arc};

/// Keys of an object that are looked at while others come.
const AT_ONCE: usize = 16;

#[derive(Clone)]
pub(super) struct Open {
    pub(super) bucket: Bucket,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    pub(super) copy_most: u64,
}

/// A folder's content.
pub(super) struct Listed {
    pub(super) folders: Vec<String>,
    pub(super) files: Vec<String>,
}

impl Open {
    pub(super) fn new(bucket: Bucket, connected: Connected) -> Self {
        let Connected { store, parts, copy_most } = connected;
        Self { bucket, store, parts, copy_most }
    }

    pub(super) fn key(&self, path: &str) -> io::Result<Path> {
        let key = if self.bucket.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.bucket.prefix) };
        Path::parse(key).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))
    }

    pub(super) fn told(&self, error: Error) -> io::Error {
        failure::told(error, &self.bucket)
    }

    fn optional<T>(&self, result: Result<T, Error>) -> io::Result<Option<T>> {
        failure::optional(result, &self.bucket)
    }

    pub(super) async fn head(&self, path: &str) -> io::Result<Option<ObjectMeta>> {
        self.optional(self.store.head(&self.key(path)?).await)
    }

    /// All of a small object; an error where it has more than `limit` bytes.
    pub(super) async fn read(&self, path: &str, limit: usize) -> io::Result<Option<Bytes>> {
        let Some(got) = self.optional(self.store.get(&self.key(path)?).await)? else { return Ok(None) };
        if got.meta.size > limit as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{path} has more than {limit} bytes")));
        }
        self.optional(got.bytes().await)
    }

    /// The first bytes of an object, with what it is; fewer where it has no more.
    pub(super) async fn first(&self, path: &str, length: u64) -> io::Result<Option<(ObjectMeta, Bytes)>> {
        let key = self.key(path)?;
        let options = GetOptions { range: Some(GetRange::Bounded(0..length)), ..GetOptions::default() };
        match self.store.get_opts(&key, options).await {
            Ok(got) => {
                let meta = got.meta.clone();
                Ok(self.optional(got.bytes().await)?.map(|bytes| (meta, bytes)))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => match self.optional(self.store.head(&key).await)? {
                // Of nothing there is no range.
                Some(meta) if meta.size == 0 => Ok(Some((meta, Bytes::new()))),
                _ => Err(self.told(error)),
            },
        }
    }

    pub(super) async fn put(&self, path: &str, bytes: Bytes) -> io::Result<()> {
        self.put_as(path, bytes, PutMode::Overwrite).await?.map_err(|error| self.told(error)).map(|_| ())
    }

    /// One PUT. The inner error is that of the condition, or any other.
    pub(super) async fn put_as(&self, path: &str, bytes: Bytes, mode: PutMode) -> io::Result<Result<PutResult, Error>> {
        let options = PutOptions { mode, ..PutOptions::default() };
        Ok(self.store.put_opts(&self.key(path)?, PutPayload::from_bytes(bytes), options).await)
    }

    pub(super) async fn list(&self, folder: &str) -> io::Result<Option<Listed>> {
        let listed = self.store.list_with_delimiter(Some(&self.key(folder)?)).await.map_err(|error| self.told(error))?;
        let name = |key: &Path| key.filename().map(str::to_owned);
        let listed = Listed {
            folders: listed.common_prefixes.iter().filter_map(name).collect(),
            files: listed.objects.iter().filter_map(|object| name(&object.location)).collect(),
        };
        Ok((!listed.folders.is_empty() || !listed.files.is_empty()).then_some(listed))
    }

    /// All objects below a folder, by their paths in it.
    pub(super) async fn under(&self, folder: &str) -> io::Result<Vec<(String, ObjectMeta)>> {
        let key = self.key(folder)?;
        let objects: Vec<ObjectMeta> = self.store.list(Some(&key)).try_collect().await.map_err(|error| self.told(error))?;
        let inside = |object: ObjectMeta| {
            let path = object.location.as_ref().strip_prefix(key.as_ref())?.strip_prefix('/')?.to_owned();
            Some((path, object))
        };
        Ok(objects.into_iter().filter_map(inside).collect())
    }

    /// Removes objects, in no order, a thousand with each request; it is no error where there are none.
    pub(super) async fn delete(&self, paths: &[String]) -> io::Result<()> {
        let keys = paths.iter().map(|path| self.key(path)).collect::<io::Result<Vec<_>>>()?;
        let mut gone = self.store.delete_stream(stream::iter(keys.into_iter().map(Ok)).boxed());
        let mut result = Ok(());
        while let Some(deleted) = gone.next().await {
            if let Err(error) = self.optional(deleted) {
                result = Err(error);
            }
        }
        result
    }

    /// Puts several, in no order.
    pub(super) async fn put_all(&self, files: Vec<(String, Bytes)>) -> io::Result<()> {
        stream::iter(files.into_iter().map(|(path, bytes)| async move { self.put(&path, bytes).await }))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }
}
