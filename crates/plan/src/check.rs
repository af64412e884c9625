//! Whether the numbers of a snapshot and of an intent refer to what is there. After this nothing needs to be asked again.

use crate::{DeleteIn, Intent, Snapshot};

pub(crate) fn snapshot(snapshot: &Snapshot) -> bool {
    let (manifests, blobs) = (snapshot.manifests.len(), snapshot.blobs.len());
    let manifest = |m: u32| (m as usize) < manifests;
    let within = |number: Option<u32>| number.is_none_or(manifest);
    u32::try_from(manifests).is_ok()
        && snapshot
            .manifests
            .iter()
            .all(|m| m.children.iter().all(|&c| manifest(c)) && m.blobs.iter().all(|&b| (b as usize) < blobs) && within(m.subject))
        && snapshot.repositories.iter().all(|r| {
            r.tags.iter().all(|t| within(t.manifest))
                && r.machinery.iter().all(|m| within(m.manifest) && within(m.subject))
                && r.referrers.iter().all(|x| manifest(x.subject) && manifest(x.manifest))
                && r.untagged.iter().all(|&m| manifest(m))
        })
}

pub(crate) fn intent(snapshot: &Snapshot, intent: &Intent) -> bool {
    let fits = |item: &DeleteIn| {
        snapshot.repositories.get(item.repository as usize).is_some_and(|repository| {
            item.tags.iter().all(|&t| (t as usize) < repository.tags.len())
                && item.digests.iter().all(|&m| (m as usize) < snapshot.manifests.len())
        })
    };
    match intent {
        Intent::Delete(items) => items.iter().all(fits),
        Intent::CleanUp(_) => true,
    }
}
