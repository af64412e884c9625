//! How a plan is carried out, in sentences.

use crate::{Way, Ways};

pub(crate) fn of(can: Ways, used: &[Way], deletes: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if used.contains(&Way::ByName) {
        notes.push("A tag whose image stays is deleted by its name.".to_owned());
        if can.delete_tag.is_none() {
            notes.push("Whether this registry deletes single tags is not known; if it refuses, they stay.".to_owned());
        }
    }
    if used.contains(&Way::Placeholder) {
        notes.push(
            "This registry cannot delete one of several tags of an image, so each such tag is first moved to a tiny placeholder, which is \
             then deleted by its digest: the tag goes with it, its image and the other tags stay."
                .to_owned(),
        );
    }
    if deletes {
        notes.push(
            "Images without another name are deleted by their digest, each before what it lists and what is attached to it.".to_owned(),
        );
        notes.push("The disk space is free once the registry has collected its garbage.".to_owned());
    }
    notes
}
