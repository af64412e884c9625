//! The reading use cases beside a fake registry: what lists, images and searches say, and every way they can fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use api::{Code, State};
use oci::{Reference, media_type};
use registry::{
    Secret,
    fake::{Answer, Fake, FakeSettings, Fault, Image, content},
};
use serde_json::json;
use service::{Caller, RegistrySettings, RepositoriesQuery, Service, Settings, TagsQuery};
use std::{collections::BTreeSet, time::Duration};

fn registry(name: &str, url: &str) -> RegistrySettings {
    RegistrySettings { name: name.into(), url: url.into(), crawl: Duration::from_hours(1), ..RegistrySettings::default() }
}

async fn open(registries: Vec<RegistrySettings>) -> Service {
    let service = Service::open(Settings { registries, ..Settings::default() }).await.unwrap();
    service.start();
    service
}

async fn beside(fake: &Fake) -> Service {
    let service = open(vec![registry("local", fake.url())]).await;
    for _ in 0..1500 {
        if service.registry(&caller(), "local").await.unwrap().state == State::Fresh {
            return service;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the first crawl does not end");
}

fn caller() -> Caller {
    Caller::local()
}

fn r(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

async fn code<T: std::fmt::Debug>(result: impl Future<Output = service::Result<T>>) -> Code {
    result.await.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_order_holds_each_item_once() {
    let fake = Fake::start(FakeSettings { repositories: 23, tags: 7, index_every: 4, ..FakeSettings::default() }).await.unwrap();
    let service = beside(&fake).await;
    for sort in ["name", "-name", "pushed", "-pushed", "updated", "size", "-size", "tags", "-tags"] {
        let (mut seen, mut after, mut keys) = (Vec::new(), None, Vec::new());
        loop {
            let query = RepositoriesQuery { sort: Some(sort.into()), limit: Some(5), after: after.clone(), ..RepositoriesQuery::default() };
            let page = service.repositories_paged(&caller(), &query).await.unwrap();
            assert_eq!((page.list.total, page.offset), (23, seen.len() as u64), "{sort}");
            keys.extend(page.list.items.iter().map(|i| (i.size, i.updated.clone())));
            seen.extend(page.list.items.into_iter().map(|i| i.repository));
            after = page.list.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23, "{sort}: {seen:?}");
        match sort {
            "name" => assert!(seen.is_sorted()),
            "size" => assert!(keys.is_sorted_by_key(|k| k.0)),
            "-size" => assert!(keys.iter().rev().is_sorted_by_key(|k| k.0)),
            "-pushed" => assert!(keys.iter().rev().is_sorted_by_key(|k| k.1.clone())),
            _ => {}
        }
    }
    let repository = r(&format!("local/{}", content::repository_name(0)));
    for sort in ["version", "-version", "name", "-name", "pushed", "created", "-created", "size", "-size"] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = TagsQuery { sort: Some(sort.into()), limit: Some(3), after: after.clone(), ..TagsQuery::default() };
            let page = service.tags(&caller(), &repository, &query).await.unwrap();
            seen.extend(page.items.into_iter().map(|t| t.tag));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 7, "{sort}: {seen:?}");
        if sort == "version" {
            assert_eq!(seen[0], "1.0.6");
        }
    }
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_it_was_though_its_last_item_is_gone() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    for n in 0..6 {
        fake.push("team/api", &format!("1.0.{n}"), &Image::new(&n.to_string()));
    }
    let service = beside(&fake).await;
    let query = |after| TagsQuery { limit: Some(2), after, ..TagsQuery::default() };
    let first = service.tags(&caller(), &r("local/team/api"), &query(None)).await.unwrap();
    assert_eq!(first.items.iter().map(|t| t.tag.as_str()).collect::<Vec<_>>(), ["1.0.5", "1.0.4"]);
    fake.delete_tag("team/api", "1.0.4");
    let event = json!({"events": [{"action": "delete", "target": {"repository": "team/api", "tag": "1.0.4"}}]});
    service.notify("local", None, event.to_string().as_bytes()).await.unwrap();
    for _ in 0..500 {
        if service.repository(&caller(), &r("local/team/api")).await.unwrap().tags == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let second = service.tags(&caller(), &r("local/team/api"), &query(first.next)).await.unwrap();
    assert_eq!(second.items.iter().map(|t| t.tag.as_str()).collect::<Vec<_>>(), ["1.0.3", "1.0.2"]);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_shown_by_its_default_platform_or_the_one_asked_for() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let (arm, amd) = (Image::new("arm").architecture("arm64").label("for", "arm"), Image::new("amd").label("for", "amd"));
    fake.push("team/api", "", &arm);
    fake.push("team/api", "", &amd);
    let top = fake.push_manifest("team/api", "v1.0.0", media_type::OCI_INDEX, &content::index(&[arm.clone(), amd.clone()]));
    fake.push_manifest("team/api", "latest", media_type::OCI_INDEX, &content::index(&[arm.clone(), amd.clone()]));
    let service = beside(&fake).await;
    let image = service.image(&caller(), &r("local/team/api:latest"), None).await.unwrap();
    assert_eq!((image.kind.as_str(), image.digest.as_str(), image.platform.as_deref()), ("index", top.as_str(), Some("linux/amd64")));
    assert_eq!(image.labels["for"], "amd");
    assert_eq!(image.tags, ["v1.0.0", "latest"]);
    assert_eq!(
        image.platforms.iter().map(|p| (p.platform.as_str(), p.size)).collect::<Vec<_>>(),
        [("linux/arm64", Some(size(&arm))), ("linux/amd64", Some(size(&amd)))]
    );
    assert_eq!(
        image.history.iter().filter_map(|h| h.layer.as_deref()).collect::<Vec<_>>(),
        image.layers.iter().map(|l| l.digest.as_str()).collect::<Vec<_>>()
    );
    assert_eq!(image.pull_reference_pinned, format!("{}/team/api@{top}", fake.host()));
    let image = service.image(&caller(), &r("local/team/api:v1.0.0"), Some("linux/arm64")).await.unwrap();
    assert_eq!(image.labels["for"], "arm");
    assert_eq!(image.platform_digest.as_deref(), Some(arm.digest().as_str()));
    let child = service.image(&caller(), &r(&format!("local/team/api@{}", arm.digest())), None).await.unwrap();
    assert_eq!((child.kind.as_str(), child.platform.as_deref()), ("image", Some("linux/arm64")));
    assert_eq!(code(service.image(&caller(), &r("local/team/api:v1.0.0"), Some("windows/amd64"))).await, Code::PlatformNotFound);
    assert_eq!(code(service.image(&caller(), &r("local/team/api:v1.0.0"), Some("x"))).await, Code::BadQuery);
    let bytes = service.manifest(&caller(), &r("local/team/api:latest")).await.unwrap();
    assert_eq!((bytes.digest, bytes.bytes.to_vec()), (top.to_string(), content::index(&[arm, amd])));
    service.close().await;
}

/// As lists tell it.
fn size(image: &Image) -> u64 {
    image.config().len() as u64 + image.layers.iter().map(|l| l.1).sum::<u64>()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_indexes_leads_on_to_its_images() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let (arm, amd) = (Image::new("arm").architecture("arm64"), Image::new("amd").label("for", "amd"));
    fake.push("team/api", "", &arm);
    fake.push("team/api", "", &amd);
    let inner = content::index(&[arm.clone(), amd.clone()]);
    let digest = fake.push_manifest("team/api", "", media_type::OCI_INDEX, &inner);
    let outer = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [{"mediaType": media_type::OCI_INDEX, "digest": digest, "size": inner.len()}]});
    let top = fake.push_manifest("team/api", "v1", media_type::OCI_INDEX, outer.to_string().as_bytes());
    let service = beside(&fake).await;
    let image = service.image(&caller(), &r("local/team/api:v1"), None).await.unwrap();
    assert_eq!((image.kind.as_str(), image.digest.as_str(), image.platform.as_deref()), ("index", top.as_str(), Some("linux/amd64")));
    assert_eq!(image.platforms.iter().map(|p| p.platform.as_str()).collect::<Vec<_>>(), ["linux/arm64", "linux/amd64"]);
    assert_eq!(image.size, Some(size(&amd)));
    let image = service.image(&caller(), &r("local/team/api:v1"), Some("linux/arm64")).await.unwrap();
    assert_eq!(image.platform_digest.as_deref(), Some(arm.digest().as_str()));
    assert_eq!(code(service.image(&caller(), &r("local/team/api:v1"), Some("linux/s390x"))).await, Code::PlatformNotFound);
    let tags = service.tags(&caller(), &r("local/team/api"), &TagsQuery::default()).await.unwrap();
    assert_eq!((tags.items[0].size, tags.items[0].platforms.len()), (Some(size(&amd)), 2));
    assert_eq!(service.search(&caller(), "label:for=amd", None, None).await.unwrap().total, 1);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_has_its_own_code() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let image = Image::new("1");
    fake.push("team/api", "v1", &image);
    let service = beside(&fake).await;
    let digest = format!("sha256:{}", "0".repeat(64));
    assert_eq!(code(service.registry(&caller(), "other")).await, Code::RegistryNotFound);
    assert_eq!(code(service.repository(&caller(), &r("other/team/api"))).await, Code::RegistryNotFound);
    assert_eq!(code(service.repository(&caller(), &r("local/team/no"))).await, Code::RepositoryNotFound);
    assert_eq!(code(service.tags(&caller(), &r("local/team/no"), &TagsQuery::default())).await, Code::RepositoryNotFound);
    assert_eq!(code(service.image(&caller(), &r("local/team/api:v2"), None)).await, Code::TagNotFound);
    assert_eq!(code(service.image(&caller(), &r(&format!("local/team/api@{digest}")), None)).await, Code::ManifestNotFound);
    assert_eq!(code(service.manifest(&caller(), &r("local/team/no:v1"))).await, Code::RepositoryNotFound);
    for bad in ["size:big", "arhc:arm64", "(", "tag:~["] {
        let query = RepositoriesQuery { q: bad.into(), ..RepositoriesQuery::default() };
        assert_eq!(code(service.repositories(&caller(), &query)).await, Code::BadQuery, "{bad}");
    }
    let query = |sort: &str, limit, after: Option<&str>| RepositoriesQuery {
        sort: Some(sort.into()),
        limit,
        after: after.map(Into::into),
        ..RepositoriesQuery::default()
    };
    assert_eq!(code(service.repositories(&caller(), &query("colour", None, None))).await, Code::BadQuery);
    assert_eq!(code(service.repositories(&caller(), &query("name", Some(0), None))).await, Code::BadQuery);
    assert_eq!(code(service.repositories(&caller(), &query("name", Some(1001), None))).await, Code::BadQuery);
    assert_eq!(code(service.repositories(&caller(), &query("name", None, Some("%%%")))).await, Code::BadQuery);
    // Asking for what is not there makes nothing known.
    assert_eq!(service.totals(&caller(), None).await.unwrap().repositories, 1);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_page_asks_the_registry_nothing() {
    let fake = Fake::start(FakeSettings { repositories: 3, tags: 3, ..FakeSettings::default() }).await.unwrap();
    let service = beside(&fake).await;
    let name = content::repository_name(1);
    let asked = fake.requests();
    service.repositories(&caller(), &RepositoriesQuery::default()).await.unwrap();
    service.tags(&caller(), &r(&format!("local/{name}")), &TagsQuery::default()).await.unwrap();
    service.image(&caller(), &r(&format!("local/{name}:1.0.1")), None).await.unwrap();
    service.search(&caller(), "1.0", None, None).await.unwrap();
    assert_eq!(fake.requests(), asked);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_stays_when_the_registry_is_gone() {
    let fake = Fake::start(FakeSettings { repositories: 2, tags: 2, ..FakeSettings::default() }).await.unwrap();
    let service = beside(&fake).await;
    fake.stop().await;
    service.refresh(&caller(), "local").await.unwrap();
    for _ in 0..1500 {
        if service.registry(&caller(), "local").await.unwrap().state == State::Unreachable {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let registry = service.registry(&caller(), "local").await.unwrap();
    assert_eq!(registry.state, State::Unreachable);
    assert_eq!(registry.problem.map(|p| p.code), Some(Code::RegistryUnreachable));
    let list = service.repositories(&caller(), &RepositoriesQuery::default()).await.unwrap();
    assert_eq!((list.total, list.freshness.state), (2, State::Unreachable));
    let name = content::repository_name(0);
    service.image(&caller(), &r(&format!("local/{name}:1.0.0")), None).await.unwrap();
    let unknown = code(service.repository(&caller(), &r("local/never/seen"))).await;
    assert!(matches!(unknown, Code::RegistryUnreachable | Code::RegistryBusy), "{unknown:?}");
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_repositories_tags_digests_and_labels() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let image = Image::new("1").label("org.opencontainers.image.description", "Payments: routes cards").label("owner", "margaret");
    let digest = fake.push("team/api", "v2.14.0", &image);
    fake.push("team/web", "v2.1.0", &Image::new("2"));
    fake.push("library/postgres", "16.4", &Image::new("3"));
    let service = beside(&fake).await;
    let hits = |q: &str| {
        let (service, q) = (service.clone(), q.to_owned());
        async move {
            service.search(&caller(), &q, None, None).await.unwrap().items.into_iter().map(|h| (h.kind, h.reference)).collect::<Vec<_>>()
        }
    };
    let of = |kind: &str, reference: &str| (kind.to_owned(), reference.to_owned());
    assert_eq!(hits("postgres").await, [of("repository", "local/library/postgres")]);
    assert_eq!(hits("postgers").await, [of("repository", "local/library/postgres")], "a slip is forgiven");
    assert_eq!(hits("api 2.14").await, [of("tag", "local/team/api:v2.14.0")]);
    assert_eq!(hits("cards").await[0], of("repository", "local/team/api"));
    assert_eq!(hits("margaret").await, [of("label", "local/team/api:v2.14.0")]);
    assert_eq!(hits("label:owner=margaret").await, [of("label", "local/team/api:v2.14.0")]);
    assert_eq!(hits(&digest.as_str()[..20]).await, [of("digest", "local/team/api:v2.14.0")]);
    assert_eq!(hits("").await, []);
    let found = service.search(&caller(), "marga", None, None).await.unwrap();
    assert_eq!((found.items[0].matched.as_str(), &found.items[0].marks[..]), ("owner=margaret", &[(6, 11)][..]));
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_wants_its_secret_and_its_shape() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    let mut with_secret = registry("local", fake.url());
    with_secret.notification_secret = Some(Secret::new("swordfish"));
    let service = open(vec![with_secret]).await;
    let body = br#"{"events":[]}"#;
    for wrong in [None, Some(""), Some("Bearer"), Some("Bearer swordfisch"), Some("Basic swordfish"), Some("swordfish")] {
        assert_eq!(code(service.notify("local", wrong, body)).await, Code::SignInRequired, "{wrong:?}");
    }
    assert_eq!(service.notify("local", Some("bearer swordfish"), body).await.unwrap(), 0);
    assert_eq!(code(service.notify("local", Some("Bearer swordfish"), b"{")).await, Code::BadRequest);
    assert_eq!(code(service.notify("other", Some("Bearer swordfish"), body)).await, Code::RegistryNotFound);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_says_which_setting_mends_it() {
    let fake = Fake::start(FakeSettings::default()).await.unwrap();
    fake.fault(|_| true, Fault::Answer(Answer::status(401).header("WWW-Authenticate", "Basic realm=\"x\"")), usize::MAX);
    let service = open(vec![registry("local", fake.url())]).await;
    let mut problem = None;
    for _ in 0..500 {
        problem = service.registry(&caller(), "local").await.unwrap().problem;
        if problem.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let problem = problem.unwrap();
    assert_eq!(problem.code, Code::RegistryRefused);
    assert!(problem.detail.contains("username"), "{}", problem.detail);
    service.close().await;
}
