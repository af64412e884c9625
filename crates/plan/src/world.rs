//! The whole snapshot, in a form that is walked quickly both ways: what a manifest lists, who lists it, what is attached to it.

use crate::{Repository, Snapshot};
use oci::media_type;

/// A snapshot whose numbers all lead somewhere.
pub(crate) struct World<'a> {
    pub(crate) snapshot: &'a Snapshot,
    children: Edges,
    parents: Edges,
    referrers: Edges,
    /// Of each manifest the number of what it says it is attached to, and [`NONE`]; empty where none says so.
    subjects: Vec<u32>,
    /// Whether a manifest lists others, is listed or attached, or has something attached to it, as far as manifests say so.
    tied: Vec<bool>,
    /// Manifests that may list others, while it is not known which; in ascending order.
    unread: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl<'a> World<'a> {
    /// None where a number leads nowhere.
    pub(crate) fn new(snapshot: &'a Snapshot) -> Option<Self> {
        let count = snapshot.manifests.len();
        let bound = u32::try_from(count).ok()?;
        let mut lists = Vec::new();
        let mut attached = Vec::new();
        let mut unread = Vec::new();
        for (number, manifest) in (0..).zip(&snapshot.manifests) {
            lists.extend(manifest.children.iter().map(|&child| (number, child)));
            attached.extend(manifest.subject.map(|subject| (subject, number)));
            if !manifest.known && may_list(&manifest.media_type) {
                unread.push(number);
            }
        }
        let within = |manifest: Option<u32>| manifest.is_none_or(|m| m < bound);
        let sound = lists.iter().all(|&(_, child)| child < bound)
            && attached.iter().all(|&(subject, _)| subject < bound)
            && snapshot.repositories.iter().all(|r| {
                r.tags.iter().all(|t| within(t.manifest))
                    && r.machinery.iter().all(|m| within(m.manifest) && within(m.subject))
                    && r.referrers.iter().all(|x| x.subject < bound && x.manifest < bound)
                    && r.untagged.iter().all(|&m| m < bound)
            });
        if !sound {
            return None;
        }
        let mut tied = vec![false; count];
        for &(one, other) in lists.iter().chain(&attached) {
            tied[one as usize] = true;
            tied[other as usize] = true;
        }
        let mut subjects = if attached.is_empty() { Vec::new() } else { vec![NONE; count] };
        attached.iter().for_each(|&(subject, manifest)| subjects[manifest as usize] = subject);
        Some(Self {
            snapshot,
            children: Edges::new(count, &lists, |&edge| edge),
            parents: Edges::new(count, &lists, |&(parent, child)| (child, parent)),
            referrers: Edges::new(count, &attached, |&edge| edge),
            subjects,
            tied,
            unread,
        })
    }

    pub(crate) fn digest(&self, manifest: u32) -> &'a str {
        &self.snapshot.manifests[manifest as usize].digest
    }

    /// What a manifest lists.
    pub(crate) fn children(&self, manifest: u32) -> &[u32] {
        self.children.of(manifest)
    }

    /// The indexes that list it, in whatever repositories.
    pub(crate) fn parents(&self, manifest: u32) -> &[u32] {
        self.parents.of(manifest)
    }

    /// Those that say that they are attached to it, in whatever repositories.
    pub(crate) fn referrers(&self, manifest: u32) -> &[u32] {
        self.referrers.of(manifest)
    }

    /// Whether it hangs together with others, in whatever repositories.
    pub(crate) fn is_tied(&self, manifest: u32) -> bool {
        self.tied[manifest as usize]
    }

    /// What it says it is attached to.
    pub(crate) fn subject(&self, manifest: u32) -> Option<u32> {
        self.subjects.get(manifest as usize).copied().filter(|&subject| subject != NONE)
    }

    /// Whether there is anything that may list others unknown to us.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// It was not read, and what is said of it does not rule out that it lists others.
    pub(crate) fn may_list_unknown(&self, manifest: u32) -> bool {
        self.unread.binary_search(&manifest).is_ok()
    }

    /// Visits what lies in a repository, as far as it is known: what is named, attached or known to be there, and all that those list.
    /// `new` says whether it sees a manifest for the first time.
    pub(crate) fn walk(&self, repository: &Repository, mut new: impl FnMut(u32) -> bool) {
        let named = repository.tags.iter().filter_map(|t| t.manifest).chain(repository.machinery.iter().filter_map(|m| m.manifest));
        let known = repository.referrers.iter().map(|r| r.manifest).chain(repository.untagged.iter().copied());
        let mut open = Vec::new();
        for root in named.chain(known) {
            if !new(root) {
                continue;
            }
            open.push(root);
            while let Some(manifest) = open.pop() {
                open.extend(self.children(manifest).iter().copied().filter(|&child| new(child)));
            }
        }
    }
}

/// Whether what is said to be of this type may list other manifests.
fn may_list(media_type: &str) -> bool {
    let image = media_type::is_manifest(media_type) && !media_type::is_index(media_type);
    // BuildKit's cache lists layers where an index lists manifests.
    let blob = ["layer", "rootfs", "config"].iter().any(|part| media_type.contains(part));
    !image && !blob
}

/// For each manifest some others.
struct Edges {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Edges {
    /// Of a list of edges, seen as (from, to). Where there are none nothing is held.
    fn new(manifests: usize, edges: &[(u32, u32)], see: impl Fn(&(u32, u32)) -> (u32, u32)) -> Self {
        if edges.is_empty() {
            return Self { starts: Vec::new(), ends: Vec::new() };
        }
        let mut starts = vec![0; manifests + 1];
        for (from, _) in edges.iter().map(&see) {
            starts[from as usize + 1] += 1;
        }
        for i in 0..manifests {
            starts[i + 1] += starts[i];
        }
        let mut ends = vec![0; edges.len()];
        let mut next = starts.clone();
        for (from, to) in edges.iter().map(&see) {
            let place = &mut next[from as usize];
            ends[*place as usize] = to;
            *place += 1;
        }
        Self { starts, ends }
    }

    fn of(&self, manifest: u32) -> &[u32] {
        let i = manifest as usize;
        match (self.starts.get(i), self.starts.get(i + 1)) {
            (Some(&start), Some(&end)) => &self.ends[start as usize..end as usize],
            _ => &[],
        }
    }
}
