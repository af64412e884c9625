//! Manifests put and deleted, tags taken away.

use super::*;
use registry::{
    Error, Untagged,
    fake::{Answer, Auth, Fault, Image, Seen, TokenAuth, content},
};
use std::time::Instant;

const OCI: &str = oci::media_type::OCI_MANIFEST;

fn puts(r: &Seen) -> bool {
    r.method == "PUT" && r.path.contains("/manifests/")
}

fn deletes(r: &Seen) -> bool {
    r.method == "DELETE"
}

fn label(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// A fake where two tags of one repository name the same image.
async fn siblings() -> (Fake, Remote, Digest) {
    let fake = fake().await;
    let digest = fake.push("a", "1", &Image::new("x"));
    fake.push("a", "2", &Image::new("x"));
    let remote = remote(fake.url());
    (fake, remote, digest)
}

#[tokio::test]
async fn a_manifest_is_put_byte_for_byte_under_a_tag_and_a_digest() {
    let (fake, remote, digest) = siblings().await;
    let (repository, bytes) = (name("a"), Image::new("x").manifest());
    assert_eq!(remote.put_manifest(&repository, &tag("3"), OCI, bytes.clone().into()).await.unwrap(), digest);
    assert_eq!(remote.put_manifest(&repository, &at(&digest), OCI, bytes.clone().into()).await.unwrap(), digest);
    let read = remote.manifest(&repository, &tag("3")).await.unwrap();
    assert_eq!((read.digest, &read.bytes[..], read.media_type.as_deref()), (digest, &bytes[..], Some(OCI)));
    let put = fake.log().into_iter().find(puts).unwrap();
    assert_eq!((put.header("content-type"), &put.body[..]), (Some(OCI), &bytes[..]));
}

#[tokio::test]
async fn bytes_of_another_digest_are_not_sent() {
    let (fake, remote, digest) = siblings().await;
    let error = remote.put_manifest(&name("a"), &at(&digest), OCI, b"{}".as_slice().into()).await.unwrap_err();
    assert!(matches!(error, Error::Misbehaved(_)), "{error}");
    let long = vec![b' '; oci::limits::MANIFEST + 1];
    assert!(matches!(remote.put_manifest(&name("a"), &tag("3"), OCI, long.into()).await, Err(Error::TooLarge(_))));
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn what_was_stored_is_compared() {
    let (fake, remote, digest) = siblings().await;
    let bytes = bytes::Bytes::from(Image::new("x").manifest());
    fake.knobs(|k| k.put_digest = Some(format!("sha256:{}", "0".repeat(64))));
    let error = remote.put_manifest(&name("a"), &tag("3"), OCI, bytes.clone()).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains(digest.as_str()) && why.contains("0000")), "{error}");
    // It says nothing: then what it shows is compared.
    fake.knobs(|k| k.put_digest = Some(String::new()));
    assert_eq!(remote.put_manifest(&name("a"), &tag("3"), OCI, bytes.clone()).await.unwrap(), digest);
    fake.fault(
        |r| r.method == "HEAD",
        Fault::edit(|a| *a = a.clone().header("docker-content-digest", &format!("sha256:{}", "1".repeat(64)))),
        1,
    );
    assert!(matches!(remote.put_manifest(&name("a"), &tag("3"), OCI, bytes.clone()).await, Err(Error::Misbehaved(_))));
    // Of another algorithm.
    let sha512 = format!("sha512:{}", "0".repeat(128));
    fake.knobs(|k| k.put_digest = Some(sha512));
    assert!(matches!(remote.put_manifest(&name("a"), &tag("3"), OCI, bytes).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn what_a_manifest_lacks_is_told() {
    let (fake, remote, _) = siblings().await;
    let other = Image::new("y");
    let error = remote.put_manifest(&name("a"), &tag("3"), OCI, other.manifest().into()).await.unwrap_err();
    let Error::Incomplete { missing, .. } = &error else { panic!("{error}") };
    assert!(missing.contains(&content::sha256(&other.config())), "{error}");
    let index = content::index(&[Image::new("x"), other.clone()]);
    let error = remote.put_manifest(&name("a"), &tag("3"), oci::media_type::OCI_INDEX, index.into()).await.unwrap_err();
    assert!(matches!(&error, Error::Incomplete { missing, .. } if *missing == [other.digest()]), "{error}");
    // The layers were collected meanwhile.
    let layer = content::sha256(b"base");
    fake.delete_blob("a", &layer);
    let error = remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.unwrap_err();
    assert!(matches!(&error, Error::Incomplete { missing, .. } if *missing == [layer]), "{error}");
    for answer in [Answer::error(404, "BLOB_UNKNOWN"), Answer::error(404, "MANIFEST_UNKNOWN"), Answer::error(400, "BLOB_UNKNOWN")] {
        fake.fault(puts, Fault::Answer(answer.clone()), 1);
        let error = remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.unwrap_err();
        assert!(matches!(error, Error::Incomplete { .. }), "{answer:?}: {error}");
    }
    fake.fault(puts, Fault::Answer(Answer::error(404, "NAME_UNKNOWN")), 1);
    let error = remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_digest_is_deleted_with_its_tags() {
    let (fake, remote, digest) = siblings().await;
    let other = fake.push("a", "3", &Image::new("y"));
    remote.delete_manifest(&name("a"), &digest).await.unwrap();
    assert_eq!(all_tags(&remote, "a").await.unwrap(), ["3"]);
    assert!(matches!(remote.resolve(&name("a"), &at(&digest)).await, Err(Error::NotFound(_))));
    assert!(matches!(remote.delete_manifest(&name("a"), &digest).await, Err(Error::NotFound(_))));
    assert_eq!(remote.resolve(&name("a"), &tag("3")).await.unwrap().digest, other);
}

#[tokio::test]
async fn generated_content_is_deleted_and_put_back() {
    let fake = Fake::start(FakeSettings { repositories: 2, tags: 3, index_every: 2, ..FakeSettings::default() }).await.unwrap();
    let remote = remote(fake.url());
    for number in 0..2 {
        let repository = name(&content::repository_name(number));
        let old = remote.manifest(&repository, &tag("1.0.1")).await.unwrap();
        remote.delete_manifest(&repository, &old.digest).await.unwrap();
        assert_eq!(all_tags(&remote, repository.as_str()).await.unwrap(), ["1.0.0", "1.0.2"]);
        let kind = old.media_type.as_deref().unwrap();
        assert_eq!(remote.put_manifest(&repository, &tag("1.0.1"), kind, old.bytes).await.unwrap(), old.digest);
        assert_eq!(remote.resolve(&repository, &tag("1.0.1")).await.unwrap().digest, old.digest);
    }
}

#[tokio::test]
async fn deletes_that_are_off_name_the_setting() {
    let (fake, remote, digest) = siblings().await;
    fake.knobs(|k| k.delete = false);
    let error = remote.delete_manifest(&name("a"), &digest).await.unwrap_err();
    assert!(matches!(&error, Error::Unsupported(why) if why.contains("REGISTRY_STORAGE_DELETE_ENABLED=true")), "{error}");
    fake.fault(deletes, Fault::Answer(Answer::error(400, "UNSUPPORTED")), 1);
    assert!(matches!(remote.delete_manifest(&name("a"), &digest).await, Err(Error::Unsupported(_))));
    assert_eq!(all_tags(&remote, "a").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_delete_whose_answer_was_wrong_or_lost_ends_as_done() {
    for fault in [
        Fault::edit(|a| *a = Answer::status(500)),
        Fault::edit(|a| *a = Answer::status(502)),
        Fault::edit(|a| *a = Answer::status(503)),
        Fault::Lose,
    ] {
        let (fake, remote, digest) = siblings().await;
        fake.fault(deletes, fault.clone(), 1);
        remote.delete_manifest(&name("a"), &digest).await.unwrap();
        assert_eq!(fake.count(deletes), 2, "{fault:?}");
        assert!(all_tags(&remote, "a").await.unwrap().is_empty());
        let (fake, remote, digest) = siblings().await;
        fake.fault(deletes, fault, 1);
        assert_eq!(remote.delete_tag(&name("a"), &label("1"), &digest).await.unwrap(), Untagged::ByName);
        assert_eq!(all_tags(&remote, "a").await.unwrap(), ["2"]);
    }
    // Nothing was done before a 429: the 404 is what it says.
    let (fake, remote, _) = siblings().await;
    fake.fault(deletes, Fault::Answer(Answer::status(429)), 1);
    let gone = remote.delete_manifest(&name("a"), &content::sha256(b"gone")).await;
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn changes_wait_as_they_are_told_to() {
    let (fake, remote, digest) = siblings().await;
    let started = Instant::now();
    fake.fault(|r| puts(r) || deletes(r), Fault::Answer(Answer::status(429).header("retry-after", "1")), 1);
    remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.unwrap();
    fake.fault(|r| puts(r) || deletes(r), Fault::Answer(Answer::status(429).header("retry-after", "1")), 1);
    remote.delete_manifest(&name("a"), &digest).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(1800), "{:?}", started.elapsed());
    fake.fault(deletes, Fault::Answer(Answer::status(429).header("retry-after", "30")), 1);
    let error = remote.delete_manifest(&name("a"), &digest).await.unwrap_err();
    assert!(matches!(error, Error::Busy { retry_after_ms: 30_000, .. }), "{error}");
}

#[tokio::test]
async fn a_put_is_repeated_until_it_is_done() {
    let (fake, remote, digest) = siblings().await;
    for fault in [Fault::Close, Fault::Lose, Fault::Answer(Answer::status(500)), Fault::Answer(Answer::status(503))] {
        fake.fault(puts, fault, 2);
        assert_eq!(remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.unwrap(), digest);
    }
    fake.fault(puts, Fault::Answer(Answer::status(500)), 9);
    assert!(remote.put_manifest(&name("a"), &tag("3"), OCI, Image::new("x").manifest().into()).await.is_err());
    assert_eq!(fake.count(puts), 4 * 3 + 3);
}

#[tokio::test]
async fn nothing_is_sent_where_the_settings_are_read_only() {
    let (fake, _, digest) = siblings().await;
    let remote = Remote::new(RemoteSettings { read_only: true, ..settings(fake.url()) }).unwrap();
    let (a, one) = (name("a"), label("1"));
    let bytes = bytes::Bytes::from_static(b"{}");
    let family = registry::Family::Oci;
    let small = content::sha256(&bytes);
    let errors = [
        remote.put_manifest(&a, &tag("3"), OCI, bytes.clone()).await.map(drop).unwrap_err(),
        remote.delete_manifest(&a, &digest).await.unwrap_err(),
        remote.delete_tag(&a, &one, &digest).await.map(drop).unwrap_err(),
        remote.untag_by_placeholder(&a, &one, &digest, family).await.unwrap_err(),
        remote.mount_blob(&a, &digest, &name("b")).await.map(drop).unwrap_err(),
        remote.write_blob(&a, &small, 2, &bytes, &|_| {}).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::ReadOnly(why) if why.contains("`read_only = true`")), "{error}");
    }
    assert_eq!(fake.count(|r| r.method != "GET" && r.method != "HEAD"), 0);
    assert_eq!(remote.resolve(&a, &tag("1")).await.unwrap().digest, digest, "reading goes on");
}

#[tokio::test]
async fn every_change_carries_the_right_it_needs() {
    let auth = Auth::Token(TokenAuth { credentials: Some(("ann".to_owned(), "hush".to_owned())), ..TokenAuth::default() });
    let fake = Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap();
    let digest = fake.push("a", "1", &Image::new("x"));
    let blob = fake.push_blob("b", b"shared");
    let settings =
        RemoteSettings { username: Some("ann".to_owned()), password: Some(registry::Secret::new("hush")), ..settings(fake.url()) };
    let remote = Remote::new(settings).unwrap();
    let a = name("a");
    remote.put_manifest(&a, &tag("2"), OCI, Image::new("x").manifest().into()).await.unwrap();
    assert!(remote.mount_blob(&a, &blob, &name("b")).await.unwrap());
    let bytes = bytes::Bytes::from_static(b"{}");
    remote.write_blob(&a, &content::sha256(&bytes), 2, &bytes, &|_| {}).await.unwrap();
    remote.delete_manifest(&a, &digest).await.unwrap();
    let asked: Vec<Vec<String>> = fake
        .log()
        .iter()
        .filter(|r| r.path == "/token")
        .map(|r| {
            let scopes = url::form_urlencoded::parse(r.query.as_bytes()).filter(|(n, _)| n == "scope");
            scopes.map(|(_, v)| v.into_owned()).collect()
        })
        .collect();
    let scopes = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        asked,
        [scopes(&["repository:a:pull,push"]), scopes(&["repository:a:pull,push", "repository:b:pull"]), scopes(&["repository:a:delete"]),]
    );
}

#[tokio::test]
async fn the_right_to_read_the_source_of_a_mount_is_asked_for_though_it_is_not_named() {
    let fake = Fake::start(FakeSettings { auth: Auth::Token(TokenAuth::default()), ..FakeSettings::default() }).await.unwrap();
    let blob = fake.push_blob("b", b"shared");
    let realm = format!("{}/token", fake.url());
    let challenge = format!("Bearer realm=\"{realm}\",service=\"fake\",scope=\"repository:a:pull,push\"");
    fake.fault(|r| r.method == "POST", Fault::Answer(Answer::error(401, "UNAUTHORIZED").header("www-authenticate", &challenge)), 1);
    assert!(remote(fake.url()).mount_blob(&name("a"), &blob, &name("b")).await.unwrap());
}

#[tokio::test]
async fn a_rule_of_the_registry_is_a_refusal() {
    let (fake, remote, digest) = siblings().await;
    for status in [409, 412] {
        fake.fault(|r| puts(r) || deletes(r), Fault::Answer(Answer::error(status, "PRECONDITION")), 2);
        let put = remote.put_manifest(&name("a"), &tag("1"), OCI, Image::new("x").manifest().into()).await.unwrap_err();
        assert!(matches!(&put, Error::Refused(why) if why.contains("immutable")), "{put}");
        assert!(matches!(remote.delete_manifest(&name("a"), &digest).await, Err(Error::Refused(_))));
    }
    fake.fault(puts, Fault::Answer(Answer::error(405, "UNSUPPORTED")), 1);
    let put = remote.put_manifest(&name("a"), &tag("1"), OCI, Image::new("x").manifest().into()).await.unwrap_err();
    assert!(matches!(put, Error::Unsupported(_)), "{put}");
}

#[tokio::test]
async fn no_change_follows_a_redirect() {
    let (fake, remote, digest) = siblings().await;
    let other = super::fake().await;
    let away = Answer::status(307).header("location", &format!("{}/v2/a/manifests/1", other.url()));
    fake.fault(|r| r.method != "GET" && r.method != "HEAD", Fault::Answer(away), 9);
    let (a, bytes) = (name("a"), bytes::Bytes::from_static(b"{}"));
    assert!(matches!(remote.put_manifest(&a, &tag("1"), OCI, bytes.clone()).await, Err(Error::Misbehaved(_))));
    assert!(matches!(remote.delete_manifest(&a, &digest).await, Err(Error::Misbehaved(_))));
    assert!(matches!(remote.delete_tag(&a, &label("1"), &digest).await, Err(Error::Misbehaved(_))));
    assert!(matches!(remote.mount_blob(&a, &digest, &name("b")).await, Err(Error::Misbehaved(_))));
    let written = remote.write_blob(&a, &content::sha256(&bytes), 2, &bytes, &|_| {}).await;
    assert!(matches!(written, Err(Error::Misbehaved(_))));
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn a_tag_is_taken_away_by_its_name() {
    let (fake, remote, digest) = siblings().await;
    assert_eq!(remote.delete_tag(&name("a"), &label("1"), &digest).await.unwrap(), Untagged::ByName);
    assert_eq!(all_tags(&remote, "a").await.unwrap(), ["2"]);
    assert_eq!(remote.resolve(&name("a"), &at(&digest)).await.unwrap().digest, digest);
    assert!(matches!(remote.delete_tag(&name("a"), &label("1"), &digest).await, Err(Error::NotFound(_))));
    // One that takes the digest along says the same: the caller has to look.
    let (fake2, remote, digest) = siblings().await;
    fake2.knobs(|k| k.delete_tag_takes_digest = true);
    assert_eq!(remote.delete_tag(&name("a"), &label("1"), &digest).await.unwrap(), Untagged::ByName);
    assert!(matches!(remote.resolve(&name("a"), &tag("2")).await, Err(Error::NotFound(_))));
    drop(fake);
}

#[tokio::test]
async fn where_names_cannot_be_deleted_nothing_happens_and_it_is_remembered() {
    for answer in
        [Answer::error(400, "DIGEST_INVALID"), Answer::error(400, "UNSUPPORTED"), Answer::error(405, "UNSUPPORTED"), Answer::status(405)]
    {
        let (fake, remote, digest) = siblings().await;
        fake.fault(deletes, Fault::Answer(answer.clone()), 100);
        for _ in 0..3 {
            let untagged = remote.delete_tag(&name("a"), &label("1"), &digest).await.unwrap();
            assert_eq!(untagged, Untagged::CannotByName, "{answer:?}");
        }
        assert_eq!(fake.count(deletes), 1, "{answer:?}");
    }
    // It denies a tag that it shows.
    let (fake, remote, digest) = siblings().await;
    fake.fault(deletes, Fault::Answer(Answer::error(404, "MANIFEST_UNKNOWN")), 1);
    assert_eq!(remote.delete_tag(&name("a"), &label("1"), &digest).await.unwrap(), Untagged::CannotByName);
    fake.fault(deletes, Fault::Answer(Answer::error(403, "DENIED")), 1);
    assert!(matches!(remote.delete_tag(&name("a"), &label("1"), &digest).await, Err(Error::Refused(_))));
    assert_eq!(all_tags(&remote, "a").await.unwrap().len(), 2);
}
