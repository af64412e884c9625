//! Several changes, visible one after the other, durable together.
//!
//! 1. Every file is made in the staging folder, and all are synced at once.
//! 2. They are renamed into place, in order.
//! 3. The folders that got or lost a name are synced at once.
//!
//! A wait for the disk costs the same for one file and for ten that wait side by side (a journal's commit and a flush), so each
//! sync has a thread. Folders made on the way are not synced by themselves: the journals and logs of ext4, XFS and Btrfs
//! bring a new folder's parents to the disk with it.

use super::{
    Step,
    files::{Files, optional},
};
use crate::layout;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{LazyLock, mpsc},
};
use tokio::runtime::{Builder, Runtime};

/// Syncs that wait side by side.
const AT_ONCE: usize = 16;
/// Threads that wait for the disk, of all commits together; they end when there is nothing to wait for. Whoever commits has one of the
/// runtime's own threads and waits for these: they could not be the same.
const THREADS: usize = 64;

static WAITING: LazyLock<Option<Runtime>> =
    LazyLock::new(|| Builder::new_current_thread().thread_name("sync").max_blocking_threads(THREADS).build().ok());

pub(super) fn commit(files: &Files, steps: &[Step]) -> io::Result<()> {
    let mut made = Made { files, staged: Vec::with_capacity(steps.len()), sync: Vec::new() };
    made.make(steps)?;
    if files.durable {
        sync(std::mem::take(&mut made.sync))?;
    }
    let mut changed = BTreeSet::new();
    let mut gone = Vec::new();
    let result = steps.iter().zip(&mut made.staged).try_for_each(|(step, staged)| take(files, step, staged, &mut changed, &mut gone));
    if files.durable {
        let folders = changed.iter().map(|folder| optional(File::open(folder))).collect::<io::Result<Vec<_>>>()?;
        sync(folders.into_iter().flatten().collect())?;
    }
    // What was taken out of sight needs no wait: should it stay, `tidy` finds it.
    gone.iter().try_for_each(|path| erase(path))?;
    result
}

/// What was made aside, and goes with this where it was not taken.
struct Made<'a> {
    files: &'a Files,
    staged: Vec<Option<PathBuf>>,
    sync: Vec<File>,
}

