//! A first crawl of 10,000 repositories × 5 tags from the fake registry in this process, so both share the two cores.

use catalogue::{Catalogue, Source, State};
use registry::{
    fake::{Fake, FakeSettings},
    remote::{Remote, RemoteSettings},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) async fn run() -> anyhow::Result<()> {
    let (repositories, tags) = (10_000, 5);
    let fake = Fake::start(FakeSettings { repositories, tags, ..FakeSettings::default() }).await?;
    let folder = tempfile::tempdir()?;
    let settings = RemoteSettings { name: "local".into(), url: fake.url().into(), ..RemoteSettings::default() };
    let source = Source {
        name: "local".into(),
        registry: Arc::new(Remote::new(settings)?),
        include: vec![],
        exclude: vec![],
        repositories: vec![],
        crawl: Duration::from_hours(1),
    };
    let catalogue = Catalogue::open(&format!("sqlite:{}", folder.path().join("c.db").display()), vec![source]).await?;
    let begun = Instant::now();
    catalogue.start();
    let mut names = None;
    loop {
        if names.is_none() && catalogue.model().totals().repositories as usize == repositories {
            names = Some(begun.elapsed());
        }
        if catalogue.state(0) == State::Fresh {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    let manifests = (repositories * tags) as f64 / took.as_secs_f64();
    println!(
        "cold crawl, {repositories} repositories × {tags} tags: {:.1} s, {manifests:.0} manifests/s, {} requests (must reach 1,000 manifests/s)",
        took.as_secs_f64(),
        fake.requests()
    );
    println!("  names visible after {:.2} s (must reach 1 s)", names.unwrap_or(took).as_secs_f64());
    catalogue.close().await;
    Ok(())
}
