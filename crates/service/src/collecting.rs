//! Collecting garbage: what nothing in our own registry holds any more goes, when somebody says so or by the clock.

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Collection, Collections};
use catalogue::kept::{ActivityRecord, ActivitySource};
use oci::{Digest, RepositoryName};
use registry::collect::{Collected, Collection as How, SharedCollector};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio_util::sync::CancellationToken;

/// Manifests that are named, at most: so many that go, and so many that cannot be read.
const NAMED: usize = 100;
/// Its name among what happens by the clock.
const ACTION: &str = "collect";
/// How often it is asked whether a collection is due.
const LOOK: Duration = Duration::from_secs(15);
/// Within this the two clocks may differ before the one that people set is not believed.
const JUMP: Duration = Duration::from_mins(5);

/// How a registry's garbage is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collecting {
    /// By itself, so often; only when somebody says so where absent.
    pub every: Option<Duration>,
    /// What was pushed or lost its tag within this time stays.
    pub grace: Duration,
    /// Whether manifests without a tag go.
    pub untagged: bool,
}

impl Default for Collecting {
    fn default() -> Self {
        Self { every: None, grace: Duration::from_hours(24), untagged: true }
    }
}

/// What is told of each thing, beside the sums; `false` ends the collection.
pub type Visit = Box<dyn FnMut(&Collected) -> bool + Send>;

/// The collection under way or the last one, by registry.
#[derive(Default)]
pub(crate) struct Last(Mutex<HashMap<String, Arc<Mutex<Collection>>>>);

impl Last {
    fn of(&self, registry: &str) -> Option<Collection> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(registry).map(|last| last.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Begins one; `None` where one is under way.
    fn begin(&self, registry: &str, dry_run: bool) -> Option<Arc<Mutex<Collection>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(registry).is_some_and(|last| last.lock().unwrap_or_else(PoisonError::into_inner).finished.is_none()) {
            return None;
        }
        let begun = Arc::new(Mutex::new(Collection { dry_run, started: show::time(catalogue::now()), ..Collection::default() }));
        all.insert(registry.to_owned(), begun.clone());
        Some(begun)
    }
}

/// One that is begun, and ends whatever becomes of it.
struct Begun(Arc<Mutex<Collection>>);

impl Begun {
    fn change<T>(&self, change: impl FnOnce(&mut Collection) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.change(|it| it.finished.get_or_insert_with(|| show::time(catalogue::now())).len());
    }
}

fn count(sum: &mut Collection, what: &Collected) {
    match what {
        Collected::Looked { repositories, of } => (sum.looked, sum.of) = (*repositories as u64, *of as u64),
        Collected::Manifest { repository, digest, .. } => {
            sum.manifests += 1;
            name(&mut sum.references, repository, digest);
        }
        Collected::Repository { .. } => sum.repositories += 1,
        Collected::Blob { size, .. } => (sum.blobs, sum.frees) = (sum.blobs + 1, sum.frees + size),
        Collected::Unread { repository, digest } => name(&mut sum.unread, repository, digest),
    }
}

fn name(among: &mut Vec<String>, repository: &RepositoryName, digest: &Digest) {
    if among.len() < NAMED {
        among.push(format!("{repository}@{digest}"));
    }
}

impl Service {
    /// How the garbage of a registry is collected, and how far the last collection of this process is. `None` where that is not ours
    /// to do.
    pub async fn collections(&self, _caller: &Caller, registry: &str) -> Result<Option<Collections>> {
        let (_, settings) = self.registry_of(registry)?;
        if settings.provided.as_ref().and_then(|provided| provided.0.collector()).is_none() {
            return Ok(None);
        }
        let Collecting { every, grace, untagged } = settings.collecting;
        let last = self.0.collected.of(registry);
        let next = match every {
            Some(_) => self.0.catalogue.schedules().next(ACTION, registry).await?,
            None => None,
        };
        Ok(Some(Collections {
            every: every.map(|every| every.as_secs()),
            next: next.map(show::time),
            grace: grace.as_secs(),
            untagged,
            last,
        }))
    }

    /// Collects and waits for the end. `busy` where a collection of the registry is under way in this process.
    pub async fn collect(&self, caller: &Caller, registry: &str, how: How, visit: Visit) -> Result<Collection> {
        let begun = self.begin_collection(registry, how.dry_run)?;
        self.go_on_collecting(caller, registry, how, begun, visit).await
    }

