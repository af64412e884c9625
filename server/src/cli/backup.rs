//! `backup` and `restore`: the database as a file, and back.

use super::{
    exit::Failed,
    output::{self, human_size},
    serve::make_data_directory,
    telling::Telling,
};
use crate::{
    logs,
    settings::{self, Flags, Settings, Sources},
};
use api::{Code, Problem};
use catalogue::store::{
    StoreError,
    backup::{self, BackupError, Contents},
};
use clap::Args;
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// What stands for stdout, or stdin.
const STREAM: &str = "-";

/// Write all that the database knows into a file, as it is at one instant; the server may go on meanwhile. The content of our own
/// registry is not in it
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; - writes it to stdout
    file: PathBuf,
    /// Write over a file that is there already
    #[arg(long)]
    force: bool,
    /// Write what is in it as JSON
    #[arg(long)]
    json: bool,
}

/// Put what a backup holds into the database, of either kind. The server must be stopped
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The file to read; - reads it from stdin
    file: PathBuf,
    /// Put it in the place of what the database holds now
    #[arg(long)]
    force: bool,
    /// Write what was in it as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "error");
        let database = settings.database.expose();
        if self.file != Path::new(STREAM) {
            let contents = make(database, &self.file, self.force).await?;
            if self.json {
                return told_as_json(&self.file, &contents);
            }
            let (file, size) = (self.file.display(), human_size(contents.bytes));
            return output::print(&format!("Backed up {contents} to {file}, {size}.\n"));
        }
        if io::stdout().is_terminal() {
            return Err(Problem::new(Code::BadRequest, "A backup is nothing to read on a terminal.").hint("Name a file.").into());
        }
        let aside = aside(&settings, "backup");
        make(database, &aside, true).await?;
        let opened = File::open(&aside);
        // Read through what is open; whatever comes, it does not stay.
        fs::remove_file(&aside).map_err(Failed::io)?;
        let mut file = opened.map_err(Failed::io)?;
        let mut out = io::stdout().lock();
        io::copy(&mut file, &mut out).and_then(|_| out.flush()).map_err(Failed::io)
    }
}

async fn make(database: &str, file: &Path, force: bool) -> Result<Contents, Failed> {
    let telling = Telling::new();
    let made = backup::make(database, file, force, &|table, rows| telling.tell(|| format!("{table}: {rows} rows"))).await;
    telling.clear();
    made.map_err(|error| match error {
        BackupError::Exists(_) => Failed::Refused(format!("{error} Name another file, or give --force to write over it.")),
        error => failed(error),
    })
}

impl Restore {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "error");
        make_data_directory(&settings)?;
        let contents = if self.file == Path::new(STREAM) {
            let spool = aside(&settings, "restore");
            let restored = match spool_stdin(&spool) {
                Ok(()) => restore(&settings, &spool, self.force).await,
                Err(error) => Err(Failed::Other(format!("What came from stdin could not be kept in {}: {error}.", spool.display()))),
            };
            // What could not be removed is written over by the next.
            drop(fs::remove_file(&spool));
            restored?
        } else {
            restore(&settings, &self.file, self.force).await?
        };
        if self.json {
            return told_as_json(&self.file, &contents);
        }
        output::print(&format!("Restored {contents}, as of {}.\n", time(contents.made)))
    }
}

async fn restore(settings: &Settings, file: &Path, force: bool) -> Result<Contents, Failed> {
    let telling = Telling::new();
    let restored =
        backup::restore(settings.database.expose(), file, force, &|table, rows| telling.tell(|| format!("{table}: {rows} rows"))).await;
    telling.clear();
    restored.map_err(|error| match error {
        BackupError::Filled(..) => {
            Failed::Refused(format!("{error} Name an empty database, or give --force to put the backup in the place of all that."))
        }
        BackupError::File { error: ref cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
            Problem::new(Code::NotFound, error.to_string()).into()
        }
        error => failed(error),
    })
}

fn failed(error: BackupError) -> Failed {
    match error {
        BackupError::Missing(_) => Problem::new(Code::NotFound, error.to_string())
            .hint("Name another database: --database sqlite:PATH or postgres://…, or --data DIRECTORY.")
            .into(),
        BackupError::Store(StoreError::Unavailable { .. } | StoreError::Failed { .. } | StoreError::Address(_))
        | BackupError::File { .. } => Failed::Other(error.to_string()),
        refused => Failed::Refused(refused.to_string()),
    }
}

/// A file of ours for as long as it takes.
fn aside(settings: &Settings, name: &str) -> PathBuf {
    if settings.data.is_dir() { settings.data.join(name) } else { std::env::temp_dir().join(format!("supercargo-{name}")) }
}

fn spool_stdin(to: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create(true).truncate(true), 0o600);
    io::copy(&mut io::stdin().lock(), &mut options.open(to)?).map(drop)
}

fn told_as_json(file: &Path, contents: &Contents) -> Result<(), Failed> {
    let rows: serde_json::Map<_, _> = contents.rows.iter().map(|(table, rows)| (table.clone(), json!(rows))).collect();
    output::json(&json!({"file": file.display().to_string(), "made": time(contents.made), "bytes": contents.bytes, "rows": rows}))
}

fn time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}
