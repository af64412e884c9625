use super::*;
use crate::model::{Child, Referrers, Row, Summary};
use oci::media_type;

const DAY: i64 = 86_400_000;

fn digest(n: u8) -> String {
    format!("sha256:{}", format!("{n:02x}").repeat(32))
}

/// An image of a layer that all share, one of its own and a configuration.
fn image(n: u8) -> Summary {
    Summary {
        kind: Kind::Image,
        media_type: media_type::OCI_MANIFEST.into(),
        bytes: 400 + u32::from(n),
        artifact_type: None,
        created: Some(1_700_000_000_000 + i64::from(n) * DAY),
        platform: Some("linux/amd64".into()),
        children: vec![],
        blobs: vec![(digest(100 + n), 10), (digest(200), 1_000), (digest(150 + n), u64::from(n))],
        layers: 2,
        labels: vec![],
        description: None,
        base: None,
        subject: None,
        statements: vec![],
        sizeless: false,
    }
}

fn index(children: &[u8]) -> Summary {
    let child = |&n: &u8| Child { digest: digest(n), platform: Some("linux/amd64".into()), attests: None, manifest: true };
    Summary {
        kind: Kind::Index,
        media_type: media_type::OCI_INDEX.into(),
        children: children.iter().map(child).collect(),
        blobs: vec![],
        platform: None,
        created: None,
        ..image(0)
    }
}

fn put(model: &mut Model, repo: u32, tag: &str, manifest: u32) {
    let name = model.names.number(tag);
    let row = Row { pushed: 7, first_seen: 5, told: true, dangling: false, strikes: 0, problem: NONE };
    model.repo_mut(repo).unwrap().put(name, manifest, row);
}

fn descriptor(n: u8) -> Descriptor {
    Descriptor {
        media_type: media_type::OCI_MANIFEST.into(),
        digest: oci::Digest::parse(&digest(n)).unwrap(),
        size: 77,
        artifact_type: Some("application/spdx+json".into()),
        platform: None,
        has_platform: false,
        annotations: std::collections::BTreeMap::default(),
    }
}

/// `a`: an index of 1 and 2 under `v1`, 1 also under `v0`, a signature of 3 under its tag; `b`: 4 under `v1`.
fn model() -> (Model, u32, u32) {
    let mut model = Model::new(vec!["local".into(), "other".into()]);
    let (a, b) = (model.add_repo(0, "team/a", 1), model.add_repo(0, "team/b", 1));
    for n in 1..=6 {
        model.learn(&digest(n), &image(n));
    }
    let top = model.learn(&digest(9), &index(&[1, 2]));
    let one = model.find_manifest(&digest(1)).unwrap();
    let signature = model.find_manifest(&digest(3)).unwrap();
    let four = model.find_manifest(&digest(4)).unwrap();
    put(&mut model, a, "v1", top);
    put(&mut model, a, "v0", one);
    put(&mut model, a, "unread", NONE);
    let tag = oci::Tag::parse(&format!("sha256-{}.sig", &digest(9)[7..])).unwrap();
    let trash = oci::Tag::parse("supercargo-trash-1").unwrap();
    model.repo_mut(a).unwrap().machinery.extend([(tag, signature), (trash, signature)]);
    put(&mut model, b, "v1", four);
    for id in [a, b] {
        model.repo_mut(id).unwrap().crawled = 9;
        model.settle(id);
    }
    (model, a, b)
}

fn all(model: &Model) -> Snapshot {
    of(model, 0, None, &Marks::default(), &Guards::default(), Ways::default())
}

fn digests<'s>(snapshot: &'s Snapshot, manifests: impl IntoIterator<Item = &'s u32>) -> Vec<&'s str> {
    manifests.into_iter().map(|&m| &*snapshot.manifests[m as usize].digest).collect()
}

