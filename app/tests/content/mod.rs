//! Content to draw pages from: a registry as real ones are, and what is odd in them.

pub(crate) mod change;

use api::*;
use app::*;
use std::{collections::BTreeMap, fmt::Write as _};

/// 2026-11-23 21:04:11 UTC.
pub(crate) const NOW: i64 = 1_795_467_851_000;

pub(crate) fn frame() -> Frame {
    Frame {
        nonce: "nonce".into(),
        csrf: "token".into(),
        assets: Assets { css: "/pkg/s.css".into(), js: "/pkg/s.js".into(), wasm: "/pkg/s.wasm".into() },
        path: "/".into(),
        registries: 1,
        public_host: "localhost:5080".into(),
        can_change: true,
        ..Frame::default()
    }
}

/// So many seconds before now, as the fields of the API take it.
#[expect(clippy::unnecessary_wraps, reason = "most of those fields may be null")]
pub(crate) fn ago(seconds: i64) -> Option<String> {
    Some(at(seconds))
}

fn at(seconds: i64) -> String {
    let days = |n: i64| n * 86_400;
    let then = NOW / 1000 - seconds;
    // Civil from days (Howard Hinnant's algorithm), enough for fixtures.
    let z = then.div_euclid(days(1)) + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let s = then.rem_euclid(days(1));
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.000Z", s / 3600, s / 60 % 60, s % 60)
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

pub(crate) fn digest(seed: u64) -> String {
    let mut hex = String::new();
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    for _ in 0..4 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let _ = write!(hex, "{x:016x}");
    }
    format!("sha256:{hex}")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What was looked at, and can be freed.
fn collections() -> api::Collections {
    let last = api::Collection {
        dry_run: true,
        started: "2026-11-23T11:59:00.000Z".into(),
        finished: Some("2026-11-23T11:59:30.000Z".into()),
        looked: 20,
        of: 20,
        manifests: 19,
        references: (0..19).map(|n| format!("team/api@{}", digest(n))).collect(),
        blobs: 57,
        frees: 1_234_567_890,
        ..api::Collection::default()
    };
    api::Collections { every: Some(86_400), next: Some("2026-11-24T06:00:00.000Z".into()), grace: 86_400, untagged: true, last: Some(last) }
}

pub(crate) fn registry(name: &str, state: State) -> Registry {
    let capability = |name: &str, state, hint: Option<&str>| Capability { name: name.into(), state, hint: hint.map(str::to_owned) };
    Registry {
        name: name.into(),
        url: format!("https://{name}.example:5000"),
        pull_host: format!("{name}.example:5000"),
        state,
        checked: if state == State::Stale { ago(3 * HOUR) } else { ago(4) },
        capabilities: vec![
            capability("auth", Answer::No, Some("Anonymous: whoever reaches it may read it.")),
            capability("catalog", Answer::Yes, None),
            capability("tag-paging", Answer::Yes, None),
            capability("digest-header", Answer::Yes, None),
            capability(
                "referrers",
                Answer::No,
                Some("The registry is older than the referrers API (distribution 3 has it); fallback tags are read instead."),
            ),
            capability("delete", Answer::Yes, None),
            capability(
                "delete-tag",
                Answer::No,
                Some("A tag cannot be deleted alone: deleting its digest takes every tag of that digest along."),
            ),
        ],
        repositories: 1284,
        tags: 48_211,
        progress: (state == State::Crawling).then(|| Progress { done: 120, total: 1284, manifests: 3911, started: at(12) }),
        problem: (state == State::Unreachable).then(|| {
            Problem::new(Code::RegistryUnreachable, format!("{name}.example:5000 refuses the connection."))
                .hint("Is the registry running, and may this host reach its port 5000?")
        }),
        latency_ms: Some(14),
        read_only: false,
        size: Some(1_900_000_000_000),
    }
}

/// A registry that deletes nothing, as registry:2 and registry:3 are until they are told to.
pub(crate) fn no_deletes() -> Registry {
    let mut registry = registry("local", State::Fresh);
    for capability in registry.capabilities.iter_mut().filter(|capability| capability.name == "delete") {
        capability.state = Answer::No;
        capability.hint =
            Some("Deleting is switched off. Set `REGISTRY_STORAGE_DELETE_ENABLED=true` in the registry's environment.".to_owned());
    }
    registry
}

pub(crate) fn repository(registry: &str, name: &str) -> Repository {
    Repository {
        registry: registry.into(),
        repository: name.into(),
        tags: 41,
        size: Some(153_000_000),
        updated: ago(3 * DAY),
        newest: Some("16.4".into()),
        platforms: words("linux/amd64 linux/arm64"),
        kinds: words("image"),
        description: None,
        aliases: words("16 latest"),
        signed: false,
        images: 20,
        size_unshared: Some(900_000_000),
    }
}

#[allow(clippy::too_many_arguments)]
fn row(
    name: &str,
    description: &str,
    newest: &str,
    tags: u64,
    size: u64,
    platforms: &str,
    kind: &str,
    signed: bool,
    seconds: i64,
) -> Repository {
    let mut newest = words(newest).into_iter();
    Repository {
        newest: newest.next(),
        aliases: newest.collect(),
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        tags,
        size: Some(size),
        platforms: words(platforms),
        kinds: words(kind),
        signed,
        updated: ago(seconds),
        ..repository("local", name)
    }
}

pub(crate) fn repositories() -> Vec<Repository> {
    const TWO: &str = "linux/amd64 linux/arm64";
    const MANY: &str = "linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/ppc64le linux/s390x linux/riscv64";
    vec![
        row("charts/ingress", "Ingress controller for the edge clusters", "4.11.2", 19, 48_000, "", "helm", true, 8 * DAY),
        row("charts/payments", "Everything team/api needs to run", "1.8.0", 31, 22_000, "", "helm", true, 9 * DAY),
        row("library/node", "JavaScript runtime", "22.11-slim 22-slim", 96, 78_000_000, MANY, "image", false, 5 * DAY),
        row(
            "library/postgres",
            "The world’s most advanced open source relational database",
            "16.4 16 latest",
            41,
            153_000_000,
            MANY,
            "image",
            true,
            3 * DAY,
        ),
        row("library/redis", "In-memory data store", "7.4.1 7 latest", 38, 44_000_000, MANY, "image", true, 3 * DAY),
        row("models/embed-small", "Text embedding, 384 dimensions", "2026.10", 6, 133_000_000, "", "model", false, 21 * DAY),
        row(
            "team/api",
            "Payments API: accepts, routes and settles card payments",
            "v2.14.0 latest 2.14",
            212,
            184_000_000,
            TWO,
            "image",
            true,
            2 * MINUTE,
        ),
        row("team/web", "Shop front, server-rendered", "v9.1.2 latest", 87, 62_000_000, "linux/amd64", "image", true, HOUR),
        row("team/worker", "Settlement and mail queues", "v2.13.9", 140, 171_000_000, TWO, "image", false, 3 * HOUR),
    ]
}

pub(crate) fn list<T>(items: Vec<T>, total: u64, next: Option<&str>, state: State) -> List<T> {
    let at = if state == State::Fresh { ago(4) } else { ago(3 * HOUR) };
    List { items, total, next: next.map(str::to_owned), freshness: Freshness { state, at } }
}

pub(crate) fn catalogue(state: State) -> CatalogueModel {
    CatalogueModel {
        now: NOW,
        totals: Totals { registries: 1, repositories: 1284, tags: 48_211, size: 1_900_000_000_000, size_unshared: 3_400_000_000_000 },
        registries: vec![registry("local", state)],
        list: list(repositories(), 1284, Some("cursor"), state),
        asked: Asked { sort: Some("name".into()), ..Asked::default() },
        error: None,
        namespaces: [("charts", 12, 610_000), ("library", 24, 18_000_000_000), ("models", 3, 96_000_000_000), ("team", 38, 41_000_000_000)]
            .map(|(namespace, repositories, size)| Namespace {
                registry: "local".into(),
                namespace: namespace.into(),
                repositories,
                size: Some(size),
            })
            .into(),
    }
}

pub(crate) fn tag(name: &str, aliases: &str, seed: u64) -> Tag {
    Tag {
        tag: name.into(),
        digest: Some(digest(seed)),
        media_type: Some("application/vnd.oci.image.index.v1+json".into()),
        kind: "image".into(),
        size: Some(184_000_000u64.saturating_sub(seed * 1_300_000)),
        platforms: words("linux/amd64 linux/arm64"),
        created: ago(3 * HOUR),
        pushed: ago(2 * MINUTE + seed as i64 * 2 * DAY),
        aliases: words(aliases),
        signed: seed < 3,
        attached: if seed < 3 { 3 } else { 1 },
        sbom: seed < 6,
        registry: "local".into(),
        repository: "team/api".into(),
        problem: None,
    }
}

pub(crate) fn repository_page(state: State) -> RepositoryModel {
    let tags = vec![
        tag("v2.14.0", "latest 2.14", 0),
        tag("v2.13.4", "2.13", 1),
        tag("v2.13.3", "", 2),
        tag("v2.13.2", "", 3),
        tag("v2.13.1", "", 4),
        Tag { platforms: words("linux/amd64"), ..tag("v2.13.0", "", 5) },
        Tag { platforms: words("linux/amd64"), ..tag("v2.12.7", "2.12 stable", 6) },
        Tag { platforms: vec![], attached: 0, ..tag("pr-1881", "", 7) },
        Tag { digest: None, size: None, pushed: None, created: None, platforms: vec![], attached: 0, ..tag("being-read", "", 8) },
        Tag {
            digest: None,
            size: None,
            platforms: vec![],
            attached: 0,
            problem: Some(Problem::new(Code::UpstreamMisbehaved, "The registry lists this tag but has no manifest for it.")),
            ..tag("broken", "", 9)
        },
    ];
    RepositoryModel {
        now: NOW,
        registry: registry("local", state),
        repository: Repository {
            tags: 212,
            images: 61,
            size: Some(6_200_000_000),
            size_unshared: Some(38_000_000_000),
            updated: ago(2 * MINUTE),
            newest: Some("v2.14.0".into()),
            description: Some("Payments API: accepts, routes and settles card payments.".into()),
            ..repository("local", "team/api")
        },
        list: list(tags, 61, Some("cursor"), state),
        asked: Asked::default(),
        error: None,
        labels: labels(),
        matching: Some(212),
        locks: vec![],
    }
}

fn labels() -> BTreeMap<String, String> {
    [
        ("org.opencontainers.image.source", "https://github.com/acme/api"),
        ("org.opencontainers.image.revision", "8c1f2ab90d44e1c7a9b2f35c"),
        ("org.opencontainers.image.licenses", "Apache-2.0"),
        ("org.opencontainers.image.base.name", "docker.io/library/debian:12-slim"),
        ("team", "payments"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

pub(crate) fn image() -> Image {
    let steps: [(&str, Option<(u64, u64)>); 12] = [
        ("/bin/sh -c #(nop) ADD file:8f3a in / ", Some((29_100_000, 34))),
        ("/bin/sh -c #(nop)  CMD [\"bash\"]", None),
        ("ENV LANG=C.UTF-8", None),
        (
            "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl libssl3 tzdata && rm -rf /var/lib/apt/lists/* # buildkit",
            Some((61_000_000, 12)),
        ),
        ("COPY /deps /usr/lib/api # buildkit", Some((72_600_000, 3))),
        ("COPY /out/api /usr/local/bin/api # buildkit", Some((18_200_000, 1))),
        ("COPY assets /srv/assets # buildkit", Some((3_100_000, 2))),
        ("USER 10001:10001", None),
        ("EXPOSE map[8080/tcp:{} 9090/tcp:{}]", None),
        ("VOLUME [/var/lib/api]", None),
        ("HEALTHCHECK CMD curl", None),
        ("ENTRYPOINT [\"/usr/local/bin/api\",\"--config\",\"/etc/api.toml\"]", None),
    ];
    let mut layers = Vec::new();
    let mut history = Vec::new();
    for (index, (created_by, layer)) in steps.into_iter().enumerate() {
        let digest = digest(100 + index as u64);
        if let Some((size, images)) = layer {
            layers.push(Layer {
                digest: digest.clone(),
                size: Some(size),
                media_type: "application/vnd.oci.image.layer.v1.tar+gzip".into(),
                created_by: Some(created_by.into()),
                images,
                annotations: BTreeMap::new(),
            });
        }
        history.push(HistoryStep {
            created_by: Some(created_by.into()),
            created: ago(3 * HOUR),
            empty: layer.is_none(),
            comment: None,
            layer: layer.map(|_| digest),
        });
    }
    let attached = |kind: &str, artifact_type: &str, seed| Descriptor {
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        digest: digest(seed),
        size: 1_842,
        artifact_type: Some(artifact_type.into()),
        annotations: [("org.opencontainers.image.created".to_owned(), at(HOUR))].into(),
        kind: kind.into(),
    };
    Image {
        reference: "local/team/api:v2.14.0".into(),
        registry: "local".into(),
        repository: "team/api".into(),
        tag: Some("v2.14.0".into()),
        digest: digest(0),
        media_type: "application/vnd.oci.image.index.v1+json".into(),
        kind: "image".into(),
        size: Some(184_000_000),
        unpacked_size: Some(512_000_000),
        platform: Some("linux/amd64".into()),
        platforms: vec![
            PlatformImage { platform: "linux/amd64".into(), digest: digest(50), size: Some(184_000_000) },
            PlatformImage { platform: "linux/arm64".into(), digest: digest(51), size: Some(181_000_000) },
        ],
        tags: words("v2.14.0 latest 2.14"),
        created: ago(9 * MINUTE),
        pushed: ago(2 * MINUTE),
        config: Some(serde_json::json!({
            "architecture": "amd64", "os": "linux",
            "config": {
                "Entrypoint": ["/usr/local/bin/api", "--config", "/etc/api.toml"],
                "ExposedPorts": {"8080/tcp": {}, "9090/tcp": {}},
                "User": "10001:10001", "WorkingDir": "/srv", "Volumes": {"/var/lib/api": {}},
                "Healthcheck": {"Test": ["CMD-SHELL", "curl -fsS localhost:8080/healthz"], "Interval": 30_000_000_000u64},
                "Env": ["RUST_LOG=info", "TZ=UTC", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "API_TOKEN=hunter2", "A=1", "B=2"],
                "StopSignal": "SIGTERM"
            }
        })),
        labels: labels(),
        annotations: BTreeMap::new(),
        history,
        layers,
        attached: vec![
            attached("signature", "application/vnd.dev.cosign.artifact.sig.v1+json", 60),
            attached("sbom", "application/spdx+json", 61),
            attached("provenance", "application/vnd.in-toto+json", 62),
        ],
        platform_digest: Some(digest(50)),
        platform_media_type: Some("application/vnd.oci.image.manifest.v1+json".into()),
        tag_history: vec![
            TagMoment { digest: digest(0), from: at(2 * MINUTE), until: None },
            TagMoment { digest: digest(70), from: at(8 * HOUR), until: ago(2 * HOUR) },
        ],
        artifact_type: None,
        pull_reference: "local.example:5000/team/api:v2.14.0".into(),
        pull_reference_pinned: format!("local.example:5000/team/api@{}", digest(0)),
    }
}

pub(crate) fn image_page(tab: Tab) -> ImageModel {
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(50), "size": 1842, "platform": {"architecture": "amd64", "os": "linux"}},
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(51), "size": 1842, "platform": {"architecture": "arm64", "os": "linux"}}
        ],
        "annotations": {"org.opencontainers.image.source": "https://github.com/acme/api", "note": "<script>alert(1)</script>"}
    });
    let of_platform = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(80), "size": 5823},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(100), "size": 29_100_000}]
    });
    let document = |media_type: &str, seed, value: &serde_json::Value| Document {
        digest: digest(seed),
        media_type: media_type.into(),
        text: value.to_string(),
        size: value.to_string().len() as u64,
    };
    let image = image();
    ImageModel {
        now: NOW,
        registry: registry("local", State::Fresh),
        tab,
        platform: None,
        manifests: vec![
            document("application/vnd.oci.image.index.v1+json", 0, &manifest),
            document("application/vnd.oci.image.manifest.v1+json", 50, &of_platform),
        ],
        configuration: image.config.as_ref().map(|config| document("application/vnd.oci.image.config.v1+json", 80, config)),
        image,
        locks: vec![],
    }
}

