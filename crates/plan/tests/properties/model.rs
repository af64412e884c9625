//! A registry that does what it is told, and nothing else.

use plan::{Machinery, Plan, Referrer, Snapshot, Step, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) repositories: BTreeMap<Text, Shelf>,
}

/// What lies in a repository, by the numbers of the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shelf {
    pub(crate) manifests: BTreeSet<u32>,
    /// Tags, those that are only machinery among them.
    pub(crate) names: BTreeMap<Text, u32>,
}

impl Model {
    pub(crate) fn of(truth: &Snapshot) -> Self {
        let shelf = |repository: &plan::Repository| {
            let tags = repository.tags.iter().filter_map(|t| Some((t.name.clone(), t.manifest?)));
            let names: BTreeMap<Text, u32> =
                tags.chain(repository.machinery.iter().filter_map(|m| Some((m.tag.clone(), m.manifest?)))).collect();
            let roots =
                names.values().copied().chain(repository.referrers.iter().map(|r| r.manifest)).chain(repository.untagged.iter().copied());
            Shelf { manifests: reached(truth, roots), names }
        };
        Self { repositories: truth.repositories.iter().map(|r| (r.name.clone(), shelf(r))).collect() }
    }

    /// Does one step. Panics where a real registry would do more than the step says, or could not do it.
    pub(crate) fn act(&mut self, truth: &Snapshot, numbers: &HashMap<Text, u32>, step: &Step) {
        match step {
            Step::Untag { repository, tag, digest, media_type, .. } => {
                let shelf = self.repositories.get_mut(repository).expect("a repository");
                let manifest = shelf.names.remove(tag).unwrap_or_else(|| panic!("{repository}:{tag} is not there"));
                assert_eq!(truth.manifests[manifest as usize].digest, *digest);
                assert!(media_type.is_empty() || truth.manifests[manifest as usize].media_type == *media_type);
            }
            Step::DeleteManifest { repository, digest, tags, .. } => {
                let shelf = self.repositories.get_mut(repository).expect("a repository");
                let manifest = numbers[digest];
                assert!(shelf.manifests.remove(&manifest), "{digest} is not in {repository}");
                let vanish: BTreeSet<Text> = shelf.names.iter().filter(|&(_, &m)| m == manifest).map(|(name, _)| name.clone()).collect();
                assert_eq!(vanish, tags.iter().cloned().collect(), "the tags of {digest}");
                shelf.names.retain(|_, m| *m != manifest);
            }
            other => panic!("a delete has no step {other:?}"),
        }
    }

    pub(crate) fn run(&mut self, truth: &Snapshot, plan: &Plan) {
        let numbers = numbers(truth);
        plan.steps.iter().for_each(|step| self.act(truth, &numbers, step));
    }

    /// Whatever a name reaches is there, as far as it was in `before`.
    pub(crate) fn assert_whole(&self, truth: &Snapshot, before: &Self) {
        for (name, shelf) in &self.repositories {
            for manifest in reached(truth, shelf.names.values().copied()) {
                let was = before.repositories[name].manifests.contains(&manifest);
                assert!(!was || shelf.manifests.contains(&manifest), "something with a name in {name} lacks {manifest}");
            }
        }
    }

    /// What something in the registry names. What lies in no repository of the snapshot lies somewhere that is not known.
    pub(crate) fn blobs(&self, truth: &Snapshot, before: &Self) -> BTreeSet<u32> {
        let placed: BTreeSet<u32> = before.repositories.values().flat_map(|s| s.manifests.iter().copied()).collect();
        let placeless = (0..truth.manifests.len() as u32).filter(|m| !placed.contains(m));
        let all = self.repositories.values().flat_map(|s| s.manifests.iter().copied()).chain(placeless);
        let named = all.flat_map(|m| truth.manifests[m as usize].blobs.iter().copied());
        named.chain((0..).zip(&truth.blobs).filter(|(_, b)| b.outside).map(|(i, _)| i)).collect()
    }

    /// What would be known of it now, were all of it read.
    pub(crate) fn look(&self, truth: &Snapshot) -> Snapshot {
        let mut now = truth.clone();
        for repository in &mut now.repositories {
            let shelf = &self.repositories[&repository.name];
            repository.tags.retain(|t| t.dangling || shelf.names.contains_key(&t.name));
            repository.machinery.retain(|m: &Machinery| shelf.names.contains_key(&m.tag));
            repository.referrers.retain(|r: &Referrer| shelf.manifests.contains(&r.manifest));
            let named = shelf.names.values().copied().chain(repository.referrers.iter().map(|r| r.manifest));
            let reached = reached(truth, named);
            repository.untagged = shelf.manifests.iter().copied().filter(|m| !reached.contains(m)).collect();
        }
        now
    }
}

pub(crate) fn numbers(snapshot: &Snapshot) -> HashMap<Text, u32> {
    snapshot.manifests.iter().map(|m| m.digest.clone()).zip(0..).collect()
}

pub(crate) fn reached(snapshot: &Snapshot, roots: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<u32> = roots.into_iter().collect();
    while let Some(manifest) = open.pop() {
        if seen.insert(manifest) {
            open.extend(&snapshot.manifests[manifest as usize].children);
        }
    }
    seen
}
