//! Whether the numbers of an intent refer to what is there.

use crate::{DeleteIn, Intent, Snapshot};

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
