use crate::{
    model::{Model, NEVER},
    record::{ManifestRecord, MomentRecord, RegistryRecord, Write},
    source::{Dirty, Source, State, Status, Watched},
    store::Store,
    told::Told,
    untagged::Untagged,
};
use oci::{Digest, RepositoryName};
use registry::{Error, Registry};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OnceCell, broadcast, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What is known of all registries, kept in step with them. Cheap to clone.
#[derive(Clone)]
pub struct Catalogue(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub model: RwLock<Model>,
    pub store: Store,
    pub watched: Vec<Watched>,
    /// To the one task that writes the database.
    pub writes: mpsc::Sender<Write>,
    waiting: Mutex<Option<mpsc::Receiver<Write>>>,
    pub changes: broadcast::Sender<Changed>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    /// The last row of the database's manifests that the imprint holds.
    in_imprint: i64,
    /// It keeps in step, and an imprint for the next start; not for a command that asks for one thing.
    pub serves: AtomicBool,
    /// Manifests on their way in, so that two who want one ask for it once.
    pub on_the_way: Mutex<HashMap<String, Arc<Coming>>>,
    /// Repositories that somebody asked for before the crawl had read them.
    pub readings: Mutex<HashMap<(u16, String), Arc<Awaited>>>,
    /// Records just fetched or read: a page asks before the database has them, and again for its other tabs.
    pub recent: moka::sync::Cache<String, Arc<ManifestRecord>>,
    /// Digests of placeholders that our own jobs push, and when each was first heard of.
    pub expected: moka::sync::Cache<String, i64>,
    /// What no tag reaches any more and is to be looked for.
    pub untagged: Untagged,
    /// What registries told and is not written yet.
    pub told: Told,
    /// Of those who look at tags.
    pub turns: crate::crawler::Turns,
    /// Repositories whose tags came one by one.
    pub settling: crate::crawler::Settling,
}

/// A manifest on its way: its number, once it is here.
type Coming = OnceCell<Result<u32, Error>>;

/// A repository that is waited for.
pub(crate) type Awaited = OnceCell<Result<(), Error>>;

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub registry: String,
    /// None: the registry as a whole.
    pub repository: Option<String>,
}

/// Why a catalogue cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error("{0}")]
    Settings(String),
}

/// Writes that wait for the database, at most; then whoever learns something waits.
const WAITING: usize = 8_192;
/// Bytes of recent records kept.
const RECENT: u64 = 16 << 20;
/// Placeholders that are expected, at most.
const EXPECTED: u64 = 100_000;
/// How long a placeholder is known for one: registries may tell of it late.
const EXPECTED_FOR: Duration = Duration::from_hours(24);

