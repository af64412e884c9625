//! Measures what a plan needs of the catalogue: `cargo run --release -p catalogue --example snapshot_speed -- [TAGS]`, a million
//! when absent. One repository has 10,000 tags of 4,000 images, the others 50 tags each; every image has six blobs, three of
//! them shared. Nothing is asked of a registry.
#![expect(clippy::unwrap_used, reason = "a measurement, run by hand")]

use catalogue::model::Summary;
use catalogue::record::{ManifestRecord, RepositoryRecord, TagRecord, Write};
use catalogue::snapshot::Wanted;
use catalogue::{Catalogue, Source, query::Query, store::Store};
use oci::{Kind, RepositoryName, Tag, media_type};
use registry::remote::{Remote, RemoteSettings};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LARGE: usize = 10_000;
const IMAGES: usize = 4_000;

/// Scattered, as digests are.
fn digest(number: usize) -> String {
    let scattered = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("sha256:{scattered:016x}{number:048x}")
}

fn manifest(number: usize) -> ManifestRecord {
    let own = |part: usize| (digest(1_000_000_000 + number * 4 + part), 1_000_000 + part as u64);
    let shared = |part: usize| (digest(2_000_000_000 + (number / 500) * 4 + part), 30_000_000);
    let summary = Summary {
        kind: Kind::Image,
        media_type: media_type::OCI_MANIFEST.into(),
        bytes: 1_500,
        artifact_type: None,
        created: Some(1_700_000_000_000 + number as i64 * 1_000),
        platform: Some("linux/amd64".into()),
        children: vec![],
        blobs: vec![own(0), own(1), own(2), shared(0), shared(1), shared(2)],
        layers: 5,
        labels: vec![format!("team=team-{}", number % 40), format!("revision={number:040x}")],
        description: None,
        base: None,
        subject: None,
        statements: vec![],
        sizeless: false,
    };
    ManifestRecord {
        digest: digest(number),
        media_type: media_type::OCI_MANIFEST.into(),
        summary: summary.encode(),
        body: b"{}".to_vec(),
        config: None,
    }
}

fn tag(repository: &str, tag: String, image: usize) -> Write {
    Write::Tag(TagRecord {
        registry: "local".into(),
        repository: repository.into(),
        tag,
        digest: Some(digest(image)),
        first_seen: 1_700_000_000_000,
        pushed: Some(1_700_000_000_000 + image as i64 * 1_000),
        told: true,
        strikes: 0,
        problem: None,
    })
}

async fn fill(store: &Store, tags: usize) {
    let repository = |name: &str| {
        let (registry, repository) = ("local".into(), name.to_owned());
        Write::Repository(RepositoryRecord { registry, repository, first_seen: 1, crawled: Some(1), strikes: 0 })
    };
    let mut batch = vec![repository("large/service")];
    for n in 0..LARGE {
        batch.push(tag("large/service", format!("1.{}.{}", n / 100, n % 100), n % IMAGES));
        if n < IMAGES {
            batch.push(Write::Manifest(manifest(n)));
        }
    }
    store.save(&batch).await.unwrap();
    for from in (LARGE..tags).step_by(5_000) {
        batch.clear();
        for n in from..from + 5_000 {
            let name = format!("team-{}/service-{}", n / 5_000, n / 50);
            if n % 50 == 0 {
                batch.push(repository(&name));
            }
            batch.push(tag(&name, format!("1.{}.0-build.{n}", n % 50), n));
            batch.push(Write::Manifest(manifest(n)));
        }
        store.save(&batch).await.unwrap();
    }
}

/// Milliseconds of processor time that this process has used; what elapses also tells of what else the machine does.
fn cpu() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let spent = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    threads.flatten().filter_map(spent).sum::<u64>() as f64 / 1e6
}

/// The best of three, and what it took.
fn best<T>(mut what: impl FnMut() -> T) -> (String, T) {
    let mut timed = || {
        let (began, before) = (Instant::now(), cpu());
        let result = what();
        ((began.elapsed(), cpu() - before), result)
    };
    let (mut least, mut result) = timed();
    for _ in 0..2 {
        drop(result);
        let (took, again) = timed();
        result = again;
        least = if took.0 < least.0 { took } else { least };
    }
    (format!("{:.1?}, CPU {:.1} ms", least.0, least.1), result)
}

#[tokio::main]
async fn main() {
    let tags: usize = std::env::args().nth(1).map_or(1_000_000, |tags| tags.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("catalogue.db").display());
    let store = Store::open(&url).await.unwrap();
    fill(&store, tags).await;
    store.close().await;
    let settings = RemoteSettings { name: "local".into(), url: "http://127.0.0.1:9".into(), ..RemoteSettings::default() };
    let source = Source {
        name: "local".into(),
        registry: Arc::new(Remote::new(settings).unwrap()),
        include: vec![],
        exclude: vec![],
        repositories: vec![],
        crawl: Duration::from_hours(1),
    };
    let catalogue = Catalogue::open(&url, vec![source]).await.unwrap();
    catalogue.start_writing();
    let guards = catalogue.guards(0).await.unwrap();
    let large = RepositoryName::parse("large/service").unwrap();
    let now = catalogue::now();

    let one = Wanted { repositories: Some(vec![large.clone()]), ..Wanted::default() };
    let (took, snapshot) = best(|| catalogue.snapshot(&one, &guards));
    println!("snapshot of {} tags among {tags}: {took}", snapshot.repositories[0].tags.len());
    let everything = plan::Intent::Delete(vec![plan::DeleteIn { everything: true, ..plan::DeleteIn::default() }]);
    let (took, plan) = best(|| plan::plan(&snapshot, &everything, now));
    println!("  the plan that deletes all of it, {} steps: {took}", plan.steps.len());

    let all = Wanted {
        candidates: Some(Query::parse("").unwrap()),
        protected: vec![(Query::parse("tag:1.7.*").unwrap(), "matches 1.7.*".into())],
        ..Wanted::default()
    };
    let (took, snapshot) = best(|| catalogue.snapshot(&all, &guards));
    println!("snapshot of all {} manifests, marked: {took}", snapshot.manifests.len());
    let policy = plan::CleanUp { matches: true, keep: Some(10), ..plan::CleanUp::default() };
    let (took, plan) = best(|| plan::plan(&snapshot, &plan::Intent::CleanUp(policy.clone()), now));
    println!("  the plan of a clean-up that keeps ten, {} steps: {took}", plan.steps.len());
    drop((snapshot, plan));

    let query = Query::parse("team:x OR tag:build.77").unwrap_or_else(|_| Query::parse("tag:build.77").unwrap());
    let (took, matches) = best(|| catalogue.matching(&query, 0));
    println!("{} tags that match a query: {took}", matches.len());

    let (began, before) = (Instant::now(), cpu());
    for n in 0..1_000 {
        let tag = Tag::parse(&format!("1.{}.{}", n / 100, n % 100)).unwrap();
        catalogue.tag_went(0, &large, &tag).await;
    }
    println!("1,000 tags that went, one by one: {:.1?}, CPU {:.1} ms", began.elapsed(), cpu() - before);
    catalogue.close().await;
}
