//! What changed between a plan and the one made anew: how a plan is found stale.

use crate::{Plan, Step, words::short};
use std::collections::{BTreeMap, BTreeSet};

/// What is no longer as the plan says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .sentences.join(" "))]
pub struct Difference {
    /// One sentence for each thing, the first [`Difference::MOST`].
    pub sentences: Vec<String>,
}

impl Difference {
    /// The most sentences that are told.
    pub const MOST: usize = 20;
}

impl Plan {
    /// Whether both do the same, whatever the order in which they do it. `other` is the plan made anew.
    pub fn same_steps(&self, other: &Self) -> Result<(), Difference> {
        compare(self.steps.iter(), other.steps.iter())
    }

    /// Whether both do the same in one repository.
    pub fn same_steps_in(&self, other: &Self, repository: &str) -> Result<(), Difference> {
        let here = |step: &&Step| step.repository() == repository;
        compare(self.steps.iter().filter(here), other.steps.iter().filter(here))
    }
}

impl Step {
    /// The repository that it changes.
    pub fn repository(&self) -> &str {
        match self {
            Self::Untag { repository, .. }
            | Self::DeleteManifest { repository, .. }
            | Self::PutTag { repository, .. }
            | Self::PutManifest { repository, .. } => repository,
            Self::Copy { to, .. } => &to.repository,
        }
    }

    /// The same whatever the order of its lists.
    fn sorted(&self) -> Self {
        let mut step = self.clone();
        match &mut step {
            Self::DeleteManifest { tags: list, .. } | Self::Copy { platforms: list, .. } => list.sort_unstable(),
            Self::Untag { .. } | Self::PutTag { .. } | Self::PutManifest { .. } => {}
        }
        step
    }
}

fn compare<'a>(old: impl Iterator<Item = &'a Step>, new: impl Iterator<Item = &'a Step>) -> Result<(), Difference> {
    let sorted = |steps: Vec<&Step>| {
        let mut steps: Vec<Step> = steps.into_iter().map(Step::sorted).collect();
        steps.sort_unstable();
        steps
    };
    let (old, new) = (sorted(old.collect()), sorted(new.collect()));
    if old == new {
        return Ok(());
    }
    let mut sentences = Vec::new();
    tags(&Names::of(&old), &Names::of(&new), &mut sentences);
    if sentences.is_empty() {
        // The same tags of the same digests: then it is the way that differs.
        let (was, is): (BTreeSet<&Step>, BTreeSet<&Step>) = (old.iter().collect(), new.iter().collect());
        sentences.extend(is.difference(&was).map(|step| format!("Now {}.", step.tell())));
        if sentences.is_empty() {
            sentences.extend(was.difference(&is).map(|step| format!("No longer {}.", step.tell())));
        }
    }
    sentences.truncate(Difference::MOST);
    Err(Difference { sentences })
}

impl Step {
    /// `team/api:v1 is deleted by its name`.
    fn tell(&self) -> String {
        match self {
            Self::Untag { repository, tag, way: crate::Way::ByName, .. } => format!("{repository}:{tag} is deleted by its name"),
            Self::Untag { repository, tag, .. } => format!("{repository}:{tag} is deleted by a placeholder"),
            Self::DeleteManifest { repository, digest, .. } => format!("{} of {repository} is deleted by its digest", short(digest)),
            Self::PutTag { repository, tag, digest, .. } => format!("{repository}:{tag} comes to name {}", short(digest)),
            Self::PutManifest { repository, digest, .. } => format!("{} comes back to {repository}", short(digest)),
            Self::Copy { from, to, digest, .. } => {
                format!("{} is copied from {}/{} to {}/{}", short(digest), from.registry, from.repository, to.registry, to.repository)
            }
        }
    }
}

/// What the steps are about.
#[derive(Default)]
struct Names<'a> {
    /// (repository, tag): what it names before the step; none where it is not there.
    tags: BTreeMap<(&'a str, &'a str), Option<&'a str>>,
    /// (repository, digest)
    deleted: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Names<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut names = Self::default();
        for step in steps {
            match step {
                Step::Untag { repository, tag, digest, .. } => _ = names.tags.insert((repository, tag), Some(digest)),
                Step::DeleteManifest { repository, digest, tags, .. } => {
                    names.deleted.insert((repository, digest));
                    names.tags.extend(tags.iter().map(|tag| ((&**repository, &**tag), Some(&**digest))));
                }
                Step::PutTag { repository, tag, was, .. } => _ = names.tags.insert((repository, tag), was.as_deref()),
                Step::Copy { to, was, .. } => {
                    names.tags.extend(to.tag.as_deref().map(|tag| ((&*to.repository, tag), was.as_deref())));
                }
                Step::PutManifest { .. } => {}
            }
        }
        names
    }
}

fn tags(old: &Names<'_>, new: &Names<'_>, sentences: &mut Vec<String>) {
    let say = |digest: Option<&str>| digest.map_or_else(|| "nothing".to_owned(), short);
    // Digests that a tag's move explains.
    let mut moved = BTreeSet::new();
    for (&(repository, tag), &was) in &old.tags {
        match new.tags.get(&(repository, tag)) {
            None => sentences.push(format!("{repository}:{tag} would no longer be touched.")),
            Some(&is) if is != was => {
                moved.extend([was, is].into_iter().flatten().map(|digest| (repository, digest)));
                sentences.push(format!("{repository}:{tag} named {} and names {} now.", say(was), say(is)));
            }
            Some(_) => {}
        }
    }
    for (&(repository, tag), &is) in new.tags.iter().filter(|(name, _)| !old.tags.contains_key(name)) {
        sentences.push(format!("{repository}:{tag} would be touched as well; it names {}.", say(is)));
    }
    for &(repository, digest) in old.deleted.difference(&new.deleted).filter(|d| !moved.contains(d)) {
        sentences.push(format!("{} of {repository} would no longer be deleted.", short(digest)));
    }
    for &(repository, digest) in new.deleted.difference(&old.deleted).filter(|d| !moved.contains(d)) {
        sentences.push(format!("{} of {repository} would be deleted as well.", short(digest)));
    }
}
