//! Blobs written: whole, in pieces, gone on with, and never wrong.

use super::*;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use registry::{
    BlobOf, BlobSource, BlobStream, Error,
    fake::{Answer, Auth, Fault, LocationStyle, Seen, TokenAuth, content},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

const MB: usize = 1 << 20;

fn patches(r: &Seen) -> bool {
    r.method == "PATCH"
}

fn closes(r: &Seen) -> bool {
    r.method == "PUT"
}

/// Bytes that repeat nowhere; the same ones every time.
pub(super) fn noise(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(7).fill_bytes(&mut bytes);
    bytes.into()
}

/// A source in pieces of 100 kB that does something before some of them.
struct Pieces<F> {
    bytes: Bytes,
    opened: AtomicUsize,
    /// Given how often the source was opened, and the place.
    before: F,
}

impl<F> Pieces<F> {
    fn new(bytes: &Bytes, before: F) -> Self {
        Self { bytes: bytes.clone(), opened: AtomicUsize::new(0), before }
    }
}

#[async_trait]
impl<F: Fn(usize, usize) -> Option<Result<Bytes>> + Clone + Send + Sync + 'static> BlobSource for Pieces<F> {
    async fn open(&self, from: u64) -> Result<BlobStream> {
        let opened = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        let (bytes, before) = (self.bytes.clone(), self.before.clone());
        Ok(stream::unfold(from as usize, move |at| {
            let piece = before(opened, at).or_else(|| (at < bytes.len()).then(|| Ok(bytes.slice(at..bytes.len().min(at + 100_000)))));
            async move {
                piece.map(|piece| {
                    let next = at + piece.as_ref().map_or(0, Bytes::len);
                    (piece, next)
                })
            }
        })
        .boxed())
    }
}

fn broken() -> Error {
    Error::Unreachable("the source broke off".to_owned())
}

async fn write(remote: &Remote, bytes: &Bytes, source: &dyn BlobSource) -> Result<()> {
    remote.write_blob(&name("a"), &content::sha256(bytes), bytes.len() as u64, source, &|_| {}).await
}

