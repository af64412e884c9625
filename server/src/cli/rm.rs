//! `rm`.

use super::{
    change::{How, change},
    exit::Failed,
    reading::{Reading, pointed},
};
use crate::settings::Flags;
use api::Intent;
use clap::Args;

/// Delete tags, images and repositories.
#[derive(Debug, Args)]
pub(super) struct Rm {
    /// registry/repository:tag, …@digest, or a whole repository; the registry may be left out where there is one only
    #[arg(value_name = "REF", required_unless_present = "query", conflicts_with = "query")]
    references: Vec<String>,
    /// Every tag that matches: 'repo:team/* age:>90d'
    #[arg(long, allow_hyphen_values = true)]
    query: Option<String>,
    #[command(flatten)]
    how: How,
}

impl Rm {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_change(flags).await?;
        let done = self.delete(&reading).await;
        reading.close().await;
        done
    }

    async fn delete(self, reading: &Reading) -> Result<(), Failed> {
        let mut refs = Vec::new();
        for text in &self.references {
            refs.push(reading.reference(text)?);
        }
        if let Some(q) = &self.query {
            service::check_query(q).map_err(pointed(q))?;
            reading.read_for(q, None).await?;
        }
        let intent = Intent::Delete { refs: refs.iter().map(ToString::to_string).collect(), query: self.query };
        change(reading, intent, self.how).await
    }
}
