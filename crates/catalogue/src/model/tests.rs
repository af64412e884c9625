use super::*;
use oci::Kind;

fn digest(c: char) -> String {
    format!("sha256:{}", c.to_string().repeat(64))
}

fn image(blobs: &[(char, u64)]) -> Summary {
    Summary {
        kind: Kind::Image,
        media_type: oci::media_type::OCI_MANIFEST.into(),
        bytes: 400,
        artifact_type: None,
        created: Some(1_700_000_000_000),
        platform: Some("linux/amd64".into()),
        children: vec![],
        blobs: blobs.iter().map(|&(c, s)| (digest(c), s)).collect(),
        layers: blobs.len() as u32 - 1,
        labels: vec!["team=payments".into()],
        description: Some("Pays".into()),
        base: None,
        subject: None,
        statements: vec![],
        sizeless: false,
    }
}

fn row(at: i64) -> Row {
    Row { pushed: NEVER, first_seen: at, told: false, dangling: false, strikes: 0, problem: NONE }
}

fn put(model: &mut Model, repo: u32, tag: &str, manifest: u32) {
    let name = model.names.number(tag);
    model.repo_mut(repo).unwrap().put(name, manifest, row(5));
}

fn tags(model: &Model, repo: u32) -> Vec<&str> {
    model.repo(repo).unwrap().names.iter().map(|&n| model.names.text(n)).collect()
}

#[test]
fn shared_layers_count_once_in_the_repository_and_in_all() {
    let mut m = Model::new(vec!["local".into()]);
    let (a, b) = (m.add_repo(0, "team/a", 1), m.add_repo(0, "team/b", 1));
    let one = m.learn(&digest('1'), &image(&[('c', 1), ('x', 100)]));
    let two = m.learn(&digest('2'), &image(&[('d', 1), ('x', 100), ('y', 10)]));
    put(&mut m, a, "v1", one);
    put(&mut m, a, "v2", two);
    put(&mut m, a, "latest", two);
    put(&mut m, b, "v1", one);
    m.settle(a);
    m.settle(b);
    let facts = &m.repo(a).unwrap().facts;
    assert_eq!((facts.size, facts.unshared, facts.images), (112, 212, 2));
    assert_eq!(m.totals(), Totals { repositories: 2, tags: 4, size: 112, unshared: 313 });
    assert_eq!(m.images_with(&digest('x')), 2);
    assert_eq!(m.totals_of(0), m.totals());
    m.drop_repo(a);
    assert_eq!(m.totals(), Totals { repositories: 1, tags: 1, size: 101, unshared: 101 });
    assert_eq!(m.images_with(&digest('y')), 0);
}

#[test]
fn a_manifest_that_comes_after_its_tag_counts_from_then() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    let number = m.manifest_number(&digest('1'));
    put(&mut m, a, "v1", number);
    m.settle(a);
    assert_eq!((m.totals().size, m.repo(a).unwrap().facts.unfetched), (0, 1));
    assert_eq!(m.learn(&digest('1'), &image(&[('c', 1), ('x', 9)])), number);
    m.settle(a);
    assert_eq!((m.totals().size, m.repo(a).unwrap().facts.unfetched), (10, 0));
    m.drop_repo(a);
    assert_eq!(m.totals().size, 0);
}

