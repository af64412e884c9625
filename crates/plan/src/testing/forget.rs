use super::Dice;
use crate::{Snapshot, Text};

/// The same registry, of which less was read: tags without what they name or not listed at all, manifests without their content, sizes.
/// Manifests, blobs and repositories keep their numbers; tags do not.
pub fn forget(dice: &mut Dice, registry: &Snapshot) -> Snapshot {
    let mut seen = registry.clone();
    for manifest in &mut seen.manifests {
        if dice.once_in(16) {
            manifest.known = false;
            manifest.children.clear();
            manifest.blobs.clear();
            manifest.subject = None;
            if dice.once_in(3) {
                manifest.media_type = Text::default();
            }
        }
    }
    for blob in &mut seen.blobs {
        if dice.once_in(24) {
            blob.size = None;
        }
    }
    for repository in &mut seen.repositories {
        if dice.once_in(8) {
            repository.whole = false;
            repository.tags.retain(|_| !dice.once_in(3));
            repository.machinery.retain(|_| !dice.once_in(3));
        }
        repository.untagged.retain(|_| !dice.once_in(6));
        let unread = repository.tags.iter_mut().map(|t| &mut t.manifest).chain(repository.machinery.iter_mut().map(|m| &mut m.manifest));
        for manifest in unread {
            if dice.once_in(24) {
                *manifest = None;
            }
        }
    }
    seen
}