pub(crate) fn chart_page() -> ImageModel {
    let mut model = image_page(Tab::Overview);
    let image = &mut model.image;
    image.reference = "local/charts/ingress:4.11.2".into();
    image.repository = "charts/ingress".into();
    image.tag = Some("4.11.2".into());
    image.tags = words("4.11.2");
    image.kind = "helm".into();
    image.media_type = "application/vnd.oci.image.manifest.v1+json".into();
    image.size = Some(48_000);
    image.unpacked_size = None;
    image.platform = None;
    image.platforms = vec![];
    image.platform_digest = None;
    image.history = vec![];
    image.pull_reference = "local.example:5000/charts/ingress:4.11.2".into();
    image.pull_reference_pinned = format!("local.example:5000/charts/ingress@{}", digest(0));
    image.config = Some(serde_json::json!({
        "name": "ingress", "version": "4.11.2", "appVersion": "1.11.2", "description": "Ingress controller for the edge clusters",
        "home": "https://ingress.example/", "keywords": ["ingress", "edge"], "maintainers": [{"name": "mira"}], "sources": ["https://github.com/acme/ingress"]
    }));
    image.layers = vec![Layer {
        digest: digest(90),
        size: Some(47_000),
        media_type: "application/vnd.cncf.helm.chart.content.v1.tar+gzip".into(),
        created_by: None,
        images: 1,
        annotations: [("org.opencontainers.image.title".to_owned(), "ingress-4.11.2.tgz".to_owned())].into(),
    }];
    image.attached = vec![];
    image.tag_history = vec![];
    model
}

