//! The steps as such: whole after each, true, and always the same.

use super::*;
use crate::layer::digest;
use oci::media_type;
use std::collections::HashSet;

#[test]
fn whatever_a_manifest_names_is_there_already_and_as_large_as_it_says() {
    let mut sizes = HashMap::<(String, Digest), usize>::new();
    for step in &FILLED.steps {
        let here = |digest: &Digest| (step.repository.to_string(), digest.clone());
        match &step.put {
            Put::Blob { digest, bytes } => {
                assert_eq!(sizes.insert(here(digest), bytes.len()), None, "{digest} is put twice");
            }
            Put::Mount { digest, from } => {
                let size = sizes[&(from.to_string(), digest.clone())];
                assert_eq!(sizes.insert(here(digest), size), None, "{digest} is mounted where it is already");
            }
            Put::Manifest { digest, media_type, bytes, .. } => {
                let manifest = Manifest::parse(bytes, Some(media_type)).unwrap();
                let named: Vec<_> = match &manifest.body {
                    Body::Image { config, layers } => config.iter().chain(layers).collect(),
                    Body::Index { manifests } => manifests.iter().collect(),
                    Body::Schema1 { .. } => panic!("schema 1"),
                };
                for descriptor in named.into_iter().chain(&manifest.subject) {
                    let size = sizes.get(&here(&descriptor.digest));
                    assert_eq!(size, Some(&(descriptor.size as usize)), "{} in {}", descriptor.digest, step.repository);
                }
                sizes.insert(here(digest), bytes.len());
            }
        }
    }
}

#[test]
fn digests_are_true() {
    for step in &FILLED.steps {
        if let Put::Blob { digest: named, bytes } | Put::Manifest { digest: named, bytes, .. } = &step.put {
            assert_eq!(*named, digest(bytes));
        }
    }
}

#[test]
fn no_blob_is_put_into_two_repositories() {
    let mut seen = HashSet::new();
    for step in &FILLED.steps {
        if let Put::Blob { digest, .. } = &step.put {
            assert!(seen.insert(digest), "{digest} is shared, but not mounted");
        }
    }
}

#[test]
fn pushes_ascend_from_two_years_ago_to_minutes_ago() {
    assert!(FILLED.steps.is_sorted_by_key(|step| step.at));
    let ago = |step: &Step| now().duration_since(step.at).as_secs_f64();
    let days = ago(&FILLED.steps[0]) / 86_400.0;
    assert!((720.0..=735.0).contains(&days), "{days}");
    let seconds = ago(FILLED.steps.last().unwrap());
    assert!((60.0..=300.0).contains(&seconds), "{seconds}");
}

#[test]
fn the_same_time_makes_the_same_bytes() {
    let again: Vec<_> = crate::steps(now()).map(Result::unwrap).collect();
    assert!(again == FILLED.steps);
}

#[test]
fn another_time_makes_the_same_layers() {
    let later = now() + jiff::SignedDuration::from_hours(1);
    let layers: HashSet<_> = FILLED.manifests.values().flat_map(|stored| file_systems(&stored.manifest)).cloned().collect();
    let mut count = 0;
    for step in crate::steps(later) {
        if let Put::Manifest { bytes, .. } = step.unwrap().put {
            let manifest = Manifest::parse(&bytes, None).unwrap();
            count += file_systems(&manifest).inspect(|digest| assert!(layers.contains(digest), "{digest}")).count();
        }
    }
    assert!(count > 1000, "{count}");
}

fn file_systems(manifest: &Manifest) -> impl Iterator<Item = &Digest> {
    let all = if let Body::Image { layers, .. } = &manifest.body { layers.as_slice() } else { &[] };
    all.iter()
        .filter(|layer| layer.media_type.contains("image.layer") || layer.media_type.contains("image.rootfs"))
        .map(|layer| &layer.digest)
}

#[test]
fn a_time_that_cannot_be_ends_in_one_error() {
    let mut steps = crate::steps(Timestamp::MIN);
    assert!(steps.by_ref().any(|step| step.is_err()));
    assert!(steps.next().is_none());
}

#[test]
fn it_is_as_large_as_promised() {
    let count = |filter: fn(&Put) -> usize| FILLED.steps.iter().map(|step| filter(&step.put)).sum::<usize>();
    let bytes = count(|put| if let Put::Blob { bytes, .. } | Put::Manifest { bytes, .. } = put { bytes.len() } else { 0 });
    assert!((20_000_000..=40_000_000).contains(&bytes), "{bytes}");
    let largest = FILLED.blobs.values().map(bytes::Bytes::len).max().unwrap();
    assert!((1_000_000..=2_200_000).contains(&largest), "{largest}");

    let repositories: HashSet<_> = FILLED.steps.iter().map(|step| step.repository.as_str()).collect();
    assert!((18..=24).contains(&repositories.len()), "{repositories:?}");
    let namespaces: HashSet<_> = repositories.iter().filter_map(|name| name.split('/').next()).collect();
    assert_eq!(namespaces, HashSet::from(["library", "team", "charts", "models", "tools"]));
    assert!((280..=380).contains(&FILLED.tags.len()), "{}", FILLED.tags.len());
    assert!(FILLED.manifests.keys().all(|(repository, _)| repositories.contains(repository.as_str())));
}

#[test]
fn manifests_are_what_a_registry_takes() {
    for ((repository, digest), stored) in &FILLED.manifests {
        let taken = [media_type::OCI_MANIFEST, media_type::OCI_INDEX, media_type::DOCKER_MANIFEST, media_type::DOCKER_LIST];
        assert!(taken.contains(&stored.manifest.media_type.as_str()), "{repository}@{digest}");
        assert!(stored.size < 64 << 10, "{repository}@{digest}: {}", stored.size);
        if let Body::Image { config, .. } = &stored.manifest.body {
            assert!(config.is_some(), "{repository}@{digest}");
        }
    }
}
