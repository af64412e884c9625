//! A registry for tests and benchmarks, in this process, over real HTTP on a loopback port. Behind the feature `fake`.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use registry::fake::{Answer, Fake, FakeSettings, Fault, Image};
//! // 10,000 repositories × 5 tags, generated from their numbers when they are asked for; costs no memory to speak of.
//! let fake = Fake::start(FakeSettings { repositories: 10_000, tags: 5, ..FakeSettings::default() }).await?;
//! let url = fake.url();                                     // http://127.0.0.1:port, for RemoteSettings
//! let digest = fake.push("team/api", "1.0.0", &Image::new("hello").label("team", "blue"));
//! fake.delete_tag("team/api", "1.0.0");
//! fake.knobs(|k| k.null_tags = true);                       // how it behaves from now on
//! fake.fault(|r| r.path.contains("/manifests/"), Fault::Answer(Answer::status(503)), 2);   // the next two only
//! let asked = fake.requests();                              // requests answered so far
//! fake.stop().await;                                        // gone: its port refuses connections
//! fake.start_again().await?;                                // back on the same port, with the same content
//! # Ok(()) }
//! ```
//!
//! Generated content ([`content`]): repositories `team-…/…-00000`, tags `1.0.0`, `1.0.1`, …; every tag is its own image
//! with a configuration (labels, history, created) and layers, the lower ones shared between repositories. With
//! `index_every: k` the tags of every k-th repository are indexes of two platforms. Layers are named, not served.
//!
//! It takes changes as distribution's registry does: manifests put (refused where blobs or children are missing) and deleted, blobs
//! uploaded and mounted; [`Knobs`] say what it does not do, or does wrong. What happens to a single answer is a [`Fault`]:
//!
//! ```no_run
//! # use registry::fake::{Answer, Fake, Fault, Seen};
//! # fn example(fake: &Fake) {
//! fn delete(r: &Seen) -> bool { r.method == "DELETE" }
//! fake.fault(delete, Fault::edit(|a| *a = Answer::status(500)), 1);      // deleted, and then says 500
//! fake.fault(delete, Fault::Lose, 1);                                    // deleted, and the answer is lost
//! fake.fault(delete, Fault::Answer(Answer::status(429).header("retry-after", "1")), 1);
//! # }
//! ```
//!
//! Dropping a `Fake` closes it. All methods take `&self`; a `Fake` can stand in an `Arc`.

mod answer;
mod auth;
mod changes;
pub mod content;
mod knobs;
mod routes;
mod store;
mod uploads;

pub use answer::{Answer, Fault, Seen};
pub use auth::{Auth, TokenAuth};
pub use content::Image;
pub use knobs::{Knobs, LinkStyle, LocationStyle, Product};

use oci::Digest;
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::Store;
use tokio::{net::TcpListener, task::JoinHandle};

/// What a fake registry holds and where it stands.
#[derive(Debug, Clone, Default)]
pub struct FakeSettings {
    /// Generated repositories.
    pub repositories: usize,
    /// Generated tags in each of them.
    pub tags: usize,
    /// Every how many repositories the tags are indexes of linux/amd64 and linux/arm64; 0: never.
    pub index_every: usize,
    /// A path before `/v2/`, such as `/artifactory/api/docker/key`; empty for none.
    pub prefix: String,
    /// Who may read.
    pub auth: Auth,
    /// The port to stand on; 0 for any.
    pub port: u16,
}

/// A registry on a loopback port.
pub struct Fake {
    inner: Arc<Inner>,
    address: SocketAddr,
    url: String,
    server: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    settings: FakeSettings,
    store: Mutex<Store>,
    uploads: Mutex<HashMap<String, uploads::Upload>>,
    knobs: Mutex<Knobs>,
    faults: Mutex<Vec<answer::Rule>>,
    auth: auth::Issuer,
    requests: AtomicUsize,
    busiest: AtomicUsize,
    running: AtomicUsize,
    log: Mutex<VecDeque<Seen>>,
}

/// Requests remembered, at most.
const LOG: usize = 20_000;

