//! `retag`.

use super::{
    change::{How, change},
    exit::Failed,
    reading::Reading,
};
use crate::settings::Flags;
use api::Intent;
use clap::Args;

/// Give an image a tag; where the tag named another, that can be undone.
#[derive(Debug, Args)]
pub(super) struct Retag {
    /// registry/repository:tag or …@digest; the registry may be left out where there is one only
    #[arg(value_name = "REF")]
    reference: String,
    /// The tag, in the same repository
    tag: String,
    #[command(flatten)]
    how: How,
}

impl Retag {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_change(flags).await?;
        let done = self.retag(&reading).await;
        reading.close().await;
        done
    }

    async fn retag(self, reading: &Reading) -> Result<(), Failed> {
        let reference = reading.reference(&self.reference)?;
        let tag = oci::Tag::parse(&self.tag).map_err(service::Error::from)?;
        let intent = Intent::Retag { r#ref: reference.to_string(), tag: tag.to_string() };
        change(reading, intent, self.how).await
    }
}
