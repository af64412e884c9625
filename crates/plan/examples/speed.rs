//! How long plans over large registries take: `cargo run --release --package plan --features testing --example speed`.

use plan::{
    CleanUp, DeleteIn, Intent, KeepBy, Snapshot, plan,
    testing::{NOW, Shape, registry},
};
use std::time::Instant;

fn main() {
    let deep = registry(7, Shape::DEEP);
    println!("one repository: {} tags, {} digests", deep.repositories[0].tags.len(), deep.manifests.len());
    let half = (0..deep.repositories[0].tags.len() as u32).step_by(2).collect();
    measure("delete half of its tags", &deep, &Intent::Delete(vec![DeleteIn { tags: half, ..DeleteIn::default() }]));
    measure("delete all of it", &deep, &Intent::Delete(vec![DeleteIn { everything: true, ..DeleteIn::default() }]));
    drop(deep);

    let started = Instant::now();
    let wide = registry(7, Shape::WIDE);
    let tags: usize = wide.repositories.iter().map(|r| r.tags.len()).sum();
    println!(
        "{} repositories: {tags} tags, {} digests, {} blobs (made in {:.1} s)",
        wide.repositories.len(),
        wide.manifests.len(),
        wide.blobs.len(),
        started.elapsed().as_secs_f64()
    );
    let policy = CleanUp { keep: Some(10), keep_by: KeepBy::Version, older_than: Some(14 * 86_400_000), ..CleanUp::default() };
    measure("clean up, keep 10 and what is younger than 14 days", &wide, &Intent::CleanUp(policy.clone()));
    measure(
        "the same, by push, with what has no tag",
        &wide,
        &Intent::CleanUp(CleanUp { keep_by: KeepBy::Pushed, untagged: true, ..policy }),
    );
    measure("delete one tag", &wide, &Intent::Delete(vec![DeleteIn { repository: 5, tags: vec![3], ..DeleteIn::default() }]));
}

fn measure(what: &str, snapshot: &Snapshot, intent: &Intent) {
    const TIMES: u32 = 5;
    let (mut least, mut busy) = (f64::MAX, 0.0);
    let mut told = String::new();
    for _ in 0..TIMES {
        let (started, before) = (Instant::now(), at_work());
        let plan = plan(snapshot, intent, NOW);
        busy += at_work() - before;
        least = least.min(started.elapsed().as_secs_f64() * 1000.0);
        told = format!("{} steps, {} effects, frees {} bytes", plan.steps.len(), plan.effects.len(), plan.frees);
    }
    println!("{what}: {least:.1} ms at best, {:.0} ms of processors on average ({told})", busy / f64::from(TIMES));
}

/// Milliseconds that this program was at work on all processors, in steps of ten; 0 where that cannot be told.
fn at_work() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}
