use super::*;
use crate::{
    model::{Child, NEVER, Row, Summary},
    query::Facts,
};
use oci::Kind;
use proptest::prelude::*;

const NOW: i64 = 1_795_000_000_000;
const DAY: i64 = 86_400_000;

/// A tag as the definition sees it.
struct Tag<'m> {
    model: &'m Model,
    repo: &'m Repo,
    position: usize,
    digest: Option<String>,
}

impl Tag<'_> {
    fn manifest(&self) -> u32 {
        self.repo.manifests[self.position]
    }

    fn known(&self) -> bool {
        self.model.manifest(self.manifest()).is_some_and(|m| m.known)
    }
}

impl Facts for Tag<'_> {
    fn registry(&self) -> &str {
        &self.model.registries[usize::from(self.repo.registry)]
    }
    fn repository(&self) -> &str {
        &self.repo.name
    }
    fn tag(&self) -> Option<&str> {
        Some(self.model.names.text(self.repo.names[self.position]))
    }
    fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
    fn description(&self) -> Option<&str> {
        self.model.faces(self.manifest()).find(|m| m.description != NONE).map(|m| self.model.texts.text(m.description))
    }
    fn labels(&self) -> Option<Vec<(&str, &str)>> {
        self.known().then(|| self.model.faces(self.manifest()).flat_map(|m| m.labels()).collect())
    }
    fn platforms(&self) -> Option<Vec<&str>> {
        self.known().then(|| self.model.platforms(self.manifest()).map(|p| self.model.platform_names.text(p)).collect())
    }
    fn kinds(&self) -> Option<Vec<Kind>> {
        self.known().then(|| self.model.manifest(self.manifest()).map(|m| m.kind).into_iter().collect())
    }
    fn created_ms(&self) -> Option<i64> {
        self.model.created(self.manifest())
    }
    fn pushed_ms(&self) -> Option<i64> {
        Some(self.repo.rows[self.position].pushed).filter(|&p| p != NEVER)
    }
    fn size(&self) -> Option<u64> {
        self.model.size(self.manifest())
    }
    fn signed(&self) -> Option<bool> {
        self.known().then(|| self.repo.facts.attached.get(&self.manifest()).is_some_and(|a| a.1))
    }
    fn layers(&self) -> Option<u32> {
        self.model.manifest(self.model.shown(self.manifest())).filter(|m| m.known).map(|m| m.layers)
    }
    fn base(&self) -> Option<&str> {
        self.model.faces(self.manifest()).find(|m| m.base != NONE).map(|m| self.model.texts.text(m.base))
    }
}

fn digest(n: u8) -> String {
    format!("sha256:{}", format!("{n:02x}").repeat(32))
}

fn image(n: u8) -> Summary {
    let arm = n.is_multiple_of(3);
    Summary {
        kind: if n.is_multiple_of(7) { Kind::Helm } else { Kind::Image },
        media_type: oci::media_type::OCI_MANIFEST.into(),
        bytes: 1,
        artifact_type: None,
        created: (!n.is_multiple_of(5)).then(|| NOW - i64::from(n) * DAY),
        platform: Some(if arm { "linux/arm64" } else { "linux/amd64" }.into()),
        children: vec![],
        blobs: vec![(digest(200), 1), (digest(n), u64::from(n) * 1000)],
        layers: u32::from(n % 4),
        labels: vec![
            format!("team={}", if n.is_multiple_of(2) { "payments" } else { "search" }),
            format!("Rev=V{n}"),
            format!("revision={:02x}{}", n, "0a1b2c".repeat(3)),
            format!("same={}", if n.is_multiple_of(2) { "search" } else { "Debian" }),
        ],
        description: (n % 3 == 1).then(|| "Payments API = all".into()),
        base: (n % 4 == 1).then(|| "debian:12".into()),
        subject: None,
        statements: vec![],
        sizeless: n.is_multiple_of(11),
    }
}

/// Repositories with tags of images, of an index, of nothing fetched yet, and one without tags.
fn model() -> Model {
    let mut model = Model::new(vec!["local".into(), "prod".into()]);
    for n in 1..30 {
        model.learn(&digest(n), &image(n));
    }
    let mut index = image(1);
    index.kind = Kind::Index;
    index.blobs.clear();
    index.labels.clear();
    index.platform = None;
    index.description = None;
    index.children = vec![
        Child { digest: digest(3), platform: Some("linux/arm64".into()), attests: None, manifest: true },
        Child { digest: digest(4), platform: Some("linux/amd64".into()), attests: None, manifest: true },
    ];
    model.learn(&digest(99), &index);
    // An index of that index alone: what it shows, and its platforms, are two steps away.
    index.children = vec![Child { digest: digest(99), platform: None, attests: None, manifest: true }];
    model.learn(&digest(98), &index);
    for (r, name) in ["team/api", "team/web", "library/postgres", "empty"].iter().enumerate() {
        let id = model.add_repo((r % 2) as u16, name, 1);
        if *name == "empty" {
            continue;
        }
        for (i, tag) in ["latest", "v1.0.0", "V2", "pr-12", "nested", "unread"].iter().enumerate() {
            let manifest = match *tag {
                "unread" => NONE,
                "v1.0.0" => model.manifest_number(&digest(99)),
                "nested" => model.manifest_number(&digest(98)),
                _ => model.manifest_number(&digest((r * 5 + i + 1) as u8)),
            };
            let pushed = if i % 2 == 0 { NOW - i as i64 * DAY } else { NEVER };
            let name = model.names.number(tag);
            model.repo_mut(id).unwrap().push(
                name,
                manifest,
                Row { pushed, first_seen: 5, told: false, dangling: false, strikes: 0, problem: NONE },
            );
        }
        model.settle(id);
    }
    model
}

