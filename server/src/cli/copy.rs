//! `copy`.

use super::{
    change::{How, change},
    exit::Failed,
    reading::Reading,
};
use crate::settings::Flags;
use api::{Code, Intent};
use clap::Args;
use oci::Reference;

/// Copy images to another repository or registry, with what is attached to them.
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// registry/repository:tag, …@digest, a repository for all its tags, or a pattern: 'hub/team/*:v2.*'
    #[arg(value_name = "FROM")]
    from: String,
    /// registry/repository:tag, a repository where each tag keeps its name, or a pattern: 'prod/team/*'
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
        match Reference::parse(&from) {
            Ok(reference) => reading.read_repositories(&[reference]).await?,
            Err(_) if from.contains('*') => reading.read_registries(from.split_once('/').map(|(registry, _)| registry)).await?,
            Err(error) => return Err(service::Error::from(error).into()),
        }
        if let Ok(reference) = Reference::parse(&to) {
            match reading.read_repositories(&[reference]).await {
                // It is there when it was copied to.
                Err(Failed::Problem(problem)) if problem.code == Code::RepositoryNotFound => {}
                other => other?,
            }
        }
        let platforms = (!self.platform.is_empty()).then_some(self.platform);
        change(reading, Intent::Copy { from, to, platforms }, self.how).await
    }
}
