use super::*;
use plan::{Copying, Place, copy};

fn copying(s: &Sketch, manifest: usize, repository: &str, tag: Option<&str>) -> Copying {
    Copying {
        from: Place { registry: "hub".into(), repository: "library/api".into(), tag: Some("v9".into()) },
        digest: s.snapshot.manifests[manifest].digest.clone(),
        media_type: s.snapshot.manifests[manifest].media_type.clone(),
        repository: repository.into(),
        tag: tag.map(Into::into),
        platforms: Vec::new(),
        size: Some(100),
    }
}

/// `team/api` with `v1` and `v2`, and two images that are not there.
fn registry() -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let [a, b, _, _] = ["A", "B", "NEW", "OTHER"].map(|name| s.image(name));
    s.tag(r, "v1", a);
    s.tag(r, "v2", b);
    s
}

#[test]
fn an_image_comes_to_a_repository_that_need_not_be_there() {
    let s = registry();
    let plan = copy(&s.snapshot, &[copying(&s, 2, "team/new", Some("v9"))]);
    assert_eq!(steps(&s, &plan), ["copy NEW from hub/library/api:v9 to team/new:v9"]);
    assert_eq!(effects(&s, &plan), ["+ tag v9: copied from hub/library/api:v9", "+ manifest NEW: copied from hub/library/api:v9"]);
    assert_eq!((&*plan.confirm, plan.wide), ("copy v9", false));
}

#[test]
fn what_is_there_already_is_left_out() {
    let s = registry();
    let images = [copying(&s, 0, "team/api", Some("v1")), copying(&s, 0, "team/api", None)];
    let plan = copy(&s.snapshot, &images);
    assert_eq!(steps(&s, &plan), [""; 0]);
    assert_eq!(effects(&s, &plan), ["= tag v1: it names this already", "= manifest A: it is there already"]);
    // Another name of what is there.
    let plan = copy(&s.snapshot, &[copying(&s, 0, "team/api", Some("v3"))]);
    assert_eq!(effects(&s, &plan), ["+ tag v3: copied from hub/library/api:v9"]);
}

#[test]
fn what_is_overwritten_is_told_and_two_for_one_tag_are_refused() {
    let s = registry();
    let images = [copying(&s, 2, "team/api", Some("v1")), copying(&s, 2, "team/api", Some("v2"))];
    let plan = copy(&s.snapshot, &images);
    assert_eq!(
        steps(&s, &plan),
        ["copy NEW from hub/library/api:v9 to team/api:v1, was A", "copy NEW from hub/library/api:v9 to team/api:v2, was B"]
    );
    let unnamed = "no tag names it any more; it can be reached by its digest until the registry deletes what has no tag";
    assert!(effects(&s, &plan).contains(&format!("= manifest A: {unnamed}")));
    assert_eq!((plan.wide, &*plan.confirm), (true, "team/api"));
    let plan = copy(&s.snapshot, &[copying(&s, 2, "team/api", Some("v3")), copying(&s, 3, "team/api", Some("v3"))]);
    assert_eq!((plan.steps.len(), codes(&plan)), (0, vec![Code::Conflict]));
}

#[test]
fn names_that_are_overwritten_together_do_not_keep_each_others_image() {
    let mut s = registry();
    s.tag(0, "v1-too", 0);
    let both = [copying(&s, 2, "team/api", Some("v1")), copying(&s, 2, "team/api", Some("v1-too"))];
    assert!(effects(&s, &copy(&s.snapshot, &both)).iter().any(|e| e.starts_with("= manifest A: no tag names it any more")));
    assert!(effects(&s, &copy(&s.snapshot, &both[..1])).contains(&"= manifest A: still tagged v1-too".to_owned()));
    // What gets a new name in the same plan does not lose its last.
    let swapped = [copying(&s, 1, "team/api", Some("v1")), copying(&s, 0, "team/api", Some("v2"))];
    assert!(effects(&s, &copy(&s.snapshot, &swapped)).iter().all(|e| !e.contains("no tag names")));
}

#[test]
fn a_copy_needs_no_right_to_delete() {
    let mut s = registry();
    s.snapshot.ways.delete = Some(false);
    assert_eq!(copy(&s.snapshot, &[copying(&s, 2, "team/api", Some("v3"))]).steps.len(), 1);
    s.snapshot.ways.read_only = true;
    assert_eq!(codes(&copy(&s.snapshot, &[copying(&s, 2, "team/api", Some("v3"))])), [Code::ReadOnly]);
}
