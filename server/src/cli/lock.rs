//! `lock` and `unlock`.

use super::{
    exit::Failed,
    output::{self, Output},
    reading::Reading,
};
use crate::settings::Flags;
use clap::Args;

/// Lock a tag or a repository: no change of ours takes it away or moves it. Without a reference: list the locks
#[derive(Debug, Args)]
pub(super) struct Lock {
    /// `registry/repository[:tag]`
    reference: Option<String>,
    /// Why, for those who come across it
    #[arg(long, requires = "reference")]
    note: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Take a lock away
#[derive(Debug, Args)]
pub(super) struct Unlock {
    /// `registry/repository[:tag]`
    reference: String,
}

impl Lock {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_keep(flags).await?;
        let done = self.carry_out(&reading).await;
        reading.close().await;
        done
    }

    async fn carry_out(self, reading: &Reading) -> Result<(), Failed> {
        let locks = match &self.reference {
            None => reading.service.locks(&reading.caller, None, None).await?,
            Some(text) => vec![reading.service.lock(&reading.caller, &reading.reference(text)?, self.note.as_deref()).await?],
        };
        if self.json {
            return output::json(&locks);
        }
        let out = Output::of_process();
        let row =
            |lock: api::Lock| vec![lock.reference, out.time(Some(&lock.at)), lock.actor.unwrap_or_default(), lock.note.unwrap_or_default()];
        out.table(&["LOCKED", "SINCE", "BY", "NOTE"], locks.into_iter().map(row).collect(), 3)
    }
}

impl Unlock {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_keep(flags).await?;
        let done = match reading.reference(&self.reference) {
            Ok(reference) => reading.service.unlock(&reading.caller, &reference).await.map_err(Into::into),
            Err(failed) => Err(failed),
        };
        reading.close().await;
        done
    }
}
