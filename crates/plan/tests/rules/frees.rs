use super::*;
use oci::Kind;

#[test]
fn a_layer_is_freed_once_and_only_when_nothing_names_it() {
    let mut s = Sketch::default();
    let (r, other) = (s.repository("team/api"), s.repository("team/web"));
    let (shared, twice, own, away) = (s.blob(1_000), s.blob(20), s.blob(300), s.blob(5_000));
    s.snapshot.blobs[away as usize].outside = true;
    let a = s.manifest("A", Kind::Image, &[], &[shared, twice, own, away]);
    let b = s.manifest("B", Kind::Image, &[], &[twice]);
    let c = s.manifest("C", Kind::Image, &[], &[shared]);
    s.tag(r, "a", a);
    s.tag(r, "b", b);
    s.tag(other, "c", c);
    assert_eq!(delete(&s, &[0]).frees, 300);
    assert_eq!(delete(&s, &[0, 1]).frees, 320);
}

#[test]
fn an_image_that_lies_elsewhere_too_frees_nothing() {
    let mut s = Sketch::default();
    let (r, other) = (s.repository("team/api"), s.repository("team/web"));
    let a = s.image("A");
    s.tag(r, "a", a);
    s.untagged(other, a);
    let plan = delete(&s, &[0]);
    assert_eq!((steps(&s, &plan), plan.frees, plan.frees_certain), (vec!["delete A with a".to_owned()], 0, true));
}

#[test]
fn what_is_not_known_makes_it_uncertain() {
    let mut s = Sketch::default();
    let (r, other) = (s.repository("team/api"), s.repository("team/web"));
    let (a, b) = (s.image("A"), s.image("B"));
    s.tag(r, "a", a);
    let b_tag = s.tag(other, "b", b);
    assert!(delete(&s, &[0]).frees_certain);
    let mut sizeless = s.clone();
    sizeless.snapshot.blobs[0].size = None;
    assert!(!delete(&sizeless, &[0]).frees_certain);
    // What b names may hold the same layer.
    s.tag_mut(other, b_tag).manifest = None;
    let plan = delete(&s, &[0]);
    assert_eq!((plan.frees, plan.frees_certain), (100, false));
}
