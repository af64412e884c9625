//! The catalogue beside a fake registry over real HTTP: crawling, events, outages, restarts.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::await_holding_lock,
    reason = "a test that cannot go on ends, and holds what it looks at"
)]

use catalogue::{Catalogue, Dirty, Source, State, model::NEVER};
use oci::{Digest, RepositoryName, Tag, media_type};
use registry::{
    fake::{Answer, Fake, FakeSettings, Fault, Image, content},
    remote::{Remote, RemoteSettings},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

fn source(fake: &Fake, crawl: Duration) -> Source {
    let settings = RemoteSettings { name: "local".into(), url: fake.url().into(), ..RemoteSettings::default() };
    Source {
        name: "local".into(),
        registry: Arc::new(Remote::new(settings).unwrap()),
        include: vec![],
        exclude: vec![],
        repositories: vec![],
        crawl,
    }
}

async fn open(fake: &Fake, database: &str, crawl: Duration) -> Catalogue {
    let catalogue = Catalogue::open(database, vec![source(fake, crawl)]).await.unwrap();
    catalogue.start();
    catalogue
}

const MEMORY: &str = "sqlite::memory:";
const HOUR: Duration = Duration::from_hours(1);

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

fn fresh(catalogue: &Catalogue) -> bool {
    catalogue.state(0) == State::Fresh
}

fn tags(catalogue: &Catalogue, repository: &str) -> Vec<String> {
    let model = catalogue.model();
    let Some(repo) = model.find_repo(0, repository).and_then(|id| model.repo(id)) else { return vec![] };
    repo.names.iter().map(|&n| model.names.text(n).to_owned()).collect()
}

fn digest(catalogue: &Catalogue, repository: &str, tag: &str) -> Option<String> {
    let model = catalogue.model();
    let repo = model.repo(model.find_repo(0, repository)?)?;
    model.digest(*repo.manifests.get(repo.position(&model, tag)?)?)
}

fn pushed(catalogue: &Catalogue, repository: &str, tag: &str) -> Option<i64> {
    let model = catalogue.model();
    let repo = model.repo(model.find_repo(0, repository)?)?;
    Some(repo.rows[repo.position(&model, tag)?].pushed).filter(|&p| p != NEVER)
}

fn event(repository: &str, tag: Option<&str>, digest: Option<&Digest>, deleted: bool, at: i64) -> Dirty {
    Dirty {
        repository: RepositoryName::parse(repository).unwrap(),
        tag: tag.map(|t| Tag::parse(t).unwrap()),
        digest: digest.cloned(),
        deleted,
        at,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_crawl_knows_everything_and_asks_for_each_thing_once() {
    let fake = Fake::start(FakeSettings { repositories: 30, tags: 4, index_every: 3, ..FakeSettings::default() }).await.unwrap();
    let image = Image::new("shared").label("team", "payments");
    for tag in ["v1.0.0", "v1.0", "latest"] {
        fake.push("team/api", tag, &image);
    }
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    assert_eq!(catalogue.model().totals().repositories, 31);
    assert_eq!(catalogue.model().totals().tags, 123);
    assert_eq!(tags(&catalogue, "team/api"), ["v1.0.0", "v1.0", "latest"]);
    assert_eq!(digest(&catalogue, "team/api", "latest"), Some(image.digest().to_string()));
    assert_eq!(pushed(&catalogue, "team/api", "latest"), None, "what was there before us has no time of a push");
    let mut gets: Vec<String> = fake
        .log()
        .iter()
        .filter(|r| r.method == "GET" && (r.path.contains("/manifests/") || r.path.contains("/blobs/")))
        .map(|r| r.path.rsplit('/').next().unwrap().to_owned())
        .filter(|p| p.starts_with("sha256:"))
        .collect();
    let all = gets.len();
    gets.sort();
    gets.dedup();
    assert_eq!(gets.len(), all, "a digest was fetched twice");
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_asks_for_no_manifest_again() {
    let folder = tempfile::tempdir().unwrap();
    restart(&format!("sqlite:{}", folder.path().join("c.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_asks_for_no_manifest_again_on_postgresql() {
    if let Some(server) = catalogue::testing::PostgreSql::shared().unwrap() {
        restart(&server.database().await.unwrap()).await;
    }
}

async fn restart(database: &str) {
    let fake = Fake::start(FakeSettings { repositories: 5, tags: 5, ..FakeSettings::default() }).await.unwrap();
    let catalogue = open(&fake, database, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let totals = catalogue.model().totals();
    catalogue.close().await;
    let by_digest =
        |fake: &Fake| fake.count(|r| r.method == "GET" && (r.path.contains("/manifests/sha256:") || r.path.contains("/blobs/sha256:")));
    let before = by_digest(&fake);
    let catalogue = Catalogue::open(database, vec![source(&fake, HOUR)]).await.unwrap();
    assert_eq!(catalogue.model().totals(), totals, "all is known before anything is asked");
    catalogue.start();
    until("it is fresh", || fresh(&catalogue)).await;
    assert_eq!(by_digest(&fake), before);
    let repository = RepositoryName::parse(&catalogue.model().repo(0).unwrap().name).unwrap();
    let d = Digest::parse(&catalogue.model().digest(catalogue.model().repo(0).unwrap().manifests[0]).unwrap()).unwrap();
    let record = catalogue.manifest(0, &repository, &d).await.unwrap();
    assert!(!record.body.is_empty() && record.config.is_some());
    assert_eq!(by_digest(&fake), before);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imprint_makes_no_difference_but_in_time() {
    let fake = Fake::start(FakeSettings { repositories: 260, tags: 4, index_every: 3, ..FakeSettings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, imprint) = (folder.path().join("c.db"), folder.path().join("c.db.known"));
    let database = format!("sqlite:{}", file.display());
    let catalogue = open(&fake, &database, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let facts = |catalogue: &Catalogue| {
        let model = catalogue.model();
        // Maps have no order, and numbers are another process's own: what is attached is told by digests, sorted.
        let told = |r: &catalogue::model::Repo| {
            let mut attached: Vec<String> = r.facts.attached.iter().map(|(id, a)| format!("{:?} {a:?}", model.digest(*id))).collect();
            attached.sort();
            let facts = catalogue::model::Facts { attached: hashbrown::HashMap::default(), ..r.facts.clone() };
            format!("{} {facts:?} {attached:?}", r.name)
        };
        let mut all: Vec<String> = model.repos().map(|(_, r)| told(r)).collect();
        all.sort();
        (model.totals(), all)
    };
    let before = facts(&catalogue);
    assert!(!imprint.exists());
    catalogue.close().await;
    assert!(imprint.exists());

    // Rows that came after it.
    let image = Image::new("later").label("team", "payments");
    fake.push("team/api", "v1", &image);
    // Asked before a crawl begins, which may find the push by itself.
    let catalogue = Catalogue::open(&database, vec![source(&fake, HOUR)]).await.unwrap();
    assert!(facts(&catalogue) == before);
    catalogue.close().await;
    let catalogue = open(&fake, &database, HOUR).await;
    catalogue.mark(0, event("team/api", Some("v1"), Some(&image.digest()), false, catalogue::now()));
    until("the push is seen", || digest(&catalogue, "team/api", "v1").is_some() && fresh(&catalogue)).await;
    let written = std::fs::read(&imprint).unwrap();
    catalogue.close().await;
    assert_eq!(std::fs::read(&imprint).unwrap(), written, "it was not worth it");

    let reopened = async || {
        let catalogue = Catalogue::open(&database, vec![source(&fake, HOUR)]).await.unwrap();
        let found = facts(&catalogue);
        catalogue.close().await;
        found
    };
    // What the rows alone say, and the same with it.
    std::fs::remove_file(&imprint).unwrap();
    let expected = reopened().await;
    std::fs::write(&imprint, &written).unwrap();
    assert!(reopened().await == expected);
    // One that is damaged, one of another database, none.
    std::fs::write(&imprint, &written[..written.len() / 2]).unwrap();
    assert!(reopened().await == expected);
    std::fs::write(&imprint, &written).unwrap();
    let other = format!("sqlite:{}", folder.path().join("other.db").display());
    std::fs::copy(&imprint, folder.path().join("other.db.known")).unwrap();
    let catalogue = Catalogue::open(&other, vec![source(&fake, HOUR)]).await.unwrap();
    assert_eq!(catalogue.model().manifest_bound(), 0);
    catalogue.close().await;
    std::fs::remove_file(&imprint).unwrap();
    assert!(reopened().await == expected);
    assert!(!imprint.exists(), "what was only asked one thing leaves none");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_a_push_a_move_and_a_delete_at_once() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let first = fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let at = catalogue::now() - 5000;
    let second = fake.push("team/api", "v1", &Image::new("2"));
    catalogue.mark(0, event("team/api", Some("v1"), Some(&second), false, at));
    until("the tag moved", || digest(&catalogue, "team/api", "v1") == Some(second.to_string())).await;
    assert_eq!(pushed(&catalogue, "team/api", "v1"), Some(at));
    let other = fake.push("new/repo", "v9", &Image::new("3"));
    catalogue.mark(0, event("new/repo", Some("v9"), Some(&other), false, at));
    until("the new repository shows", || tags(&catalogue, "new/repo") == ["v9"]).await;
    fake.delete_tag("team/api", "v1");
    catalogue.mark(0, event("team/api", None, Some(&second), true, at));
    until("the tag is gone", || tags(&catalogue, "team/api").is_empty()).await;
    // The database has all of it, in order.
    let mut moments = Vec::new();
    for _ in 0..100 {
        moments = catalogue.moments("local", "team/api", "v1", 10).await.unwrap();
        if moments.first().is_some_and(|m| m.until.is_some()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(moments.iter().map(|m| m.digest.as_str()).collect::<Vec<_>>(), [second.as_str(), first.as_str()]);
    assert!(moments.iter().all(|m| m.until.is_some()));
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_before_the_tag_moves_is_believed_in_the_end() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let first = fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    // The manifest is there, under another tag; this one is moved a moment later.
    let second = fake.push("team/api", "other", &Image::new("2"));
    let heads = fake.count(|r| r.path.ends_with("/manifests/v1"));
    catalogue.mark(0, event("team/api", Some("v1"), Some(&second), false, catalogue::now()));
    until("it was looked at", || fake.count(|r| r.path.ends_with("/manifests/v1")) > heads).await;
    assert_eq!(digest(&catalogue, "team/api", "v1"), Some(first.to_string()));
    fake.push("team/api", "v1", &Image::new("2"));
    until("the tag moved", || digest(&catalogue, "team/api", "v1") == Some(second.to_string())).await;
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pushes_of_one_tag_the_later_one_shows_though_the_earlier_is_read_slowly() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let second = fake.push("team/api", "v1", &Image::new("2"));
    let (slow, asked) = (format!("/manifests/{second}"), format!("/manifests/{second}"));
    fake.fault(move |r| r.method == "GET" && r.path.ends_with(&slow), Fault::Delay(Duration::from_millis(600)), 1);
    catalogue.mark(0, event("team/api", Some("v1"), Some(&second), false, catalogue::now()));
    until("the second is asked for", || fake.count(|r| r.method == "GET" && r.path.ends_with(&asked)) > 0).await;
    let third = fake.push("team/api", "v1", &Image::new("3"));
    catalogue.mark(0, event("team/api", Some("v1"), Some(&third), false, catalogue::now()));
    until("the third shows", || digest(&catalogue, "team/api", "v1") == Some(third.to_string())).await;
    // Until after the slow answer has come.
    until("both were read", || catalogue.model().find_manifest(second.as_str()).is_some()).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(digest(&catalogue, "team/api", "v1"), Some(third.to_string()));
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_lies_changes_nothing() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let first = fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let asked = fake.requests();
    catalogue.mark(0, event("no/such", Some("v1"), None, false, 0));
    catalogue.mark(0, event("team/api", Some("v1"), Some(&first), true, 0));
    catalogue.mark(0, event("team/api", Some("v7"), None, false, 0));
    until("all three were looked at", || fake.requests() >= asked + 3).await;
    catalogue.refresh(0);
    until("it is fresh", || fake.requests() > asked + 6 && fresh(&catalogue)).await;
    assert_eq!(tags(&catalogue, "team/api"), ["v1"]);
    assert!(catalogue.model().find_repo(0, "no/such").is_none());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_repairs_what_events_missed() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    fake.push("team/api", "gone", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, Duration::from_millis(200)).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let moved = fake.push("team/api", "v1", &Image::new("2"));
    fake.push("team/api", "v2", &Image::new("3"));
    fake.delete_tag("team/api", "gone");
    until("all is seen", || {
        tags(&catalogue, "team/api") == ["v2", "v1"] && digest(&catalogue, "team/api", "v1") == Some(moved.to_string())
    })
    .await;
    assert!(pushed(&catalogue, "team/api", "v1").is_some(), "it moved while we watched");
    until("the new tag was read", || pushed(&catalogue, "team/api", "v2").is_some()).await;
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_vanishes_goes_with_the_second_strike() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    fake.push("team/old", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    fake.delete_repository("team/old");
    catalogue.refresh(0);
    until("it has one strike", || {
        catalogue.model().find_repo(0, "team/old").and_then(|id| catalogue.model().repo(id).map(|r| r.strikes)) == Some(1)
    })
    .await;
    assert_eq!(tags(&catalogue, "team/old"), Vec::<String>::new());
    catalogue.refresh(0);
    until("it is dropped", || catalogue.model().find_repo(0, "team/old").is_none()).await;
    assert!(catalogue.model().find_repo(0, "team/api").is_some());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_loses_nothing_and_is_over_soon() {
    let fake = Fake::start(FakeSettings { repositories: 3, tags: 3, ..FakeSettings::default() }).await.unwrap();
    let catalogue = open(&fake, MEMORY, Duration::from_millis(300)).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let totals = catalogue.model().totals();
    fake.stop().await;
    until("the outage is seen", || catalogue.state(0) == State::Unreachable).await;
    assert_eq!(catalogue.model().totals(), totals);
    assert!(catalogue.status(0).problem.is_some());
    fake.push("team/late", "v1", &Image::new("late"));
    fake.start_again().await.unwrap();
    let back = std::time::Instant::now();
    until("it is in step", || fresh(&catalogue) && tags(&catalogue, "team/late") == ["v1"]).await;
    assert!(back.elapsed() < Duration::from_secs(6), "took {:?}", back.elapsed());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_someone_runs_into_is_seen_by_all_at_once() {
    let fake = Fake::start(FakeSettings { repositories: 1, tags: 1, ..FakeSettings::default() }).await.unwrap();
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    fake.stop().await;
    let (repository, tag) = (RepositoryName::parse("some/thing").unwrap(), Tag::parse("v1").unwrap());
    assert!(catalogue.ensure_tag(0, &repository, &tag).await.is_err_and(|error| error.is_outage()));
    until("the outage is seen", || catalogue.state(0) == State::Unreachable).await;
    fake.start_again().await.unwrap();
    until("it is in step", || fresh(&catalogue)).await;
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_empties_nothing() {
    let fake = Fake::start(FakeSettings { repositories: 3, tags: 2, ..FakeSettings::default() }).await.unwrap();
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let totals = catalogue.model().totals();
    fake.knobs(|k| k.catalog = Some(Answer::error(403, "DENIED")));
    for _ in 0..3 {
        let asked = fake.requests();
        catalogue.refresh(0);
        until("it was asked", || {
            fake.requests() > asked && catalogue.status(0).progress.is_none() && catalogue.status(0).problem.is_some()
        })
        .await;
    }
    assert_eq!(catalogue.model().totals(), totals);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_names_are_read_where_there_is_no_list_and_others_left_out() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    fake.push("team/secret", "v1", &Image::new("1"));
    fake.push("other/x", "v1", &Image::new("1"));
    fake.knobs(|k| k.catalog = Some(Answer::error(404, "UNSUPPORTED")));
    let mut source = source(&fake, HOUR);
    source.repositories = ["team/api", "team/secret", "other/x"].map(|n| RepositoryName::parse(n).unwrap()).to_vec();
    source.include = vec!["team/**".into()];
    source.exclude = vec!["**/secret".into()];
    let catalogue = Catalogue::open(MEMORY, vec![source]).await.unwrap();
    catalogue.start();
    until("it is fresh", || fresh(&catalogue)).await;
    assert_eq!(catalogue.model().totals().repositories, 1);
    assert_eq!(catalogue.status(0).problem.map(|p| p.to_string()), None);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_cannot_be_read_shows_why_and_stops_no_other() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    fake.push_manifest("team/api", "broken", media_type::OCI_MANIFEST, br#"{"layers":[],"manifests":[]}"#);
    fake.push("team/api", "v2", &Image::new("2"));
    fake.fault(|r| r.path.ends_with("/manifests/v2"), Fault::Answer(Answer::error(404, "MANIFEST_UNKNOWN")), 100);
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let model = catalogue.model();
    let repo = model.repo(model.find_repo(0, "team/api").unwrap()).unwrap();
    let problem = |tag: &str| repo.rows[repo.position(&model, tag).unwrap()].problem;
    assert_eq!(problem("v1"), catalogue::model::NONE);
    assert!(model.texts.text(problem("broken")).contains("image and an index"), "{}", model.texts.text(problem("broken")));
    assert_ne!(problem("v2"), catalogue::model::NONE);
    drop(model);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_and_attestations_are_attached_and_are_no_tags_or_platforms() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let (amd, arm) = (Image::new("amd"), Image::new("arm").architecture("arm64"));
    for image in [&amd, &arm] {
        fake.push("team/api", "", image);
    }
    let attestation = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {"mediaType": media_type::OCI_CONFIG, "digest": amd.digest(), "size": 2},
        "layers": [{"mediaType": "application/vnd.in-toto+json", "digest": amd.digest(), "size": 3, "annotations": {"in-toto.io/predicate-type": "https://spdx.dev/Document"}}]});
    let attestation = fake.push_manifest("team/api", "", media_type::OCI_MANIFEST, attestation.to_string().as_bytes());
    let mut index: serde_json::Value = serde_json::from_slice(&content::index(&[amd.clone(), arm])).unwrap();
    index["manifests"].as_array_mut().unwrap().push(json!({"mediaType": media_type::OCI_MANIFEST, "digest": attestation, "size": 9, "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd.digest()}}));
    let top = fake.push_manifest("team/api", "v1", media_type::OCI_INDEX, index.to_string().as_bytes());
    let signature = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {"mediaType": media_type::OCI_CONFIG, "digest": amd.digest(), "size": 2},
        "layers": [{"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": amd.digest(), "size": 3}]});
    fake.push_manifest("team/api", &format!("sha256-{}.sig", top.encoded()), media_type::OCI_MANIFEST, signature.to_string().as_bytes());
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let model = catalogue.model();
    let repo = model.repo(model.find_repo(0, "team/api").unwrap()).unwrap();
    assert_eq!(repo.names.len(), 1, "machinery is no tag");
    let index = repo.manifests[0];
    assert_eq!(model.platforms(index).map(|p| model.platform_names.text(p)).collect::<Vec<_>>(), ["linux/amd64", "linux/arm64"]);
    let kinds: Vec<_> = model.attached(repo, index).iter().map(|a| a.kind.as_str()).collect();
    assert_eq!(kinds, ["signature", "sbom"]);
    assert_eq!(repo.facts.attached.get(&index), Some(&(2, true, true)));
    drop(model);
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_show_within_a_second_while_the_rest_comes_in() {
    let fake = Fake::start(FakeSettings { repositories: 3000, tags: 3, ..FakeSettings::default() }).await.unwrap();
    fake.fault(|r| r.path.contains("/manifests/"), Fault::Delay(Duration::from_millis(50)), usize::MAX);
    let begun = std::time::Instant::now();
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("all names are known", || catalogue.model().totals().repositories == 3000).await;
    assert!(catalogue.status(0).progress.is_some(), "the crawl is still under way");
    assert_eq!(catalogue.state(0), State::Crawling);
    // Generous for a busy machine; the benchmark holds it to a second for 10,000.
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_shown_when_its_tags_are_listed_however_long_the_rest_takes() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    for n in 0..40 {
        fake.push("team/api", &format!("v{n}"), &Image::new(&n.to_string()));
    }
    fake.fault(|request| request.path.contains("/manifests/"), Fault::Hang, usize::MAX);
    let catalogue = open(&fake, MEMORY, HOUR).await;
    let name = RepositoryName::parse("team/api").unwrap();
    for _ in 0..2 {
        let shown = tokio::time::timeout(Duration::from_secs(15), catalogue.ensure_repository(0, &name)).await;
        shown.expect("it does not wait for what the tags name").unwrap();
        assert_eq!(tags(&catalogue, "team/api").len(), 40);
    }
    assert_eq!(digest(&catalogue, "team/api", "v1"), None);
    tokio::time::timeout(Duration::from_secs(15), catalogue.close()).await.expect("it ends all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_gone_is_noticed_long_before_the_next_crawl() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.push("team/api", "v1", &Image::new("1"));
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    fake.fault(|_| true, Fault::Close, usize::MAX);
    for _ in 0..3 {
        if catalogue.state(0) == State::Unreachable {
            break;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(catalogue.state(0), State::Unreachable);
    assert_eq!(tags(&catalogue, "team/api"), ["v1"]);
    fake.mend();
    until("it is in step again", || fresh(&catalogue)).await;
    catalogue.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_empty_registry_can_do_is_asked_again_with_its_first_image() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let catalogue = open(&fake, MEMORY, HOUR).await;
    until("it is fresh", || fresh(&catalogue)).await;
    let can = |name: &str| catalogue.status(0).capabilities.iter().find(|c| c.name == name).and_then(|c| c.can);
    assert_eq!(can("digest-header"), None);
    let digest = fake.push("team/api", "v1", &Image::new("1"));
    catalogue.mark(0, event("team/api", Some("v1"), Some(&digest), false, 1));
    until("it is asked again", || can("digest-header") == Some(true)).await;
    catalogue.close().await;
}
