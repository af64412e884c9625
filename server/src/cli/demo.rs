//! `demo`: example content for our own registry.

use super::{exit::Failed, output, telling::Telling};
use crate::{
    embedded::Own,
    logs,
    settings::{self, Flags, Sources},
};
use api::{Code, Problem};
use clap::Args;
use embedded::{InProcess, Local};
use example::Put;
use oci::Target;
use registry::Registry;
use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

/// Fill our own registry, where it is empty, with example content.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Nothing to do where something is there already
    #[arg(long)]
    if_empty: bool,
}

/// What was put there.
#[derive(Default)]
struct Filled {
    repositories: std::collections::BTreeSet<String>,
    tags: std::collections::BTreeSet<String>,
    bytes: u64,
}

impl Demo {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "error");
        let Some(own) = &settings.embedded else {
            let problem = Problem::new(Code::RegistryNotFound, "The example goes into our own registry, and it is not on.")
                .hint("Name no other registry, or write an [embedded] section into supercargo.toml.");
            return Err(problem.into());
        };
        if settings.read_only {
            return Err(Problem::new(Code::ReadOnly, "Nothing can be changed here: the setting is read_only.").into());
        }
        let place = own.storage.to_string();
        // Nobody relies on any of it before it is all there.
        let local = Own::open_storage(&settings, own, false).map_err(Failed::Other)?;
        let registry = InProcess(local.clone());
        let there = registry.repositories(None).await.map_err(|error| Failed::Other(format!("{place} cannot be read: {error}.")))?;
        if !there.items.is_empty() {
            if self.if_empty {
                return Ok(());
            }
            let problem = Problem::new(Code::Busy, format!("{place} holds something already; the example goes into an empty registry."))
                .hint("Give another folder: --storage file:DIRECTORY.");
            return Err(problem.into());
        }
        let began = Instant::now();
        let filled = fill(&local, &registry).await?;
        output::print(&format!(
            "Filled {place} with {} repositories, {} tags, {} in {:.1} s.\n",
            filled.repositories.len(),
            filled.tags.len(),
            output::human_size(filled.bytes),
            began.elapsed().as_secs_f64()
        ))
    }
}

async fn fill(local: &Arc<Local>, registry: &InProcess) -> Result<Filled, Failed> {
    let failed = |what: &str, error: &dyn std::fmt::Display| Failed::Other(format!("{what} could not be put there: {error}."));
    let telling = Telling::new();
    let mut filled = Filled::default();
    for step in example::steps(jiff::Timestamp::now()) {
        let step = step.map_err(|error| failed("The example", &error))?;
        let repository = &step.repository;
        filled.repositories.insert(repository.to_string());
        match step.put {
            Put::Blob { digest, bytes } => {
                filled.bytes += bytes.len() as u64;
                let size = bytes.len() as u64;
                registry.write_blob(repository, &digest, size, &bytes, &|_| {}).await.map_err(|error| failed(digest.as_str(), &error))?;
            }
            Put::Mount { digest, from } => {
                let mounted = registry.mount_blob(repository, &digest, &from).await.map_err(|error| failed(digest.as_str(), &error))?;
                if !mounted {
                    return Err(failed(digest.as_str(), &format!("it is not in {from}")));
                }
            }
            Put::Manifest { digest, media_type, bytes, tags } => {
                filled.bytes += bytes.len() as u64;
                let at = SystemTime::from(step.at);
                let mut targets = vec![Target::Digest(digest.clone())];
                targets.extend(tags.into_iter().map(Target::Tag));
                for target in targets {
                    registry
                        .put_manifest(repository, &target, media_type, bytes.clone())
                        .await
                        .map_err(|error| failed(digest.as_str(), &error))?;
                    if let Target::Tag(tag) = target {
                        local.date(repository, &tag, at).await.map_err(|error| failed(tag.as_str(), &error))?;
                        filled.tags.insert(format!("{repository}:{tag}"));
                    }
                }
            }
        }
        telling.tell(|| format!("{} tags in {} repositories", filled.tags.len(), filled.repositories.len()));
    }
    telling.clear();
    Ok(filled)
}
