use super::*;
use plan::retag;

fn two() -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (a, b) = (s.image("A"), s.image("B"));
    s.tag(r, "v1", a);
    s.tag(r, "v2", b);
    s.tag(r, "stable", a);
    s
}

#[test]
fn a_new_tag_appears() {
    let s = two();
    let plan = retag(&s.snapshot, 0, 1, &"next".into());
    assert_eq!(steps(&s, &plan), ["put next on B, was nothing"]);
    assert_eq!(effects(&s, &plan), ["+ tag next: one name more"]);
    assert_eq!((plan.wide, &*plan.confirm), (false, "tag next"));
}

#[test]
fn what_a_tag_named_stays_by_its_other_names_or_by_none() {
    let s = two();
    let plan = retag(&s.snapshot, 0, 1, &"stable".into());
    assert_eq!(steps(&s, &plan), ["put stable on B, was A"]);
    assert_eq!(effects(&s, &plan), ["+ tag stable: it named A until now", "= manifest A: still tagged v1"]);
    assert_eq!(plan.confirm, "move stable");
    let plan = retag(&s.snapshot, 0, 0, &"v2".into());
    assert_eq!(
        effects(&s, &plan)[1],
        "= manifest B: no tag names it any more; it can be reached by its digest until the registry deletes what has no tag"
    );
    assert!(retag(&s.snapshot, 0, 0, &"v1".into()).steps.is_empty());
}

#[test]
fn protected_and_unread_tags_are_not_moved() {
    let mut s = two();
    s.tag_mut(0, 0).protected = Some("locked by mira".into());
    s.tag_mut(0, 1).manifest = None;
    let plan = retag(&s.snapshot, 0, 1, &"v1".into());
    assert_eq!((plan.steps.len(), codes(&plan)), (0, vec![Code::Protected]));
    assert_eq!(codes(&retag(&s.snapshot, 0, 0, &"v2".into())), [Code::Unreadable]);
    s.snapshot.ways.read_only = true;
    let plan = retag(&s.snapshot, 0, 1, &"next".into());
    assert_eq!((plan.steps.len(), codes(&plan)), (0, vec![Code::ReadOnly]));
    assert_eq!(codes(&retag(&s.snapshot, 7, 1, &"next".into())), [Code::Malformed]);
}