#[test]
fn everything_named_or_listed_is_there_once() {
    let (model, ..) = model();
    let snapshot = all(&model);
    assert_eq!((&*snapshot.registry, snapshot.repositories.len()), ("local", 2));
    let mut there: Vec<&str> = snapshot.manifests.iter().map(|m| &*m.digest).collect();
    there.sort_unstable();
    assert_eq!(there, [digest(1), digest(2), digest(3), digest(4), digest(9)]);

    let a = &snapshot.repositories[0];
    assert_eq!((&*a.name, a.whole, a.candidate), ("team/a", true, false));
    let tags: Vec<(&str, Option<&str>)> =
        a.tags.iter().map(|t| (&*t.name, t.manifest.map(|m| &*snapshot.manifests[m as usize].digest))).collect();
    let (nine, one) = (digest(9), digest(1));
    assert_eq!(tags, [("v1", Some(nine.as_str())), ("v0", Some(one.as_str())), ("unread", None)]);
    assert_eq!((a.tags[0].pushed, a.tags[0].created), (Some(7), Some(1_700_000_000_000 + DAY)));

    let top = &snapshot.manifests[a.tags[0].manifest.unwrap() as usize];
    assert_eq!(digests(&snapshot, &top.children), [digest(1), digest(2)]);
    assert!(top.known && top.kind == Kind::Index && &*top.media_type == media_type::OCI_INDEX);
    let first = &snapshot.manifests[top.children[0] as usize];
    assert_eq!(first.bytes, 401);
    assert_eq!(first.blobs.iter().map(|&b| snapshot.blobs[b as usize].size).collect::<Vec<_>>(), [Some(10), Some(1_000), Some(1)]);
    assert!(snapshot.blobs.iter().all(|b| !b.outside), "nothing is left out");

    let machinery: Vec<_> = a.machinery.iter().map(|m| (m.manifest.is_some(), m.subject == a.tags[0].manifest)).collect();
    assert_eq!(machinery, [(true, true), (true, false)]);
}

#[test]
fn a_blob_of_another_repository_is_told() {
    let (mut model, a, b) = model();
    let five = model.find_manifest(&digest(5)).unwrap();
    // Another registry's repositories are no matter.
    let elsewhere = model.add_repo(1, "team/a", 1);
    put(&mut model, elsewhere, "v1", five);
    model.settle(elsewhere);
    let snapshot = of(&model, 0, Some(&[a, a]), &Marks::default(), &Guards::default(), Ways::default());
    assert_eq!(snapshot.repositories.len(), 1);
    let outside = |s: &Snapshot| s.blobs.iter().filter(|b| b.outside).map(|b| b.size).collect::<Vec<_>>();
    assert_eq!(outside(&snapshot), [Some(1_000)], "the layer that all share");
    // What no tag reaches names its blobs as well.
    model.hold_untagged(b, five, 1);
    put(&mut model, a, "v5", five);
    model.settle(a);
    let snapshot = of(&model, 0, Some(&[a]), &Marks::default(), &Guards::default(), Ways::default());
    let mut sizes = outside(&snapshot);
    sizes.sort_unstable();
    assert_eq!(sizes, [Some(5), Some(10), Some(1_000)]);
}

#[test]
fn what_is_attached_is_there_whether_it_was_read_or_not() {
    let (mut model, a, b) = model();
    let top = model.find_manifest(&digest(9)).unwrap();
    model.learn(&digest(5), &Summary { subject: Some(digest(9)), kind: Kind::Sbom, ..image(5) });
    let six = model.learn(&digest(7), &Summary { subject: Some(digest(9)), kind: Kind::Signature, ..image(7) });
    let referrers = || Referrers { checked: 1, descriptors: vec![descriptor(7), descriptor(8)].into() };
    model.repo_mut(a).unwrap().referrers.insert(top, referrers());
    // Asked before, of something that is here no more.
    model.repo_mut(b).unwrap().referrers.insert(top, referrers());
    model.settle(a);
    let snapshot = all(&model);
    let attached = &snapshot.repositories[0].referrers;
    assert_eq!(digests(&snapshot, attached.iter().map(|r| &r.manifest)), [digest(7), digest(8)]);
    let read = &snapshot.manifests[attached[0].manifest as usize];
    assert_eq!((read.known, read.subject, read.kind), (true, Some(attached[0].subject), Kind::Signature));
    let unread = &snapshot.manifests[attached[1].manifest as usize];
    assert_eq!((unread.known, unread.bytes, unread.kind), (false, 77, Kind::Sbom));
    assert!(snapshot.repositories[1].referrers.is_empty());
    assert!(model.manifest(six).is_some());
}