#[tokio::test]
async fn small_and_empty_blobs_take_two_requests() {
    let fake = fake().await;
    let remote = remote(fake.url());
    for bytes in [Bytes::new(), Bytes::from_static(b"{}"), noise(256 << 10)] {
        let before = fake.requests();
        write(&remote, &bytes, &bytes).await.unwrap();
        assert_eq!(fake.requests() - before, 2);
        assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_large_blob_is_one_stream() {
    let fake = fake().await;
    let bytes = noise(40 * MB);
    for style in [LocationStyle::Relative, LocationStyle::Absolute] {
        fake.knobs(|k| k.upload_location = style);
        let told = Mutex::new(Vec::new());
        let digest = content::sha256(&bytes);
        let source = Pieces::new(&bytes, |_, _| None);
        let progress = |at| told.lock().unwrap().push(at);
        remote(fake.url()).write_blob(&name("a"), &digest, bytes.len() as u64, &source, &progress).await.unwrap();
        assert_eq!(fake.blob("a", &digest).unwrap(), bytes);
        let told = told.into_inner().unwrap();
        assert!(told.is_sorted() && told.last() == Some(&(40 << 20)) && told.len() > 400);
    }
    let patch = fake.log().into_iter().find(patches).unwrap();
    assert_eq!((patch.header("content-length"), patch.header("content-range")), (Some((40 << 20).to_string().as_str()), None));
    assert_eq!(patch.header("transfer-encoding"), None);
    assert_eq!((fake.count(patches), fake.count(closes), fake.open_uploads()), (2, 2, 0));
}

#[tokio::test]
async fn sha512_is_written_and_what_cannot_be_verified_is_not() {
    use sha2::Digest as _;
    use std::fmt::Write;
    let fake = fake().await;
    let bytes = noise(MB);
    let mut sha512 = "sha512:".to_owned();
    for byte in sha2::Sha512::digest(&bytes) {
        write!(sha512, "{byte:02x}").unwrap();
    }
    let sha512: Digest = sha512.parse().unwrap();
    remote(fake.url()).write_blob(&name("a"), &sha512, MB as u64, &bytes, &|_| {}).await.unwrap();
    assert_eq!(fake.blob("a", &sha512).unwrap(), bytes);
    let before = fake.requests();
    let odd = "blake3:abcdef".parse().unwrap();
    let error = remote(fake.url()).write_blob(&name("a"), &odd, MB as u64, &bytes, &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    assert_eq!(fake.requests(), before);
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_it_broke() {
    let fake = fake().await;
    let bytes = noise(50 * MB);
    fake.knobs(|k| k.break_uploads = vec![20 * MB, 3 * MB, 0, 16 * MB]);
    let source = Pieces::new(&bytes, |_, _| None);
    write(&remote(fake.url()), &bytes, &source).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    let ranges: Vec<_> = fake.log().iter().filter(|r| patches(r)).map(|r| r.header("content-range").map(str::to_owned)).collect();
    let piece = |from: usize, to: usize| Some(format!("{from}-{}", to - 1));
    let mb = |n: usize| n * MB;
    let wanted = [None, piece(mb(20), mb(36)), piece(mb(23), mb(39)), piece(mb(23), mb(39)), piece(mb(39), mb(50))];
    assert_eq!(ranges, wanted);
    assert_eq!((fake.count(|r| r.method == "POST"), fake.count(closes)), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_begins_anew() {
    let fake = fake().await;
    let bytes = noise(20 * MB);
    fake.knobs(|k| {
        k.resumable = false;
        k.break_uploads = vec![5 * MB, 6 * MB];
    });
    let source = Pieces::new(&bytes, |_, _| None);
    write(&remote(fake.url()), &bytes, &source).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    assert_eq!((fake.count(|r| r.method == "POST"), fake.count(closes)), (3, 1));
    // But not for ever.
    fake.knobs(|k| k.break_uploads = vec![MB; 99]);
    let error = write(&remote(fake.url()), &noise(19 * MB), &noise(19 * MB)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert_eq!(fake.count(|r| r.method == "POST"), 6);
}

#[tokio::test]
async fn no_progress_ends_it() {
    let fake = fake().await;
    fake.knobs(|k| k.break_uploads = vec![0; 99]);
    let error = write(&remote(fake.url()), &noise(2 * MB), &noise(2 * MB)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert_eq!(fake.count(patches), 5);
}

#[tokio::test]
async fn a_registry_that_comes_back_is_gone_on_with() {
    let fake = Arc::new(fake().await);
    let bytes = noise(30 * MB);
    let there = Arc::clone(&fake);
    let (down, mut when) = tokio::sync::mpsc::channel(1);
    let restart = tokio::spawn(async move {
        when.recv().await;
        there.stop().await;
        there.start_again().await.unwrap();
    });
    let source = Pieces::new(&bytes, move |opened, at| {
        if opened == 1 && at > 10 * MB {
            let _ = down.try_send(());
        }
        None
    });
    write(&remote(fake.url()), &bytes, &source).await.unwrap();
    restart.await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
}

#[tokio::test]
async fn a_way_of_sending_that_is_refused_is_followed_by_the_other() {
    let fake = fake().await;
    let bytes = noise(40 * MB);
    fake.knobs(|k| k.max_patch = Some(16 * MB));
    write(&remote(fake.url()), &bytes, &bytes).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    let lengths: Vec<_> = fake.log().iter().filter(|r| patches(r)).map(|r| r.header("content-length").unwrap().to_owned()).collect();
    assert_eq!(lengths, [40, 16, 16, 8].map(|n| (n * MB).to_string()));
    // It wants pieces larger than ours.
    fake.knobs(|k| {
        k.chunk_min = Some(24 * MB);
        k.max_patch = Some(24 * MB);
    });
    write(&remote(fake.url()), &bytes, &bytes).await.unwrap();
    assert!(fake.log().iter().any(|r| patches(r) && r.header("content-range") == Some(&format!("0-{}", 24 * MB - 1))));
    assert_eq!(fake.open_uploads(), 0);
}

#[tokio::test]
async fn an_upload_is_not_sent_elsewhere() {
    let auth = Auth::Basic("ann".to_owned(), "hush".to_owned());
    let fake = Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap();
    let other = super::fake().await;
    let settings =
        RemoteSettings { username: Some("ann".to_owned()), password: Some(registry::Secret::new("hush")), ..settings(fake.url()) };
    let remote = Remote::new(settings).unwrap();
    for bytes in [noise(10), noise(MB)] {
        for origin in [other.url(), "//evil.example", "http://ann:x@127.0.0.1", "file://", "http://localhost:1"] {
            fake.knobs(|k| k.upload_location = LocationStyle::Origin(origin.to_owned()));
            let error = write(&remote, &bytes, &bytes).await.unwrap_err();
            assert!(matches!(&error, Error::Misbehaved(why) if !why.contains("_state")), "{origin}: {error}");
        }
    }
    fake.fault(|r| r.method == "POST", Fault::edit(|a| *a = a.clone().without("location")), 1);
    assert!(matches!(write(&remote, &noise(10), &noise(10)).await, Err(Error::Misbehaved(_))));
    // Half way, too.
    fake.knobs(|k| k.upload_location = LocationStyle::Relative);
    let there = format!("{}/x", other.url());
    fake.fault(patches, Fault::edit(move |a| *a = a.clone().header("location", &there)), 1);
    assert!(matches!(write(&remote, &noise(MB), &noise(MB)).await, Err(Error::Misbehaved(_))));
    assert_eq!((other.requests(), fake.count(closes)), (0, 0));
}

#[tokio::test]
async fn wrong_bytes_are_never_closed() {
    let fake = fake().await;
    let remote = remote(fake.url());
    for length in [100, 3 * MB] {
        let bytes = noise(length);
        let mut wrong = bytes.to_vec();
        wrong[length / 2] ^= 1;
        let wrong = Bytes::from(wrong);
        let short = bytes.slice(..length - 1);
        let long: Bytes = [&bytes[..], b"x"].concat().into();
        for source in [&wrong, &short, &long] {
            let error = write(&remote, &bytes, source).await.unwrap_err();
            assert!(matches!(error, Error::Misbehaved(_)), "{error}");
        }
        // One more byte in a piece of its own.
        let source = Pieces::new(&bytes, move |_, at| (at == length).then(|| Ok(Bytes::from_static(b"x"))));
        assert!(matches!(write(&remote, &bytes, &source).await, Err(Error::Misbehaved(_))));
    }
    assert_eq!((fake.count(closes), fake.open_uploads()), (0, 0));
}

#[tokio::test]
async fn a_source_that_breaks_is_opened_again_where_it_broke() {
    let fake = fake().await;
    let bytes = noise(5 * MB);
    let at = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&at);
    let source = Pieces::new(&bytes, move |opened, at| {
        if opened < 3 && at > MB * opened {
            seen.lock().unwrap().push(at);
            return Some(Err(broken()));
        }
        None
    });
    write(&remote(fake.url()), &bytes, &source).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    assert_eq!((fake.count(patches), at.lock().unwrap().len()), (1, 2), "the registry noticed nothing");
    let source = Pieces::new(&bytes, |_, at| (at > MB).then(|| Err(broken())));
    assert!(matches!(write(&remote(fake.url()), &bytes, &source).await, Err(Error::Unreachable(why)) if why.contains("source")));
    assert_eq!((fake.count(closes), fake.open_uploads()), (1, 0));
}

#[tokio::test]
async fn a_source_that_changes_is_found_out() {
    let fake = fake().await;
    let bytes = noise(20 * MB);
    let mut other = bytes.to_vec();
    // In what is read a second time only: before the place where the upload broke, and behind the last mark.
    other[18 * MB] ^= 1;
    let other = Bytes::from(other);
    fake.knobs(|k| k.break_uploads = vec![19 * MB]);
    let source =
        Pieces::new(&bytes, move |opened, at| (opened > 1 && at < other.len()).then(|| Ok(other.slice(at..other.len().min(at + 100_000)))));
    let error = write(&remote(fake.url()), &bytes, &source).await.unwrap_err();
    assert!(matches!(error, Error::Misbehaved(_)), "{error}");
    assert_eq!((fake.count(closes), fake.open_uploads()), (0, 0));
}

#[tokio::test]
async fn lost_and_wrong_answers_are_made_up_for() {
    let fake = fake().await;
    let remote = remote(fake.url());
    let mut seed = 0;
    for which in [patches as fn(&Seen) -> bool, closes, |r: &Seen| r.method == "POST"] {
        for fault in [
            Fault::Lose,
            Fault::edit(|a| *a = Answer::status(500)),
            Fault::Answer(Answer::status(503)),
            Fault::Answer(Answer::status(429).header("retry-after", "1")),
        ] {
            seed += 1;
            let bytes = noise(MB + seed);
            fake.fault(which, fault.clone(), 1);
            write(&remote, &bytes, &bytes).await.unwrap();
            assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
            fake.mend();
        }
    }
}

#[tokio::test]
async fn a_token_that_dies_half_way_is_replaced() {
    let auth = Auth::Token(TokenAuth::default());
    let fake = Arc::new(Fake::start(FakeSettings { auth, ..FakeSettings::default() }).await.unwrap());
    let weak = Arc::downgrade(&fake);
    fake.fault(
        |r| r.method == "POST" && r.header("authorization").is_some(),
        Fault::edit(move |_| weak.upgrade().unwrap().revoke_tokens()),
        1,
    );
    let bytes = noise(20 * MB);
    write(&remote(fake.url()), &bytes, &bytes).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
    // One that is never accepted ends it.
    let refusal = Answer::error(401, "UNAUTHORIZED")
        .header("www-authenticate", &format!("Bearer realm=\"{}/token\",service=\"fake\",scope=\"repository:a:pull,push\"", fake.url()));
    fake.fault(patches, Fault::Answer(refusal), 99);
    let error = write(&remote(fake.url()), &noise(MB), &noise(MB)).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
}

#[tokio::test]
async fn a_registry_that_takes_nothing_more_is_given_up_in_time() {
    let fake = fake().await;
    let bytes = noise(30 * MB);
    let mut settings = settings(fake.url());
    settings.timeouts.header = Duration::from_millis(300);
    fake.fault(patches, Fault::Hang, 1);
    write(&Remote::new(settings).unwrap(), &bytes, &bytes).await.unwrap();
    assert_eq!(fake.blob("a", &content::sha256(&bytes)).unwrap(), bytes);
}

#[tokio::test]
async fn many_copies_within_one_registry_do_not_wait_for_one_another() {
    let fake = fake().await;
    let remote = remote(fake.url());
    let blobs: Vec<Digest> = (0..24).map(|n| fake.push_blob("a", &noise(MB + n))).collect();
    let all = blobs.iter().enumerate().map(|(n, digest)| {
        let remote = &remote;
        async move {
            let blob = BlobOf { registry: remote, repository: &name("a"), digest };
            remote.write_blob(&name("b"), digest, (MB + n) as u64, &blob, &|_| {}).await
        }
    });
    for done in futures::future::join_all(all).await {
        done.unwrap();
    }
    assert!(blobs.iter().all(|digest| fake.blob("b", digest).is_some()));
}

#[tokio::test]
async fn a_blob_is_copied_from_one_registry_to_another() {
    let (from, to) = (fake().await, super::fake().await);
    let bytes = noise(50 * MB);
    let digest = from.push_blob("team/api", &bytes);
    from.fault(|r| r.header("range").is_none(), Fault::edit(|a| a.cut = Some(30 * MB)), 1);
    to.knobs(|k| k.break_uploads = vec![20 * MB]);
    let (source, target) = (remote(from.url()), remote(to.url()));
    let blob = BlobOf { registry: &source, repository: &name("team/api"), digest: &digest };
    target.write_blob(&name("copy"), &digest, bytes.len() as u64, &blob, &|_| {}).await.unwrap();
    assert_eq!(to.blob("copy", &digest).unwrap(), bytes);
}