impl Fake {
    /// Starts one; the error is the port's.
    pub async fn start(settings: FakeSettings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            store: Mutex::new(Store::new(&settings)),
            uploads: Mutex::default(),
            knobs: Mutex::default(),
            faults: Mutex::default(),
            auth: auth::Issuer::default(),
            requests: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            log: Mutex::default(),
            settings,
        });
        let url = format!("http://{address}{}", inner.settings.prefix);
        let server = Mutex::new(Some(tokio::spawn(routes::serve(listener, Arc::clone(&inner)))));
        Ok(Self { inner, address, url, server })
    }

    /// `http://127.0.0.1:port` with the path prefix.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Puts an image under a tag (made when absent, moved when it was there) and tells its digest. An empty tag pushes by digest only.
    pub fn push(&self, repository: &str, tag: &str, image: &Image) -> Digest {
        let mut store = lock(&self.inner.store);
        store.put_blob(repository, &image.config());
        store.put_manifest(repository, tag, oci::media_type::OCI_MANIFEST, &image.manifest())
    }

    /// Puts any bytes as a manifest under a tag (none when empty) and tells their sha256 digest.
    pub fn push_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) -> Digest {
        lock(&self.inner.store).put_manifest(repository, tag, media_type, bytes)
    }

    /// Puts a manifest under a digest that is not its own: a lie, or schema 1.
    pub fn push_manifest_as(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8], digest: &Digest) {
        lock(&self.inner.store).put_manifest_as(repository, tag, media_type, bytes, digest.as_str());
    }

    /// Puts a blob and tells its digest.
    pub fn push_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        lock(&self.inner.store).put_blob(repository, bytes)
    }

    /// A blob's bytes, where it was pushed, uploaded or mounted.
    pub fn blob(&self, repository: &str, digest: &Digest) -> Option<bytes::Bytes> {
        lock(&self.inner.store).blob(repository, digest.as_str())
    }

    /// Takes a blob away, as garbage collection does.
    pub fn delete_blob(&self, repository: &str, digest: &Digest) {
        lock(&self.inner.store).delete_blob(repository, digest.as_str());
    }

    /// Uploads that were begun and neither closed nor cancelled.
    pub fn open_uploads(&self) -> usize {
        lock(&self.inner.uploads).len()
    }

    /// Takes a tag away; generated ones, too.
    pub fn delete_tag(&self, repository: &str, tag: &str) {
        lock(&self.inner.store).delete_tag(repository, tag);
    }

    /// Takes a whole repository away; generated ones, too.
    pub fn delete_repository(&self, repository: &str) {
        lock(&self.inner.store).delete_repository(repository);
    }

    /// Changes how it behaves.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut lock(&self.inner.knobs));
    }

    /// What happens to the next `times` requests that `which` picks. The first fault that picks a request has it.
    pub fn fault(&self, which: impl Fn(&Seen) -> bool + Send + Sync + 'static, fault: Fault, times: usize) {
        lock(&self.inner.faults).push(answer::Rule { which: Box::new(which), fault, left: times });
    }

    /// Takes all faults away.
    pub fn mend(&self) {
        lock(&self.inner.faults).clear();
    }

    /// Requests received since the start, tokens included.
    pub fn requests(&self) -> usize {
        self.inner.requests.load(Ordering::Relaxed)
    }

    /// The most requests that were being answered at one time.
    pub fn busiest(&self) -> usize {
        self.inner.busiest.load(Ordering::Relaxed)
    }

    /// The last requests (at most 20,000), oldest first.
    pub fn log(&self) -> Vec<Seen> {
        lock(&self.inner.log).iter().cloned().collect()
    }

    /// How many of the last requests `which` picks.
    pub fn count(&self, which: impl Fn(&Seen) -> bool) -> usize {
        lock(&self.inner.log).iter().filter(|r| which(r)).count()
    }

    /// Forgets all tokens that were given out.
    pub fn revoke_tokens(&self) {
        self.inner.auth.revoke();
    }

    /// Closes the port and every connection. Content, knobs and counters stay.
    pub async fn stop(&self) {
        let server = lock(&self.server).take();
        if let Some(server) = server {
            server.abort();
            let _ = server.await;
        }
    }

    /// Stands up again on the same port.
    pub async fn start_again(&self) -> io::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await?;
        *lock(&self.server) = Some(tokio::spawn(routes::serve(listener, Arc::clone(&self.inner))));
        Ok(())
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(server) = lock(&self.server).take() {
            server.abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
