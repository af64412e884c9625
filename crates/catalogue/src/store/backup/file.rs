//! The file: written aside, and closed with a line that tells what it is and the sum of all before it. SQLite passes over what
//! stands behind its pages, so the file can be opened as it is.

use super::BackupError;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// How the last line begins.
const WORDS: &str = "supercargo backup ";
/// The version of the last line, and of what it says about the file.
const FORMAT: u32 = 1;
/// The last line is shorter, in this version and any.
const LAST_LINE: u64 = 256;

/// A file being written. Dropped, it is removed.
pub(super) struct Aside {
    path: PathBuf,
    to: PathBuf,
    /// Locked, so that of two who write the same backup the second is told.
    file: File,
    finished: bool,
}

impl Aside {
    /// An empty file beside the one it will be; what an earlier run may have left there is written over.
    pub(super) fn begin(to: &Path) -> io::Result<Self> {
        if to.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let path = to.with_added_extension("begun");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "another backup is being written there"),
            TryLockError::Error(error) => error,
        })?;
        file.set_len(0)?;
        Ok(Self { path, to: to.to_owned(), file, finished: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the last line, has all of it on the disk, and gives the file its name. Returns its bytes.
    pub(super) fn finish(mut self, made: i64, replace: bool) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut sum = Sha256::new();
        let content = add(&mut sum, &mut self.file)?;
        let told = format!("{WORDS}{FORMAT} {made} ");
        sum.update(told.as_bytes());
        let line = format!("{told}{}\n", oci::Digest::sha256(&sum.finalize().into()));
        self.file.write_all(line.as_bytes())?;
        self.file.sync_all()?;
        if !replace && self.to.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&self.path, &self.to)?;
        self.finished = true;
        let folder = self.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(content + line.len() as u64)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed is written over by the next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Reads a file to its end: when it was made, and its bytes. An error where it is no backup, a newer one, or another than was written.
pub(super) fn check(path: &Path) -> Result<(i64, u64), BackupError> {
    let failed = |error| BackupError::File { path: path.to_owned(), what: "cannot be read", error };
    let foreign = || BackupError::Foreign(path.to_owned());
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let from = length.saturating_sub(LAST_LINE);
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).map_err(failed)?;
    let at = end.windows(WORDS.len()).rposition(|window| window == WORDS.as_bytes()).ok_or_else(foreign)?;
    let line = end.get(at..).and_then(|line| std::str::from_utf8(line).ok()).ok_or_else(foreign)?;
    let mut words = line.get(WORDS.len()..).unwrap_or_default().split(' ');
    let format: u32 = words.next().and_then(|word| word.trim_end().parse().ok()).ok_or_else(foreign)?;
    if format > FORMAT {
        return Err(BackupError::Newer(path.to_owned()));
    }
    let (Some(made), Some(told), None) = (words.next().and_then(|word| word.parse().ok()), words.next(), words.next()) else {
        return Err(foreign());
    };
    let told = told.strip_suffix('\n').ok_or_else(foreign)?;

    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut sum = Sha256::new();
    let before = length - (line.len() as u64) + (line.len() - told.len() - 1) as u64;
    add(&mut sum, &mut file.take(before)).map_err(failed)?;
    if oci::Digest::sha256(&sum.finalize().into()).as_str() != told {
        return Err(BackupError::Damaged(path.to_owned()));
    }
    Ok((made, length))
}

/// Adds all there is to read; says how many bytes.
fn add(sum: &mut Sha256, from: &mut impl Read) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 18];
    let mut added = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(added),
            Ok(read) => {
                sum.update(&buffer[..read]);
                added += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
