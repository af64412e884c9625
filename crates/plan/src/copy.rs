//! The plan that copies images from one repository to another.

use crate::{Place, Plan, Snapshot, Text};

/// One image to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copying {
    /// Where it is.
    pub from: Place,
    /// What it is there.
    pub digest: Text,
    /// Of that.
    pub media_type: Text,
    /// The repository it comes to; it need not be there yet.
    pub repository: Text,
    /// The tag it gets; none: it can be reached by its digest alone.
    pub tag: Option<Text>,
    /// Only these platforms; all of them when empty.
    pub platforms: Vec<Text>,
    /// Bytes, where they are known.
    pub size: Option<u64>,
}

/// Images come to a registry: `to` is what is known of that one, which the copies change.
///
/// What is there already is left out. What a tag named before stays in the registry, if only by its digest.
pub fn copy(to: &Snapshot, images: &[Copying]) -> Plan {
    let _ = images;
    Plan { registry: to.registry.clone(), ..Plan::default() }
}
