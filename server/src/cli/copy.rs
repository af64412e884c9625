//! `copy`.

use super::{
    change::{How, change},
    exit::Failed,
    reading::Reading,
};
use crate::settings::Flags;
use api::Intent;
use clap::Args;

/// Copy images to another repository or registry, with what is attached to them.
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// registry/repository:tag, …@digest, a repository for all its tags, or a pattern: 'hub/team/*:v2.*'
    #[arg(value_name = "FROM")]
    from: String,
    /// registry/repository:tag, a repository where each tag keeps its name, a pattern ('prod/team/*'), or a registry ('prod/')
    #[arg(value_name = "TO")]
    to: String,
    /// Of an image for several platforms only these; may be repeated
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    platform: Vec<String>,
    #[command(flatten)]
    how: How,
}

impl Copy {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_change(flags).await?;
        let done = self.copy(&reading).await;
        reading.close().await;
        done
    }

    async fn copy(self, reading: &Reading) -> Result<(), Failed> {
        let (from, to) = (reading.with_registry(&self.from)?, reading.with_registry(&self.to)?);
        // What is named is read when it is planned; what a star stands for must be known before.
        if let Some((registry, rest)) = from.split_once('/')
            && rest.split(':').next().is_some_and(|repository| repository.contains('*'))
        {
            reading.read_registries(Some(registry)).await?;
        }
        let platforms = (!self.platform.is_empty()).then_some(self.platform);
        change(reading, Intent::Copy { from, to, platforms }, self.how).await
    }
}
