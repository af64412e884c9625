//! Blobs: whether they are there and whole, in which repositories they are.

use super::Store;
use crate::{
    driver::{Content, Step},
    error::{Code, Result, refuse},
    hash::{Algorithm, Hasher},
    layout,
    locks::Key,
};
use bytes::Bytes;
use oci::{Digest, RepositoryName};
use std::sync::Arc;

/// Bytes read at a time when a blob is verified.
const PIECE: usize = 256 << 10;

impl Store {
    /// A blob of a repository, to be read.
    pub(crate) fn open_blob(&self, name: &RepositoryName, digest: &Digest) -> Result<Opened> {
        if self.linked(&layout::layer(name, digest))?
            && let Some(content) = self.driver.open(&layout::blob(digest))?
            && (content.size() > 0 || Algorithm::is_of_nothing(digest))
        {
            return Ok(Opened { content, verified: self.verified.has(digest) });
        }
        unknown(name, digest)
    }

    /// The same where it takes no wait for a disk; `None` says nothing.
    pub(crate) fn open_blob_now(&self, name: &RepositoryName, digest: &Digest) -> Option<Opened> {
        self.link_now(&format!("{}/{}", layout::layer(name, digest), layout::LINK))?;
        let content = self.driver.open_now(&layout::blob(digest)).filter(|content| content.size() > 0)?;
        Some(Opened { content, verified: self.verified.has(digest) })
    }

    /// A blob's size, after its bytes were verified once: who asks may be about to rely on it instead of pushing it.
    pub(crate) fn blob_size(&self, name: &RepositoryName, digest: &Digest) -> Result<u64> {
        if self.linked(&layout::layer(name, digest))?
            && let Some(size) = self.whole(digest, None)?
        {
            return Ok(size);
        }
        unknown(name, digest)
    }

    /// The size of a blob's file, where its bytes are what its digest says: verified now, where they never were, their number is not
    /// what is `expected`, and the storage may have cut them.
    pub(super) fn whole(&self, digest: &Digest, expected: Option<u64>) -> Result<Option<u64>> {
        let path = layout::blob(digest);
        let Some(stat) = self.driver.stat(&path)? else {
            self.verified.forget(digest);
            return Ok(None);
        };
        // Whatever it was: nothing is left of it.
        if stat.size == 0 && !Algorithm::is_of_nothing(digest) {
            self.verified.forget(digest);
            return Ok(None);
        }
        if self.verified.has(digest) || (stat.size > 0 && (expected == Some(stat.size) || self.driver.is_atomic())) {
            return Ok(Some(stat.size));
        }
        let Some(algorithm) = Algorithm::of(digest) else { return Ok(None) };
        // Who asks at the same time waits, and finds it verified.
        let _held = self.locks.hold(&[Key::Blob(digest)])?;
        if self.verified.has(digest) {
            return Ok(Some(stat.size));
        }
        let Some(content) = self.driver.open(&path)? else { return Ok(None) };
        if hash(&*content, algorithm)? != *digest {
            tracing::error!(%digest, size = content.size(), "a blob in the storage is not what its digest says; it is taken as missing until it is pushed again");
            return Ok(None);
        }
        self.verified.add(digest);
        Ok(Some(content.size()))
    }

    /// Says that a blob's bytes were found to be what their digest says, or not.
    pub(crate) fn was_read(&self, digest: &Digest, whole: bool) {
        if whole {
            self.verified.add(digest);
        } else {
            self.verified.forget(digest);
            tracing::error!(%digest, "a blob in the storage is not what its digest says; an answer was cut short");
        }
    }

    /// Makes a blob that is in the storage appear in a repository. `false` where it is not to be had: not there, not whole, not in
    /// `from`, or, where that is not said, in no repository that may be read.
    pub(crate) fn mount(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        from: Option<&RepositoryName>,
        readable: &Readable<'_>,
    ) -> Result<Option<u64>> {
        let visible = match from {
            Some(from) => readable.may(from) && self.linked(&layout::layer(from, digest))?,
            None => self.somewhere(digest, readable)?,
        };
        if !visible {
            return Ok(None);
        }
        let Some(size) = self.whole(digest, None)? else { return Ok(None) };
        let _passing = self.locks.pass()?;
        let _held = self.locks.hold(&[Key::Blob(digest)])?;
        // At the gate and with its time set to now it is not collected.
        if !self.keep(&layout::blob(digest))? {
            return Ok(None);
        }
        self.link_blob(name, digest, Vec::new())?;
        Ok(Some(size))
    }

    /// Whether a repository that may be read has the blob.
    fn somewhere(&self, digest: &Digest, readable: &Readable<'_>) -> Result<bool> {
        let Readable::Some(may) = readable else { return Ok(self.driver.stat(&layout::blob(digest))?.is_some()) };
        for name in self.catalogue.all() {
            if may(&name) && self.linked(&layout::layer(&name, digest))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the steps, then links the blob, where it is not linked yet.
    pub(super) fn link_blob(&self, name: &RepositoryName, digest: &Digest, mut steps: Vec<Step>) -> Result<()> {
        let folder = layout::layer(name, digest);
        if !self.keep_link(&folder)? {
            steps.push(linking(folder, digest));
        }
        if !steps.is_empty() {
            self.driver.commit(&steps)?;
        }
        Ok(())
    }

    /// Takes a blob out of a repository. Its bytes stay, until they are collected.
    pub(crate) fn delete_blob(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        let folder = layout::layer(name, digest);
        let _held = self.locks.hold(&[Key::Blob(digest)])?;
        if !self.linked(&folder)? {
            return unknown(name, digest);
        }
        Ok(self.driver.commit(&[Step::Remove { path: folder }])?)
    }
}

/// Which repositories who asks may read.
pub(crate) enum Readable<'a> {
    All,
    Some(&'a (dyn Fn(&RepositoryName) -> bool + Send + Sync)),
}

impl Readable<'_> {
    fn may(&self, name: &RepositoryName) -> bool {
        match self {
            Self::All => true,
            Self::Some(may) => may(name),
        }
    }
}

/// A blob to read from.
pub(crate) struct Opened {
    pub(crate) content: Arc<dyn Content>,
    /// Its bytes were compared with its digest.
    pub(crate) verified: bool,
}

/// A folder with a link to a digest in it.
pub(super) fn linking(folder: String, digest: &Digest) -> Step {
    Step::Folder { path: folder, files: vec![(layout::LINK.to_owned(), link(digest))] }
}

pub(super) fn link(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_str().as_bytes())
}

fn unknown<T>(name: &RepositoryName, digest: &Digest) -> Result<T> {
    refuse(Code::BlobUnknown, format!("{name} has no blob {digest}"))
}

/// The digest of all of a file's bytes.
pub(super) fn hash(content: &dyn Content, algorithm: Algorithm) -> Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let n = content.read_at(&mut buffer, at)?;
        if n == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..n]);
        at += n as u64;
    }
}
