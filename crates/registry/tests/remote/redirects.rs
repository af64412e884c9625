use super::*;
use registry::{
    Error, Secret,
    fake::{Answer, Auth, Fault, Image, Seen},
};

fn blobs(r: &Seen) -> bool {
    r.path.contains("/blobs/")
}

fn to(location: &str) -> Fault {
    Fault::Answer(Answer::status(307).header("location", location))
}

async fn two(blob: &[u8]) -> (Fake, Fake, Digest, Remote) {
    let auth = Auth::Basic("ann".to_owned(), "hush".to_owned());
    let fake = Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap();
    let storage = super::fake().await;
    let digest = fake.push_blob("a", blob);
    fake.push("a", "1", &Image::new("x"));
    storage.push_blob("a", blob);
    let settings = RemoteSettings { username: Some("ann".to_owned()), password: Some(Secret::new("hush")), ..settings(fake.url()) };
    (fake, storage, digest, Remote::new(settings).unwrap())
}

#[tokio::test]
async fn a_blob_may_lie_elsewhere_and_no_credentials_go_there() {
    let (fake, storage, digest, remote) = two(b"{}").await;
    // The password is known to be wanted before the redirect comes.
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    fake.fault(|r| blobs(r) && r.header("authorization").is_some(), to(&format!("{}/v2/a/blobs/{digest}?sig=secret", storage.url())), 1);
    assert_eq!(remote.blob(&name("a"), &digest, 10).await.unwrap(), "{}");
    let log = storage.log();
    assert_eq!(log.len(), 1);
    assert!(log[0].header("authorization").is_none() && log[0].header("referer").is_none() && log[0].header("cookie").is_none());
}

#[tokio::test]
async fn credentials_do_not_come_back_after_a_way_through_elsewhere() {
    let (fake, storage, digest, remote) = two(b"{}").await;
    remote.resolve(&name("a"), &tag("1")).await.unwrap();
    fake.fault(|r| blobs(r) && r.header("authorization").is_some(), to(&format!("{}/v2/a/blobs/{digest}", storage.url())), 1);
    storage.fault(blobs, to(&format!("{}/v2/a/blobs/{digest}", fake.url())), 1);
    let error = remote.blob(&name("a"), &digest, 10).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert_eq!(fake.count(|r| blobs(r) && r.header("authorization").is_some()), 1);
}

#[tokio::test]
async fn redirects_end() {
    let (fake, _storage, digest, remote) = two(b"{}").await;
    fake.fault(blobs, to(&format!("{}/v2/a/blobs/{digest}", fake.url())), 100);
    let error = remote.blob(&name("a"), &digest, 10).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains("more than 5")), "{error}");
    assert_eq!(fake.count(blobs), 6);
}

#[tokio::test]
async fn odd_redirects_are_refused() {
    let (fake, _storage, digest, remote) = two(b"{}").await;
    let port = fake.host().rsplit(':').next().unwrap().to_owned();
    let local = format!("http://ann:x@127.0.0.1:{port}/");
    for odd in [
        "file:///etc/passwd",
        "data:,x",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::ffff:169.254.1.1]/",
        "javascript:x",
        &local,
    ] {
        fake.fault(blobs, to(odd), 1);
        let error = remote.blob(&name("a"), &digest, 10).await.unwrap_err();
        assert!(matches!(error, Error::Misbehaved(_)), "{odd}: {error}");
    }
    fake.fault(blobs, Fault::Answer(Answer::status(302)), 1);
    assert!(matches!(remote.blob(&name("a"), &digest, 10).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn lists_are_not_redirected() {
    let (fake, storage, _, remote) = two(b"{}").await;
    fake.fault(|r| r.path.ends_with("_catalog"), to(&format!("{}/v2/_catalog", storage.url())), 10);
    let error = remote.repositories(None).await.unwrap_err();
    assert!(matches!(error, Error::Misbehaved(_)), "{error}");
    assert_eq!(storage.requests(), 0);
}

#[tokio::test]
async fn a_redirected_blob_is_verified_all_the_same() {
    let (fake, storage, digest, remote) = two(b"{}").await;
    fake.fault(blobs, to(&format!("{}/v2/a/blobs/{digest}", storage.url())), 10);
    storage.fault(blobs, Fault::Answer(Answer::of("text/plain", "[]")), 1);
    let error = remote.blob(&name("a"), &digest, 10).await.unwrap_err();
    assert!(matches!(error, Error::Misbehaved(_)), "{error}");
}
