use super::*;

fn two() -> Sketch {
    let mut s = Sketch::default();
    let r = s.repository("team/api");
    let (a, b) = (s.image("A"), s.image("B"));
    s.tag(r, "v1", a);
    s.tag(r, "v2", b);
    s
}

fn changed(before: &Sketch, after: &Sketch, tags: &[u32]) -> Vec<String> {
    let difference = delete(before, tags).same_steps(&delete(after, tags));
    difference.err().map(|d| d.sentences).unwrap_or_default().iter().map(|s| after.with_names(s)).collect()
}

#[test]
fn the_same_steps_in_another_order_are_the_same() {
    let s = two();
    let plan = delete(&s, &[0, 1]);
    let mut other = plan.clone();
    other.steps.reverse();
    assert_eq!(plan.same_steps(&other), Ok(()));
}

#[test]
fn a_tag_that_moved_is_told_as_that() {
    let (before, mut after) = (two(), two());
    let c = after.image("C");
    after.tag_mut(0, 0).manifest = Some(c);
    assert_eq!(changed(&before, &after, &[0]), ["team/api:v1 named A and names C now."]);
}

#[test]
fn a_name_more_keeps_an_image_and_that_is_told() {
    let (before, mut after) = (two(), two());
    after.tag(0, "v1-too", 0);
    assert_eq!(changed(&before, &after, &[0]), ["A of team/api would no longer be deleted."]);
    // By its digest, the new name would go with it.
    let digest = DeleteIn { digests: vec![0], ..DeleteIn::default() };
    let difference = wish(&before, digest.clone()).same_steps(&wish(&after, digest)).unwrap_err();
    assert_eq!(after.with_names(&difference.to_string()), "team/api:v1-too would be touched as well; it names A.");
}

#[test]
fn what_was_attached_since_is_told() {
    let (before, mut after) = (two(), two());
    let sig = after.image("SIG");
    after.attach(0, 0, sig);
    assert_eq!(changed(&before, &after, &[0]), ["SIG of team/api would be deleted as well."]);
}

#[test]
fn another_way_is_another_step() {
    let mut before = two();
    before.tag(0, "v1-too", 0);
    let mut after = before.clone();
    after.snapshot.ways.delete_tag = Some(false);
    assert_eq!(changed(&before, &after, &[0]), ["Now team/api:v1 is deleted by a placeholder."]);
}

#[test]
fn one_repository_is_compared_alone() {
    let mut before = two();
    let web = before.repository("team/web");
    before.tag(web, "v1", 0);
    let mut after = before.clone();
    after.tag(web, "v1-too", 0);
    let both = |s: &Sketch| {
        let item = |repository| DeleteIn { repository, tags: vec![0], ..DeleteIn::default() };
        plan(&s.snapshot, &Intent::Delete(vec![item(0), item(1)]), NOW)
    };
    assert_eq!(both(&before).same_steps_in(&both(&after), "team/api"), Ok(()));
    assert!(both(&before).same_steps_in(&both(&after), "team/web").is_err());
}
