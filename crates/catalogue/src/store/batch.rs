//! Puts a batch into an order in which few statements write it, and which leaves the same as writing one by one.

use crate::record::{ManifestRecord, ReferrersRecord, RegistryRecord, RepositoryRecord, TagRecord, Write};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A name as it is stored.
pub(super) type Name<'a> = Cow<'a, str>;
/// Registry and repository.
pub(super) type Place<'a> = (Name<'a>, Name<'a>);
/// Registry, repository, and tag or digest.
pub(super) type Key<'a> = (Name<'a>, Name<'a>, Name<'a>);

/// The text without NUL, which PostgreSQL's `text` cannot hold; the same on both, so that both give the same back.
pub(super) fn text(text: &str) -> Name<'_> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// A batch: first the manifests, which depend on nothing and of which the first of a digest counts, then the steps.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    pub(super) manifests: BTreeMap<Name<'a>, &'a ManifestRecord>,
    pub(super) steps: Vec<Step<'a>>,
}

/// What is written together, in the order of the fields. Each key is there once, since a statement cannot write a row
/// twice; keys are sorted, since the tables are.
#[derive(Debug, Default)]
pub(super) struct Step<'a> {
    pub(super) registries: BTreeMap<Name<'a>, &'a RegistryRecord>,
    pub(super) repositories: BTreeMap<Place<'a>, &'a RepositoryRecord>,
    pub(super) tags: BTreeMap<Key<'a>, &'a TagRecord>,
    pub(super) referrers: BTreeMap<Key<'a>, &'a ReferrersRecord>,
    /// Since when; none for what is held no longer.
    pub(super) held: BTreeMap<Key<'a>, Option<i64>>,
    /// With the time each ends.
    pub(super) dropped_tags: BTreeMap<Key<'a>, i64>,
    pub(super) dropped_repositories: Vec<(Place<'a>, i64)>,
}

impl<'a> Batch<'a> {
    pub(super) fn of(writes: &'a [Write]) -> Self {
        let mut batch = Self::default();
        let mut step = Step::default();
        for write in writes {
            if step.must_come_before(write) {
                batch.steps.push(std::mem::take(&mut step));
            }
            match write {
                Write::Manifest(record) => {
                    batch.manifests.entry(text(&record.digest)).or_insert(record);
                }
                Write::Registry(record) => {
                    step.registries.insert(text(&record.registry), record);
                }
                Write::Repository(record) => {
                    step.repositories.insert((text(&record.registry), text(&record.repository)), record);
                }
                Write::Referrers(record) => {
                    let key = (text(&record.registry), text(&record.repository), text(&record.digest));
                    step.referrers.insert(key, record);
                }
                Write::Tag(record) => {
                    step.tags.insert((text(&record.registry), text(&record.repository), text(&record.tag)), record);
                }
                Write::Held(record) => {
                    let key = (text(&record.registry), text(&record.repository), text(&record.digest));
                    step.held.insert(key, Some(record.since));
                }
                Write::DropHeld { registry, repository, digest } => {
                    step.held.insert((text(registry), text(repository), text(digest)), None);
                }
                Write::DropTag { registry, repository, tag, at } => {
                    step.dropped_tags.entry((text(registry), text(repository), text(tag))).or_insert(*at);
                }
                Write::DropRepository { registry, repository, at } => {
                    step.dropped_repositories.push(((text(registry), text(repository)), *at));
                }
            }
        }
        batch.steps.push(step);
        batch
    }
}

impl Step<'_> {
    /// Whether writing this together with the step, in the order of the step's fields, would change the outcome.
    fn must_come_before(&self, write: &Write) -> bool {
        let drops = !self.dropped_tags.is_empty() || !self.dropped_repositories.is_empty();
        match write {
            Write::Manifest(_) | Write::DropRepository { .. } => false,
            Write::DropTag { .. } | Write::Held(_) | Write::DropHeld { .. } => !self.dropped_repositories.is_empty(),
            Write::Registry(_) | Write::Repository(_) | Write::Referrers(_) => drops,
            // Each value a tag had is a moment of its own, so the later must not take the earlier's place.
            Write::Tag(record) => drops || self.tags.contains_key(&(text(&record.registry), text(&record.repository), text(&record.tag))),
        }
    }
}
