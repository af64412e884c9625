//! Locks of all processes that have one folder: files that are locked, which the system lets go when a process dies, however it dies.

use super::{Held, Key, LocalLocks, Locks};
use crate::layout;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Files for each kind of key: no more, since who deletes a manifest of many tags has as many open.
const SHARDS: u64 = 256;

/// In the order in which they are taken: who waits to close the gate has the turnstile, so that nobody overtakes it.
const TURNSTILE: &str = "turnstile";
const GATE: &str = "gate";

/// Among the threads of this process as [`LocalLocks`], among processes by files in the storage's own folder.
pub struct FileLocks {
    // In front of the files: threads wait for each other without the system.
    local: LocalLocks,
    folder: PathBuf,
}

/// The files are let go before the local locks.
struct Locked<'a> {
    _files: Vec<File>,
    _local: Box<dyn Held + 'a>,
}

impl Held for Locked<'_> {}

impl FileLocks {
    /// For the storage in a folder.
    pub fn new(root: &Path) -> Self {
        Self { local: LocalLocks::default(), folder: root.join(layout::LOCKS) }
    }

    /// Opens a lock's file. `None` where the storage takes none: nothing else can be written there either, by anybody, and what is
    /// only read may go on.
    fn open(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.folder.join(name);
        let open = || OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let opened = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir_all(&self.folder).and_then(|()| open()),
            other => other,
        };
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(error) if refused(&error) => {
                tracing::debug!(%error, name, "the storage takes no lock of other processes");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn exclusive(&self, name: &str) -> io::Result<Option<File>> {
        let Some(file) = self.open(name)? else { return Ok(None) };
        file.lock()?;
        Ok(Some(file))
    }
}

fn refused(error: &io::Error) -> bool {
    use ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, Unsupported};
    matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied | StorageFull | QuotaExceeded | Unsupported)
}

impl Locks for FileLocks {
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.hold(keys)?;
        let mut places: Vec<(usize, u64)> = keys.iter().map(|key| (key.kind(), key.number() % SHARDS)).collect();
        places.sort_unstable();
        places.dedup();
        let mut files = Vec::with_capacity(places.len());
        for (kind, shard) in places {
            files.extend(self.exclusive(&format!("{kind}-{shard:02x}"))?);
        }
        Ok(Box::new(Locked { _files: files, _local: local }))
    }

    fn pass<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.pass()?;
        let mut files = Vec::with_capacity(1);
        let turnstile = self.open(TURNSTILE)?;
        if let Some(turnstile) = &turnstile {
            turnstile.lock_shared()?;
        }
        if let Some(gate) = self.open(GATE)? {
            gate.lock_shared()?;
            files.push(gate);
        }
        Ok(Box::new(Locked { _files: files, _local: local }))
    }

    fn close<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.close()?;
        let mut files = Vec::with_capacity(2);
        for name in [TURNSTILE, GATE] {
            files.extend(self.exclusive(name)?);
        }
        Ok(Box::new(Locked { _files: files, _local: local }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::Digest;
    use std::sync::mpsc;

    #[test]
    fn two_processes_hold_nothing_twice_and_pass_together() {
        let folder = tempfile::tempdir().unwrap();
        // As two processes: nothing is shared but the folder.
        let (one, other) = (FileLocks::new(folder.path()), FileLocks::new(folder.path()));
        let digest = Digest::sha256(&[7; 32]);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            let held = one.hold(&[Key::Blob(&digest)]).unwrap();
            let told = sender.clone();
            scope.spawn(move || {
                let _held = other.hold(&[Key::Blob(&digest)]).unwrap();
                told.send("the other").unwrap();
            });
            // The other can come only after this.
            sender.send("one").unwrap();
            drop(held);
        });
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["one", "the other"]);

        let other = FileLocks::new(folder.path());
        let (passing, with_it) = (one.pass().unwrap(), one.pass().unwrap());
        std::thread::scope(|scope| {
            let told = sender.clone();
            scope.spawn(move || {
                let _closed = other.close().unwrap();
                told.send("closed").unwrap();
            });
            sender.send("passed").unwrap();
            drop((passing, with_it));
        });
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["passed", "closed"]);
    }

    #[test]
    fn what_is_no_refusal_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("docker"), "a file where a folder should be").unwrap();
        assert!(FileLocks::new(folder.path()).pass().is_err());
    }
}
