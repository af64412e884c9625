//! Harbor's and Azure's own way to take a tag away.

use super::*;
use registry::{
    Error, Secret, Untagged,
    fake::{Answer, Auth, Fault, Image, Product, Seen, TokenAuth},
};

async fn playing(product: Product) -> (Fake, Remote, Digest) {
    let auth = Auth::Token(TokenAuth { credentials: Some(("robot$a".to_owned(), "hush".to_owned())), ..TokenAuth::default() });
    let fake = Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap();
    fake.knobs(|k| {
        k.product = Some(product);
        k.delete_tag_takes_digest = product == Product::Azure;
    });
    let digest = fake.push("team/web/api", "1", &Image::new("x"));
    fake.push("team/web/api", "2", &Image::new("x"));
    let settings = RemoteSettings { username: Some("robot$a".to_owned()), password: Some(Secret::new("hush")), ..settings(fake.url()) };
    (fake, Remote::new(settings).unwrap(), digest)
}

fn deletes(r: &Seen) -> bool {
    r.method == "DELETE"
}

#[tokio::test]
async fn a_tag_goes_alone() {
    for (product, path) in [
        (Product::Harbor, "/api/v2.0/projects/team/repositories/web%252Fapi/artifacts/{d}/tags/1"),
        (Product::Azure, "/acr/v1/team/web/api/_tags/1"),
    ] {
        let (fake, remote, digest) = playing(product).await;
        let (api, one) = (name("team/web/api"), Tag::parse("1").unwrap());
        assert_eq!(remote.delete_tag(&api, &one, &digest).await.unwrap(), Untagged::ByName, "{product:?}");
        assert_eq!(all_tags(&remote, "team/web/api").await.unwrap(), ["2"]);
        let path = path.replace("{d}", digest.as_str());
        let mut asked: Vec<String> = fake.log().into_iter().filter(deletes).map(|r| r.path).collect();
        // The first of them had no token yet.
        asked.dedup();
        assert_eq!(asked, [path], "{product:?}");
        assert!(matches!(remote.delete_tag(&api, &one, &digest).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn the_probe_finds_it_and_changes_nothing() {
    for (product, word) in [(Product::Harbor, "Harbor"), (Product::Azure, "Azure")] {
        let (fake, remote, _) = playing(product).await;
        // There is no catalogue for everybody: a repository that was read serves.
        all_tags(&remote, "team/web/api").await.unwrap();
        let found = remote.probe().await.unwrap();
        let of = |name: &str| found.iter().find(|c| c.name == name).unwrap();
        assert_eq!((of("delete").can, of("delete-tag").can), (Some(true), Some(true)), "{found:?}");
        assert!(of("delete-tag").hint.as_ref().unwrap().contains(word), "{found:?}");
        assert_eq!(all_tags(&remote, "team/web/api").await.unwrap(), ["1", "2"]);
        let harmless = |r: &Seen| r.path.contains("supercargo-probe-") || r.path.ends_with(&"0".repeat(64));
        assert!(fake.log().iter().filter(|r| deletes(r)).all(harmless));
        // A right that is missing is told.
        fake.fault(|r| deletes(r) && !r.path.starts_with("/v2/"), Fault::Answer(Answer::error(403, "FORBIDDEN")), 1);
        let found = remote.probe().await.unwrap();
        assert_eq!(found.iter().find(|c| c.name == "delete-tag").unwrap().can, Some(false), "{found:?}");
    }
}

#[tokio::test]
async fn what_only_looks_like_one_is_none() {
    let (fake, remote, digest) = playing(Product::Harbor).await;
    fake.fault(|r| r.path == "/api/version", Fault::Answer(Answer::of("text/html", "<h1>Sign in</h1>")), 1);
    let untagged = remote.delete_tag(&name("team/web/api"), &Tag::parse("1").unwrap(), &digest).await.unwrap();
    assert_eq!(untagged, Untagged::CannotByName);
    assert_eq!(fake.count(|r| deletes(r) && r.path.starts_with("/api/")), 0);
    let (fake, remote, digest) = playing(Product::Azure).await;
    fake.knobs(|k| k.delete_tag_takes_digest = false);
    fake.fault(|r| r.method == "GET" && r.path.starts_with("/acr/"), Fault::Answer(Answer::of("application/json", "{}")), 1);
    let untagged = remote.delete_tag(&name("team/web/api"), &Tag::parse("1").unwrap(), &digest).await.unwrap();
    assert_eq!((untagged, fake.count(|r| deletes(r) && r.path.starts_with("/acr/"))), (Untagged::ByName, 0));
}

#[tokio::test]
async fn an_ordinary_registry_is_asked_for_nothing_of_theirs() {
    let fake = fake().await;
    let digest = fake.push("a", "1", &Image::new("x"));
    let remote = remote(fake.url());
    remote.probe().await.unwrap();
    remote.delete_tag(&name("a"), &Tag::parse("1").unwrap(), &digest).await.unwrap();
    assert!(fake.log().iter().all(|r| r.path.starts_with("/v2/")));
}
