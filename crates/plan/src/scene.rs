//! One repository while a plan is made of it: which names its manifests have, and how they hang together.

use crate::{
    Repository, Text,
    marks::{EXPLICIT, FORCED, LIVE, Marks, PRESENT, REACHED, TIED},
    world::World,
};
use oci::VersionKey;
use std::cmp::Ordering;

/// A name of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// In [`Repository::tags`].
    Tag(u32),
    /// In [`Repository::machinery`].
    Machinery(u32),
}

/// A repository with the marks of its manifests.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) repository: &'a Repository,
    pub(crate) marks: &'a mut Marks,
    ties: Ties<'a>,
    /// Of each tag, its place in the order of versions.
    rank: Vec<u32>,
    /// (manifest, place among names, name): tags by rank, then machinery by name.
    names: Vec<(u32, u32, Name)>,
}

/// What is attached to what, in one repository.
struct Ties<'a> {
    world: &'a World<'a>,
    /// (subject, what is attached), as the API and machinery say.
    attached: Vec<(u32, u32)>,
    /// The same, turned round.
    about: Vec<(u32, u32)>,
}

/// Of pairs in order, the second halves of those that begin with `key`; none where the repository says nothing of it.
fn seconds(pairs: &[(u32, u32)], key: u32, tied: bool) -> impl Iterator<Item = u32> + '_ {
    let start = if tied { pairs.partition_point(|&(k, _)| k < key) } else { pairs.len() };
    pairs[start..].iter().take_while(move |&&(k, _)| k == key).map(|&(_, v)| v)
}

impl Ties<'_> {
    fn referrers(&self, subject: u32, tied: bool) -> impl Iterator<Item = u32> + '_ {
        seconds(&self.attached, subject, tied).chain(self.world.referrers(subject).iter().copied())
    }

    fn subjects(&self, manifest: u32, tied: bool) -> impl Iterator<Item = u32> + '_ {
        seconds(&self.about, manifest, tied).chain(self.world.subject(manifest))
    }
}

/// Tags in the order of versions, newest first.
pub(crate) fn by_version(repository: &Repository) -> Vec<u32> {
    let keys: Vec<VersionKey<'_>> = repository.tags.iter().map(|t| VersionKey::new(&t.name)).collect();
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    // A key is large, a number is not.
    order.sort_unstable_by(|&a, &b| keys[a as usize].cmp(&keys[b as usize]));
    order
}

impl<'a> Scene<'a> {
    /// Marks what is there. `order` is that of [`by_version`].
    pub(crate) fn new(world: &'a World<'a>, repository: &'a Repository, order: Vec<u32>, marks: &'a mut Marks) -> Self {
        marks.clear();
        world.walk(repository, |m| marks.set(m, PRESENT));
        let mut rank = vec![0; repository.tags.len()];
        let mut names = Vec::with_capacity(repository.tags.len() + repository.machinery.len());
        for (place, tag) in (0..).zip(order) {
            rank[tag as usize] = place;
            names.extend(repository.tags[tag as usize].manifest.map(|m| (m, place, Name::Tag(tag))));
        }
        let mut machinery: Vec<u32> = (0..repository.machinery.len() as u32).collect();
        machinery.sort_unstable_by(|&a, &b| repository.machinery[a as usize].tag.cmp(&repository.machinery[b as usize].tag));
        for (place, i) in (rank.len() as u32..).zip(machinery) {
            names.extend(repository.machinery[i as usize].manifest.map(|m| (m, place, Name::Machinery(i))));
        }
        names.sort_unstable();
        let said = repository.referrers.iter().map(|r| (r.subject, r.manifest));
        let mut attached: Vec<_> = said.chain(repository.machinery.iter().filter_map(|m| Some((m.subject?, m.manifest?)))).collect();
        // GitLab answers the fallback tag of a manifest with that manifest.
        attached.retain(|(subject, manifest)| subject != manifest);
        attached.sort_unstable();
        for &(subject, manifest) in &attached {
            marks.set(subject, TIED);
            marks.set(manifest, TIED);
        }
        let mut about: Vec<_> = attached.iter().map(|&(subject, manifest)| (manifest, subject)).collect();
        about.sort_unstable();
        Self { world, repository, marks, ties: Ties { world, attached, about }, rank, names }
    }