#[test]
fn an_index_is_as_large_as_its_default_platform_and_its_repository_as_all() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    m.learn(&digest('1'), &image(&[('c', 1), ('x', 100)]));
    let mut arm = image(&[('d', 1), ('y', 50)]);
    arm.platform = Some("linux/arm64".into());
    m.learn(&digest('2'), &arm);
    let mut index = image(&[('c', 0)]);
    index.kind = Kind::Index;
    index.media_type = oci::media_type::OCI_INDEX.into();
    index.blobs.clear();
    index.platform = None;
    let child = |d: char, p: Option<&str>| Child {
        digest: digest(d),
        platform: p.map(Into::into),
        attests: p.is_none().then(|| digest('1')),
        manifest: true,
    };
    index.children = vec![child('2', Some("linux/arm64")), child('1', Some("linux/amd64")), child('3', None)];
    let i = m.learn(&digest('9'), &index);
    put(&mut m, a, "v1", i);
    m.settle(a);
    assert_eq!(m.size(i), Some(101));
    assert_eq!(m.repo(a).unwrap().facts.size, 152);
    assert_eq!(m.platforms(i).map(|p| m.platform_names.text(p)).collect::<Vec<_>>(), ["linux/arm64", "linux/amd64"]);
    let attached = m.attached(m.repo(a).unwrap(), i);
    assert_eq!(attached.len(), 1);
    assert_eq!(attached[0].kind, Kind::Provenance);
    assert!(m.repo(a).unwrap().holds(m.find_manifest(&digest('1')).unwrap()));
}

#[test]
fn tags_stand_in_version_order_and_the_newest_is_the_highest_release() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    let one = m.learn(&digest('1'), &image(&[('c', 1)]));
    for tag in ["latest", "v1.9.0", "v1.10.0", "v2.0.0-rc.1", "main"] {
        put(&mut m, a, tag, one);
    }
    m.settle(a);
    assert_eq!(tags(&m, a), ["v2.0.0-rc.1", "v1.10.0", "v1.9.0", "latest", "main"]);
    let repo = m.repo(a).unwrap();
    assert_eq!(m.names.text(repo.names[repo.facts.newest.unwrap() as usize]), "v1.10.0");
}

#[test]
fn machinery_tags_are_attached_to_what_they_speak_of() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    let one = m.learn(&digest('1'), &image(&[('c', 1)]));
    let mut signature = image(&[('s', 7)]);
    signature.kind = Kind::Signature;
    let s = m.learn(&digest('5'), &signature);
    put(&mut m, a, "v1", one);
    let tag = oci::Tag::parse(&format!("sha256-{}.sig", "1".repeat(64))).unwrap();
    m.repo_mut(a).unwrap().machinery.push((tag, s));
    m.settle(a);
    assert_eq!(m.repo(a).unwrap().facts.attached.get(&one), Some(&(1, true, false)));
}

#[test]
fn machinery_of_a_long_digest_is_found_by_the_part_that_its_tag_holds() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    let long = format!("sha512:{}", "ab".repeat(64));
    let one = m.learn(&long, &image(&[('c', 1)]));
    m.learn(&digest('5'), &Summary { kind: Kind::Sbom, platform: None, ..image(&[('s', 7)]) });
    let child = Child { digest: digest('5'), platform: None, attests: None, manifest: true };
    let list = Summary { kind: Kind::Index, children: vec![child], blobs: vec![], ..image(&[('s', 7)]) };
    let list = m.learn(&digest('6'), &list);
    put(&mut m, a, "v1", one);
    let tag = oci::Digest::parse(&long).unwrap().referrers_tag();
    m.repo_mut(a).unwrap().machinery.push((oci::Tag::parse(&tag).unwrap(), list));
    m.settle(a);
    assert_eq!(m.repo(a).unwrap().facts.attached.get(&one), Some(&(1, false, true)));
}

