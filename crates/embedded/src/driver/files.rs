//! A folder of a file system.
//!
//! Files are made in a staging folder of the same file system and renamed into place ([`super::commit`]).

use super::{Append, Content, Driver, Entry, Mark, Stat, Step};
use crate::{layout, settings::Durability};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::{
        fd::BorrowedFd,
        unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// An upload's bytes are sent on to the disk whenever so many have come, so that the last of them does not wait for all.
const WRITE_BACK: u64 = 8 << 20;

#[derive(Debug)]
pub struct Files {
    pub(super) root: PathBuf,
    pub(super) durable: bool,
    /// Names in the staging folder: this process's random part, and a count.
    process: u64,
    count: AtomicU64,
    /// The file system does not tell what it would wait for.
    #[cfg(target_os = "linux")]
    mute: AtomicBool,
}

impl Files {
    /// Makes the folders that are not there.
    pub fn new(root: &Path, durability: Durability) -> io::Result<Self> {
        for folder in [layout::REPOSITORIES, layout::STAGING] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self {
            root: root.to_owned(),
            durable: durability == Durability::Full,
            process: rand::random(),
            count: AtomicU64::new(0),
            #[cfg(target_os = "linux")]
            mute: AtomicBool::new(false),
        })
    }

    /// A name in the staging folder that nothing has.
    pub(super) fn staged(&self) -> PathBuf {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.root.join(layout::STAGING).join(format!("{:016x}-{count:x}", self.process))
    }
}

/// Absent is no error.
pub(super) fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(it) => Ok(Some(it)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a file to read. A pipe that somebody put there does not keep the thread waiting for its other end.
fn opened(path: &Path) -> io::Result<Option<File>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    optional(OpenOptions::new().read(true).custom_flags(flags as i32).open(path))
}

/// The same for a file of which the kernel has the whole path in memory.
#[cfg(target_os = "linux")]
fn open_cached(path: &Path) -> Option<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    // Linux before 5.12 does not know of it, and network file systems have to ask: all the same here.
    openat2(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty(), ResolveFlags::CACHED).ok().map(File::from)
}

/// Reads what is in the page cache.
#[cfg(target_os = "linux")]
fn cached(file: &File, buffer: &mut [u8], at: u64) -> rustix::io::Result<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};
    preadv2(file, &mut [io::IoSliceMut::new(buffer)], at, ReadWriteFlags::NOWAIT)
}

/// What a folder has. What is not UTF-8 is no name of ours.
#[cfg(target_os = "linux")]
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    use rustix::fs::{FileType, Mode, OFlags, RawDir, open};
    // Thousands of names by a few calls and into no memory but their own.
    let opened = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer = Vec::with_capacity(32 << 10);
    let mut read = RawDir::new(opened, buffer.spare_capacity_mut());
    let mut names = Vec::new();
    while let Some(entry) = read.next() {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if matches!(name, "." | "..") {
            continue;
        }
        let is_folder = match entry.file_type() {
            FileType::Directory => true,
            // Some file systems do not say.
            FileType::Unknown => fs::symlink_metadata(folder.join(name))?.is_dir(),
            _ => false,
        };
        names.push(Entry { name: name.to_owned(), folder: is_folder });
    }
    Ok(names)
}

/// What a folder has. What is not UTF-8 is no name of ours.
#[cfg(not(target_os = "linux"))]
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            names.push(Entry { folder: entry.file_type()?.is_dir(), name });
        }
    }
    Ok(names)
}

