//! Locks: what no change of ours takes away or moves, until it is unlocked.

use super::jobs::Kept;
use crate::{Caller, Error, Result, Service, no_repository, show};
use api::{Code, Lock};
use catalogue::kept::{ActivityRecord, ActivitySource, LockRecord};
use oci::{Reference, Target};
use plan::{Step, Text};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// For how long what was read is shown. A plan reads them anew.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// The most characters of a note.
const NOTE: usize = 500;

impl Service {
    /// All locks, or those of a registry, or of a repository of it, by their places.
    pub async fn locks(&self, _caller: &Caller, registry: Option<&str>, repository: Option<&str>) -> Result<Vec<Lock>> {
        if registry.is_none() && repository.is_some() {
            return Err(Error::new(Code::BadQuery, "“repository” wants its “registry”."));
        }
        let wanted = |lock: &&LockRecord| {
            registry.is_none_or(|registry| lock.registry == registry) && repository.is_none_or(|repository| lock.repository == repository)
        };
        Ok(self.known_locks().await?.iter().filter(wanted).map(shown).collect())
    }

    /// All of them, as they were a moment ago: every page of a repository asks.
    async fn known_locks(&self) -> Result<Arc<Vec<LockRecord>>> {
        if let Some(known) = self.0.locks.get() {
            return Ok(known);
        }
        let all = Arc::new(self.0.catalogue.locks().all().await?);
        self.0.locks.keep(&all);
        Ok(all)
    }

    /// Locks a tag or, by a reference without one, a whole repository. What is locked already gets the new note.
    pub async fn lock(&self, caller: &Caller, reference: &Reference, note: Option<&str>) -> Result<Lock> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > NOTE) {
            return Err(Error::new(Code::BadRequest, format!("A note has {NOTE} characters at most.")));
        }
        let name = name(reference)?;
        let (_, id) = self.repository_of(reference).await?;
        {
            let model = self.0.catalogue.model();
            let repo = model.repo(id).ok_or_else(|| no_repository(reference))?;
            if !name.is_empty() && repo.position(&model, name).is_none() {
                return Err(Error::new(Code::TagNotFound, format!("{} has no tag {name}.", reference.repository)));
            }
        }
        let lock = LockRecord {
            registry: reference.registry.clone(),
            repository: reference.repository.to_string(),
            name: name.to_owned(),
            at: catalogue::now(),
            actor: Some(caller.actor().to_owned()),
            note: note.map(str::to_owned),
        };
        self.0.catalogue.locks().put(&lock).await?;
        self.0.locks.forget();
        self.log_lock(caller, &lock, "lock").await;
        Ok(shown(&lock))
    }

    /// Takes a lock away; `not_found` where there is none.
    pub async fn unlock(&self, caller: &Caller, reference: &Reference) -> Result<()> {
        let name = name(reference)?;
        let (registry, repository) = (reference.registry.clone(), reference.repository.to_string());
        if !self.0.catalogue.locks().take(&registry, &repository, name).await? {
            return Err(Error::new(Code::NotFound, format!("{reference} is not locked.")));
        }
        self.0.locks.forget();
        let lock = LockRecord { registry, repository, name: name.to_owned(), at: catalogue::now(), actor: None, note: None };
        self.log_lock(caller, &lock, "unlock").await;
        Ok(())
    }

    /// Refuses steps that would take away or move what was locked since they were planned.
    pub(super) async fn refuse_locked(&self, steps: &[Kept]) -> Result<()> {
        let locks = self.0.catalogue.locks().all().await?;
        let locked = |step: &Kept| {
            let (registry, repository, tags) = taken(step)?;
            locks.iter().find(|lock| {
                let here = lock.registry == registry && lock.repository == repository;
                here && (lock.name.is_empty() || tags.iter().any(|tag| **tag == *lock.name))
            })
        };
        match steps.iter().find_map(locked) {
            None => Ok(()),
            Some(lock) => Err(Error::new(Code::PlanStale, format!("{} is locked.", shown(lock).reference))
                .hint("Unlock it first, or make the plan anew: it then leaves alone what is locked.")),
        }
    }

    async fn log_lock(&self, caller: &Caller, lock: &LockRecord, action: &str) {
        let row = ActivityRecord {
            at: catalogue::now(),
            action: action.to_owned(),
            actor: Some(caller.actor().to_owned()),
            address: caller.address.map(|address| address.to_string()),
            agent: None,
            source: ActivitySource::Us,
            registry: lock.registry.clone(),
            repository: lock.repository.clone(),
            tag: Some(lock.name.clone()).filter(|name| !name.is_empty()),
            before: None,
            after: None,
            failed: false,
            detail: lock.note.clone(),
            job: None,
            event: None,
        };
        if let Err(error) = self.0.catalogue.activity().append(&[row]).await {
            tracing::error!(%error, "a lock could not be added to the activity");
        }
        self.tell(&lock.registry, &lock.repository);
    }
}

/// The tag of a reference; empty for a whole repository. A digest is locked by a tag of it.
fn name(reference: &Reference) -> Result<&str> {
    match &reference.target {
        None => Ok(""),
        Some(Target::Tag(tag)) => Ok(tag.as_str()),
        Some(Target::Digest(_)) => Err(Error::new(Code::BadRequest, "A digest cannot be locked.")
            .hint("Lock a tag that names it: what a locked tag names is not taken away.")),
    }
}

fn shown(lock: &LockRecord) -> Lock {
    let place = format!("{}/{}", lock.registry, lock.repository);
    Lock {
        reference: if lock.name.is_empty() { place } else { format!("{place}:{}", lock.name) },
        at: show::time(lock.at),
        actor: lock.actor.clone(),
        note: lock.note.clone(),
    }
}

/// The tags that a step takes away or moves, and where.
fn taken(step: &Kept) -> Option<(&str, &str, &[Text])> {
    let registry = step.registry.as_str();
    match &step.step {
        Step::Untag { repository, tag, .. } | Step::PutTag { repository, tag, was: Some(_), .. } => {
            Some((registry, repository, std::slice::from_ref(tag)))
        }
        Step::DeleteManifest { repository, tags, .. } => Some((registry, repository, tags)),
        Step::Copy { to, was: Some(_), .. } => Some((&to.registry, &to.repository, to.tag.as_slice())),
        Step::PutTag { .. } | Step::PutManifest { .. } | Step::Copy { .. } => None,
    }
}

/// What was read of the locks, for a moment: other processes lock, too.
#[derive(Default)]
pub(crate) struct Known(Mutex<Option<(Instant, Arc<Vec<LockRecord>>)>>);

impl Known {
    fn get(&self) -> Option<Arc<Vec<LockRecord>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(at, _)| at.elapsed() < KNOWN_FOR).map(|(_, locks)| Arc::clone(locks))
    }

    fn keep(&self, locks: &Arc<Vec<LockRecord>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(locks)));
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