#[test]
fn a_repository_of_which_every_image_is_signed_is_settled_soon() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    for n in 0..3_000 {
        let digest = |role: &str| format!("sha256:{role}{n:063x}");
        let one = m.learn(&digest("a"), &image(&[('c', 1)]));
        let signature = m.learn(&digest("b"), &Summary { kind: Kind::Signature, ..image(&[('s', 7)]) });
        put(&mut m, a, &format!("v{n}"), one);
        let tag = oci::Tag::parse(&format!("sha256-{}.sig", &digest("a")["sha256:".len()..])).unwrap();
        m.repo_mut(a).unwrap().machinery.push((tag, signature));
    }
    let began = std::time::Instant::now();
    m.settle(a);
    assert_eq!(m.repo(a).unwrap().facts.attached.values().filter(|a| a.1).count(), 3_000);
    // Unoptimised, beside other tests: near enough to notice that each was looked for among all.
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn digests_are_found_by_their_first_digits() {
    let mut m = Model::default();
    let id = m.manifest_number(&format!("sha256:3f2a{}", "0".repeat(60)));
    let odd = m.manifest_number("blake3:abcdef");
    let zero = m.manifest_number(&format!("sha256:{}", "0".repeat(64)));
    let beginning = |text: &str| {
        let mut found = Bits::default();
        m.add_beginning(&crate::query::DigestPrefix::parse(text).unwrap(), &mut found);
        found.iter().collect::<Vec<_>>()
    };
    assert_eq!(
        (beginning("3f2"), beginning("3f3"), beginning("sha256:3f2a"), beginning("blake3:3f2a")),
        (vec![id], vec![], vec![id], vec![])
    );
    assert_eq!((beginning("abc"), beginning("blake3:ab"), beginning("sha256:ab")), (vec![odd], vec![odd], vec![]));
    assert_eq!((beginning("00000"), beginning(&"0".repeat(64)), beginning(&"0".repeat(65))), (vec![zero], vec![zero], vec![]));
    assert_eq!((beginning(&format!("3f2a{}", "0".repeat(20))), beginning(&format!("3f2a{}1", "0".repeat(20)))), (vec![id], vec![]));
    assert_eq!(m.digest(odd).as_deref(), Some("blake3:abcdef"));
    assert_eq!(m.find_manifest("blake3:abcdef"), Some(odd));
}

#[test]
fn what_manifests_say_is_found_by_its_value_only() {
    let mut m = Model::new(vec!["local".into()]);
    let mut one = image(&[('c', 1)]);
    one.labels = vec!["Team=Payments".into(), "revision=abcdef0123".into(), "empty=".into(), "no label".into(), "a=b=c".into()];
    let one = m.learn(&digest('1'), &one);
    let mut two = image(&[('d', 1)]);
    two.labels = vec!["owner=payments".into()];
    let two = m.learn(&digest('2'), &two);
    let saying = |text: &str| m.saying(text).iter().collect::<Vec<_>>();
    assert_eq!((saying("payments"), saying("team"), saying("pays")), (vec![one, two], vec![], vec![one, two]));
    assert_eq!((saying("3"), saying("9"), saying("c")), (vec![one], vec![], vec![one]));
    assert_eq!((saying("cdef0"), saying("abcdef0123"), saying("abcdef01234"), saying("b=c")), (vec![one], vec![one], vec![], vec![one]));
    assert_eq!(
        m.manifest(one).unwrap().labels().collect::<Vec<_>>(),
        [("Team", "Payments"), ("revision", "abcdef0123"), ("empty", ""), ("a", "b=c")]
    );
}

#[test]
fn a_registry_is_pending_until_all_its_tags_are_read() {
    let mut m = Model::new(vec!["local".into(), "other".into()]);
    let (a, b) = (m.add_repo(0, "a", 1), m.add_repo(0, "b", 1));
    let number = m.manifest_number(&digest('1'));
    put(&mut m, a, "v1", number);
    for id in [a, b] {
        m.repo_mut(id).unwrap().crawled = 5;
        m.settle(id);
    }
    assert!(m.is_pending(0) && !m.is_pending(1));
    m.learn(&digest('1'), &image(&[('c', 1)]));
    m.settle(a);
    assert!(!m.is_pending(0));
    let c = m.add_repo(0, "c", 1);
    assert!(m.is_pending(0));
    m.drop_repo(c);
    assert!(!m.is_pending(0));
}

#[test]
fn a_large_layer_keeps_its_size() {
    let mut m = Model::new(vec!["local".into()]);
    let a = m.add_repo(0, "a", 1);
    let one = m.learn(&digest('1'), &image(&[('c', 1), ('x', u64::from(u32::MAX)), ('y', 1 << 40)]));
    put(&mut m, a, "v1", one);
    m.settle(a);
    assert_eq!(m.totals().size, 1 + u64::from(u32::MAX) + (1 << 40));
}