impl Made<'_> {
    fn make(&mut self, steps: &[Step]) -> io::Result<()> {
        for step in steps {
            let staged = matches!(step, Step::Put { .. } | Step::Folder { .. }).then(|| self.files.staged());
            self.staged.push(staged.clone());
            match (step, staged) {
                (Step::Put { bytes, .. }, Some(staged)) => self.write(&staged, bytes)?,
                (Step::Folder { files, .. }, Some(staged)) => {
                    fs::create_dir(&staged)?;
                    for (path, bytes) in files {
                        let path = staged.join(path);
                        if let Some(folder) = path.parent() {
                            fs::create_dir_all(folder)?;
                        }
                        self.write(&path, bytes)?;
                    }
                }
                (Step::Place { upload, .. }, _) => {
                    self.sync.push(File::open(self.files.root.join(upload).join(layout::DATA))?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        if self.files.durable {
            send(&file);
        }
        self.sync.push(file);
        Ok(())
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for path in self.staged.iter().flatten() {
            // What cannot be erased is found by `tidy`.
            let _ = erase(path);
        }
    }
}

/// Takes one step. What was taken as a whole is no longer staged.
fn take(
    files: &Files,
    step: &Step,
    staged: &mut Option<PathBuf>,
    changed: &mut BTreeSet<PathBuf>,
    gone: &mut Vec<PathBuf>,
) -> io::Result<()> {
    match (step, staged.as_deref()) {
        (Step::Put { path, .. }, Some(aside)) => {
            rename(aside, &files.root.join(path), changed)?;
            *staged = None;
            Ok(())
        }
        (Step::Folder { path, files: inside }, Some(aside)) => {
            let folder = files.root.join(path);
            match rename(aside, &folder, changed) {
                Err(error) if occupied(&error) => {
                    inside.iter().try_for_each(|(file, _)| rename(&aside.join(file), &folder.join(file), changed))
                }
                other => {
                    other?;
                    *staged = None;
                    Ok(())
                }
            }
        }
        (Step::Place { upload, folder }, _) => place(&files.root.join(upload), &files.root.join(folder), changed),
        (Step::Ensure { path }, _) => {
            let path = files.root.join(path);
            if let Some(parent) = path.parent()
                && optional(fs::metadata(&path))?.is_none()
            {
                fs::create_dir_all(&path)?;
                changed.insert(parent.to_owned());
            }
            Ok(())
        }
        (Step::Remove { path }, _) => {
            let (path, aside) = (files.root.join(path), files.staged());
            if optional(fs::rename(&path, &aside))?.is_some() {
                gone.push(aside);
                changed.extend(path.parent().map(Path::to_owned));
            }
            Ok(())
        }
        (Step::Move { from, to }, _) => {
            let (from, to) = (files.root.join(from), files.root.join(to));
            if optional(fs::metadata(&from))?.is_some() {
                rename(&from, &to, changed)?;
                changed.extend(from.parent().map(Path::to_owned));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The upload's folder becomes the blob's: it appears with its data, in one step.
fn place(upload: &Path, folder: &Path, changed: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(upload)? {
        let entry = entry?;
        if entry.file_name() != layout::DATA {
            erase(&entry.path())?;
        }
    }
    match rename(upload, folder, changed) {
        Err(error) if occupied(&error) => {
            rename(&upload.join(layout::DATA), &folder.join(layout::DATA), changed)?;
            fs::remove_dir(upload)
        }
        other => other,
    }
}

/// Renames, making the folders above where they are not there.
fn rename(from: &Path, to: &Path, changed: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let Some(parent) = to.parent() else { return Err(ErrorKind::InvalidInput.into()) };
    let mut result = fs::rename(from, to);
    // Twice, as an empty folder may be tidied away in between.
    for _ in 0..2 {
        if !matches!(&result, Err(error) if error.kind() == ErrorKind::NotFound) {
            break;
        }
        fs::create_dir_all(parent)?;
        result = fs::rename(from, to);
    }
    changed.insert(parent.to_owned());
    result
}

fn occupied(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotADirectory)
}

/// Removes a file or a folder; it is no error where there is none.
pub(super) fn erase(path: &Path) -> io::Result<()> {
    let result = match fs::remove_file(path) {
        Err(error) if matches!(error.kind(), ErrorKind::IsADirectory | ErrorKind::PermissionDenied) => fs::remove_dir_all(path),
        other => other,
    };
    optional(result).map(|_| ())
}

/// Has a new file's bytes sent to the disk now, without waiting: then all files are in one commit of the journal, not in that which
/// happens to be open when each comes to its turn.
fn send(file: &File) {
    // Linux begins to write what it is advised to forget. Where it does not, the sync does.
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// Syncs all, side by side.
fn sync(mut files: Vec<File>) -> io::Result<()> {
    while files.len() > AT_ONCE {
        side_by_side(files.split_off(files.len() - AT_ONCE))?;
    }
    side_by_side(files)
}

fn side_by_side(mut files: Vec<File>) -> io::Result<()> {
    let Some(own) = files.pop() else { return Ok(()) };
    let (done, others) = mpsc::channel();
    let expected = files.len();
    for file in files {
        let done = done.clone();
        let sync = move || {
            // Whoever waits for this is there.
            let _ = done.send(file.sync_all());
        };
        match &*WAITING {
            Some(threads) => drop(threads.spawn_blocking(sync)),
            None => sync(),
        }
    }
    drop(done);
    let own = own.sync_all();
    let others: Vec<io::Result<()>> = others.iter().collect();
    if others.len() < expected {
        return Err(io::Error::other("a sync did not end"));
    }
    others.into_iter().fold(own, io::Result::and)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{driver::Driver, settings::Durability};
    use bytes::Bytes;

    fn files() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), Durability::Full).unwrap();
        (folder, files)
    }

    fn names(files: &Files, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = files.list(folder).unwrap().unwrap_or_default().into_iter().map(|e| e.name).collect();
        names.sort();
        names
    }

    #[test]
    fn steps_are_taken_and_nothing_is_left_aside() {
        let (_folder, files) = files();
        let link = || Bytes::from_static(b"x");
        let tag = |files| Step::Folder { path: "r/tags/v1".into(), files };
        files.commit(&[Step::Put { path: "a/b/c".into(), bytes: link() }, tag(vec![("current/link".into(), link())])]).unwrap();
        assert_eq!(files.read("a/b/c", 9).unwrap().unwrap(), b"x");
        assert!(files.read("a/b/c", 0).is_err(), "more than was allowed");
        // A folder that is there keeps what it has.
        files.commit(&[tag(vec![("index/link".into(), link()), ("current/link".into(), Bytes::from_static(b"y"))])]).unwrap();
        assert_eq!(names(&files, "r/tags/v1"), ["current", "index"]);
        assert_eq!(files.read("r/tags/v1/current/link", 9).unwrap().unwrap(), b"y");
        files.commit(&[Step::Remove { path: "r/tags/v1".into() }, Step::Remove { path: "never/there".into() }]).unwrap();
        assert!(names(&files, "r/tags").is_empty());
        files.commit(&[Step::Ensure { path: "r/_layers".into() }]).unwrap();
        assert_eq!(files.list("r/_layers").unwrap(), Some(vec![]));
        assert!(names(&files, layout::STAGING).is_empty());
    }

    #[test]
    fn an_upload_becomes_a_blob_and_replaces_a_broken_one() {
        let (folder, files) = files();
        for existing in [false, true] {
            files.begin("up/1", "2026").unwrap();
            let mut upload = files.append("up/1").unwrap().unwrap();
            assert_eq!(files.append("up/1").err().map(|e| e.kind()), Some(ErrorKind::WouldBlock), "one writer at a time");
            upload.write(b"whole").unwrap();
            drop(upload);
            assert_eq!(files.append("up/1").unwrap().unwrap().size(), 5);
            if existing {
                fs::write(folder.path().join("blobs/aa/data"), "").unwrap();
            }
            files.commit(&[Step::Place { upload: "up/1".into(), folder: "blobs/aa".into() }]).unwrap();
            assert_eq!(files.read("blobs/aa/data", 9).unwrap().unwrap(), b"whole");
            assert_eq!(names(&files, "blobs/aa"), ["data"]);
            assert!(files.append("up/1").unwrap().is_none());
        }
    }
}