fn agree(model: &Model, text: &str) {
    let Ok(query) = Query::parse(text) else { return };
    let evaluation = Evaluation::new(model, &query, NOW);
    let within = evaluation.within();
    for (id, repo) in model.repos() {
        let mut by_each = Vec::new();
        evaluation.each(id, repo, |i| by_each.push(i));
        let mut expected = Vec::new();
        for position in 0..repo.names.len() {
            let facts = Tag { model, repo, position, digest: model.digest(repo.manifests[position]) };
            if query.matches(&facts, NOW) {
                expected.push(position);
            }
            assert_eq!(evaluation.tag(id, position), query.matches(&facts, NOW), "{text}: {} {:?}", repo.name, facts.tag());
        }
        assert_eq!(by_each, expected, "{text}: {}", repo.name);
        assert!(expected.is_empty() || evaluation.repository(id), "{text}: {}", repo.name);
        let is_hit = !expected.is_empty() || evaluation.itself(id, repo);
        assert!(!is_hit || within.as_ref().is_none_or(|w| w.has(id)), "{text}: {} lies outside", repo.name);
    }
}

#[test]
fn it_agrees_with_the_definition() {
    let model = model();
    for text in [
        "",
        "api",
        "team/api:v",
        "payments",
        "PAYMENTS -api",
        "v*",
        "*.0.0",
        "0303",
        "sha256:6363",
        "digest:63",
        "label:team=payments",
        "-label:team=pay*",
        "label:rev=v4",
        "arch:arm64",
        "-arch:arm64",
        "os:linux",
        "platform:linux/amd64",
        "kind:helm",
        "kind:index,image",
        "age:>3d",
        "-age:>3d",
        "pushed:<3d",
        "-pushed:<3d",
        "size:>5kB",
        "size:<5kB",
        "-size:>5kB",
        "arch:riscv64",
        "kind:sbom",
        "-kind:sbom",
        "signed:no",
        "signed:yes",
        "-signed:yes",
        "layers:>1",
        "base:debian*",
        "registry:prod api",
        "repo:team/* OR postgres",
        "repo:team/* (v1 OR latest) -v1.0.0",
        "tag:~^[vV]",
        "tag:=latest",
        "api OR label:team=search",
        "= all",
        "rev",
        "team/*:v*",
        "unread",
        "-unread",
        "030a1b",
        "0A1B2C0",
        "-0a1b2c0",
        "a1b2c0a1b2c0a1b2c",
        "label:revision",
        "label:rev*=~^0[1-3]",
        "label:revision=030a",
        "label:revision=030a1b2c0a1b2c0a1b2c",
        "-label:revision=03*",
        "label:same=search",
        "label:*=search",
        "label:nothing",
        "-label:nothing",
        "label:team=nobody",
        "debian",
        "local/team",
        "local/team/api:",
        "team/api:v1.0.0",
        "team/api:v1.0.0x",
        ":latest",
        ":V2",
        ":",
        "prod/team/web:pr",
        "team/web:*",
        "*:latest",
        "repo:api,web",
        "repo:=team/api",
        "repo:local",
        "tag:=V2",
        "tag:v",
        "digest:sha256:63",
        "digest:sha512:63",
        "digest:6363636363636363636363",
        "sha256:63636363636363636363",
        "kind:helm OR unread",
        "(api OR v1) -team",
        "arch:arm64 OR latest",
    ] {
        agree(&model, text);
    }
}

#[test]
fn what_came_to_be_known_since_the_facts_were_derived_is_found() {
    let mut model = Model::new(vec!["local".into()]);
    let id = model.add_repo(0, "team/api", 1);
    let (name, manifest) = (model.names.number("v1"), model.manifest_number(&digest(1)));
    model.repo_mut(id).unwrap().push(
        name,
        manifest,
        Row { pushed: NEVER, first_seen: 5, told: false, dangling: false, strikes: 0, problem: NONE },
    );
    model.settle(id);
    // By another repository that has it too.
    model.learn(&digest(1), &image(1));
    for text in ["os:linux", "kind:image,helm", "size:>0"] {
        let query = Query::parse(text).unwrap();
        assert!(Evaluation::new(&model, &query, NOW).repository(id), "{text}");
    }
}

#[test]
fn a_repository_without_tags_is_found_by_its_name() {
    let model = model();
    let query = Query::parse("empt").unwrap();
    let id = model.find_repo(1, "empty").unwrap();
    assert!(Evaluation::new(&model, &query, NOW).repository(id));
    let query = Query::parse("arch:arm64").unwrap();
    assert!(!Evaluation::new(&model, &query, NOW).repository(id));
}

proptest! {
    #[test]
    fn it_agrees_with_the_definition_on_any_query(
        terms in prop::collection::vec(prop::sample::select(vec![
            "api", "v1", "payments", "search", "v*", "team/api", "label:team", "label:team=search", "arch:arm64", "arch:amd64", "kind:helm", "age:>10d", "pushed:<2d", "size:>3kB", "size:<2kB",
            "signed:no", "layers:2", "base:*", "repo:team/*", "registry:local", "tag:latest,V2", "digest:63", "0505", "api:v", "rev", "0a1b2c0", "label:revision=05", "label:same=search", "local/team/api:v", ":v", "repo:api", "tag:=V2", "debian",
        ]), 1..4),
        signs in prop::collection::vec(any::<bool>(), 4),
        or in any::<bool>(),
    ) {
        let text: Vec<String> = terms.iter().zip(&signs).map(|(t, negated)| if *negated { format!("-{t}") } else { (*t).to_owned() }).collect();
        agree(&model(), &text.join(if or { " OR " } else { " " }));
    }
}
