//! Blobs as they lie: their size, mounts, and their bytes as they come.

use super::*;
use futures::StreamExt;
use registry::{
    BlobStream, Error, Secret,
    fake::{Answer, Auth, Fault, Image, Seen},
};

fn blobs(r: &Seen) -> bool {
    r.path.contains("/blobs/sha256:")
}

async fn all(stream: Result<BlobStream>) -> Result<Vec<u8>> {
    let mut stream = stream?;
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all)
}

#[tokio::test]
async fn a_blobs_size_is_told_without_its_bytes() {
    let fake = fake().await;
    let blob = fake.push_blob("a", b"0123456789");
    let remote = remote(fake.url());
    assert_eq!(remote.blob_size(&name("a"), &blob).await.unwrap(), Some(10));
    let gone = registry::fake::content::sha256(b"gone");
    assert_eq!(remote.blob_size(&name("a"), &gone).await.unwrap(), None);
    assert_eq!(remote.blob_size(&name("no/such"), &blob).await.unwrap(), None);
    assert!(fake.log().iter().all(|r| r.method == "HEAD"));
    fake.fault(blobs, Fault::Answer(Answer::error(403, "DENIED")), 1);
    assert!(matches!(remote.blob_size(&name("a"), &blob).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_blob_is_mounted_or_said_not_to_be() {
    let fake = fake().await;
    let blob = fake.push_blob("a", b"shared");
    let remote = remote(fake.url());
    assert!(remote.mount_blob(&name("b"), &blob, &name("a")).await.unwrap());
    assert_eq!(fake.blob("b", &blob).unwrap(), "shared");
    fake.knobs(|k| k.mount = false);
    assert!(!remote.mount_blob(&name("c"), &blob, &name("a")).await.unwrap());
    assert_eq!((fake.open_uploads(), fake.count(|r| r.method == "DELETE")), (0, 1), "the upload it began is cancelled");
    // That it cannot be cancelled is nobody's concern.
    fake.fault(|r| r.method == "DELETE", Fault::Answer(Answer::status(405)), 1);
    assert!(!remote.mount_blob(&name("c"), &blob, &name("a")).await.unwrap());
    for status in [400, 404, 405] {
        fake.fault(|r| r.method == "POST", Fault::Answer(Answer::status(status)), 1);
        assert!(!remote.mount_blob(&name("c"), &blob, &name("a")).await.unwrap());
    }
    let other = format!("sha256:{}", "0".repeat(64));
    fake.fault(|r| r.method == "POST", Fault::Answer(Answer::status(201).header("docker-content-digest", &other)), 1);
    assert!(matches!(remote.mount_blob(&name("c"), &blob, &name("a")).await, Err(Error::Misbehaved(_))));
}

#[tokio::test]
async fn a_mount_does_not_lead_elsewhere() {
    let (fake, other) = (fake().await, super::fake().await);
    let blob = fake.push_blob("a", b"shared");
    fake.knobs(|k| {
        k.mount = false;
        k.upload_location = registry::fake::LocationStyle::Origin(other.url().to_owned());
    });
    assert!(!remote(fake.url()).mount_blob(&name("b"), &blob, &name("a")).await.unwrap());
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn a_blob_is_read_from_any_byte_on() {
    let fake = fake().await;
    let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    let blob = fake.push_blob("a", &bytes);
    let (remote, a) = (remote(fake.url()), name("a"));
    for from in [0, 1, 70_000, 199_999] {
        assert_eq!(all(remote.read_blob(&a, &blob, from).await).await.unwrap(), bytes[from as usize..], "{from}");
    }
    assert!(all(remote.read_blob(&a, &blob, 200_000).await).await.unwrap().is_empty());
    assert!(matches!(remote.read_blob(&a, &blob, 200_001).await.err(), Some(Error::Misbehaved(_))));
    let ranges: Vec<_> = fake.log().iter().map(|r| r.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges[..2], [None, Some("bytes=1-".to_owned())]);
    // It does not know ranges: then what was not asked for is left out here.
    fake.knobs(|k| k.ranges = false);
    for from in [1, 70_000, 200_000] {
        assert_eq!(all(remote.read_blob(&a, &blob, from).await).await.unwrap(), bytes[from as usize..], "{from}");
    }
    fake.fault(blobs, Fault::Answer(Answer { status: 206, ..Answer::of("x/y", "abc").header("content-range", "bytes 0-2/3") }), 1);
    assert!(matches!(remote.read_blob(&a, &blob, 1).await.err(), Some(Error::Misbehaved(_))));
    let gone = registry::fake::content::sha256(b"gone");
    assert!(matches!(remote.read_blob(&a, &gone, 0).await.err(), Some(Error::NotFound(_))));
    fake.fault(blobs, Fault::edit(|a| *a = a.clone().header("content-encoding", "gzip")), 1);
    assert!(matches!(remote.read_blob(&a, &blob, 0).await.err(), Some(Error::Misbehaved(_))));
}

#[tokio::test]
async fn a_stream_that_breaks_or_stalls_ends_with_an_error() {
    let fake = fake().await;
    let blob = fake.push_blob("a", &vec![7; 100_000]);
    let (remote, a) = (remote(fake.url()), name("a"));
    fake.fault(blobs, Fault::edit(|a| (a.cut, a.trickle) = (Some(50_000), Some((10_000, Duration::from_millis(5))))), 1);
    let error = all(remote.read_blob(&a, &blob, 0).await).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(why) if why.contains("broke off after 50000 bytes")), "{error}");
    fake.fault(blobs, Fault::edit(|a| a.trickle = Some((40_000, Duration::from_secs(5)))), 1);
    let error = all(remote.read_blob(&a, &blob, 0).await).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(why) if why.contains("stopped after 40000 bytes")), "{error}");
    // Slow, but never silent for too long: there is no bound on the whole.
    fake.fault(blobs, Fault::edit(|a| a.trickle = Some((2_000, Duration::from_millis(120)))), 1);
    assert_eq!(all(remote.read_blob(&a, &blob, 0).await).await.unwrap().len(), 100_000);
    fake.fault(blobs, Fault::Close, 2);
    assert_eq!(all(remote.read_blob(&a, &blob, 0).await).await.unwrap().len(), 100_000, "opening is tried again");
}

#[tokio::test]
async fn a_stream_may_lie_elsewhere_and_no_credentials_go_there() {
    let auth = Auth::Basic("ann".to_owned(), "hush".to_owned());
    let fake = Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap();
    let storage = super::fake().await;
    let blob = fake.push_blob("a", b"0123456789");
    fake.push("a", "1", &Image::new("x"));
    storage.push_blob("a", b"0123456789");
    let settings = RemoteSettings { username: Some("ann".to_owned()), password: Some(Secret::new("hush")), ..settings(fake.url()) };
    let remote = Remote::new(settings).unwrap();
    let there = format!("{}/v2/a/blobs/{blob}?sig=secret", storage.url());
    let away = Answer::status(307).header("location", &there);
    fake.fault(|r| blobs(r) && r.header("authorization").is_some(), Fault::Answer(away), 2);
    assert_eq!(all(remote.read_blob(&name("a"), &blob, 4).await).await.unwrap(), b"456789");
    assert_eq!(remote.blob_size(&name("a"), &blob).await.unwrap(), Some(10));
    let log = storage.log();
    assert!(log.iter().all(|r| r.header("authorization").is_none() && r.header("referer").is_none()));
    assert_eq!((log.len(), log[0].header("range")), (2, Some("bytes=4-")));
}
