//! `undo`.

use super::{change, exit::Failed, reading::Reading};
use crate::settings::Flags;
use clap::Args;

/// Put back what a job took.
#[derive(Debug, Args)]
pub(super) struct Undo {
    /// The job, as `supercargo jobs` lists it
    job: String,
    /// Write the job that undid it as JSON
    #[arg(long)]
    json: bool,
}

impl Undo {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_change(flags).await?;
        let done = self.undo(&reading).await;
        reading.close().await;
        done
    }

    async fn undo(self, reading: &Reading) -> Result<(), Failed> {
        let job = reading.service.undo(&reading.caller, &self.job).await?;
        change::finish(reading, job, self.json).await
    }
}
