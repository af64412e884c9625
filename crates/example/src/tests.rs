//! What anyone may rely on who puts the steps into a registry.

mod content;
mod order;

use crate::{Put, Step};
use jiff::Timestamp;
use oci::{Body, Digest, Manifest, Tag};
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

fn now() -> Timestamp {
    "2026-11-26T00:00:00Z".parse().unwrap()
}

/// A manifest as a registry would have it.
struct Stored {
    manifest: Manifest,
    size: usize,
}

/// A registry that was filled.
#[derive(Default)]
struct Filled {
    steps: Vec<Step>,
    blobs: HashMap<Digest, bytes::Bytes>,
    manifests: BTreeMap<(String, Digest), Stored>,
    tags: BTreeMap<(String, Tag), Digest>,
}

static FILLED: LazyLock<Filled> = LazyLock::new(|| {
    let mut filled = Filled::default();
    for step in crate::steps(now()) {
        let step = step.unwrap();
        let repository = step.repository.to_string();
        match &step.put {
            Put::Blob { digest, bytes } => {
                filled.blobs.insert(digest.clone(), bytes.clone());
            }
            Put::Mount { .. } => {}
            Put::Manifest { digest, media_type, bytes, tags } => {
                let manifest = Manifest::parse(bytes, Some(media_type)).unwrap();
                filled.manifests.insert((repository.clone(), digest.clone()), Stored { manifest, size: bytes.len() });
                filled.tags.extend(tags.iter().map(|tag| ((repository.clone(), tag.clone()), digest.clone())));
            }
        }
        filled.steps.push(step);
    }
    filled
});

impl Filled {
    fn tagged(&self, repository: &str, tag: &str) -> (&Digest, &Manifest) {
        let digest = &self.tags[&(repository.to_owned(), Tag::parse(tag).unwrap())];
        (digest, &self.manifests[&(repository.to_owned(), digest.clone())].manifest)
    }

    /// The manifest of an index for one platform.
    fn platform(&self, repository: &str, tag: &str, platform: &str) -> &Manifest {
        let (_, index) = self.tagged(repository, tag);
        let (_, child) = index.platforms().find(|(found, _)| found.to_string() == platform).unwrap();
        &self.manifests[&(repository.to_owned(), child.digest.clone())].manifest
    }
}

fn layers(manifest: &Manifest) -> &[oci::Descriptor] {
    let Body::Image { layers, .. } = &manifest.body else { panic!("no image") };
    layers
}
