//! What somebody wants to see that is not known yet: asked of the registry now.

use crate::{
    catalogue::{Awaited, Catalogue, now},
    crawler::{Pace, fetch, read_referrers, read_repository, read_tag},
    model::NEVER,
};
use oci::{Digest, RepositoryName, Tag, Target};
use registry::{Error, remote::traced};
use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

/// How long a repository is waited for whose tags are known, and not yet what they name.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked after that.
const LOOK: Duration = Duration::from_millis(100);

impl Catalogue {
    /// Makes a repository known that is not, and reads its tags if that was never done. `NotFound` where the registry
    /// has none of that name.
    pub async fn ensure_repository(&self, registry: u16, repository: &RepositoryName) -> Result<u32, Error> {
        let known = {
            let model = self.model();
            model.find_repo(registry, repository.as_str()).filter(|&id| model.repo(id).is_some_and(|r| r.crawled != NEVER))
        };
        if let Some(id) = known {
            return Ok(id);
        }
        let missing = || Error::NotFound(format!("the registry has no repository {repository}"));
        let watched = self.watched(registry).ok_or_else(missing)?;
        if !watched.wants(repository.as_str()) {
            return Err(missing());
        }
        // It goes on when whoever asked has left.
        let (catalogue, name) = (self.clone(), repository.clone());
        let reading = self.0.tasks.spawn(traced(async move { catalogue.read_together(registry, &name).await }));
        tokio::select! {
            read = reading => watched.asked(read.unwrap_or_else(|error| Err(Error::Misbehaved(error.to_string()))))?,
            () = self.listed(registry, repository) => {}
        }
        self.model().find_repo(registry, repository.as_str()).ok_or_else(missing)
    }

    /// Reads a repository, once for all who want that at a time.
    async fn read_together(&self, registry: u16, repository: &RepositoryName) -> Result<(), Error> {
        let key = (registry, repository.to_string());
        let cell = Arc::clone(self.readings().entry(key.clone()).or_default());
        let read = async {
            let Some(watched) = self.watched(registry) else { return Ok(()) };
            read_repository(self, watched, repository, Pace::Now).await.map(drop)
        };
        let read = self.0.stop.run_until_cancelled(cell.get_or_init(|| read)).await.cloned();
        self.readings().remove(&key);
        read.unwrap_or_else(|| Err(Error::Unreachable("the server is ending".into())))
    }

    fn readings(&self) -> MutexGuard<'_, HashMap<(u16, String), Arc<Awaited>>> {
        self.0.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a repository's tags are listed, and a while for what they name. For ever where nobody could see the rest come.
    async fn listed(&self, registry: u16, repository: &RepositoryName) {
        tokio::time::sleep(PATIENCE).await;
        let has_tags = || {
            let model = self.model();
            model.find_repo(registry, repository.as_str()).and_then(|id| model.repo(id)).is_some_and(|repo| !repo.names.is_empty())
        };
        while !(self.0.serves.load(Ordering::Relaxed) && has_tags()) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What a tag names, asked of the registry now, and taken in.
    pub async fn ensure_tag(&self, registry: u16, repository: &RepositoryName, tag: &Tag) -> Result<Digest, Error> {
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        watched.asked(read_tag(self, watched, repository, tag, None).await)
    }

    /// A manifest of a repository that no tag reaches, asked for by digest.
    pub async fn ensure_manifest(&self, registry: u16, repository: &RepositoryName, digest: &Digest) -> Result<u32, Error> {
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        watched.asked(watched.source.registry.resolve(repository, &Target::Digest(digest.clone())).await)?;
        let id = fetch(self, watched, repository, digest).await?;
        // Where no tag reaches it, it is there nevertheless: to be tagged again, copied, deleted.
        let mut model = self.model_mut();
        if let Some(repo) = model.find_repo(registry, repository.as_str()) {
            model.hold_untagged(repo, id, now());
        }
        Ok(id)
    }

    /// Asks the registry what is attached to a digest, unless it was asked within `age`.
    pub async fn refresh_referrers(&self, registry: u16, repository: &RepositoryName, digest: &Digest, age: Duration) -> Result<(), Error> {
        let Some(watched) = self.watched(registry) else { return Ok(()) };
        let fresh_since = now() - i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        {
            let model = self.model();
            let checked = model
                .find_repo(registry, repository.as_str())
                .and_then(|r| model.repo(r))
                .and_then(|r| r.referrers.get(&model.find_manifest(digest.as_str())?))
                .map(|r| r.checked);
            if checked.is_some_and(|c| c > fresh_since) {
                return Ok(());
            }
        }
        read_referrers(self, watched, repository, digest).await
    }
}
