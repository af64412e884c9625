use super::*;

/// A repository of so many tags, each of its own image.
fn many(s: &mut Sketch, name: &str, tags: u32) {
    let r = s.repository(name);
    for n in 0..tags {
        let image = s.image(&format!("{name}-{n}"));
        s.tag(r, &format!("v{n}"), image);
    }
}

#[test]
fn more_than_one_image_or_half_of_the_tags_is_wide() {
    let mut s = Sketch::default();
    many(&mut s, "team/api", 4);
    let plan = delete(&s, &[2]);
    assert_eq!((plan.wide, &*plan.confirm), (false, "delete v2"));
    let plan = delete(&s, &[1, 2]);
    assert_eq!((plan.wide, &*plan.confirm), (true, "team/api"));
    let mut aliases = Sketch::default();
    let r = aliases.repository("team/api");
    let image = aliases.image("A");
    for tag in ["a", "b", "c", "d", "e"] {
        aliases.tag(r, tag, image);
    }
    let plan = delete(&aliases, &[0, 1]);
    assert_eq!((plan.wide, &*plan.confirm), (false, "delete 2 tags"));
    let plan = delete(&aliases, &[0, 1, 2]);
    assert_eq!((plan.wide, &*plan.confirm), (true, "team/api"));
}

#[test]
fn several_repositories_are_confirmed_by_the_registry() {
    let mut s = Sketch::default();
    many(&mut s, "team/api", 3);
    many(&mut s, "team/web", 3);
    let items = |tags: [&[u32]; 2]| {
        let item = |(repository, tags): (u32, &[u32])| DeleteIn { repository, tags: tags.into(), ..DeleteIn::default() };
        plan(&s.snapshot, &Intent::Delete((0..).zip(tags).map(item).collect()), NOW)
    };
    assert_eq!(&*items([&[0], &[0]]).confirm, "local");
    assert_eq!(&*items([&[0, 1], &[]]).confirm, "team/api");
    assert_eq!(&*items([&[], &[]]).confirm, "nothing");
}

#[test]
fn a_digest_without_a_tag_is_confirmed_by_its_beginning() {
    let mut s = Sketch::default();
    many(&mut s, "team/api", 3);
    let left = s.image("LEFT");
    s.untagged(0, left);
    let plan = wish(&s, DeleteIn { digests: vec![left], ..DeleteIn::default() });
    let digest = &s.snapshot.manifests[left as usize].digest;
    assert_eq!((plan.wide, plan.confirm), (false, format!("delete {}", &digest[..19])));
}
