//! The program, run as people run it.

use serde_json::Value;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The program in an empty directory, with nothing of this machine's environment.
pub(crate) struct Program {
    pub directory: TempDir,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_supercargo"));
        command.args(arguments).current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        command
    }

    /// Runs it to its end, away from the runtime on which the fake registry answers.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        Ended::of(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }
}

#[derive(Debug)]
pub(crate) struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
}