#[test]
fn what_no_tag_reaches_any_more_is_untagged_once_it_is_known_to_be_there() {
    let (mut model, a, _) = model();
    let (two, six) = (model.find_manifest(&digest(2)).unwrap(), model.find_manifest(&digest(6)).unwrap());
    put(&mut model, a, "v1", six);
    model.settle(a);
    let top = model.find_manifest(&digest(9)).unwrap();
    assert_eq!(model.take_untagged(), [(a, two), (a, top)], "the other entry has a tag of its own");
    assert!(all(&model).repositories[0].untagged.is_empty());
    model.hold_untagged(a, two, 5);
    model.hold_untagged(a, two, 6);
    model.hold_untagged(a, six, 6);
    assert_eq!(model.repo(a).unwrap().held, [(two, 5)]);
    let snapshot = all(&model);
    assert_eq!(digests(&snapshot, &snapshot.repositories[0].untagged), [digest(2)]);
    put(&mut model, a, "v2", two);
    model.settle(a);
    assert!(all(&model).repositories[0].untagged.is_empty(), "a tag reaches it again");
}

#[test]
fn marks_come_from_queries_and_locks() {
    let (mut model, a, _) = model();
    let (candidates, protect) = (Query::parse("repo:=team/a tag:v*").unwrap(), Query::parse("tag:v0").unwrap());
    let lock = |repository: &str, name: &str, actor: Option<&str>| LockRecord {
        registry: "local".into(),
        repository: repository.into(),
        name: name.into(),
        at: 1,
        actor: actor.map(Into::into),
        note: None,
    };
    let marked = |model: &Model, locks: Vec<LockRecord>| {
        let (candidates, protect) = (Evaluation::new(model, &candidates, 1), Evaluation::new(model, &protect, 1));
        let marks = Marks { candidates: Some(&candidates), protected: vec![(&protect, "matches v0".into())] };
        let snapshot = of(model, 0, None, &marks, &Guards { locks, pulls_since: Some(3) }, Ways::default());
        assert_eq!(snapshot.pulls_since, Some(3));
        let mut tags = Vec::new();
        for repository in &snapshot.repositories {
            for tag in &repository.tags {
                let why = tag.protected.as_deref().unwrap_or("").to_owned();
                tags.push((format!("{}:{}", repository.name, tag.name), tag.candidate, why));
            }
        }
        (tags, snapshot.repositories.iter().map(|r| r.candidate).collect::<Vec<_>>())
    };
    let tag = |name: &str, candidate, why: &str| (name.to_owned(), candidate, why.to_owned());
    let (tags, repositories) = marked(&model, vec![]);
    assert_eq!(repositories, [true, false]);
    assert_eq!(
        tags,
        [tag("team/a:v1", true, ""), tag("team/a:v0", true, "matches v0"), tag("team/a:unread", false, ""), tag("team/b:v1", false, "")]
    );

    let top = model.find_manifest(&digest(9)).unwrap();
    put(&mut model, a, "v3", top);
    model.settle(a);
    let locks = vec![lock("team/a", &digest(9), Some("mira")), lock("team/b", "", None), lock("team/c", "", None)];
    let (tags, _) = marked(&model, locks);
    assert_eq!(
        tags,
        [
            tag("team/a:v3", true, "locked by mira"),
            tag("team/a:v1", true, "locked by mira"),
            tag("team/a:v0", true, "matches v0"),
            tag("team/a:unread", false, ""),
            tag("team/b:v1", false, "locked")
        ]
    );
}

#[test]
fn a_tag_was_pulled_when_its_name_its_digest_or_an_entry_was() {
    let (mut model, a, b) = model();
    let pulled = |model: &Model| all(model).repositories[0].tags.iter().map(|t| t.pulled).collect::<Vec<_>>();
    assert_eq!(pulled(&model), [None, None, None]);
    model.pull(a, "v1", 10);
    model.pull(a, "v1", 9);
    model.pull(a, "never seen", 9);
    model.pull(b, "v0", 99);
    assert_eq!(pulled(&model), [Some(10), None, None]);
    model.pull(a, &digest(1), 20);
    assert_eq!(pulled(&model), [Some(20), Some(20), None], "it is an entry of the index, too");
    model.pull(a, &digest(9), 30);
    assert_eq!(pulled(&model), [Some(30), Some(20), None]);
}

#[test]
fn indexes_in_indexes_however_deep_are_followed() {
    let mut model = Model::new(vec!["local".into()]);
    let a = model.add_repo(0, "a", 1);
    let deep = |n: u32| format!("sha256:{n:064x}");
    model.learn(&deep(0), &image(1));
    for n in 1..5_000 {
        let child = Child { digest: deep(n - 1), platform: None, attests: None, manifest: true };
        let id = model.learn(&deep(n), &Summary { children: vec![child], ..index(&[]) });
        put(&mut model, a, &format!("t{n}"), id);
    }
    model.settle(a);
    assert_eq!(all(&model).manifests.len(), 5_000);
}