pub(crate) fn search_page() -> SearchModel {
    let hit = |kind: &str, reference: &str, matched: &str, marks: &[(u32, u32)]| Hit {
        kind: kind.into(),
        registry: "local".into(),
        repository: "team/api".into(),
        tag: None,
        digest: None,
        reference: reference.into(),
        matched: matched.into(),
        marks: marks.to_vec(),
        tags: (kind == "repository").then_some(212),
        pushed: ago(6 * DAY),
        image_kind: Some("image".into()),
    };
    let hits = vec![
        hit("repository", "local/team/api", "team/api", &[(5, 8)]),
        hit("repository", "local/charts/payments", "charts/payments", &[(7, 10)]),
        hit("tag", "local/team/api:v2.14.0", "team/api:v2.14.0", &[(5, 8), (10, 13)]),
        hit("tag", "local/team/api:v2.13.4", "team/api:v2.13.4", &[(5, 8), (10, 13)]),
        hit("label", "local/team/api:v2.14.0", "team=payments", &[(5, 8)]),
    ];
    SearchModel {
        now: NOW,
        asked: Asked { q: "pay api 2.1".into(), ..Asked::default() },
        list: Some(list(hits, 38, Some("cursor"), State::Fresh)),
        error: None,
        took_ms: 3,
    }
}

