use super::*;
use crate::model::{Child, NEVER, NONE, Row, Summary};
use oci::Kind;

fn digest(c: char) -> String {
    format!("sha256:{}", c.to_string().repeat(64))
}

/// A manifest of each sort: an image, an index with an attestation, one with blobs of another algorithm and beyond four GiB, one
/// that is only named.
fn learned(model: &mut Model) {
    let image = Summary {
        kind: Kind::Image,
        media_type: oci::media_type::OCI_MANIFEST.into(),
        bytes: 400,
        artifact_type: None,
        created: Some(1_700_000_000_000),
        platform: Some("linux/amd64".into()),
        children: vec![],
        blobs: vec![(digest('c'), 5), (format!("sha512:{}", "a".repeat(128)), 7), (digest('d'), 5 << 32)],
        layers: 2,
        labels: vec!["team=Payments".into(), "org.opencontainers.image.revision=0123456789abcdef".into(), "empty=".into()],
        description: Some("Pays\nin two lines".into()),
        base: Some("debian:12".into()),
        subject: None,
        statements: vec![],
        sizeless: false,
    };
    let attestation = Summary {
        kind: Kind::Artifact,
        platform: None,
        statements: vec![(Kind::Sbom, "https://spdx.dev/Document".into())],
        subject: Some(digest('1')),
        blobs: vec![(digest('c'), 5)],
        ..image.clone()
    };
    let child = |c, platform: Option<&str>, attests: Option<String>| Child {
        digest: digest(c),
        platform: platform.map(str::to_owned),
        attests,
        manifest: true,
    };
    let index = Summary {
        kind: Kind::Index,
        media_type: oci::media_type::OCI_INDEX.into(),
        children: vec![child('1', Some("linux/amd64"), None), child('2', None, Some(digest('1')))],
        blobs: vec![],
        labels: vec![],
        ..image.clone()
    };
    model.learn(&digest('3'), &index);
    model.learn(&digest('1'), &image);
    model.learn(&digest('2'), &attestation);
    model.manifest_number(&digest('9'));
    model.learn(&format!("sha512:{}", "b".repeat(128)), &image);
}

/// Puts everything into a repository, so that all that lists show is derived.
fn tagged(model: &mut Model) -> u32 {
    let repo = model.add_repo(0, "team/api", 1);
    for (name, c) in [("v1", '3'), ("v2", '1'), ("v3", '9')] {
        let (name, manifest) = (model.names.number(name), model.manifest_number(&digest(c)));
        let row = Row { pushed: NEVER, first_seen: 1_800_000_000_000, told: false, dangling: false, strikes: 0, problem: NONE };
        model.repo_mut(repo).unwrap().put(name, manifest, row);
    }
    model.settle(repo);
    repo
}

fn mark() -> Mark {
    Mark { row: 4, digest: digest('2') }
}

/// All that can be asked of a manifest.
fn told(model: &Model, id: u32) -> String {
    let info = model.manifest(id).unwrap();
    let text = |id: u32| if id == NONE { "–" } else { model.texts.text(id) };
    let platforms: Vec<&str> = model.platforms(id).map(|p| model.platform_names.text(p)).collect();
    let statements: Vec<_> = info.statements.iter().map(|&(kind, predicate)| (kind, text(predicate))).collect();
    format!(
        "{:?} {} {:?} {} {:?} {:?} {:?} {:?} {:?} {} {} {platforms:?} {statements:?} {:?}",
        model.digest(id),
        info.known,
        info.kind,
        info.bytes,
        model.size(id),
        model.created(id),
        model.layers(id),
        info.labels().collect::<Vec<_>>(),
        [info.media_type, info.artifact_type].map(text),
        text(info.description),
        text(info.base),
        info.children.iter().map(|c| (c.manifest, c.attestation)).collect::<Vec<_>>(),
    )
}

#[test]
fn a_model_from_an_imprint_is_the_one_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db.known");
    let mut before = Model::new(vec!["local".into()]);
    learned(&mut before);
    before.write_imprint(&path, &mark()).unwrap();
    let (mut after, read) = Model::read_imprint(&path, vec!["local".into()]).unwrap();
    assert_eq!(read, mark());
    assert_eq!((after.known_manifests(), after.manifest_bound()), (4, 5));
    let of = (tagged(&mut before), tagged(&mut after));
    for id in 0..5 {
        assert_eq!((told(&after, id), after.subject_of(id)), (told(&before, id), before.subject_of(id)));
    }
    assert_eq!(after.totals(), before.totals());
    assert_eq!(format!("{:?}", after.repo(of.1).unwrap().facts), format!("{:?}", before.repo(of.0).unwrap().facts));
    for needle in ["pays", "payments", "0123456789abcdef", "cdef", "5"] {
        assert_eq!(after.saying(needle).iter().collect::<Vec<_>>(), before.saying(needle).iter().collect::<Vec<_>>(), "{needle}");
    }
    // What comes again is known, and what comes anew counts with what was there.
    learned(&mut before);
    learned(&mut after);
    assert_eq!(after.manifest_bound(), 5);
    assert_eq!(after.images_with(&format!("sha512:{}", "a".repeat(128))), before.images_with(&format!("sha512:{}", "a".repeat(128))));
}

#[test]
fn what_is_damaged_or_cut_off_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db.known");
    let mut model = Model::new(vec![]);
    learned(&mut model);
    model.write_imprint(&path, &mark()).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut kinds = std::collections::HashSet::new();
    for at in 0..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 0x10;
        fs::write(&path, &other).unwrap();
        kinds.insert(Model::read_imprint(&path, vec![]).err().unwrap().kind());
    }
    assert!(kinds.contains(&ErrorKind::InvalidData), "{kinds:?}");
    for length in [0, 3, 4, BEGINNING.len(), whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(Model::read_imprint(&path, vec![]).is_err(), "{length}");
    }
    fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    assert!(Model::read_imprint(&path, vec![]).is_err());
    fs::write(&path, &whole).unwrap();
    assert!(Model::read_imprint(&path, vec![]).is_ok());
}

#[cfg(unix)]
#[test]
fn it_is_for_its_owner_alone_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db.known");
    Model::new(vec![]).write_imprint(&path, &mark()).unwrap();
    Model::new(vec![]).write_imprint(&path, &mark()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
