//! What is held of an upload between requests: one object, `_held` in the upload's folder, written whole each time.
//!
//! A line of JSON ([`Head`]), one with the parts' tags, then the bytes after the last part. From its first line alone the upload's size
//! is known. It is written under the condition that it is what was read before, so two who write to one upload are never both
//! believed.

use super::{PART, open::Open};
use bytes::Bytes;
use jiff::Timestamp;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use std::io;

/// Its name in the upload's folder.
const HELD: &str = "_held";

/// The first line has less.
const FIRST: u64 = 4 << 10;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// Bytes, with those of the parts.
    pub(super) size: u64,
    /// Who wrote this, and how many times before.
    by: u64,
    turn: u64,
    /// Until when it is theirs alone, in seconds since 1970; `None` where it is anyone's.
    pub(super) until: Option<i64>,
    /// The upload of parts, as the storage calls it.
    pub(super) multipart: Option<String>,
}

/// What was read, or written last.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) head: Head,
    pub(super) parts: Vec<String>,
    pub(super) tail: Bytes,
    /// What is in the storage; `None` where there is none yet.
    version: Option<UpdateVersion>,
}

impl Held {
    /// Whether another process is writing.
    pub(super) fn is_anothers(&self, us: u64) -> bool {
        self.head.by != us && self.head.until.is_some_and(|until| until > Timestamp::now().as_second())
    }

    fn read(meta: ObjectMeta, bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|&b| b == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let next = end + 1 + bytes[end + 1..].iter().position(|&b| b == b'\n')?;
        let parts: Vec<String> = serde_json::from_slice(&bytes[end + 1..next]).ok()?;
        let tail = bytes.slice(next + 1..);
        let whole = head.size == parts.len() as u64 * PART as u64 + tail.len() as u64;
        whole.then_some(Self { head, parts, tail, version: Some(UpdateVersion { e_tag: meta.e_tag, version: meta.version }) })
    }

    fn bytes(&self) -> io::Result<Bytes> {
        let mut bytes = serde_json::to_vec(&self.head)?;
        bytes.push(b'\n');
        serde_json::to_writer(&mut bytes, &self.parts)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.tail);
        Ok(bytes.into())
    }
}

impl Open {
    /// What is held of an upload; `None` where there is nothing. `known` is asked for by its version only.
    pub(super) async fn held(&self, upload: &str, known: Option<Held>) -> io::Result<Option<Held>> {
        let if_none_match = known.as_ref().and_then(|known| known.version.as_ref()?.e_tag.clone());
        let options = GetOptions { if_none_match, ..GetOptions::default() };
        let got = match self.store.get_opts(&self.key(&held(upload))?, options).await {
            Err(Error::NotModified { .. }) => return Ok(known),
            Err(Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(|error| self.told(error))?,
        };
        let meta = got.meta.clone();
        let bytes = got.bytes().await.map_err(|error| self.told(error))?;
        Held::read(meta, &bytes)
            .map(Some)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{} cannot be read", held(upload))))
    }

    /// Its first line, and when it was written.
    pub(super) async fn held_head(&self, upload: &str) -> io::Result<Option<(Head, ObjectMeta)>> {
        let path = held(upload);
        let Some((meta, bytes)) = self.first(&path, FIRST).await? else { return Ok(None) };
        let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
        let head =
            serde_json::from_slice(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{path} cannot be read")))?;
        Ok(Some((head, meta)))
    }

    /// Writes it, where nobody else has since. [`io::ErrorKind::WouldBlock`] where someone has.
    pub(super) async fn hold(&self, upload: &str, us: u64, held: &mut Held) -> io::Result<()> {
        held.head.size = held.parts.len() as u64 * PART as u64 + held.tail.len() as u64;
        held.head.turn = if held.head.by == us { held.head.turn + 1 } else { 0 };
        held.head.by = us;
        let (path, bytes) = (self::held(upload), held.bytes()?);
        let mode = held.version.clone().map_or(PutMode::Create, PutMode::Update);
        let put = match self.put_as(&path, bytes.clone(), mode).await? {
            // Storage without conditions: within one process there is one writer all the same.
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => self.put_as(&path, bytes, PutMode::Overwrite).await?,
            other => other,
        };
        held.version = Some(match put {
            Ok(put) => put.into(),
            Err(error) if super::failure::is_conflict(&error) => {
                // It may be ours: the answer was lost, and it was sent again.
                match self.held_head(upload).await? {
                    Some((there, meta)) if (there.by, there.turn) == (us, held.head.turn) => {
                        UpdateVersion { e_tag: meta.e_tag, version: meta.version }
                    }
                    _ => return Err(busy()),
                }
            }
            Err(error) => return Err(self.told(error)),
        });
        Ok(())
    }
}

pub(super) fn held(upload: &str) -> String {
    format!("{upload}/{HELD}")
}

pub(super) fn busy() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another is writing to this upload")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut held = Held { parts: vec!["\"a\"".into(), "b".into()], tail: Bytes::from_static(b"x\ny\n"), ..Held::default() };
        held.head.size = 2 * PART as u64 + 4;
        held.head.multipart = Some("id".into());
        let meta = || ObjectMeta {
            location: object_store::path::Path::ROOT,
            last_modified: std::time::SystemTime::now().into(),
            size: 0,
            e_tag: Some("e".into()),
            version: None,
        };
        let bytes = held.bytes().unwrap();
        let read = Held::read(meta(), &bytes).unwrap();
        assert_eq!((&read.parts, &read.tail, read.head.multipart), (&held.parts, &held.tail, held.head.multipart));
        assert!(Held::read(meta(), &bytes.slice(..bytes.len() - 1)).is_none(), "cut");
    }
}
