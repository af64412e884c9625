//! Measures the store: `cargo run --release -p catalogue --example store_speed -- URL [TAGS]`. The database must be new
//! or empty; `postgresql` instead of an address starts a server for the time. As many manifests as tags are written, with
//! summaries of 150 bytes and bodies of 2,000.
#![expect(clippy::unwrap_used, reason = "a measurement, run by hand")]

use catalogue::record::{ManifestRecord, RepositoryRecord, TagRecord, Write};
use catalogue::store::Store;
use catalogue::testing::PostgreSql;
use std::time::Instant;

const BATCH: usize = 5000;

/// Scattered, as digests are.
fn digest(number: usize) -> String {
    let scattered = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("sha256:{scattered:016x}{number:048x}")
}

fn batch(from: usize, pushed: i64) -> Vec<Write> {
    let mut batch = Vec::with_capacity(2 * BATCH + BATCH / 50);
    for number in from..from + BATCH {
        let (registry, repository) = ("prod".to_owned(), format!("team-{}/service-{}", number / 5000, number / 50));
        if number % 50 == 0 {
            let (registry, repository) = (registry.clone(), repository.clone());
            batch.push(Write::Repository(RepositoryRecord { registry, repository, first_seen: 1, crawled: Some(pushed), strikes: 0 }));
        }
        batch.push(Write::Tag(TagRecord {
            registry,
            repository,
            tag: format!("1.{}.0-build.{number}", number % 50),
            digest: Some(digest(number + pushed as usize)),
            first_seen: 1_700_000_000_000,
            pushed: Some(1_700_000_000_000 + pushed),
            told: false,
            strikes: 0,
            problem: None,
        }));
        batch.push(Write::Manifest(ManifestRecord {
            digest: digest(number + pushed as usize),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            summary: vec![b's'; 150],
            body: vec![b'b'; 1500],
            config: Some(vec![b'c'; 500]),
        }));
    }
    batch
}

/// Milliseconds of processor time that this process has used; what elapses also tells of what else the machine does.
fn cpu() -> u128 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let spent = |thread: std::fs::DirEntry| -> Option<u128> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    threads.flatten().filter_map(spent).sum::<u128>() / 1_000_000
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut url = arguments.next().unwrap_or_else(|| "sqlite::memory:".to_owned());
    let server = if url == "postgresql" { PostgreSql::start().unwrap() } else { None };
    if let Some(server) = &server {
        url = server.database().await.unwrap();
    }
    let tags: usize = arguments.next().map_or(100_000, |tags| tags.parse().unwrap());
    let store = Store::open(&url).await.unwrap();

    let cpu_before = cpu();
    let mut times = Vec::new();
    for from in (0..tags).step_by(BATCH) {
        let batch = batch(from, 0);
        let began = Instant::now();
        store.save(&batch).await.unwrap();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    let each = (cpu() - cpu_before) / times.len() as u128;
    println!("save {BATCH} new tags + {BATCH} new manifests: median {median:.0?}, slowest {slowest:.0?}, CPU {each} ms each");

    let again = batch(0, 0);
    let began = Instant::now();
    store.save(&again).await.unwrap();
    println!("save the same again: {:.0?}", began.elapsed());
    let moved = batch(0, 1);
    let began = Instant::now();
    store.save(&moved).await.unwrap();
    println!("save with every tag moved: {:.0?}", began.elapsed());
    let one: Vec<Write> = batch(0, 2).into_iter().take(3).collect();
    let began = Instant::now();
    store.save(&one).await.unwrap();
    println!("save one repository, tag and manifest: {:.1?}", began.elapsed());

    let began = Instant::now();
    let reopened = if url.contains(":memory:") { store.clone() } else { Store::open(&url).await.unwrap() };
    println!("open again: {:.1?}", began.elapsed());
    for _ in 0..3 {
        let (began, cpu_before) = (Instant::now(), cpu());
        let loaded = reopened.load().await.unwrap();
        let (tags, manifests) = (loaded.tags.len(), loaded.manifests.len());
        println!("load {tags} tags + {manifests} summaries: {:.0?}, CPU {} ms", began.elapsed(), cpu() - cpu_before);
    }
    let began = Instant::now();
    for number in 0..1000 {
        assert!(reopened.manifest(&digest(number * 7 % tags)).await.unwrap().is_some());
    }
    println!("read one body: {:.0?}", began.elapsed() / 1000);
    store.close().await;
    reopened.close().await;
}
