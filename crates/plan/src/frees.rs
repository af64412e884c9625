//! How many bytes a plan frees.

use crate::world::World;

/// Bytes of the layers and configurations that only what goes named, and whether that is exact. `gone` is (repository, manifest), each once.
pub(crate) fn frees(world: &World<'_>, gone: &[(u32, u32)]) -> (u64, bool) {
    if gone.is_empty() {
        return (0, true);
    }
    let snapshot = world.snapshot;
    // In how many repositories each manifest lies.
    let mut places = vec![0_u32; snapshot.manifests.len()];
    let mut seen = vec![0_u32; snapshot.manifests.len()];
    for (stamp, repository) in (1..).zip(&snapshot.repositories) {
        world.walk(repository, |m| {
            let new = std::mem::replace(&mut seen[m as usize], stamp) != stamp;
            places[m as usize] += u32::from(new);
            new
        });
    }
    // What lies in no repository lies somewhere that is not known, with all that it lists.
    let mut open: Vec<u32> = (0..snapshot.manifests.len() as u32).filter(|&m| places[m as usize] == 0).collect();
    let mut lost = vec![false; snapshot.manifests.len()];
    while let Some(manifest) = open.pop() {
        if !std::mem::replace(&mut lost[manifest as usize], true) {
            open.extend(world.children(manifest));
        }
    }
    for &(_, manifest) in gone {
        let places = &mut places[manifest as usize];
        *places = places.saturating_sub(1);
    }

    let mut certain = true;
    let mut freed = vec![false; snapshot.blobs.len()];
    for &(_, number) in gone.iter().filter(|&&(_, m)| places[m as usize] == 0) {
        let manifest = &snapshot.manifests[number as usize];
        certain &= manifest.known && !lost[number as usize];
        for &blob in &manifest.blobs {
            match snapshot.blobs.get(blob as usize) {
                Some(known) => freed[blob as usize] = !known.outside,
                // A number that leads nowhere: a fault of the snapshot, but no reason not to plan.
                None => certain = false,
            }
        }
    }
    let mut all_known = snapshot
        .repositories
        .iter()
        .all(|r| r.whole && r.tags.iter().all(|t| t.manifest.is_some() || t.dangling) && r.machinery.iter().all(|m| m.manifest.is_some()));
    for (manifest, _) in snapshot.manifests.iter().zip(&places).filter(|(_, places)| **places > 0) {
        all_known &= manifest.known;
        for &blob in &manifest.blobs {
            if let Some(freed) = freed.get_mut(blob as usize) {
                *freed = false;
            }
        }
    }
    for (manifest, _) in snapshot.manifests.iter().zip(&lost).filter(|(_, lost)| **lost) {
        all_known &= manifest.known;
        for &blob in &manifest.blobs {
            certain &= !freed.get_mut(blob as usize).is_some_and(std::mem::take);
        }
    }
    let mut bytes = 0_u64;
    let mut any = false;
    for (blob, _) in snapshot.blobs.iter().zip(&freed).filter(|(_, freed)| **freed) {
        any = true;
        match blob.size {
            Some(size) => bytes = bytes.saturating_add(size),
            None => certain = false,
        }
    }
    (bytes, certain && (all_known || !any))
}
