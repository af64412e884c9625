//! Waiting for a job of this process: how far it is, and Ctrl-C.

use super::{exit::Failed, output, reading::Reading};
use crate::following::follow;
use api::Job;
use futures::StreamExt;
use std::io::{self, IsTerminal, Write};
use tokio::signal::unix::{SignalKind, signal};

/// Waits until a job is over. Ctrl-C has it stop after the present step; a second one leaves it where it is.
pub(super) async fn wait(reading: &Reading, job: Job) -> Result<Job, Failed> {
    let told = io::stderr().is_terminal();
    let mut changes = std::pin::pin!(follow(&reading.service, &reading.caller, &job.id));
    let mut interrupts = signal(SignalKind::interrupt()).map_err(Failed::io)?;
    let mut last = job;
    let mut stopping = false;
    loop {
        tokio::select! {
            change = changes.next() => match change {
                Some(job) => {
                    last = job?;
                    if told {
                        eprint!("\r\u{1b}[K{}", output::clean(&line(&last, stopping)));
                        // Progress that cannot be shown is not missed.
                        drop(io::stderr().flush());
                    }
                }
                None => break,
            },
            _ = interrupts.recv() => {
                if stopping {
                    return Err(Failed::Other(format!("Left while job {} was being stopped; what is known of it is kept.", last.id)));
                }
                stopping = true;
                reading.service.cancel(&reading.caller, &last.id).await?;
            }
        }
    }
    if told {
        eprint!("\r\u{1b}[K");
    }
    Ok(last)
}

fn line(job: &Job, stopping: bool) -> String {
    let (done, total) = if job.unit == "bytes" {
        (output::human_size(job.done), output::human_size(job.total))
    } else {
        (job.done.to_string(), job.total.to_string())
    };
    let unit = if job.unit == "bytes" { "" } else { " steps" };
    let stopping = if stopping { ", stopping after this one" } else { "" };
    format!("{}: {done} of {total}{unit}{stopping}", job.summary)
}

#[cfg(test)]
mod tests {
    use super::{super::change::tests::job, *};
    use api::JobState;

    #[test]
    fn steps_are_counted_and_bytes_measured() {
        let steps = job(JobState::Running, Vec::new());
        assert_eq!(line(&steps, false), "Delete 3 tags from local/team/api: 1 of 3 steps");
        assert_eq!(line(&steps, true), "Delete 3 tags from local/team/api: 1 of 3 steps, stopping after this one");
        let bytes = Job { unit: "bytes".into(), done: 1_200_000, total: 5_000_000_000, ..steps };
        assert_eq!(line(&bytes, false), "Delete 3 tags from local/team/api: 1.2 MB of 5.0 GB");
    }
}
