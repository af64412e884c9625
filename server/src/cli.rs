//! The command line.
//!
//! Results go to stdout, errors to stderr as one sentence, progress to stderr where that is a terminal. The exit status
//! is 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused.

mod activity;
mod backup;
mod change;
mod clean_up;
mod config;
mod copy;
mod demo;
mod exit;
mod gc;
mod healthcheck;
mod inspect;
mod jobs;
mod listing;
mod lists;
mod lock;
mod output;
mod plan;
mod progress;
mod reading;
mod retag;
mod rm;
mod serve;
mod telling;
mod undo;
mod verify;

use crate::settings::Flags;
use clap::{Parser, Subcommand};
use exit::Failed;
use std::process::ExitCode;

/// A searchable catalogue beside any container registry.
#[derive(Debug, Parser)]
#[command(name = "supercargo", version, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused.\n\
    Every setting is also an environment variable (SUPERCARGO_LISTEN) and a key of the settings file (listen).")]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server; also what happens without a command
    Serve,
    /// Fill our own registry, where it is empty, with example content
    Demo(demo::Demo),
    /// List repositories
    Ls(lists::Ls),
    /// List the tags of a repository
    Tags(lists::Tags),
    /// Show an image in full
    Inspect(inspect::Inspect),
    /// Find repositories, tags, digests and labels
    Search(lists::Search),
    /// Delete tags, images and repositories: shows the plan, and acts when it is confirmed
    Rm(rm::Rm),
    /// Give an image a tag
    Retag(retag::Retag),
    /// Copy images to another repository or registry
    Copy(copy::Copy),
    /// Delete what a policy says
    CleanUp(Box<clean_up::CleanUp>),
    /// Take away what nothing in our own registry holds
    Gc(gc::Gc),
    /// Read all that our own registry stores, and tell what is damaged or missing
    Verify(verify::Verify),
    /// Write all that the database knows into a file; the server may go on meanwhile
    Backup(backup::Backup),
    /// Put what a backup holds into the database, of either kind; the server must be stopped
    Restore(backup::Restore),
    /// Lock a tag or a repository, so that no change takes it away; without a reference: list the locks
    Lock(lock::Lock),
    /// Take a lock away
    Unlock(lock::Unlock),
    /// Put back what a job took
    Undo(undo::Undo),
    /// List jobs, or show one with its steps
    Jobs(jobs::Jobs),
    /// What was done to the registries
    Activity(activity::Activity),
    /// Check or show the settings in force
    #[command(subcommand)]
    Config(config::Config),
    /// Ask the server at the configured address whether it is alive
    Healthcheck,
}

/// Runs the program.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, and go to stdout.
            let status = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            return if error.print().is_ok() { ExitCode::from(status) } else { ExitCode::from(exit::FAILED) };
        }
    };
    match execute(cli) {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::from(failed.status())
        }
    }
}

fn execute(cli: Cli) -> Result<(), Failed> {
    let Cli { flags, command } = cli;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // Two at least: on one, a page that is drawn keeps the registry's answers waiting.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(cores.max(2)).enable_all().build().map_err(Failed::io)?;
    runtime.block_on(async {
        match command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(flags).await,
            Command::Demo(command) => command.run(flags).await,
            Command::Ls(command) => listing::run(command, flags).await,
            Command::Tags(command) => listing::run(command, flags).await,
            Command::Inspect(command) => command.run(flags).await,
            Command::Search(command) => listing::run(command, flags).await,
            Command::Rm(command) => command.run(flags).await,
            Command::Retag(command) => command.run(flags).await,
            Command::Copy(command) => command.run(flags).await,
            Command::CleanUp(command) => command.run(flags).await,
            Command::Gc(command) => command.run(flags).await,
            Command::Verify(command) => command.run(flags).await,
            Command::Backup(command) => command.run(flags).await,
            Command::Restore(command) => command.run(flags).await,
            Command::Lock(command) => command.run(flags).await,
            Command::Unlock(command) => command.run(flags).await,
            Command::Undo(command) => command.run(flags).await,
            Command::Jobs(command) => command.run(flags).await,
            Command::Activity(command) => command.run(flags).await,
            Command::Config(command) => command.run(flags),
            Command::Healthcheck => healthcheck::run(flags).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_agree_with_one_another() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_on_either_side_of_a_command() {
        let before = Cli::try_parse_from(["supercargo", "--registry", "http://a", "ls"]).unwrap();
        let after = Cli::try_parse_from(["supercargo", "ls", "--registry", "http://a"]).unwrap();
        assert_eq!(before.flags.registry, ["http://a"]);
        assert_eq!(after.flags.registry, ["http://a"]);
        assert!(Cli::try_parse_from(["supercargo"]).unwrap().command.is_none());
    }
}