    /// The names of a manifest, tags first; with each its place in the order of this repository's names.
    pub(crate) fn names(&self, manifest: u32) -> impl Iterator<Item = (u32, Name)> + '_ {
        let start = self.names.partition_point(|&(m, ..)| m < manifest);
        self.names[start..].iter().take_while(move |&&(m, ..)| m == manifest).map(|&(_, place, name)| (place, name))
    }

    /// Each manifest that has names, with them.
    pub(crate) fn named(&self) -> impl Iterator<Item = (u32, &[(u32, u32, Name)])> + '_ {
        self.names.chunk_by(|a, b| a.0 == b.0).filter_map(|names| Some((names.first()?.0, names)))
    }

    /// The tags that people gave a manifest.
    pub(crate) fn tags(&self, manifest: u32) -> impl Iterator<Item = u32> + '_ {
        self.names(manifest).filter_map(|(_, name)| match name {
            Name::Tag(tag) => Some(tag),
            Name::Machinery(_) => None,
        })
    }

    pub(crate) fn text(&self, name: Name) -> &'a Text {
        match name {
            Name::Tag(tag) => &self.repository.tags[tag as usize].name,
            Name::Machinery(i) => &self.repository.machinery[i as usize].tag,
        }
    }

    /// A tag's place in the order of versions.
    pub(crate) fn rank(&self, tag: u32) -> u32 {
        self.rank[tag as usize]
    }

    /// It lists nothing, nothing lists it, and nothing is attached: most images are like that.
    pub(crate) fn is_alone(&self, manifest: u32) -> bool {
        !self.world.is_tied(manifest) && !self.marks.has(manifest, TIED)
    }

    /// The order of manifests for people: by the first of their names, those without any last, by digest.
    pub(crate) fn compare(&self, a: u32, b: u32) -> Ordering {
        let place = |m| self.names(m).next().map_or(u32::MAX, |(place, _)| place);
        place(a).cmp(&place(b)).then_with(|| self.world.digest(a).cmp(self.world.digest(b)))
    }

    /// Sorted by [`Self::compare`].
    pub(crate) fn sorted(&self, manifests: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut keys: Vec<(u32, &str, u32)> =
            manifests.into_iter().map(|m| (self.names(m).next().map_or(u32::MAX, |(place, _)| place), self.world.digest(m), m)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().map(|(.., m)| m).collect()
    }

    /// Marks what may go when these do: what they list and what is attached to them, and so on.
    pub(crate) fn reach(&mut self, from: impl IntoIterator<Item = u32>) {
        let mut open: Vec<u32> = from.into_iter().filter(|&m| self.marks.set(m, REACHED) && !self.is_alone(m)).collect();
        while let Some(manifest) = open.pop() {
            let tied = self.marks.has(manifest, TIED);
            for &child in self.world.children(manifest) {
                if self.marks.set(child, REACHED) {
                    open.push(child);
                }
            }
            for referrer in self.ties.referrers(manifest, tied) {
                if self.marks.has(referrer, PRESENT) && self.marks.set(referrer, REACHED) {
                    open.push(referrer);
                }
            }
        }
    }

    /// Marks what stays when these do: what they list, whoever asks for it; what is attached to them, but for what was asked for
    /// by its digest; and what they are attached to, but for what was asked for at all.
    pub(crate) fn hold(&mut self, from: impl IntoIterator<Item = u32>) {
        let mut open: Vec<u32> = from.into_iter().filter(|&m| self.marks.set(m, LIVE) && !self.is_alone(m)).collect();
        while let Some(manifest) = open.pop() {
            let tied = self.marks.has(manifest, TIED);
            for &child in self.world.children(manifest) {
                if self.marks.set(child, LIVE) {
                    open.push(child);
                }
            }
            for referrer in self.ties.referrers(manifest, tied) {
                if self.marks.has(referrer, PRESENT) && !self.marks.has(referrer, EXPLICIT) && self.marks.set(referrer, LIVE) {
                    open.push(referrer);
                }
            }
            for subject in self.ties.subjects(manifest, tied) {
                if self.marks.has(subject, PRESENT) && !self.marks.has(subject, FORCED) && self.marks.set(subject, LIVE) {
                    open.push(subject);
                }
            }
        }
    }

    /// What is attached to a manifest. Where that is known from the attached manifest alone, it may lie in another repository.
    pub(crate) fn referrers(&self, subject: u32) -> impl Iterator<Item = u32> + '_ {
        self.ties.referrers(subject, self.marks.has(subject, TIED))
    }

    /// What a manifest is attached to; that may not be here.
    pub(crate) fn subjects(&self, manifest: u32) -> impl Iterator<Item = u32> + '_ {
        self.ties.subjects(manifest, self.marks.has(manifest, TIED))
    }

    /// Indexes that list a manifest and lie here.
    pub(crate) fn parents(&self, manifest: u32) -> impl Iterator<Item = u32> + '_ {
        self.world.parents(manifest).iter().copied().filter(move |&p| p != manifest && self.marks.has(p, PRESENT))
    }
}
