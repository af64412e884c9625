//! The catalogue for those who change registries: what they need to know before, and what is taken in after; beside a fake
//! registry over real HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use catalogue::{
    Catalogue, Source, State,
    kept::{ActivityFilter, ActivityRecord, ActivitySource, LockRecord},
    query::Query,
    snapshot::Wanted,
};
use oci::{Digest, RepositoryName, Tag, media_type};
use registry::{
    Error,
    fake::{Answer, Fake, FakeSettings, Fault, Image, content},
    remote::{Remote, RemoteSettings},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

fn source(fake: &Fake) -> Source {
    let settings = RemoteSettings { name: "local".into(), url: fake.url().into(), ..RemoteSettings::default() };
    Source {
        name: "local".into(),
        registry: Arc::new(Remote::new(settings).unwrap()),
        include: vec![],
        exclude: vec!["secret/**".into()],
        repositories: vec![],
        crawl: HOUR,
    }
}

async fn open(fake: &Fake, database: &str) -> Catalogue {
    let catalogue = Catalogue::open(database, vec![source(fake)]).await.unwrap();
    catalogue.start();
    until("it is fresh", async || catalogue.state(0) == State::Fresh).await;
    catalogue
}

const MEMORY: &str = "sqlite::memory:";

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..2000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

fn name(repository: &str) -> RepositoryName {
    RepositoryName::parse(repository).unwrap()
}

fn tag(tag: &str) -> Tag {
    Tag::parse(tag).unwrap()
}

/// Tags and what they name, by name.
fn tags(catalogue: &Catalogue, repository: &str) -> Vec<(String, Option<String>)> {
    let model = catalogue.model();
    let Some(repo) = model.find_repo(0, repository).and_then(|id| model.repo(id)) else { return vec![] };
    let mut tags: Vec<_> =
        repo.names.iter().zip(&repo.manifests).map(|(&n, &m)| (model.names.text(n).to_owned(), model.digest(m))).collect();
    tags.sort();
    tags
}

fn names(catalogue: &Catalogue, repository: &str) -> Vec<String> {
    tags(catalogue, repository).into_iter().map(|(tag, _)| tag).collect()
}

fn snapshot(catalogue: &Catalogue, repository: &str) -> plan::Snapshot {
    let wanted = Wanted { repositories: Some(vec![name(repository)]), ..Wanted::default() };
    catalogue.snapshot(&wanted, &catalogue::snapshot::Guards::default())
}

fn untagged(catalogue: &Catalogue, repository: &str) -> Vec<String> {
    let snapshot = snapshot(catalogue, repository);
    let mut untagged: Vec<String> =
        snapshot.repositories[0].untagged.iter().map(|&m| snapshot.manifests[m as usize].digest.to_string()).collect();
    untagged.sort();
    untagged
}

async fn log(catalogue: &Catalogue) -> Vec<ActivityRecord> {
    let mut rows: Vec<_> = catalogue.activity().page(&ActivityFilter::default(), None, 100).await.unwrap();
    rows.reverse();
    rows.into_iter().map(|row| row.record).collect()
}

/// An event of a manifest, as distribution sends it.
fn event(id: &str, action: &str, repository: &str, tag: Option<&str>, digest: Option<&Digest>, agent: &str) -> Value {
    let mut target = json!({"repository": repository, "mediaType": media_type::OCI_MANIFEST});
    if let Some(tag) = tag {
        target["tag"] = tag.into();
    }
    if let Some(digest) = digest {
        target["digest"] = digest.as_str().into();
    }
    json!({"id": id, "timestamp": "2026-11-23T20:00:00Z", "action": action, "target": target,
        "request": {"id": "r", "addr": "10.0.0.7:40112", "host": "registry", "method": "GET", "useragent": agent}, "actor": {"name": "mira"}})
}

async fn notify(catalogue: &Catalogue, events: &[Value]) -> usize {
    catalogue.notified(0, json!({"events": events}).to_string().as_bytes()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_did_shows_at_once_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("c.db").display());
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let (one, two) = (fake.push("a", "v1", &Image::new("1")), fake.push("a", "v2", &Image::new("2")));
    fake.push("a", "latest", &Image::new("2"));
    let catalogue = open(&fake, &database).await;
    let at = catalogue::now();

    fake.delete_tag("a", "v1");
    catalogue.tag_went(0, &name("a"), &tag("v1")).await;
    assert_eq!(names(&catalogue, "a"), ["latest", "v2"]);

    fake.push("a", "latest", &Image::new("1"));
    let asked = fake.requests();
    catalogue.tag_names(0, &name("a"), &tag("latest"), &one, at).await;
    assert_eq!(tags(&catalogue, "a")[0], ("latest".to_owned(), Some(one.to_string())));
    assert_eq!(fake.requests(), asked, "what is known is not asked for");
    // To a repository that was never seen, and something that was never read.
    let new = fake.push("b", "v1", &Image::new("new"));
    catalogue.tag_names(0, &name("b"), &tag("v1"), &new, at).await;
    assert_eq!(snapshot(&catalogue, "b").manifests.iter().map(|m| m.known).collect::<Vec<_>>(), [true]);

    fake.push("a", "also", &Image::new("2"));
    catalogue.tag_names(0, &name("a"), &tag("also"), &two, at).await;
    catalogue.manifest_went(0, &name("a"), &two).await;
    assert_eq!(names(&catalogue, "a"), ["latest"], "every name goes with it");
    catalogue.close().await;

    let catalogue = Catalogue::open(&database, vec![source(&fake)]).await.unwrap();
    assert_eq!(tags(&catalogue, "a"), [("latest".to_owned(), Some(one.to_string()))]);
    let moments = catalogue.moments("local", "a", "latest", 10).await.unwrap();
    assert_eq!(
        moments.iter().map(|m| (m.digest.as_str(), m.until.is_some())).collect::<Vec<_>>(),
        [(one.as_str(), false), (two.as_str(), true)]
    );
    assert!(moments[0].since >= at);
    assert!(untagged(&catalogue, "a").is_empty(), "what was deleted is not taken for there");
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_tag_reaches_any_more_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("c.db").display());
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let first = fake.push("a", "v1", &Image::new("1"));
    let (gone, other) = (fake.push("a", "v2", &Image::new("2")), fake.push("a", "v3", &Image::new("3")));
    let catalogue = open(&fake, &database).await;
    assert!(untagged(&catalogue, "a").is_empty());

    // One is moved away from, one deleted by its digest, of one the tag alone is deleted.
    let second = fake.push("a", "v1", &Image::new("1b"));
    catalogue.tag_names(0, &name("a"), &tag("v1"), &second, 1).await;
    catalogue.manifest_went(0, &name("a"), &gone).await;
    catalogue.tag_went(0, &name("a"), &tag("v3")).await;
    let mut expected = [first.to_string(), other.to_string()];
    expected.sort();
    until("both are found", async || untagged(&catalogue, "a") == expected).await;
    assert_eq!(fake.count(|r| r.path.ends_with(gone.as_str()) && r.method == "HEAD"), 0, "nobody looks for what is known to be gone");
    catalogue.close().await;

    let catalogue = Catalogue::open(&database, vec![source(&fake)]).await.unwrap();
    catalogue.start_writing();
    assert_eq!(untagged(&catalogue, "a"), expected);
    // A name again; and what the registry has no more.
    catalogue.tag_names(0, &name("a"), &tag("again"), &first, 1).await;
    assert_eq!(untagged(&catalogue, "a"), [other.to_string()]);
    let path = format!("/manifests/{other}");
    fake.fault(move |r| r.path.ends_with(&path), Fault::Answer(Answer::error(404, "MANIFEST_UNKNOWN")), usize::MAX);
    catalogue.tag_went(0, &name("a"), &tag("again")).await;
    fake.push("a", "again", &Image::new("1"));
    catalogue.read_again(0, &name("a")).await.unwrap();
    assert!(untagged(&catalogue, "a").is_empty());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_read_again_whole_or_not_at_all() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("a", "v1", &Image::new("1"));
    fake.push("a", "v2", &Image::new("2"));
    let catalogue = open(&fake, MEMORY).await;
    let moved = fake.push("a", "v1", &Image::new("1b"));
    fake.delete_tag("a", "v2");
    fake.push("a", "v3", &Image::new("3"));
    let reading = catalogue.read_again(0, &name("a")).await.unwrap();
    assert_eq!((reading.listed, reading.unread.len()), (2, 0));
    assert_eq!(names(&catalogue, "a"), ["v1", "v3"]);
    assert_eq!(tags(&catalogue, "a")[0].1, Some(moved.to_string()));
    assert!(snapshot(&catalogue, "a").repositories[0].whole);

    // A tag with nothing under it names nothing; one that cannot be read may name anything.
    fake.fault(|r| r.path.ends_with("/manifests/v3"), Fault::Answer(Answer::error(404, "MANIFEST_UNKNOWN")), 2);
    catalogue.read_again(0, &name("a")).await.unwrap();
    let dangling = |catalogue: &Catalogue| snapshot(catalogue, "a").repositories[0].tags.iter().filter(|t| t.dangling).count();
    assert_eq!(dangling(&catalogue), 1);
    fake.mend();
    catalogue.read_again(0, &name("a")).await.unwrap();
    assert_eq!(dangling(&catalogue), 0);
    fake.fault(|r| r.path.ends_with("/manifests/v3"), Fault::Answer(Answer::error(403, "DENIED")), 10);
    assert!(matches!(catalogue.read_again(0, &name("a")).await, Err(Error::Refused(_))));
    fake.mend();
    fake.fault(|r| r.path.contains("/tags/list"), Fault::Answer(Answer::error(400, "UNSUPPORTED")), 10);
    assert!(catalogue.read_again(0, &name("a")).await.is_err());
    fake.mend();
    catalogue.read_again(0, &name("a")).await.unwrap();
    assert!(matches!(catalogue.read_again(9, &name("a")).await, Err(Error::NotFound(_))));
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_attached_is_read_before_a_change_and_forgotten_after() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let subject = fake.push("a", "v1", &Image::new("1"));
    let sbom = fake.push("a", "", &Image::new("sbom").subject(&subject, "application/spdx+json"));
    let catalogue = open(&fake, MEMORY).await;
    until("what is attached is known", async || snapshot(&catalogue, "a").repositories[0].referrers.len() == 1).await;
    catalogue.read_again(0, &name("a")).await.unwrap();
    let before = snapshot(&catalogue, "a");
    let attached = &before.manifests[before.repositories[0].referrers[0].manifest as usize];
    assert_eq!((&*attached.digest, attached.known), (sbom.as_str(), true));
    assert_eq!(attached.subject, before.repositories[0].tags[0].manifest);
    let kept = catalogue.manifest_bytes(&sbom).await.unwrap().unwrap();
    assert_eq!(content::sha256(&kept.bytes), sbom);
    assert_eq!(kept.media_type, media_type::OCI_MANIFEST);
    assert_eq!(catalogue.manifest_bytes(&content::sha256(b"never seen")).await.unwrap(), None);

    catalogue.manifest_went(0, &name("a"), &sbom).await;
    assert!(snapshot(&catalogue, "a").repositories[0].referrers.is_empty());
    catalogue.manifest_came(0, &name("a"), &sbom).await;
    assert_eq!(untagged(&catalogue, "a"), [sbom.to_string()]);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_events_people_go_into_the_log_once() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let first = fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY).await;
    let second = fake.push("team/api", "v1", &Image::new("2"));
    let push = event("e1", "push", "team/api", Some("v1"), Some(&second), "docker/29");
    let third = fake.push("team/api", "v1", &Image::new("3"));
    let again = event("e2", "push", "team/api", Some("v1"), Some(&third), "docker/29");
    let layer = json!({"id": "e3", "action": "push", "target": {"repository": "team/api", "digest": first, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}});
    let hidden = event("e4", "push", "secret/x", Some("v1"), Some(&first), "docker/29");
    assert_eq!(notify(&catalogue, &[push.clone(), again, layer, hidden]).await, 2);
    assert_eq!(notify(&catalogue, std::slice::from_ref(&push)).await, 0, "told again");
    let delete = event("e5", "delete", "team/api", Some("v1"), None, "curl/8");
    let by_digest = json!({"id": "e6", "action": "delete", "target": {"repository": "team/api", "digest": third}});
    let blob = json!({"id": "e7", "action": "delete", "target": {"repository": "team/api", "digest": content::sha256(b"a layer")}});
    let mount = |id: &str| json!({"id": id, "action": "mount", "target": {"repository": "team/api", "fromRepository": "team/base", "digest": first}});
    until("the moved tag shows", async || tags(&catalogue, "team/api")[0].1 == Some(third.to_string())).await;
    notify(&catalogue, &[delete, by_digest, blob, mount("e8"), mount("e9")]).await;

    let log = log(&catalogue).await;
    let told: Vec<_> = log.iter().map(|r| (r.action.as_str(), r.tag.as_deref(), r.before.as_deref(), r.after.as_deref())).collect();
    let (first, second, third) = (Some(first.as_str()), Some(second.as_str()), Some(third.as_str()));
    assert_eq!(
        told,
        [
            ("push", Some("v1"), first, second),
            ("push", Some("v1"), second, third),
            ("delete", Some("v1"), third, None),
            ("delete", None, third, None),
            ("mount", None, None, first),
        ]
    );
    let row = &log[0];
    assert_eq!((row.actor.as_deref(), row.address.as_deref(), row.agent.as_deref()), (Some("mira"), Some("10.0.0.7"), Some("docker/29")));
    assert_eq!((row.source, row.at, row.registry.as_str()), (ActivitySource::Registry, 1_795_464_000_000, "local"));
    assert_eq!(log[4].detail.as_deref(), Some("Layers came from team/base."));
    assert!(catalogue.notified(0, b"{").await.is_err());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_are_counted_and_those_of_ours_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("c.db").display());
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let digest = fake.push("team/api", "v1", &Image::new("1"));
    fake.push("team/api", "v2", &Image::new("2"));
    let catalogue = open(&fake, &database).await;
    assert_eq!(catalogue.guards(0).await.unwrap().pulls_since, None, "nobody told of a pull");

    let ours = event("e0", "pull", "team/api", Some("v2"), None, concat!("supercargo/", env!("CARGO_PKG_VERSION")));
    // A client asks by tag, then by what it names; another asks by digest alone.
    let by_tag = event("e1", "pull", "team/api", Some("v1"), Some(&digest), "docker/29");
    let follows = event("e2", "pull", "team/api", None, Some(&digest), "docker/29");
    let mut alone = event("e3", "pull", "team/api", None, Some(&digest), "containerd/2");
    alone["request"]["addr"] = "10.0.0.8:1".into();
    let asked = fake.requests();
    notify(&catalogue, &[ours, by_tag.clone(), follows, alone]).await;
    notify(&catalogue, &[by_tag]).await;
    until("they are counted", async || catalogue.pulls().of("local", "team/api").await.unwrap().len() == 2).await;
    let pulls = catalogue.pulls().of("local", "team/api").await.unwrap();
    assert_eq!(
        pulls.iter().map(|p| (p.name.as_str(), p.pulls, p.last)).collect::<Vec<_>>(),
        [(digest.as_str(), 2, 1_795_464_000_000), ("v1", 1, 1_795_464_000_000)]
    );
    until("they are in the log", async || log(&catalogue).await.len() == 2).await;
    let log = log(&catalogue).await;
    assert_eq!(
        log.iter().map(|r| (r.action.as_str(), r.tag.as_deref(), r.address.as_deref())).collect::<Vec<_>>(),
        [("pull", Some("v1"), Some("10.0.0.7")), ("pull", None, Some("10.0.0.8"))]
    );
    assert_eq!(fake.requests(), asked, "a pull says nothing of where to look");
    let pulled = |catalogue: &Catalogue| {
        let mut tags = snapshot(catalogue, "team/api").repositories[0].tags.clone();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        tags.iter().map(|t| t.pulled).collect::<Vec<_>>()
    };
    until("the model has it", async || pulled(&catalogue) == [Some(1_795_464_000_000), None]).await;
    let since = catalogue.guards(0).await.unwrap().pulls_since.unwrap();
    catalogue.close().await;

    let catalogue = Catalogue::open(&database, vec![source(&fake)]).await.unwrap();
    assert_eq!(pulled(&catalogue), [Some(1_795_464_000_000), None]);
    assert_eq!(catalogue.guards(0).await.unwrap().pulls_since, Some(since));
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_heard_another_knows_before_it_plans() {
    let Some(server) = catalogue::testing::PostgreSql::shared().unwrap() else { return };
    let database = server.database().await.unwrap();
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let digest = fake.push("a", "v1", &Image::new("1"));
    let (one, two) = (open(&fake, &database).await, open(&fake, &database).await);
    let mut pull = event("e1", "pull", "a", Some("v1"), Some(&digest), "docker/29");
    pull["timestamp"] = "2999-01-01T00:00:00Z".into();
    notify(&one, &[pull]).await;
    until("the other knows", async || {
        let guards = two.guards(0).await.unwrap();
        guards.pulls_since.is_some() && snapshot(&two, "a").repositories[0].tags[0].pulled.is_some()
    })
    .await;
    let lock =
        LockRecord { registry: "local".into(), repository: "a".into(), name: "v1".into(), at: 1, actor: Some("mira".into()), note: None };
    one.locks().put(&lock).await.unwrap();
    let guards = two.guards(0).await.unwrap();
    let wanted = Wanted::default();
    assert_eq!(two.snapshot(&wanted, &guards).repositories[0].tags[0].protected.as_deref(), Some("locked by mira"));
    assert!(one.locks().take("local", "a", "v1").await.unwrap());
    assert!(two.guards(0).await.unwrap().locks.is_empty());
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placeholder_is_neither_a_tag_of_somebodys_nor_anybodys_doing() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let digest = fake.push("a", "v1", &Image::new("1"));
    fake.push("a", "v2", &Image::new("1"));
    let catalogue = open(&fake, MEMORY).await;
    // As it is half way: the tag names the placeholder, and the registry tells of it, without saying that it was us.
    let body = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {"mediaType": media_type::OCI_CONFIG, "digest": digest, "size": 2},
        "layers": [], "annotations": {"io.supercargo.placeholder-for": digest}});
    let placeholder = fake.push_manifest("a", "v1", media_type::OCI_MANIFEST, body.to_string().as_bytes());
    let named = [("v1".to_owned(), Some(digest.to_string())), ("v2".to_owned(), Some(digest.to_string()))];
    catalogue.read_again(0, &name("a")).await.unwrap();
    assert_eq!(tags(&catalogue, "a"), named, "known by its content");
    let push = event("e1", "push", "a", Some("v1"), Some(&placeholder), "proxy/1");
    let delete = event("e2", "delete", "a", None, Some(&placeholder), "proxy/1");
    let asked = fake.requests();
    notify(&catalogue, &[push, delete]).await;
    assert_eq!(fake.requests(), asked);
    fake.delete_tag("a", "v1");
    catalogue.tag_went(0, &name("a"), &tag("v1")).await;
    assert_eq!(names(&catalogue, "a"), ["v2"]);
    assert!(log(&catalogue).await.is_empty());

    // Told before, it need not even be looked at.
    let told = content::sha256(b"another");
    catalogue.expect(&told);
    notify(&catalogue, &[event("e3", "push", "a", Some("v2"), Some(&told), "proxy/1")]).await;
    assert!(log(&catalogue).await.is_empty());
    let moments = catalogue.moments("local", "a", "v1", 10).await.unwrap();
    assert!(moments.iter().all(|m| m.digest == digest.as_str()), "{moments:?}");
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_the_trash_are_hidden_and_keep_what_they_name() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let digest = fake.push("a", "supercargo-trash-20261123-v1", &Image::new("1"));
    fake.push("a", "v2", &Image::new("2"));
    let catalogue = open(&fake, MEMORY).await;
    assert_eq!(names(&catalogue, "a"), ["v2"]);
    let snapshot = snapshot(&catalogue, "a");
    let machinery = &snapshot.repositories[0].machinery;
    assert_eq!(machinery.iter().map(|m| &*m.tag).collect::<Vec<_>>(), ["supercargo-trash-20261123-v1"]);
    assert_eq!(&*snapshot.manifests[machinery[0].manifest.unwrap() as usize].digest, digest.as_str());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_found_by_a_query_in_one_registry() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let digest = fake.push("b", "v1", &Image::new("1").label("team", "payments"));
    fake.push("a", "v1", &Image::new("2"));
    fake.push("a", "main", &Image::new("1").label("team", "payments"));
    let catalogue = open(&fake, MEMORY).await;
    let found = |query: &str, registry| {
        let matches = catalogue.matching(&Query::parse(query).unwrap(), registry);
        matches.into_iter().map(|m| (format!("{}:{}", m.repository, m.tag), m.digest)).collect::<Vec<_>>()
    };
    let digest = Some(digest.to_string());
    assert_eq!(found("label:team=payments", 0), [("a:main".to_owned(), digest.clone()), ("b:v1".to_owned(), digest)]);
    assert_eq!(found("tag:v1 -repo:b", 0).len(), 1);
    assert_eq!(found("", 0).len(), 3);
    assert_eq!(found("", 1).len(), 0);
    catalogue.close().await;
}
