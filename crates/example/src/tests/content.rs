//! What is in it: every kind, and what each page wants to show.

use super::*;
use flate2::read::GzDecoder;
use oci::{ImageConfig, Kind, media_type};
use std::{
    collections::{BTreeSet, HashSet},
    io::Read,
};

#[test]
fn every_kind_that_a_registry_takes_is_there() {
    let kinds: BTreeSet<_> = FILLED.manifests.values().map(|stored| Kind::of(&stored.manifest)).collect();
    // What is unknown has no configuration, and no registry takes that any more.
    let wanted: BTreeSet<_> = Kind::ALL.into_iter().filter(|&kind| kind != Kind::Unknown).collect();
    assert_eq!(kinds, wanted);
}

/// Path, type, mode, owner and length of every entry.
type Entry = (String, tar::EntryType, u32, u64, u64);

fn unpack(layer: &oci::Descriptor) -> (Vec<u8>, Vec<Entry>) {
    let bytes = &FILLED.blobs[&layer.digest];
    let mut archive = Vec::new();
    if layer.media_type.ends_with("zstd") {
        archive = zstd::decode_all(bytes.as_ref()).unwrap();
    } else {
        GzDecoder::new(bytes.as_ref()).read_to_end(&mut archive).unwrap();
    }
    let mut entries = Vec::new();
    for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let length = std::io::copy(&mut entry, &mut std::io::sink()).unwrap();
        let header = entry.header();
        assert_eq!(length, header.size().unwrap());
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        entries.push((path, header.entry_type(), header.mode().unwrap(), header.uid().unwrap(), length));
    }
    (archive, entries)
}

#[test]
fn every_archive_reads_back_and_every_image_says_what_is_in_it() {
    let mut known = HashMap::new();
    let mut types = HashSet::new();
    for ((repository, digest), Stored { manifest, .. }) in &FILLED.manifests {
        if Kind::of(manifest) != Kind::Image {
            continue;
        }
        let Body::Image { config: Some(config), layers } = &manifest.body else { panic!("{repository}@{digest}") };
        let config = ImageConfig::parse(&FILLED.blobs[&config.digest]).unwrap();
        assert!(config.platform.is_some());
        assert!(config.pair_history(layers.len()).is_some(), "{repository}@{digest}");
        let mut diff_ids = Vec::new();
        for layer in layers {
            types.insert(layer.media_type.as_str());
            let diff_id = known.entry(&layer.digest).or_insert_with(|| {
                let (archive, entries) = unpack(layer);
                assert!(!entries.is_empty());
                let paths: HashSet<_> = entries.iter().map(|entry| &entry.0).collect();
                assert_eq!(paths.len(), entries.len(), "{paths:?}");
                crate::layer::digest(&archive).to_string()
            });
            diff_ids.push(diff_id.clone());
        }
        assert_eq!(config.diff_ids, diff_ids, "{repository}@{digest}");
    }
    assert_eq!(types.len(), 3, "{types:?}");
}

