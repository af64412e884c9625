//! Uploads: from their beginning to the blob they become.

use super::{
    Store,
    blobs::hash,
    sessions::{Running, Turn},
};
use crate::{
    driver::{Append, Step},
    error::{Code, Error, Result, refuse},
    hash::{Algorithm, Hasher},
    layout,
    locks::Key,
    upload::UploadId,
};
use oci::{Digest, RepositoryName};
use serde_json::json;
use std::time::{Duration, SystemTime};

/// By so much the clocks of those who share a storage may differ.
const AHEAD: Duration = Duration::from_hours(1);

/// An upload whose turn it is, opened to write.
pub(crate) struct Writer {
    name: RepositoryName,
    pub(crate) id: UploadId,
    turn: Turn,
    append: Box<dyn Append>,
    hasher: Option<Hasher>,
}

/// Where a client says that its bytes belong: the first one's place, and their number where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

impl Store {
    /// Makes the upload of a session that was just begun.
    pub(crate) fn begin_upload(&self, name: &RepositoryName, id: UploadId) -> Result<()> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Ok(self.driver.begin(&layout::upload(name, &id), &now)?)
    }

    /// Opens an upload to go on writing at the chunk's place.
    pub(crate) fn open_upload(&self, name: &RepositoryName, id: UploadId, mut turn: Turn, chunk: Option<Chunk>) -> Result<Writer> {
        let append = self.driver.append(&layout::upload(name, &id))?;
        let Some(append) = append else {
            self.sessions.forget(id);
            return unknown(id);
        };
        if let Some(chunk) = chunk
            && chunk.start != append.size()
        {
            return refuse(
                Code::RangeInvalid,
                format!("the upload has {} bytes, so the next chunk begins at {0}, not at {}", append.size(), chunk.start),
            )
            .map_err(|error: Error| error.about(json!({"size": append.size()})));
        }
        // Another process may have written since.
        let hasher = match turn.0.take() {
            Some((hasher, at)) if at == append.size() => Some(hasher),
            None if append.size() == 0 => Some(Hasher::new(Algorithm::Sha256)),
            _ => None,
        };
        Ok(Writer { name: name.clone(), id, turn, append, hasher })
    }

    /// Ends an upload: it becomes the blob, linked in its repository. Where its bytes have not the digest it is gone.
    pub(crate) fn finish_upload(&self, writer: Writer, digest: &Digest) -> Result<u64> {
        let Writer { name, id, append, hasher, turn } = writer;
        let Some(algorithm) = Algorithm::of(digest) else {
            return refuse(Code::DigestInvalid, format!("digests by {} are not taken: sha256 and sha512 are", digest.algorithm()));
        };
        let upload = layout::upload(&name, &id);
        let size = append.size();
        let is = match hasher.filter(|hasher| hasher.algorithm() == algorithm) {
            Some(hasher) => hasher.finish(),
            None => match self.driver.open(&format!("{upload}/{}", layout::DATA))? {
                Some(content) => hash(&*content, algorithm)?,
                None => return unknown(id),
            },
        };
        if is != *digest {
            self.remove_upload(&name, id)?;
            return refuse(Code::DigestInvalid, format!("the uploaded bytes have the digest {is}, not {digest}"))
                .map_err(|error: Error| error.about(json!({"digest": is})));
        }
        {
            let _passing = self.locks.pass()?;
            let _held = self.locks.hold(&[Key::Blob(digest)])?;
            let there = self.verified.has(digest) && self.driver.stat(&layout::blob(digest))?.is_some_and(|stat| stat.size == size);
            if there && self.keep(&layout::blob(digest))? {
                self.link_blob(&name, digest, Vec::new())?;
                drop(append);
                self.remove_upload(&name, id)?;
            } else {
                self.link_blob(&name, digest, vec![Step::Place { upload, folder: layout::blob_folder(digest) }])?;
                drop(append);
            }
            self.verified.add(digest);
        }
        self.sessions.forget(id);
        drop(turn);
        Ok(size)
    }

    /// How many bytes an upload has.
    pub(crate) fn upload_size(&self, name: &RepositoryName, id: UploadId) -> Result<u64> {
        let upload = layout::upload(name, &id);
        match self.driver.stat(&format!("{upload}/{}", layout::DATA))? {
            Some(stat) => Ok(stat.size),
            None if self.driver.list(&upload)?.is_some() => Ok(0),
            None => unknown(id),
        }
    }

    /// Throws an upload away.
    pub(crate) fn cancel_upload(&self, name: &RepositoryName, id: UploadId, turn: Turn) -> Result<()> {
        self.upload_size(name, id)?;
        self.remove_upload(name, id)?;
        drop(turn);
        Ok(())
    }

    /// Throws away an upload that is being written.
    pub(crate) fn give_up(&self, writer: Writer) -> Result<()> {
        self.remove_upload(&writer.name, writer.id)
    }

    /// Throws away what there is of an upload, if anything.
    pub(crate) fn remove_upload(&self, name: &RepositoryName, id: UploadId) -> Result<()> {
        self.sessions.forget(id);
        Ok(self.driver.discard(&layout::upload(name, &id))?)
    }

    /// Throws away uploads that nothing was written to since then.
    pub(super) fn purge_uploads(&self, before: SystemTime) -> Result<()> {
        self.sessions.forget_old(before);
        let now = SystemTime::now();
        self.walk(&mut |name, parts| {
            if !parts.iter().any(|part| part.name == "_uploads") {
                return Ok(());
            }
            let folder = format!("{}/_uploads", layout::repository(name));
            for entry in self.driver.list(&folder)?.unwrap_or_default() {
                let path = format!("{folder}/{}", entry.name);
                let changed = |file| {
                    let path = format!("{path}/{file}");
                    let at = self.driver.stat(&path)?.map(|stat| stat.modified);
                    // Written while the clock was wrong: its time begins now.
                    if at.is_some_and(|at| at > now + AHEAD) {
                        self.driver.date(&path, now)?;
                    }
                    Ok::<_, Error>(at)
                };
                let last = changed(layout::DATA)?.max(changed(layout::STARTED_AT)?);
                // One that is just being made has neither yet: the next time will do.
                if last.is_some_and(|last| last < before) {
                    tracing::info!(repository = %name, upload = entry.name, "an upload that nothing came for is thrown away");
                    self.driver.discard(&path)?;
                }
            }
            Ok(())
        })
    }
}

impl Writer {
    pub(crate) fn size(&self) -> u64 {
        self.append.size()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        Ok(self.append.write(bytes)?)
    }

    /// Leaves the upload for its next request; returns its size.
    pub(crate) fn pause(mut self) -> Result<u64> {
        self.append.rest()?;
        let size = self.append.size();
        *self.turn = Running(self.hasher.take().map(|hasher| (hasher, size)));
        Ok(size)
    }
}

fn unknown<T>(id: UploadId) -> Result<T> {
    refuse(Code::BlobUploadUnknown, format!("there is no upload {id}: it was finished, cancelled, or has expired"))
}
