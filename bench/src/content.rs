//! A catalogue's database with many tags, written as the crawler would have written it.

use catalogue::{
    model::Summary,
    record::{ManifestRecord, RegistryRecord, RepositoryRecord, TagRecord, Write},
    store::Store,
};
use oci::{Kind, media_type};

const TEAMS: [&str; 16] = [
    "team", "library", "platform", "payments", "search", "infra", "data", "mobile", "web", "edge", "ml", "security", "tools", "ops",
    "finance", "labs",
];
const PARTS: [&str; 20] = [
    "api",
    "web",
    "worker",
    "gateway",
    "scheduler",
    "postgres",
    "redis",
    "nginx",
    "auth",
    "billing",
    "catalog",
    "exporter",
    "operator",
    "proxy",
    "queue",
    "reports",
    "router",
    "session",
    "store",
    "sync",
];

/// The name of the n-th repository.
pub(crate) fn repository(n: usize) -> String {
    format!("{}/{}-{}-{}", TEAMS[n % 16], PARTS[n / 16 % 20], PARTS[n / 320 % 20], n)
}

/// The name of the n-th tag of a repository of so many.
pub(crate) fn tag(n: usize, of: usize) -> String {
    match n {
        0 => "latest".to_owned(),
        1 => "main".to_owned(),
        n if n % 7 == 6 => format!("pr-{}", 1000 + of * 3 + n),
        n => format!("v{}.{}.{}", n / 30 + 1, n / 5 % 6, n % 5),
    }
}

fn digest(a: usize, b: usize, kind: u8) -> String {
    let mut bytes = [kind; 32];
    bytes[..8].copy_from_slice(&(a as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes[8..16].copy_from_slice(&(b as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F).to_be_bytes());
    oci::Digest::sha256(&bytes).to_string()
}

/// What a commit is called: forty digits.
pub(crate) fn revision(r: usize, t: usize) -> String {
    // SplitMix64, so that the digits are as mixed as a hash's.
    let mix = |n: u64| {
        let n = (n ^ n >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ n >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        n ^ n >> 31
    };
    let seed = (r * 1000 + t) as u64;
    let [a, b, c] = [1, 2, 3].map(|n: u64| mix(seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))));
    format!("{a:016x}{b:016x}{:08x}", c >> 32)
}

fn summary(r: usize, t: usize) -> Summary {
    Summary {
        kind: Kind::Image,
        media_type: media_type::OCI_MANIFEST.into(),
        bytes: 900,
        artifact_type: None,
        created: Some(1_790_000_000_000 - (t as i64) * 86_400_000 - r as i64 * 1000),
        platform: Some(if r.is_multiple_of(3) { "linux/arm64" } else { "linux/amd64" }.into()),
        children: vec![],
        blobs: (0..6)
            .map(|l| if l < 3 { (digest(r % 50, l, 1), 20_000_000 + l as u64) } else { (digest(r, t * 6 + l, 2), 1_000_000 + t as u64) })
            .collect(),
        layers: 5,
        labels: vec![
            format!("org.opencontainers.image.source=https://git.example/{}", repository(r)),
            format!("org.opencontainers.image.revision={}", revision(r, t)),
            format!("org.opencontainers.image.version={}", tag(t, r)),
            format!("team={}", TEAMS[r % 16]),
        ],
        description: Some(format!("The {} of {}", PARTS[r / 16 % 20], TEAMS[r % 16])),
        base: Some("debian:12-slim".into()),
        subject: None,
        statements: vec![],
        sizeless: false,
    }
}

/// Writes so many repositories with so many tags each, every tag its own image.
pub(crate) async fn fill(database: &str, repositories: usize, tags: usize) -> anyhow::Result<()> {
    let store = Store::open(database).await?;
    let now = catalogue::now();
    let registry = "local".to_owned();
    store.save(&[Write::Registry(RegistryRecord { registry: registry.clone(), crawled: Some(now), capabilities: None })]).await?;
    let mut batch = Vec::new();
    for r in 0..repositories {
        let repository = repository(r);
        batch.push(Write::Repository(RepositoryRecord {
            registry: registry.clone(),
            repository: repository.clone(),
            first_seen: now,
            crawled: Some(now),
            strikes: 0,
        }));
        for t in 0..tags {
            let name = digest(r, t, 3);
            batch.push(Write::Manifest(ManifestRecord {
                digest: name.clone(),
                media_type: media_type::OCI_MANIFEST.into(),
                summary: summary(r, t).encode(),
                body: b"{}".to_vec(),
                config: None,
            }));
            batch.push(Write::Tag(TagRecord {
                registry: registry.clone(),
                repository: repository.clone(),
                tag: tag(t, r),
                digest: Some(name),
                first_seen: now,
                pushed: Some(now - t as i64 * 3_600_000 - r as i64),
                told: true,
                strikes: 0,
                problem: None,
            }));
        }
        if batch.len() > 10_000 {
            store.save(&batch).await?;
            batch.clear();
        }
    }
    store.save(&batch).await?;
    store.close().await;
    Ok(())
}