#[test]
fn tags_of_one_release_name_one_image_and_moved() {
    let (newest, index) = FILLED.tagged("team/api", "v2.14.0");
    for alias in ["2.14", "2", "latest"] {
        assert_eq!(FILLED.tagged("team/api", alias).0, newest, "{alias}");
    }
    let platforms: Vec<_> = index.platforms().map(|(platform, _)| platform.to_string()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    let latest = FILLED.steps.iter().filter(|step| {
        let Put::Manifest { tags, .. } = &step.put else { return false };
        step.repository.as_str() == "team/api" && tags.iter().any(|tag| tag.as_str() == "latest")
    });
    assert_eq!(latest.count(), 38);
    for tag in ["v2.13.4", "pr-418", "v2.15.0-rc.1", "next"] {
        FILLED.tagged("team/api", tag);
    }
}

#[test]
fn a_base_is_one_of_our_own() {
    let mut named = 0;
    for Stored { manifest, .. } in FILLED.manifests.values() {
        let annotation = |name: &str| manifest.annotations.get(&format!("org.opencontainers.image.base.{name}"));
        let (Some(name), Some(digest)) = (annotation("name"), annotation("digest")) else { continue };
        let (repository, tag) = name.strip_prefix("docker.io/").unwrap().split_once(':').unwrap();
        assert_eq!(FILLED.tagged(repository, tag).0.as_str(), digest);
        named += 1;
    }
    assert!(named > 100, "{named}");
    let base: HashSet<_> = layers(FILLED.platform("library/debian", "latest", "linux/arm64")).iter().map(|layer| &layer.digest).collect();
    assert!(layers(FILLED.platform("team/api", "latest", "linux/arm64")).iter().any(|layer| base.contains(&layer.digest)));
}

#[test]
fn the_newest_release_has_everything_attached() {
    let (newest, index) = FILLED.tagged("team/api", "latest");
    let mut attached: Vec<_> = FILLED
        .manifests
        .values()
        .filter(|stored| stored.manifest.subject.as_ref().is_some_and(|subject| subject.digest == *newest))
        .map(|stored| Kind::of(&stored.manifest))
        .collect();
    attached.sort();
    assert_eq!(attached, [Kind::Signature, Kind::Sbom, Kind::Sbom, Kind::Provenance]);
    FILLED.tagged("team/api", &format!("{}.sig", newest.referrers_tag()));
    let Body::Index { manifests } = &index.body else { panic!("no index") };
    let attestations: Vec<_> = manifests.iter().filter(|entry| entry.is_attestation()).collect();
    assert_eq!(attestations.len(), 3);
    for attestation in attestations {
        assert!(manifests.iter().any(|entry| Some(&entry.digest) == attestation.attests().as_ref()));
    }
}

#[test]
fn the_legacy_image_wastes_and_leaks() {
    let (_, image) = FILLED.tagged("team/legacy", "latest");
    let all: Vec<_> = layers(image).iter().map(|layer| unpack(layer).1).collect();
    let place = |path: &str| all.iter().position(|entries| entries.iter().any(|entry| entry.0 == path)).unwrap();
    assert_eq!(place("opt/ledger/.wh..env"), place("opt/ledger/.env") + 1);
    assert!(place("opt/ledger/.wh.dump.sql.gz") > place("opt/ledger/dump.sql.gz"));
    assert!(place("opt/ledger/cache/.wh..wh..opq") > place("opt/ledger/cache/a.bin"));
    let jars = all.iter().flatten().filter(|entry| entry.0 == "opt/ledger/app.jar").count();
    assert_eq!(jars, 2, "it is written again only for its mode");
}

#[test]
fn file_systems_have_all_that_a_list_of_files_can_show() {
    let manifest = FILLED.platform("library/debian", "latest", "linux/amd64");
    let entries: Vec<_> = layers(manifest).iter().flat_map(|layer| unpack(layer).1).collect();
    let of = |wanted: tar::EntryType| entries.iter().filter(|entry| entry.1 == wanted).count();
    for kind in [tar::EntryType::Regular, tar::EntryType::Directory, tar::EntryType::Symlink, tar::EntryType::Link] {
        assert!(of(kind) > 0, "{kind:?}");
    }
    let modes: BTreeSet<_> = entries.iter().map(|entry| entry.2).collect();
    assert!([0o640, 0o644, 0o755, 0o1777, 0o4755].iter().all(|mode| modes.contains(mode)), "{modes:?}");
    let owned = layers(FILLED.platform("team/api", "latest", "linux/amd64")).iter().flat_map(|layer| unpack(layer).1);
    assert!(owned.map(|entry| entry.3).any(|owner| owner == 10001));
}

#[test]
fn docker_windows_and_nothing_at_all() {
    assert_eq!(FILLED.tagged("library/node", "latest").1.media_type, media_type::DOCKER_LIST);
    assert_eq!(FILLED.tagged("library/nginx", "latest").1.media_type, media_type::DOCKER_MANIFEST);
    FILLED.platform("tools/ferry", "latest", "windows/amd64");
    let (_, approval) = FILLED.tagged("tools/approvals", "latest");
    assert!(layers(approval).is_empty());
    assert_eq!(Kind::of(approval), Kind::Artifact);
}

#[test]
fn a_chart_is_an_archive_with_its_metadata() {
    let (_, chart) = FILLED.tagged("charts/payments", "1.1.1_build.77");
    let (archive, entries) = unpack(&layers(chart)[0]);
    let paths: Vec<_> = entries.iter().map(|entry| entry.0.as_str()).collect();
    for file in ["Chart.yaml", "values.yaml", "README.md", "templates/deployment.yaml"] {
        assert!(paths.contains(&format!("payments/{file}").as_str()), "{paths:?}");
    }
    assert!(String::from_utf8_lossy(&archive).contains("version: 1.1.1+build.77"));
    FILLED.tagged("charts/ingress", "4.11.2");
}
