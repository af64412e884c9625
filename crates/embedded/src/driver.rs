//! Storage as the registry needs it: few primitives, in sync style; what is made of them is written once, in [`crate::Store`].
//!
//! A driver for object storage can block on its own runtime inside them: they are called on blocking threads only (all but those
//! whose names end in `_now`). Every change but an upload's bytes is one [`Driver::commit`]: a list of steps that become visible one
//! after the other and are durable together, so that a request costs two waits for the disk however many files it makes.

mod commit;
mod files;
mod objects;

pub use files::Files;
pub use objects::Objects;

use bytes::Bytes;
use std::{fmt, io, os::fd::BorrowedFd, sync::Arc, time::SystemTime};

pub trait Driver: Send + Sync + fmt::Debug + 'static {
    /// Whether a file that is there is whole, whoever wrote it. Where not, a blob's bytes are read before something is built upon it.
    fn is_atomic(&self) -> bool {
        false
    }

    /// How many threads may ask it at a time for one request: one, unless each answer is a way off.
    fn questions_at_a_time(&self) -> usize {
        1
    }

    /// A small file's bytes; `None` where there is none, an error where it has more than `limit`.
    fn read(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>>;

    /// A small file's bytes where that takes no wait for a disk; `None` where it might, or there is nothing to be read. The only
    /// question, with [`Self::open_now`], that may be asked on a thread that serves others.
    fn read_now(&self, _path: &str, _limit: usize) -> Option<Vec<u8>> {
        None
    }

    /// `None` where there is no such file.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>>;

    /// The names in a folder, in no order; `None` where there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Option<Vec<Entry>>>;

    /// What of a folder differs once a name came into it or went; changes within a tick of the storage's clock may be told as one. `None`
    /// where there is no folder, or nothing that tells.
    fn mark(&self, _folder: &str) -> io::Result<Option<Mark>> {
        Ok(None)
    }

    /// A file to read from at any place; `None` where there is none.
    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn Content>>>;

    /// The same where it takes no wait for a disk; `None` where it might, or there is no such file.
    fn open_now(&self, _path: &str) -> Option<Arc<dyn Content>> {
        None
    }

    /// Takes all the steps: each whole or not at all, none visible before those in front of it, all durable on return.
    /// After an error the first few may have been taken.
    fn commit(&self, steps: &[Step]) -> io::Result<()>;

    /// When a file was made or, where that was later, dated; `None` where there is none.
    fn modified(&self, path: &str) -> io::Result<Option<SystemTime>> {
        Ok(self.stat(path)?.map(|stat| stat.modified))
    }

    /// The storage's own clock: what is made from now on is no older. It may go in steps, and a little behind ours.
    fn now(&self) -> io::Result<SystemTime>;

    /// Sets what [`Self::modified`] says of a file. `false` where there is none.
    fn date(&self, path: &str, at: SystemTime) -> io::Result<bool>;

    /// Opens an upload's bytes to go on writing; `None` where there is no such upload. One writer at a time, over all processes:
    /// another is [`io::ErrorKind::WouldBlock`], here or, at the latest, when what it wrote is to stay.
    fn append(&self, upload: &str) -> io::Result<Option<Box<dyn Append>>>;

    /// Makes an upload, empty. Not durable: nothing was promised yet.
    fn begin(&self, upload: &str, started_at: &str) -> io::Result<()>;

    /// Throws away an upload, in one step. Not durable: what comes back will expire.
    fn discard(&self, upload: &str) -> io::Result<()>;

    /// Throws away what kills left behind that is older than this.
    fn tidy(&self, before: SystemTime) -> io::Result<()>;
}

/// A file's bytes, whatever becomes of its name meanwhile.
pub trait Content: Send + Sync + 'static {
    fn size(&self) -> u64;

    /// Fills the buffer from some place on, as far as the file goes.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;

    /// The same where it can be done without waiting for a disk; `None` where not.
    fn read_now(&self, _buffer: &mut [u8], _at: u64) -> Option<usize> {
        None
    }

    /// How many bytes from some place on, `most` at most, [`Self::send`] would send without waiting for a disk; 0 where it cannot.
    fn sendable(&self, _at: u64, _most: usize) -> usize {
        0
    }

    /// Has the kernel send bytes to a socket, as many as that takes now.
    fn send(&self, _to: BorrowedFd<'_>, _at: u64, _count: usize) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// An upload that is being written to.
pub trait Append: Send + 'static {
    /// How many bytes it has.
    fn size(&self) -> u64;

    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Has what was written where another process can go on from it. Without it, as when a request is given up, some may be lost.
    fn rest(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// See [`Driver::mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub device: u64,
    pub inode: u64,
    /// When it changed last, in seconds and nanoseconds since 1970 as the storage counts them.
    pub changed: (i64, i64),
}

#[derive(Debug, Clone, Copy)]
pub struct Stat {
    pub size: u64,
    pub modified: SystemTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub folder: bool,
}

/// A change of one name.
#[derive(Debug, Clone)]
pub enum Step {
    /// A file, in place of any that is there.
    Put { path: String, bytes: Bytes },
    /// A folder with files in it, which appears with all of them; where storage knows no folders, with the one it is read by. Where
    /// there is one already, the files are put into it.
    Folder { path: String, files: Vec<(String, Bytes)> },
    /// The bytes of an upload become the file `data` of a folder, in place of any that is there; the upload is gone.
    Place { upload: String, folder: String },
    /// An empty folder, where there is none. Nothing where storage knows no folders.
    Ensure { path: String },
    /// A file, or a folder with all in it, is gone.
    Remove { path: String },
    /// A folder has another path, where there is nothing. Nothing where it is gone.
    Move { from: String, to: String },
}
