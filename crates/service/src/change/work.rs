//! What is at work in this process: the jobs it has taken, how far they are, who listens.

use crate::Service;
use catalogue::kept;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Jobs of a process. Every process that serves has one; they share the queue in the database.
pub(crate) struct Work {
    /// Who we are among the processes that share the database.
    owner: String,
    wake: Notify,
    changes: broadcast::Sender<String>,
    at: Mutex<HashMap<String, Arc<Under>>>,
    tasks: TaskTracker,
    ending: CancellationToken,
    started: AtomicBool,
}

/// A job under way here.
#[derive(Default)]
pub(super) struct Under {
    pub done: AtomicU64,
    pub total: AtomicU64,
    /// It is to stop after the step it is at.
    pub stop: CancellationToken,
    /// It is another's by now: nothing more may be done or written.
    pub lost: CancellationToken,
}

/// How far a job is, with what was not written down yet.
pub(super) struct Far {
    pub done: u64,
    pub total: u64,
}

impl Work {
    /// Jobs at a time.
    const WORKERS: usize = 4;
    /// How often the queue is looked at: another process may have filled it, or died over a job.
    pub(super) const LOOK: Duration = Duration::from_secs(1);
    /// For how long a job is ours before we have to say that we are alive.
    const LEASE: Duration = Duration::from_secs(20);

    pub(crate) fn new() -> Self {
        Self {
            owner: kept::new_id(),
            wake: Notify::new(),
            changes: broadcast::channel(256).0,
            at: Mutex::default(),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
            started: AtomicBool::new(false),
        }
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) fn changed(&self, job: &str) {
        // Nobody listening is no error.
        let _ = self.changes.send(job.to_owned());
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    pub(super) fn lease_ms() -> i64 {
        Self::LEASE.as_millis() as i64
    }

    /// How far a job is that is under way here.
    pub(super) fn far(&self, job: &str) -> Option<Far> {
        let under = Arc::clone(self.at().get(job)?);
        Some(Far { done: under.done.load(Ordering::Relaxed), total: under.total.load(Ordering::Relaxed) })
    }

    /// Has a job that is under way here stop.
    pub(super) fn stop(&self, job: &str) {
        if let Some(under) = self.at().get(job) {
            under.stop.cancel();
        }
    }

    fn at(&self) -> MutexGuard<'_, HashMap<String, Arc<Under>>> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancelled when we end.
    pub(crate) fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Runs what ends by itself, soon after we do; [`Self::close`] waits for it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Ends: what is at work stops after its step and is left to whoever comes next.
    pub(crate) async fn close(&self) {
        self.ending.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Service {
    /// Begins to carry out jobs, those of other processes that died among them; until [`Service::close`].
    pub fn start_jobs(&self) {
        if self.0.work.started.swap(true, Ordering::Relaxed) {
            return;
        }
        for _ in 0..Work::WORKERS {
            self.0.work.tasks.spawn(worker(self.clone()));
        }
    }

    /// Begins what goes by the clock: schedules, the trash, forgetting; for a server. Until [`Service::close`].
    pub(crate) fn start_clock(&self) {
        self.0.work.tasks.spawn(super::tidy::run(self.clone(), self.0.work.ending.clone()));
        self.0.work.tasks.spawn(crate::collecting::run(self.clone(), self.0.work.ending.clone()));
    }

    /// Ids of jobs as they change; a receiver that falls behind should read anew.
    pub fn job_changes(&self) -> broadcast::Receiver<String> {
        self.0.work.subscribe()
    }
}

async fn worker(service: Service) {
    let work = &service.0.work;
    while !work.ending.is_cancelled() {
        let claimed = service.0.catalogue.jobs().claim_next(work.owner(), Work::lease_ms(), catalogue::now()).await;
        match claimed {
            Ok(Some(job)) => {
                // Another worker may find one as well.
                work.wake();
                attend(&service, job).await;
            }
            Ok(None) => rest(work).await,
            Err(error) => {
                tracing::error!(%error, "the queue of jobs could not be read");
                rest(work).await;
            }
        }
    }
}

async fn rest(work: &Work) {
    tokio::select! {
        () = work.wake.notified() => {}
        () = tokio::time::sleep(Work::LOOK) => {}
        () = work.ending.cancelled() => {}
    }
}

/// One job, from its claim to its end, or until we end or lose it.
async fn attend(service: &Service, job: kept::JobRecord) {
    let work = &service.0.work;
    let under = Arc::new(Under { stop: work.ending.child_token(), ..Under::default() });
    under.done.store(job.done, Ordering::Relaxed);
    under.total.store(job.total, Ordering::Relaxed);
    work.at().insert(job.id.clone(), Arc::clone(&under));
    work.changed(&job.id);
    tracing::info!(job = job.id, summary = job.summary, "a job begins");
    let keeping = tokio::spawn(keep(service.clone(), job.id.clone(), Arc::clone(&under)));
    super::carry::carry(service, &job, &under).await;
    keeping.abort();
    work.at().remove(&job.id);
    work.changed(&job.id);
    work.wake();
}

/// Says that we are alive, and hears whether someone wants the job stopped.
async fn keep(service: Service, job: String, under: Arc<Under>) {
    let mut every = tokio::time::interval(Work::LEASE / 10);
    let mut last = (u64::MAX, u64::MAX);
    loop {
        every.tick().await;
        match service.0.catalogue.jobs().renew(&job, service.0.work.owner(), Work::lease_ms(), catalogue::now()).await {
            Ok(kept::Lease::Ours { cancel_asked }) => {
                if cancel_asked {
                    under.stop.cancel();
                }
            }
            Ok(kept::Lease::Lost) => {
                under.lost.cancel();
                under.stop.cancel();
                return;
            }
            // The lease outlasts several of these.
            Err(error) => tracing::warn!(%error, job, "the job's lease could not be renewed"),
        }
        let far = (under.done.load(Ordering::Relaxed), under.total.load(Ordering::Relaxed));
        if far != std::mem::replace(&mut last, far) {
            service.0.work.changed(&job);
        }
    }
}

impl Work {
    /// Whether the whole process is ending, and not only one job stopped.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }
}
