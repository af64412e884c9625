//! Manifests that lost their last tag. Registries list none of them, so what no tag reaches any more is looked for by
//! its digest a moment later; what is still there is known from then on, and a clean-up can find it.

use crate::{
    catalogue::{Catalogue, now},
    model::Model,
    record::{HeldRecord, Write},
    store::{Result, Store},
};
use futures::StreamExt;
use oci::{Digest, RepositoryName, Target};
use registry::Error;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What is to be looked for, by repository and manifest, and not before when.
#[derive(Debug, Default)]
pub(crate) struct Untagged(Mutex<HashMap<(u32, u32), i64>>);

/// Between two looks at what tags let go.
const TICK: Duration = Duration::from_secs(1);
/// How long something is left alone: a job, or another tag, is often about to take it.
const SETTLING: i64 = 5_000;
/// How long it is left alone where the registry did not answer.
const AGAIN: i64 = 60_000;
/// Looked for at once.
const TOGETHER: usize = 4;
/// Waiting at most. Beyond that it is only found again where the database has it.
const WAITING: usize = 200_000;

/// What is held, from the database.
pub(crate) async fn load(store: &Store, model: &mut Model) -> Result<()> {
    for HeldRecord { registry, repository, digest, since } in store.held().await? {
        let Some(id) = model.registry_number(&registry).and_then(|number| model.find_repo(number, &repository)) else { continue };
        let manifest = model.manifest_number(&digest);
        model.hold_untagged(id, manifest, since);
    }
    Ok(())
}

/// Looks after what tags let go, until the catalogue closes.
pub(crate) async fn run(catalogue: Catalogue) {
    let stop = catalogue.0.stop.clone();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        take_note(&catalogue).await;
        let due = catalogue.0.untagged.due(now());
        let looks =
            futures::stream::iter(due).for_each_concurrent(TOGETHER, |(repository, manifest)| look(&catalogue, repository, manifest));
        tokio::select! {
            () = stop.cancelled() => return,
            () = looks => {}
        }
    }
}

/// Takes what tags let go since last time. It goes to the database at once, so that it is not lost when the process ends
/// before it was looked for.
async fn take_note(catalogue: &Catalogue) {
    if !catalogue.model().has_untagged() {
        return;
    }
    let at = now();
    let let_go = catalogue.model_mut().take_untagged();
    for (repository, manifest) in let_go {
        let Some((watched, name, digest)) = place(catalogue, repository, manifest) else { continue };
        let record =
            HeldRecord { registry: watched.source.name.clone(), repository: name.to_string(), digest: digest.to_string(), since: at };
        catalogue.0.untagged.put(repository, manifest, at + SETTLING);
        catalogue.0.write(Write::Held(record)).await;
    }
}

async fn look(catalogue: &Catalogue, repository: u32, manifest: u32) {
    let Some((watched, name, digest)) = place(catalogue, repository, manifest) else { return };
    match still_there(catalogue, watched.number, &name, &digest).await {
        Ok(there) => tracing::trace!(registry = %watched.source.name, repository = %name, %digest, there, "looked for what no tag reaches"),
        Err(error) => {
            if error.is_outage() {
                catalogue.0.untagged.put(repository, manifest, now() + AGAIN);
            }
            tracing::debug!(registry = %watched.source.name, repository = %name, %digest, %error, "what no tag reaches could not be looked for");
        }
    }
}

/// Asks whether a manifest that no tag reaches is there, and notes the answer.
pub(crate) async fn still_there(
    catalogue: &Catalogue,
    registry: u16,
    repository: &RepositoryName,
    digest: &Digest,
) -> std::result::Result<bool, Error> {
    let watched = catalogue.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
    let there = match watched.source.registry.resolve(repository, &Target::Digest(digest.clone())).await {
        Ok(_) => true,
        Err(Error::NotFound(_)) => false,
        Err(error) => return Err(error),
    };
    let unreached = {
        let mut model = catalogue.model_mut();
        let (Some(id), Some(manifest)) = (model.find_repo(registry, repository.as_str()), model.find_manifest(digest.as_str())) else {
            return Ok(there);
        };
        let reached = model.repo(id).is_some_and(|repo| repo.reached().binary_search(&manifest).is_ok());
        if there {
            model.hold_untagged(id, manifest, now());
        } else if let Some(repo) = model.repo_mut(id) {
            repo.held.retain(|(held, _)| *held != manifest);
        }
        !reached
    };
    if !(there && unreached) {
        let drop =
            Write::DropHeld { registry: watched.source.name.clone(), repository: repository.to_string(), digest: digest.to_string() };
        catalogue.0.write(drop).await;
    }
    Ok(there)
}

/// Where a manifest is to be looked for; none where a tag reaches it again, or the repository is gone.
fn place(catalogue: &Catalogue, repository: u32, manifest: u32) -> Option<(&crate::source::Watched, RepositoryName, Digest)> {
    let model = catalogue.model();
    let repo = model.repo(repository).filter(|repo| repo.reached().binary_search(&manifest).is_err())?;
    let digest = model.digest(manifest)?;
    let watched = catalogue.0.watched.get(usize::from(repo.registry))?;
    // Our own placeholders are taken away by those who put them there.
    if catalogue.expects(&digest) {
        return None;
    }
    Some((watched, RepositoryName::parse(&repo.name).ok()?, Digest::parse(&digest).ok()?))
}

impl Untagged {
    fn put(&self, repository: u32, manifest: u32, not_before: i64) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.insert((repository, manifest), not_before);
        }
    }

    /// It is known to be gone, or to be there.
    pub(crate) fn settle(&self, repository: u32, manifest: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(repository, manifest));
    }

    fn due(&self, now: i64) -> Vec<(u32, u32)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<(u32, u32)> = waiting.iter().filter(|(_, at)| **at <= now).map(|(key, _)| *key).collect();
        due.iter().for_each(|key| {
            waiting.remove(key);
        });
        due
    }
}