impl Driver for Files {
    fn read(&self, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = opened(&self.root.join(path))? else { return Ok(None) };
        // Links are short: most reads end with the first.
        let mut bytes = Vec::with_capacity(256);
        if let Err(error) = Read::take(&file, limit as u64 + 1).read_to_end(&mut bytes) {
            return if error.kind() == ErrorKind::IsADirectory { Ok(None) } else { Err(error) };
        }
        if bytes.len() > limit {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("{path} has more than {limit} bytes")));
        }
        Ok(Some(bytes))
    }

    #[cfg(target_os = "linux")]
    fn read_now(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        if self.mute.load(Ordering::Relaxed) {
            return None;
        }
        let file = open_cached(&self.root.join(path))?;
        let mut bytes = vec![0; limit];
        let n = match cached(&file, &mut bytes, 0) {
            Ok(n) => n,
            Err(error) => {
                self.mute.fetch_or(error == rustix::io::Errno::OPNOTSUPP, Ordering::Relaxed);
                return None;
            }
        };
        bytes.truncate(n);
        // One that is full may go on.
        (n > 0 && n < limit).then_some(bytes)
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        let Some(data) = optional(fs::metadata(self.root.join(path)))? else { return Ok(None) };
        Ok(if data.is_file() { Some(Stat { size: data.len(), modified: data.modified()? }) } else { None })
    }

    fn list(&self, folder: &str) -> io::Result<Option<Vec<Entry>>> {
        optional(entries(&self.root.join(folder)))
    }

    fn mark(&self, folder: &str) -> io::Result<Option<Mark>> {
        let Some(data) = optional(fs::metadata(self.root.join(folder)))? else { return Ok(None) };
        // Not the time of modification, which those who copy a storage set.
        Ok(Some(Mark { device: data.dev(), inode: data.ino(), changed: (data.ctime(), data.ctime_nsec()) }))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn Content>>> {
        let Some(file) = opened(&self.root.join(path))? else { return Ok(None) };
        let data = file.metadata()?;
        Ok(if data.is_file() { Some(Arc::new(Opened { size: data.len(), file })) } else { None })
    }

    #[cfg(target_os = "linux")]
    fn open_now(&self, path: &str) -> Option<Arc<dyn Content>> {
        if self.mute.load(Ordering::Relaxed) {
            return None;
        }
        let file = open_cached(&self.root.join(path))?;
        let data = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Arc::new(Opened { size: data.len(), file }))
    }

    fn commit(&self, steps: &[Step]) -> io::Result<()> {
        super::commit::commit(self, steps)
    }

    fn now(&self) -> io::Result<SystemTime> {
        // The kernel dates files by its last tick.
        let probe = self.staged();
        let made = File::create_new(&probe)?.metadata()?.modified();
        fs::remove_file(&probe)?;
        made
    }

    fn date(&self, path: &str, at: SystemTime) -> io::Result<bool> {
        let path = self.root.join(path);
        let set = match date(&path, at) {
            // Another's file may be dated now by whoever may write to it, and to no other time.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => touch(&path),
            other => other,
        };
        Ok(optional(set)?.is_some())
    }

    fn append(&self, upload: &str) -> io::Result<Option<Box<dyn Append>>> {
        let folder = self.root.join(upload);
        if optional(fs::metadata(&folder))?.is_none() {
            return Ok(None);
        }
        // The folder may go between the two: then there is no such upload either.
        let Some(file) = optional(OpenOptions::new().create(true).append(true).open(folder.join(layout::DATA)))? else { return Ok(None) };
        file.try_lock()?;
        let size = file.metadata()?.len();
        Ok(Some(Box::new(Appended { file, size, sent: size })))
    }

    fn begin(&self, upload: &str, started_at: &str) -> io::Result<()> {
        let folder = self.root.join(upload);
        let made = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(layout::STARTED_AT), started_at));
        if made.is_err() {
            // A full disk has room for folders for a long time, and nobody knows this one's name.
            let _ = fs::remove_dir_all(&folder);
        }
        made
    }

    fn discard(&self, upload: &str) -> io::Result<()> {
        let aside = self.staged();
        match optional(fs::rename(self.root.join(upload), &aside))? {
            Some(()) => super::commit::erase(&aside),
            None => Ok(()),
        }
    }

    fn tidy(&self, before: SystemTime) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(layout::STAGING))? {
            let entry = entry?;
            if entry.metadata().and_then(|data| data.modified()).is_ok_and(|at| at < before) {
                super::commit::erase(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn date(path: &Path, at: SystemTime) -> io::Result<()> {
    File::open(path)?.set_modified(at)
}

fn touch(path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
    let at = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    Ok(utimensat(CWD, path, &Timestamps { last_access: at(UTIME_OMIT), last_modification: at(UTIME_NOW) }, AtFlags::empty())?)
}

struct Opened {
    file: File,
    size: u64,
}

impl Content for Opened {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], at + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    #[cfg(target_os = "linux")]
    fn read_now(&self, buffer: &mut [u8], at: u64) -> Option<usize> {
        // "Again", the end, an old kernel or another file system's refusal: all the same here.
        cached(&self.file, buffer, at).ok().filter(|&n| n > 0)
    }

    #[cfg(target_os = "linux")]
    fn sendable(&self, at: u64, most: usize) -> usize {
        // Where both ends are in the page cache, what is between them is, or is being read ahead.
        let is_there = |at| self.read_now(&mut [0], at).is_some();
        if most > 0 && is_there(at) && is_there(at + most as u64 - 1) { most } else { 0 }
    }

    #[cfg(target_os = "linux")]
    fn send(&self, to: BorrowedFd<'_>, at: u64, count: usize) -> io::Result<usize> {
        Ok(rustix::fs::sendfile(to, &self.file, Some(&mut { at }), count)?)
    }
}

struct Appended {
    file: File,
    size: u64,
    /// So many of them are on their way to the disk.
    sent: u64,
}

impl Append for Appended {
    fn size(&self) -> u64 {
        self.size
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half of them would make the upload's size a riddle.
            self.file.set_len(self.size)?;
            return Err(error);
        }
        self.size += bytes.len() as u64;
        #[cfg(target_os = "linux")]
        if self.size - self.sent >= WRITE_BACK {
            // Linux begins to write what it is advised to forget, and does not wait for it; what is not yet written it keeps.
            let length = std::num::NonZeroU64::new(self.size - self.sent);
            if rustix::fs::fadvise(&self.file, self.sent, length, rustix::fs::Advice::DontNeed).is_ok() {
                self.sent = self.size;
            }
        }
        Ok(())
    }
}
