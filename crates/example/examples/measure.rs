//! Makes the whole example and says what it has: `cargo run --release -p example --example measure`.

use example::Put;
use oci::{Kind, Manifest};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Instant,
};

#[derive(Default)]
struct Repository {
    tags: BTreeSet<String>,
    manifests: usize,
    bytes: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = jiff::Timestamp::now();
    let begun = Instant::now();
    let count = example::steps(now).flatten().count();
    println!("{count} steps in {:?}", begun.elapsed());

    let mut repositories = BTreeMap::<String, Repository>::new();
    let mut kinds = BTreeMap::<Kind, usize>::new();
    let mut manifests = HashSet::new();
    let (mut stored, mut largest, mut blobs, mut mounts, mut moves) = (0, 0, 0, 0, 0);
    for step in example::steps(now) {
        let step = step?;
        let repository = repositories.entry(step.repository.to_string()).or_default();
        match step.put {
            Put::Blob { bytes, .. } => {
                blobs += 1;
                stored += bytes.len();
                repository.bytes += bytes.len();
                largest = largest.max(bytes.len());
            }
            Put::Mount { .. } => mounts += 1,
            Put::Manifest { digest, media_type, bytes, tags } => {
                if manifests.insert((step.repository.clone(), digest)) {
                    *kinds.entry(Kind::of(&Manifest::parse(&bytes, Some(media_type))?)).or_default() += 1;
                    stored += bytes.len();
                    repository.manifests += 1;
                }
                moves += tags.len();
                repository.tags.extend(tags.iter().map(ToString::to_string));
            }
        }
    }
    for (name, Repository { tags, manifests, bytes, .. }) in &repositories {
        println!("{name:24} {:4} tags {manifests:4} manifests {bytes:9} bytes", tags.len());
    }
    let tags: usize = repositories.values().map(|repository| repository.tags.len()).sum();
    println!("{} repositories, {tags} tags moved {moves} times", repositories.len());
    println!("{blobs} blobs (largest {largest}), {mounts} mounts, {} manifests, {stored} bytes", manifests.len());
    println!("{kinds:?}");
    Ok(())
}
