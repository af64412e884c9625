//! The whole snapshot, with what it does not say outright: who lists a manifest, what is attached to it.

use crate::{Repository, Snapshot};
use oci::media_type;

/// A snapshot that can be walked both ways.
pub(crate) struct World<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// Of a manifest, the indexes that list it.
    pub(crate) parents: Backwards,
    /// Of a manifest, those that say they are attached to it.
    pub(crate) referrers: Backwards,
}

impl<'a> World<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let manifests = || (0_u32..).zip(&snapshot.manifests);
        Self {
            snapshot,
            parents: Backwards::new(
                snapshot.manifests.len(),
                manifests().flat_map(|(parent, m)| m.children.iter().map(move |&child| (child, parent))),
            ),
            referrers: Backwards::new(snapshot.manifests.len(), manifests().filter_map(|(m, manifest)| Some((manifest.subject?, m)))),
        }
    }

    pub(crate) fn digest(&self, manifest: u32) -> &'a str {
        &self.snapshot.manifests[manifest as usize].digest
    }

    /// It was not read, and what is said of it does not rule out that it lists others.
    pub(crate) fn may_list_unknown(&self, manifest: u32) -> bool {
        let manifest = &self.snapshot.manifests[manifest as usize];
        let said = &*manifest.media_type;
        let image = media_type::is_manifest(said) && !media_type::is_index(said);
        // BuildKit's cache lists layers where an index lists manifests.
        let blob = ["layer", "rootfs", "config"].iter().any(|part| said.contains(part));
        !manifest.known && !image && !blob
    }
}

/// Edges, turned round: from a manifest to those that point at it.
pub(crate) struct Backwards {
    starts: Vec<u32>,
    from: Vec<u32>,
}

impl Backwards {
    /// Of edges (to, from). Where there are none nothing is held.
    fn new(manifests: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = Vec::new();
        let mut from = Vec::new();
        if edges.clone().next().is_some() {
            starts = vec![0; manifests + 1];
            for (to, _) in edges.clone() {
                starts[to as usize + 1] += 1;
            }
            for i in 0..manifests {
                starts[i + 1] += starts[i];
            }
            from = vec![0; starts[manifests] as usize];
            let mut next = starts.clone();
            for (to, source) in edges {
                let place = &mut next[to as usize];
                from[*place as usize] = source;
                *place += 1;
            }
        }
        Self { starts, from }
    }

    pub(crate) fn of(&self, manifest: u32) -> &[u32] {
        let i = manifest as usize;
        match (self.starts.get(i), self.starts.get(i + 1)) {
            (Some(&start), Some(&end)) => &self.from[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// Visits what lies in a repository, as far as it is known: what is named, attached or known to be there, and all that those list.
/// `new` says whether it sees a manifest for the first time.
pub(crate) fn walk(snapshot: &Snapshot, repository: &Repository, mut new: impl FnMut(u32) -> bool) {
    let named = repository.tags.iter().filter_map(|t| t.manifest).chain(repository.machinery.iter().filter_map(|m| m.manifest));
    let known = repository.referrers.iter().map(|r| r.manifest).chain(repository.untagged.iter().copied());
    let mut open = Vec::new();
    for root in named.chain(known) {
        if !new(root) {
            continue;
        }
        open.push(root);
        while let Some(manifest) = open.pop() {
            open.extend(snapshot.manifests[manifest as usize].children.iter().copied().filter(|&child| new(child)));
        }
    }
}