pub(crate) fn query_error() -> QueryError {
    QueryError {
        start: 10,
        end: 19,
        message: "“size:>5xx” compares a size with something that is no size.".into(),
        hint: Some("A size is a number and a unit: size:>500MB.".into()),
    }
}

pub(crate) fn problem_page(problem: Problem) -> ProblemModel {
    ProblemModel {
        now: NOW,
        problem,
        registry: Some(registry("local", State::Fresh)),
        repository: Some("team/api".into()),
        suggestions: words("local/team/api:v2.14.0 local/team/api:v2.13.4"),
        request_id: Some("01jd8x5v9q".into()),
    }
}

/// Every page in every state worth looking at, by the name of its file.
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let long = "a-name-that-goes-on-and-on-and-on-without-any-place-to-break-it-".repeat(4);
    let flat = CatalogueModel { asked: Asked::default(), ..catalogue(State::Fresh) };
    let several = CatalogueModel {
        registries: vec![registry("local", State::Fresh), registry("prod", State::Unreachable), registry("old", State::Stale)],
        totals: Totals { registries: 3, ..catalogue(State::Fresh).totals },
        asked: Asked { q: "kind:image arch:arm64".into(), ..Asked::default() },
        ..catalogue(State::Unreachable)
    };
    let long_names = CatalogueModel {
        list: list(
            vec![
                Repository {
                    description: Some(long.clone()),
                    newest: Some(long[..128].into()),
                    aliases: vec![long[..100].into()],
                    ..repository("local", &long[..250])
                },
                Repository {
                    size: None,
                    updated: None,
                    newest: None,
                    platforms: vec![],
                    kinds: vec![],
                    aliases: vec![],
                    tags: 0,
                    ..repository("local", "a/b/c/d/e/f/g/h/deep")
                },
            ],
            2,
            None,
            State::Fresh,
        ),
        asked: Asked::default(),
        ..catalogue(State::Fresh)
    };
    let wrong = CatalogueModel {
        asked: Asked { q: "payments  size:>5xx".into(), ..Asked::default() },
        error: Some(query_error()),
        list: list(vec![], 0, None, State::Fresh),
        ..catalogue(State::Fresh)
    };
    let none = |state, q: &str| CatalogueModel {
        totals: Totals { registries: 1, repositories: 0, tags: 0, size: 0, size_unshared: 0 },
        registries: vec![Registry { repositories: 0, tags: 0, ..registry("local", state) }],
        list: list(vec![], 0, None, state),
        asked: Asked { q: q.into(), ..Asked::default() },
        ..catalogue(state)
    };
    let many: Vec<Tag> = (0..1000)
        .map(|n| Tag {
            size: Some(180_000_000 + n * 7919),
            pushed: ago(n as i64 * HOUR),
            ..tag(&format!("v3.{}.{}", 99 - n / 10, n % 10), "", n)
        })
        .collect();
    let thousands = RepositoryModel {
        list: list(many, 5000, Some("cursor"), State::Fresh),
        asked: Asked { after: Some("x".into()), before: 1000, previous: Some(String::new()), flat: true, ..Asked::default() },
        repository: Repository { tags: 5000, ..repository_page(State::Fresh).repository },
        ..repository_page(State::Fresh)
    };
    let empty_repository = RepositoryModel {
        list: list(vec![], 0, None, State::Fresh),
        repository: Repository {
            tags: 0,
            images: 0,
            size: Some(0),
            size_unshared: None,
            description: None,
            ..repository("local", "team/api")
        },
        labels: BTreeMap::new(),
        ..repository_page(State::Fresh)
    };
    let mut long_image = image_page(Tab::Overview);
    long_image.image.repository = long[..250].into();
    long_image.image.tag = Some(long[..128].into());
    long_image.image.labels.insert(long.clone(), long.clone());
    long_image.image.pull_reference = format!("local.example:5000/{}:{}", &long[..250], &long[..128]);
    let read_only =
        RepositoryModel { registry: Registry { read_only: true, ..registry("local", State::Fresh) }, ..repository_page(State::Fresh) };
    let no_deletes = RepositoryModel { registry: no_deletes(), ..repository_page(State::Fresh) };
    let mut pages = change::pages();
    pages.extend(vec![
        ("repository-read-only", Page::Repository(read_only)),
        ("repository-no-deletes", Page::Repository(no_deletes)),
        ("catalogue", Page::Catalogue(catalogue(State::Fresh))),
        ("catalogue-flat", Page::Catalogue(flat)),
        ("catalogue-crawling", Page::Catalogue(CatalogueModel { asked: Asked::default(), ..catalogue(State::Crawling) })),
        ("catalogue-several", Page::Catalogue(several)),
        ("catalogue-long", Page::Catalogue(long_names)),
        ("catalogue-wrong", Page::Catalogue(wrong)),
        ("catalogue-empty", Page::Catalogue(none(State::Fresh, ""))),
        ("catalogue-nothing", Page::Catalogue(none(State::Fresh, "nonsense"))),
        ("catalogue-first", Page::Catalogue(none(State::Crawling, ""))),
        ("catalogue-silent", Page::Catalogue(none(State::Unreachable, ""))),
        (
            "registry",
            Page::Registry(RegistryModel {
                collections: Some(collections()),
                now: NOW,
                registry: registry("local", State::Fresh),
                notifications: Some("http://localhost:5080/api/v1/notifications/local".into()),
                refreshing: false,
            }),
        ),
        (
            "registry-crawling",
            Page::Registry(RegistryModel {
                collections: None,
                now: NOW,
                registry: registry("local", State::Crawling),
                notifications: None,
                refreshing: true,
            }),
        ),
        (
            "registry-silent",
            Page::Registry(RegistryModel {
                collections: None,
                now: NOW,
                registry: registry("local", State::Unreachable),
                notifications: None,
                refreshing: false,
            }),
        ),
        ("repository", Page::Repository(repository_page(State::Fresh))),
        ("repository-stale", Page::Repository(repository_page(State::Stale))),
        ("repository-many", Page::Repository(thousands)),
        ("repository-empty", Page::Repository(empty_repository)),
        ("image", Page::Image(Box::new(image_page(Tab::Overview)))),
        ("image-layers", Page::Image(Box::new(image_page(Tab::Layers)))),
        ("image-configuration", Page::Image(Box::new(image_page(Tab::Configuration)))),
        ("image-manifest", Page::Image(Box::new(image_page(Tab::Manifest)))),
        ("image-attached", Page::Image(Box::new(image_page(Tab::Attached)))),
        ("image-chart", Page::Image(Box::new(chart_page()))),
        ("image-long", Page::Image(Box::new(long_image))),
        ("search", Page::Search(search_page())),
        ("search-start", Page::Search(SearchModel { list: None, asked: Asked::default(), ..search_page() })),
        (
            "search-wrong",
            Page::Search(SearchModel {
                list: None,
                error: Some(query_error()),
                asked: Asked { q: "payments  size:>5xx".into(), ..Asked::default() },
                ..search_page()
            }),
        ),
        (
            "problem-missing",
            Page::Problem(problem_page(
                Problem::new(Code::TagNotFound, "local/team/api has no tag v9.9.9.")
                    .hint("It may have been deleted, or the name is another."),
            )),
        ),
        (
            "problem-failing",
            Page::Problem(ProblemModel {
                suggestions: vec![],
                repository: None,
                registry: Some(registry("local", State::Unreachable)),
                ..problem_page(
                    Problem::new(
                        Code::RegistryUnreachable,
                        "local.example:5000 refuses the connection, and this image was never read before.",
                    )
                    .hint("Start the registry; the page then fills by itself."),
                )
            }),
        ),
    ]);
    pages
}
