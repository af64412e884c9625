use super::*;
use oci::media_type;

/// `v1` and `v2` name two images, `old` names a third.
fn three() -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    for (tag, image) in [("v1", "A"), ("v2", "B"), ("old", "C")] {
        let image = s.image(image);
        s.tag(r, tag, image);
    }
    s
}

#[test]
fn a_tag_that_was_not_read_stays_and_keeps_every_digest() {
    let mut s = three();
    s.tag(0, "v2-too", 1);
    s.tag_mut(0, 2).manifest = None;
    let plan = delete(&s, &[0, 2, 3]);
    // It may name A; that B keeps v2 is known.
    assert_eq!(steps(&s, &plan), ["untag v2-too of B"]);
    assert_eq!(codes(&plan), [Code::Unreadable, Code::Unread]);
    assert_eq!(
        details(&s, &plan),
        [
            "What old of team/api names was not read, so it stays.",
            "No image of team/api is deleted: what old names was not read, and it may be the same."
        ]
    );
    assert!(effects(&s, &plan).contains(&"= tag v1: something was not read yet that may name or list what it names".to_owned()));
}

#[test]
fn a_tag_with_nothing_under_it_keeps_nothing() {
    let mut s = three();
    (s.tag_mut(0, 2).manifest, s.tag_mut(0, 2).dangling) = (None, true);
    let plan = delete(&s, &[0, 2]);
    assert_eq!(steps(&s, &plan), ["delete A with v1"]);
    assert_eq!(details(&s, &plan), ["The registry lists old of team/api but has nothing under it, so it stays."]);
}

#[test]
fn while_tags_are_missing_no_digest_is_deleted() {
    let mut s = three();
    s.tag(0, "v1-too", 0);
    s.snapshot.repositories[0].whole = false;
    let plan = delete(&s, &[0, 1]);
    assert_eq!(steps(&s, &plan), ["untag v1 of A"]);
    assert_eq!(details(&s, &plan), ["No image of team/api is deleted: not all its tags are known, and an unknown one may name it."]);
    let plan = wish(&s, DeleteIn { digests: vec![2], ..DeleteIn::default() });
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::Unread]));
}

#[test]
fn an_index_that_was_not_read_may_list_anything() {
    let mut s = three();
    s.manifest_mut(2).known = false;
    // An image lists nothing, read or not.
    assert_eq!(steps(&s, &delete(&s, &[0, 2])), ["delete A with v1", "delete C with old"]);
    s.manifest_mut(2).media_type = media_type::OCI_INDEX.into();
    let plan = delete(&s, &[0]);
    assert_eq!(details(&s, &plan), ["No image of team/api is deleted: what old (C) lists was not read, and it may be that."]);
    let plan = delete(&s, &[2]);
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::UnreadManifest]));
    // It was known by its digest only, and holds nothing that has a name.
    s.snapshot.repositories[0].tags.truncate(2);
    s.untagged(0, 2);
    let plan = wish(&s, DeleteIn { tags: vec![0], untagged: true, ..DeleteIn::default() });
    assert_eq!((steps(&s, &plan), codes(&plan)), (vec!["delete A with v1".to_owned()], vec![Code::UnreadManifest]));
}

#[test]
fn a_part_that_was_not_read_keeps_everything_while_a_name_reaches_it() {
    let mut s = three();
    let inner = s.index("INNER", &[]);
    let outer = s.index("OUTER", &[inner]);
    let outer = s.tag(0, "multi", outer);
    s.manifest_mut(inner).known = false;
    let plan = delete(&s, &[0, outer]);
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::Unread]));
    assert_eq!(details(&s, &plan), ["No image of team/api is deleted: what INNER lists was not read, and it may be that."]);
    // Of a layer, as BuildKit's cache lists them, that cannot be.
    s.manifest_mut(inner).media_type = "application/vnd.oci.image.layer.v1.tar+gzip".into();
    assert_eq!(steps(&s, &delete(&s, &[0])), ["delete A with v1"]);
}

#[test]
fn a_list_of_what_is_attached_that_was_not_read_keeps_its_image() {
    let mut s = three();
    let list = s.index("LIST", &[]);
    s.machinery(0, 0, "", list);
    assert_eq!(steps(&s, &delete(&s, &[0])), ["delete A with v1", "delete LIST with sha256-A"]);
    s.manifest_mut(list).known = false;
    let plan = delete(&s, &[0]);
    assert_eq!((steps(&s, &plan).len(), codes(&plan)), (0, vec![Code::Unread]));
}

#[test]
fn numbers_that_lead_nowhere_make_no_plan() {
    let mut s = three();
    assert_eq!(codes(&delete(&s, &[9])), [Code::Malformed]);
    s.manifest_mut(0).children.push(77);
    let plan = delete(&s, &[1]);
    assert_eq!((codes(&plan), plan.steps.len(), &*plan.confirm), (vec![Code::Malformed], 0, "nothing"));
}
