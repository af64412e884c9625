//! What is known of manifests, as a file of columns: read at start in place of a row for each.
//!
//! A manifest never changes, so an imprint is never wrong, only behind: it says which row was the database's last when it was made,
//! and the rows after that one are read as they lie. It can be deleted at any time. Tags, repositories and all else that changes
//! is in the database alone.

use super::{
    Dictionary, Model,
    blobs::Blobs,
    columns::{Reader, Writer},
    digests::Digests,
    manifest::Manifests,
    said::Said,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, BufWriter, Error, ErrorKind, Read, Result, Write},
    path::Path,
};

/// What the file begins with. The number changes with the meaning of anything in it; so that this cannot be forgotten between two
/// releases, the program's version stands beside it.
const BEGINNING: &str = concat!("supercargo manifests 1 ", env!("CARGO_PKG_VERSION"), "\n");

/// The last row of the database's manifests that is in an imprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub row: i64,
    /// Its digest: another database, or one whose rows were numbered anew, has another there.
    pub digest: String,
}

impl Model {
    /// Writes what is known of manifests, whole or not at all, for this user alone.
    pub(crate) fn write_imprint(&self, path: &Path, mark: &Mark) -> Result<()> {
        let begun = path.with_added_extension("begun");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut to = Summed { inner: options.open(&begun)?, sum: crc32fast::Hasher::new() };
        let mut buffered = BufWriter::with_capacity(1 << 18, &mut to);
        buffered.write_all(BEGINNING.as_bytes())?;
        self.put(&mut Writer(&mut buffered), mark)?;
        buffered.flush()?;
        drop(buffered);
        let sum = to.sum.clone().finalize();
        to.inner.write_all(&sum.to_le_bytes())?;
        to.inner.sync_all()?;
        fs::rename(&begun, path)
    }

    /// Reads what [`Model::write_imprint`] wrote. An error where there is none, or one that another version made, or a damaged one.
    pub(crate) fn read_imprint(path: &Path, registries: Vec<String>) -> Result<(Self, Mark)> {
        let wrong = |what: &'static str| Error::new(ErrorKind::InvalidData, what);
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let content = length.checked_sub(4).ok_or_else(|| wrong("it is too short"))?;
        let mut from = Summed { inner: BufReader::with_capacity(1 << 18, file), sum: crc32fast::Hasher::new() };
        let mut beginning = [0; BEGINNING.len()];
        from.read_exact(&mut beginning)?;
        if beginning != BEGINNING.as_bytes() {
            return Err(wrong("another version made it"));
        }
        let (mut model, mark) = Self::get(&mut Reader::new(&mut from, content))?;
        let sum = from.sum.clone().finalize();
        let mut told = [0; 4];
        from.inner.read_exact(&mut told)?;
        if told != sum.to_le_bytes() || from.inner.read(&mut [0])? > 0 {
            return Err(wrong("it is damaged"));
        }
        model.registries = registries;
        Ok((model, mark))
    }

    fn put(&self, to: &mut Writer<impl Write>, mark: &Mark) -> Result<()> {
        to.value(&(mark.row, &mark.digest))?;
        self.texts.write(to)?;
        self.platform_names.write(to)?;
        self.said.write(to)?;
        self.digests.write(to)?;
        self.manifests.write(to)?;
        self.blobs.write(to)
    }

    fn get(from: &mut Reader<impl Read>) -> Result<(Self, Mark)> {
        let (row, digest) = from.value()?;
        let model = Self {
            texts: Dictionary::read(from)?,
            platform_names: Dictionary::read(from)?,
            said: Said::read(from)?,
            digests: Digests::read(from)?,
            manifests: Manifests::read(from)?,
            blobs: Blobs::read(from)?,
            ..Self::default()
        };
        Ok((model, Mark { row, digest }))
    }

    /// Manifests whose bytes were fetched.
    pub(crate) fn known_manifests(&self) -> usize {
        self.manifests.count_known()
    }
}

/// Takes a sum of all that passes.
struct Summed<T> {
    inner: T,
    sum: crc32fast::Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(bytes)?;
        self.sum.update(&bytes[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