/// Now, in milliseconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl Catalogue {
    /// Opens the database and loads what is known. Asks no registry: see [`Catalogue::start`].
    pub async fn open(database: &str, sources: Vec<Source>) -> Result<Self, OpenError> {
        let store = Store::open(database).await?;
        let watched = sources
            .into_iter()
            .enumerate()
            .map(|(i, s)| Watched::new(s, i as u16))
            .collect::<Result<Vec<_>, _>>()
            .map_err(OpenError::Settings)?;
        let (writes, waiting) = mpsc::channel(WAITING);
        let (mut model, in_imprint) = crate::load::model(&store, &watched).await?;
        crate::untagged::load(&store, &mut model).await?;
        let told = crate::told::load(&store, &mut model).await?;
        let recent = moka::sync::Cache::builder().max_capacity(RECENT).weigher(|_: &String, r: &Arc<ManifestRecord>| weight(r)).build();
        Ok(Self(Arc::new(Inner {
            model: RwLock::new(model),
            store,
            watched,
            writes,
            waiting: Mutex::new(Some(waiting)),
            changes: broadcast::channel(1024).0,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            in_imprint,
            serves: AtomicBool::new(false),
            on_the_way: Mutex::default(),
            readings: Mutex::default(),
            recent,
            expected: moka::sync::Cache::builder().max_capacity(EXPECTED).time_to_live(EXPECTED_FOR).build(),
            untagged: Untagged::default(),
            told,
            turns: crate::crawler::Turns::default(),
            settling: crate::crawler::Settling::default(),
        })))
    }

    /// Begins to keep in step with the registries, until [`Catalogue::close`].
    pub fn start(&self) {
        self.0.serves.store(true, Ordering::Relaxed);
        self.start_writing();
        self.0.tasks.spawn(crate::untagged::run(self.clone()));
        for i in 0..self.0.watched.len() {
            self.0.tasks.spawn(crate::crawler::run(self.clone(), i));
            self.0.tasks.spawn(crate::events::run(self.clone(), i));
        }
    }

    /// Begins only to write what is learned, for commands that ask for one thing.
    pub fn start_writing(&self) {
        if let Some(waiting) = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.0.tasks.spawn(write(self.clone(), waiting));
            self.0.tasks.spawn(crate::told::run(self.clone()));
        }
    }

    /// Ends all work, writes what was learned, and an imprint where that makes the next start shorter.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if self.0.serves.load(Ordering::Relaxed) {
            crate::load::keep_imprint(self, self.0.in_imprint).await;
        }
        self.0.store.close().await;
    }

    /// What is known. Hold it briefly: whoever learns something waits for it.
    pub fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.0.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn model_mut(&self) -> RwLockWriteGuard<'_, Model> {
        self.0.model.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.0.changes.subscribe()
    }

    pub(crate) fn changed(&self, watched: &Watched, repository: Option<&str>) {
        // Nobody listening is no error.
        let _ = self.0.changes.send(Changed { registry: watched.source.name.clone(), repository: repository.map(str::to_owned) });
    }

    pub(crate) fn watched(&self, registry: u16) -> Option<&Watched> {
        self.0.watched.get(usize::from(registry))
    }

    /// How a registry stands.
    pub fn status(&self, registry: u16) -> Status {
        self.watched(registry).map(|w| w.status().clone()).unwrap_or_default()
    }

    /// How a registry stands, in a word.
    pub fn state(&self, registry: u16) -> State {
        let Some(watched) = self.watched(registry) else { return State::Unreachable };
        let unfetched = self.model().is_pending(registry);
        watched.status().state(watched.source.crawl, unfetched, now())
    }

    /// The registry itself, for what is asked of it directly.
    pub fn registry(&self, registry: u16) -> Option<Arc<dyn Registry>> {
        self.watched(registry).map(|w| Arc::clone(&w.source.registry))
    }

    /// Has the registry read anew, now.
    pub fn refresh(&self, registry: u16) {
        if let Some(watched) = self.watched(registry) {
            watched.refresh.notify_one();
        }
    }

    /// Reads a registry whole, now, and waits for it: for commands, where nothing is crawled behind.
    pub async fn crawl_now(&self, registry: u16) -> Result<(), Error> {
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        crate::crawler::crawl_through(self, watched).await
    }

    /// Takes in what an event says; it is looked at soon. When too many wait, a crawl answers them all.
    pub fn mark(&self, registry: u16, dirty: Dirty) {
        let Some(watched) = self.watched(registry) else { return };
        if watched.wants(dirty.repository.as_str()) && watched.dirty.try_send(dirty).is_err() {
            watched.refresh.notify_one();
        }
    }

    /// Which digests a tag named when, newest first.
    pub async fn moments(
        &self,
        registry: &str,
        repository: &str,
        tag: &str,
        limit: u32,
    ) -> Result<Vec<MomentRecord>, crate::store::StoreError> {
        self.0.store.moments(registry, repository, tag, limit).await
    }

    /// A manifest's record: from memory, the database, else from the registry, once in its life.
    pub async fn manifest(&self, registry: u16, repository: &RepositoryName, digest: &Digest) -> Result<Arc<ManifestRecord>, Error> {
        if let Some(record) = self.0.recent.get(digest.as_str()) {
            return Ok(record);
        }
        match self.0.store.manifest(digest.as_str()).await {
            Ok(Some(record)) => {
                let record = Arc::new(record);
                self.0.recent.insert(digest.to_string(), Arc::clone(&record));
                return Ok(record);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a manifest could not be read from the database; asking the registry"),
        }
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        crate::crawler::fetch(self, watched, repository, digest).await?;
        self.0.recent.get(digest.as_str()).ok_or_else(|| Error::NotFound(format!("{repository} has no manifest {digest}")))
    }

    /// Whether a repository's tags were all read, once at least.
    pub(crate) fn is_read(&self, registry: u16, repository: &RepositoryName) -> bool {
        let model = self.model();
        model.find_repo(registry, repository.as_str()).and_then(|id| model.repo(id)).is_some_and(|r| r.crawled != NEVER)
    }
}

fn weight(record: &ManifestRecord) -> u32 {
    (record.body.len() + record.config.as_ref().map_or(0, Vec::len) + 200) as u32
}

/// The one task that writes the database: what comes together is written together. While the database cannot be
/// written it tries again, and whoever learns more waits: nothing is dropped.
async fn write(catalogue: Catalogue, mut waiting: mpsc::Receiver<Write>) {
    const TOGETHER: usize = 2_000;
    let stop = &catalogue.0.stop;
    let mut batch = Vec::new();
    loop {
        let stopping = stop.is_cancelled();
        let got = if stopping {
            // The crawlers are ending; take what they still send, and leave once there is no more for a moment.
            tokio::time::timeout(Duration::from_millis(200), waiting.recv_many(&mut batch, TOGETHER)).await.unwrap_or(0)
        } else {
            tokio::select! {
                n = waiting.recv_many(&mut batch, TOGETHER) => n,
                () = stop.cancelled() => continue,
            }
        };
        if got == 0 {
            return;
        }
        save(&catalogue, &batch).await;
        batch.clear();
    }
}

/// Writes a batch, for as long as it takes: while the database is away, this waits. Should the batch itself be what
/// cannot be written, each part is tried alone, and what fails is told and left out: it is learned again.
async fn save(catalogue: &Catalogue, batch: &[Write]) {
    let store = &catalogue.0.store;
    let mut delay = Duration::from_millis(100);
    while let Err(error) = store.save(batch).await {
        tracing::error!(%error, writes = batch.len(), retry_ms = delay.as_millis() as u64, "the catalogue's database could not be written");
        if store.ping().await.is_ok() {
            for write in batch {
                if let Err(error) = store.save(std::slice::from_ref(write)).await {
                    tracing::error!(%error, what = write.subject(), "left out of the catalogue's database");
                }
            }
            return;
        }
        if catalogue.0.stop.is_cancelled() && delay > Duration::from_secs(2) {
            return;
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(Duration::from_secs(10));
    }
}

impl Inner {
    /// Hands something to the writer; waits while it is behind.
    pub(crate) async fn write(&self, write: Write) {
        if self.writes.send(write).await.is_err() {
            tracing::debug!("the catalogue is closing; what was just learned is learned again next time");
        }
    }

    pub(crate) async fn write_registry(&self, watched: &Watched) {
        let record = {
            let status = watched.status();
            RegistryRecord {
                registry: watched.source.name.clone(),
                crawled: status.crawled,
                capabilities: serde_json::to_string(&status.capabilities).ok(),
            }
        };
        self.write(Write::Registry(record)).await;
    }
}