    async fn go_on_collecting(
        &self,
        caller: &Caller,
        registry: &str,
        how: How,
        (begun, collector): (Begun, SharedCollector),
        mut visit: Visit,
    ) -> Result<Collection> {
        let sums = begun.0.clone();
        let told = Box::new(move |what| {
            count(&mut sums.lock().unwrap_or_else(PoisonError::into_inner), &what);
            visit(&what)
        });
        let ended = collector.collect(how, told).await;
        let ended = ended.map_err(Error::from);
        if let Err(error) = &ended {
            let problem = api::Problem::from(error.clone());
            begun.change(|it| it.problem = Some(problem));
        }
        // Its own end, not what another begins right after it.
        let sum = begun.change(|it| {
            it.finished = Some(show::time(catalogue::now()));
            it.clone()
        });
        drop(begun);
        // Open pages of it look again.
        self.0.news.tell(catalogue::now(), api::Change { registry: registry.to_owned(), repository: None });
        if !how.dry_run && sum.manifests + sum.blobs + sum.repositories > 0 {
            self.log_collection(caller, registry, &sum).await;
            self.refresh(caller, registry).await?;
        }
        ended.map(|()| sum)
    }

    /// The same in the background, as the settings say; [`Self::collections`] tells how far it is.
    pub fn start_collecting(&self, caller: &Caller, registry: &str, dry_run: bool) -> Result<()> {
        let (_, settings) = self.registry_of(registry)?;
        let Collecting { grace, untagged, .. } = settings.collecting;
        let begun = self.begin_collection(registry, dry_run)?;
        let (service, caller, registry) = (self.clone(), caller.clone(), registry.to_owned());
        let ending = self.0.work.ending();
        self.0.work.spawn(async move {
            let visit = Box::new(move |_: &Collected| !ending.is_cancelled());
            if let Err(error) = service.go_on_collecting(&caller, &registry, How { grace, untagged, dry_run }, begun, visit).await {
                tracing::warn!(%error, registry, "what nothing holds could not be collected");
            }
        });
        Ok(())
    }

    fn begin_collection(&self, registry: &str, dry_run: bool) -> Result<(Begun, SharedCollector)> {
        let (_, settings) = self.registry_of(registry)?;
        let collector = settings.provided.as_ref().and_then(|provided| provided.0.collector()).ok_or_else(|| {
            Error::new(Code::NotSupported, format!("{registry} collects its garbage itself, by a command of its own."))
                .hint("docker-registry: `registry garbage-collect CONFIG`, while nothing is pushed.")
        })?;
        if !dry_run && (self.0.settings.read_only || settings.read_only) {
            return Err(Error::new(Code::ReadOnly, "Nothing can be changed here: the setting is read_only."));
        }
        let begun = self.0.collected.begin(registry, dry_run);
        let busy = || Error::new(Code::Busy, format!("A collection of {registry} is under way.")).hint("Wait for its end.");
        Ok((Begun(begun.ok_or_else(busy)?), collector))
    }

    async fn log_collection(&self, caller: &Caller, registry: &str, sum: &Collection) {
        let row = ActivityRecord {
            at: catalogue::now(),
            action: "collect".to_owned(),
            actor: Some(caller.actor().to_owned()),
            address: caller.address.map(|address| address.to_string()),
            agent: None,
            source: ActivitySource::Us,
            registry: registry.to_owned(),
            repository: String::new(),
            tag: None,
            before: None,
            after: None,
            failed: sum.problem.is_some(),
            detail: Some(format!("blobs: {}; manifests without a tag: {}; bytes freed: {}", sum.blobs, sum.manifests, sum.frees)),
            job: None,
            event: None,
        };
        if let Err(error) = self.0.catalogue.activity().append(&[row]).await {
            tracing::error!(%error, "the collection could not be written down");
        }
    }
}

/// Collects each registry when it is time, until we end.
pub(crate) async fn run(service: Service, ending: CancellationToken) {
    let scheduled = || service.0.settings.registries.iter().filter_map(|registry| Some((registry, registry.collecting.every?)));
    if scheduled().next().is_none() {
        return;
    }
    let mut look = tokio::time::interval(LOOK);
    let mut clocks = (Instant::now(), SystemTime::now());
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = ending.cancelled() => return,
        }
        // What a jump of the clock made old is young still: whatever was due waits for its turn anew.
        let passed = clocks.0.elapsed();
        let jumped = clocks.1.elapsed().map_or(true, |told| told > passed + JUMP);
        clocks = (Instant::now(), SystemTime::now());
        if jumped {
            tracing::warn!("the clock was set; what is due to be collected is looked at later");
        }
        for (registry, every) in scheduled() {
            if let Err(error) = service.collect_if_due(&registry.name, every, every.max(registry.collecting.grace), jumped).await {
                tracing::warn!(%error, registry = registry.name, "the collection that is due could not begin");
            }
        }
    }
}

impl Service {
    /// Over all processes with one database each collection that is due happens once, and a restart changes nothing.
    async fn collect_if_due(&self, registry: &str, every: Duration, furthest: Duration, jumped: bool) -> Result<()> {
        let (schedules, now) = (self.0.catalogue.schedules(), catalogue::now());
        if jumped {
            return schedules.postpone(ACTION, registry, now.saturating_add(millis(furthest))).await.map_err(Error::from);
        }
        if schedules.claim(ACTION, registry, millis(every), millis(furthest), now).await? {
            self.start_collecting(&Caller::schedule(), registry, false)?;
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
