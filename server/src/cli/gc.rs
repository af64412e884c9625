//! `gc`: what nothing in our own registry holds goes.

use super::{exit::Failed, output, reading::Reading, telling::Telling};
use crate::settings::{Flags, parse_duration};
use api::{Code, Problem};
use clap::Args;
use oci::{Digest, RepositoryName};
use registry::collect::{Collected, Collection as How};
use serde_json::{Value, json};
use service::Service;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Take away what nothing in our own registry holds: manifests that no tag names, and layers that no manifest needs. It may serve
/// meanwhile. Stopped, it goes on the next time.
#[derive(Debug, Args)]
pub(super) struct Gc {
    /// Take nothing away: list what would go
    #[arg(long)]
    dry_run: bool,
    /// What was pushed, or lost its tag, within this time stays [default: the setting gc_grace, 24h]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<Duration>,
    /// Keep manifests that no tag names; only layers that no manifest needs go
    #[arg(long)]
    keep_untagged: bool,
    /// Write each thing as a line of JSON
    #[arg(long)]
    json: bool,
}

impl Gc {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open_to_change(flags).await?;
        let done = self.collect(&reading).await;
        reading.close().await;
        done
    }

    async fn collect(&self, reading: &Reading) -> Result<(), Failed> {
        let (name, usual) = own(&reading.service)?;
        let how = How { grace: self.grace.unwrap_or(usual.grace), untagged: usual.untagged && !self.keep_untagged, dry_run: self.dry_run };
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = stopping.clone();
        tokio::spawn(async move {
            // Without it the process ends at once, which does no harm either.
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
            }
        });
        let (telling, list, json) = (Telling::new(), self.dry_run || self.json, self.json);
        let visit = Box::new(move |what: &Collected| {
            if let Collected::Looked { repositories, of } = what {
                telling.tell(|| format!("{repositories} of {of} repositories read"));
            } else if list || matches!(what, Collected::Unread { .. }) {
                telling.clear();
                let line = if json { format!("{}\n", value(what)) } else { format!("{}\n", sentence(what)) };
                // Whoever reads has gone: nobody is told, and nothing more goes.
                return output::print(&line).is_ok() && !stopping.load(Ordering::Relaxed);
            }
            !stopping.load(Ordering::Relaxed)
        });
        let sum = reading.service.collect(&reading.caller, &name, how, visit).await;
        Telling::new().clear();
        let sum = sum?;
        if self.json {
            return output::print(&format!("{}\n", serde_json::to_string(&sum).map_err(|error| Failed::Other(error.to_string()))?));
        }
        let verb = if self.dry_run { "would go" } else { "went" };
        output::print(&if sum.blobs + sum.manifests == 0 {
            format!("Nothing {verb}.\n")
        } else {
            let free = if self.dry_run { "would be free" } else { "are free" };
            format!(
                "{} and {} {verb}; {} {free}.\n",
                plural(sum.manifests, "manifest without a tag", "manifests without a tag"),
                plural(sum.blobs, "blob", "blobs"),
                output::human_size(sum.frees)
            )
        })
    }
}

/// The registry of ours, and how the settings have it collected.
fn own(service: &Service) -> Result<(String, service::Collecting), Failed> {
    let own = service.settings().registries.iter().find(|registry| registry.provided.is_some());
    own.map(|registry| (registry.name.clone(), registry.collecting)).ok_or_else(|| {
        Problem::new(Code::RegistryNotFound, "There is no registry of ours here, and others collect their garbage themselves.")
            .hint("Name its folder: --storage file:DIRECTORY.")
            .into()
    })
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn sentence(what: &Collected) -> String {
    match what {
        Collected::Looked { repositories, of } => format!("{repositories} of {of} repositories"),
        Collected::Manifest { repository, digest, size } => format!("manifest   {repository}@{digest}  {}", output::human_size(*size)),
        Collected::Repository { repository } => format!("repository {repository}"),
        Collected::Blob { digest, size } => format!("blob       {digest}  {}", output::human_size(*size)),
        Collected::Unread { repository, digest } => {
            format!("{repository}@{digest} cannot be read: all blobs of {repository} stay.")
        }
    }
}

fn value(what: &Collected) -> Value {
    let of = |kind: &str, repository: Option<&RepositoryName>, digest: Option<&Digest>, size: Option<u64>| json!({"kind": kind, "repository": repository, "digest": digest, "size": size});
    match what {
        Collected::Looked { .. } => Value::Null,
        Collected::Manifest { repository, digest, size } => of("manifest", Some(repository), Some(digest), Some(*size)),
        Collected::Repository { repository } => of("repository", Some(repository), None, None),
        Collected::Blob { digest, size } => of("blob", None, Some(digest), Some(*size)),
        Collected::Unread { repository, digest } => of("unread", Some(repository), Some(digest), None),
    }
}
