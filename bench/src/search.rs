//! Search and lists over 1,000,000 tags, inside the server: through the same functions that pages and JSON call.

use crate::{content, processor, resident};
use service::{Caller, RegistrySettings, RepositoriesQuery, Service, Settings, TagsQuery};
use std::time::{Duration, Instant};

const REPOSITORIES: usize = 20_000;
const TAGS: usize = 50;

/// With a file: a database that `bench database` wrote; else one is written now.
pub(crate) async fn run(file: Option<&str>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", file.map_or_else(|| folder.path().join("c.db").display().to_string(), str::to_owned));
    if file.is_none() {
        let begun = Instant::now();
        content::fill(&database, REPOSITORIES, TAGS).await?;
        println!("{} tags written in {:.1} s", REPOSITORIES * TAGS, begun.elapsed().as_secs_f64());
    }
    let (before, processor_before) = (resident(), processor());
    let begun = Instant::now();
    let service = Service::open(settings(&database)).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    let took = begun.elapsed().as_secs_f64();
    let totals = service.totals(&Caller::local(), None).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    println!("{} tags loaded in {took:.2} s, {} ms of processor time, {} MB (must reach 400 MB)", totals.tags, processor() - processor_before, (resident() - before) / 1_000_000);
    let caller = Caller::local();
    let mut times = Vec::new();
    let mut slowest = (Duration::ZERO, String::new());
    for q in queries() {
        let begun = Instant::now();
        let list = service.search(&caller, &q, Some(12), None).await.map_err(|e| anyhow::anyhow!("{e}"))?;
        let took = begun.elapsed();
        std::hint::black_box(list);
        if took > slowest.0 {
            slowest = (took, q.clone());
        }
        times.push(took);
    }
    report("search over 1,000,000 tags", &mut times, "p50 ≤ 2 ms, p99 ≤ 10 ms");
    println!("  slowest: {:.1} ms for “{}”", slowest.0.as_secs_f64() * 1000.0, slowest.1);
    let mut times = Vec::new();
    for n in 0..200 {
        let query = RepositoriesQuery { sort: Some(["-pushed", "name", "-size", "-tags"][n % 4].into()), q: if n % 3 == 0 { format!("{n}") } else { String::new() }, ..RepositoriesQuery::default() };
        let begun = Instant::now();
        std::hint::black_box(service.repositories(&caller, &query).await.map_err(|e| anyhow::anyhow!("{e}"))?);
        times.push(begun.elapsed());
    }
    report("a page of repositories", &mut times, "part of p99 ≤ 50 ms with 50 clients");
    let mut times = Vec::new();
    for n in 0..200 {
        let reference = oci::Reference::parse(&format!("local/{}", content::repository(n * 97)))?;
        let begun = Instant::now();
        std::hint::black_box(service.tags(&caller, &reference, &TagsQuery { gathered: true, ..TagsQuery::default() }).await.map_err(|e| anyhow::anyhow!("{e}"))?);
        times.push(begun.elapsed());
    }
    report("a page of tags", &mut times, "part of p99 ≤ 50 ms with 50 clients");
    Ok(())
}

fn settings(database: &str) -> Settings {
    Settings {
        database: registry::Secret::new(database),
        read_only: false,
        registries: vec![RegistrySettings {
            name: "local".into(),
            url: "http://127.0.0.1:9".into(),
            pull_host: None,
            username: None,
            password: None,
            token: None,
            notification_secret: None,
            token_realm: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            insecure_skip_verify: false,
            include: vec![],
            exclude: vec![],
            repositories: vec![],
            crawl: Duration::from_secs(600),
            read_only: false,
        }],
    }
}

/// What people type, letter by letter, with slips and with fields: 1,000 of them.
fn queries() -> Vec<String> {
    let mut all = Vec::new();
    for n in 0..125 {
        let name = content::repository(n * 157);
        let leaf = name.split('/').nth(1).unwrap_or_default().to_owned();
        let tag = content::tag(n % 50, n);
        all.push(leaf.clone());
        all.push(leaf.chars().take(3).collect());
        all.push(format!("{leaf} {tag}"));
        all.push(format!("{leaf}:{tag}"));
        all.push(tag);
        all.push(["postgers", "ngnix", "gatway", "schduler", "payments api", "team web v2", "latest", "exporter pr-"][n % 8].to_owned());
        all.push([format!("label:team=payments repo:{}", &name[..4]), format!("arch:arm64 {leaf}"), format!("tag:~^v2 {leaf}"), format!("size:>10MB {leaf}")][n % 4].clone());
        all.push(format!("{:040x}", ((n * 157) as u128) << 64 | 3));
    }
    all
}

fn report(what: &str, times: &mut [Duration], must: &str) {
    times.sort_unstable();
    let at = |p: f64| times[((times.len() - 1) as f64 * p) as usize].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms of {} (must reach {must})", at(0.5), at(0.99), at(1.0), times.len());
}
