//! A job from its first step to its end.
//!
//! Steps are taken repository by repository. Before the first in a repository its tags are read anew and the plan is made again over what is
//! there: only where it comes out the same is anything done ([`Service::recheck`]). What became of the steps is written in batches, after what
//! their undoing needs was written; cut off in between, a step is done twice, which is the same as once.

use super::{
    jobs::{self, Kept},
    step::Came,
    stored, trash,
    work::{Under, Work},
};
use crate::{Error, Service};
use api::{Code, Problem};
use catalogue::kept::{ActivityRecord, ActivitySource, JobRecord, JobState, Lease, Outcome, StepState, StepUpdate};
use futures::StreamExt;
use plan::Step;
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// Steps that are done before their outcome is written.
const TOGETHER: usize = 64;
/// Steps at a time.
const AT_ONCE: usize = 12;
/// Failures one after the other after which a job stops.
const BURST: usize = 5;
/// For how long a job waits for a registry that is away.
const PATIENCE: Duration = Duration::from_mins(10);
/// Problems that a job tells.
const TOLD: usize = 50;

/// A step on its way.
pub(super) struct Waiting {
    pub n: u64,
    pub kept: Kept,
    /// What its undoing needs is written down.
    pub saved: bool,
}

/// Why a job stops before its end.
pub(super) enum Stop {
    /// Someone wants it so.
    Cancelled,
    /// The process ends; another goes on.
    Ending,
    /// Another has the job.
    Lost,
    /// It cannot go on.
    Failed(Problem),
}

/// A job under way.
pub(super) struct Carrying<'a> {
    pub service: &'a Service,
    pub job: &'a JobRecord,
    pub under: &'a Under,
    pub problems: Vec<Problem>,
    failures: usize,
    failed: bool,
    away_since: Option<Instant>,
}

/// Carries a job out and writes down how it ended.
pub(super) async fn carry(service: &Service, job: &JobRecord, under: &Under) {
    let mut carrying = Carrying {
        service,
        job,
        under,
        problems: serde_json::from_str(&job.problems).unwrap_or_default(),
        failures: 0,
        failed: false,
        away_since: None,
    };
    let stop = carrying.all().await.err();
    let state = match stop {
        None if carrying.failed => JobState::Failed,
        None => JobState::Done,
        Some(Stop::Cancelled) => JobState::Cancelled,
        Some(Stop::Failed(problem)) => {
            carrying.problem(problem);
            JobState::Failed
        }
        Some(Stop::Lost) => {
            tracing::warn!(job = job.id, "another process has the job by now");
            return;
        }
        Some(Stop::Ending) => {
            if let Err(error) = service.0.catalogue.jobs().release(&job.id, service.0.work.owner()).await {
                tracing::warn!(%error, job = job.id, "the job could not be given back; it is taken when its lease is over");
            }
            return;
        }
    };
    carrying.finish(state).await;
}

impl Carrying<'_> {
    async fn all(&mut self) -> Result<(), Stop> {
        let mut waiting = self.waiting().await?;
        if self.job.action == "copy" {
            return self.copy_all(waiting).await;
        }
        while !waiting.is_empty() {
            let place = place_of(&waiting[0]);
            let (mut here, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|w| place_of(w) == place);
            waiting = rest;
            while !here.is_empty() {
                self.may_go_on()?;
                match self.repository(&place.0, &place.1, &mut here).await {
                    Ok(()) => break,
                    Err(Paused::Stop(stop)) => return Err(stop),
                    Err(Paused::Away(fault)) => self.wait_for_registry(fault).await?,
                }
            }
        }
        Ok(())
    }

    /// The steps that are not done yet.
    async fn waiting(&self) -> Result<Vec<Waiting>, Stop> {
        let mut all = Vec::new();
        let mut from = 0;
        loop {
            let jobs = self.service.0.catalogue.jobs();
            let page = jobs.steps(&self.job.id, from, Some(StepState::Waiting), 1_000).await.map_err(|e| failed(e.into()))?;
            let Some(last) = page.last() else { return Ok(all) };
            from = last.n + 1;
            for record in page {
                let kept = jobs::read_step(&record).map_err(failed)?;
                all.push(Waiting { n: record.n, kept, saved: record.undo.is_some() });
            }
        }
    }

    /// What is to be done in one repository. Steps that are done leave `here`.
    async fn repository(&mut self, registry: &str, repository: &str, here: &mut Vec<Waiting>) -> Result<(), Paused> {
        if matches!(self.job.action.as_str(), "delete" | "clean-up") {
            self.service.recheck(registry, repository, here).await.map_err(Self::pause)?;
        }
        // Roots first: once no tag leads to it, nothing needs what is only part of something.
        here.sort_by_key(|w| (wave(&w.kept.step), w.n));
        while !here.is_empty() {
            self.may_go_on().map_err(Paused::Stop)?;
            let first = wave(&here[0].kept.step);
            let some = here.iter().take(TOGETHER).take_while(|w| wave(&w.kept.step) == first).count();
            self.save(&mut here[..some]).await?;
            let service = self.service;
            let steps: Vec<_> = here[..some].iter().map(|waiting| service.do_step(&waiting.kept)).collect();
            let at_once = if first == RESTORING { 1 } else { AT_ONCE };
            let outcomes: Vec<Came> = futures::stream::iter(steps).buffered(at_once).collect().await;
            let batch: Vec<Waiting> = here.drain(..some).collect();
            let (again, pause) = self.take_down(batch, outcomes).await?;
            here.splice(0..0, again);
            if let Some(pause) = pause {
                return Err(pause);
            }
        }
        Ok(())
    }

    /// Writes down what the undoing of steps needs, before they are done.
    async fn save(&mut self, some: &mut [Waiting]) -> Result<(), Paused> {
        let (service, mut asked) = (self.service, Vec::new());
        for waiting in some.iter() {
            let saved = waiting.saved;
            asked.push(async move { if saved { Ok(None) } else { service.before(&waiting.kept).await } });
        }
        let needed: Vec<Result<Option<String>, Came>> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut updates = Vec::new();
        for (waiting, undo) in some.iter_mut().zip(needed) {
            let undo = undo.map_err(Self::pause)?;
            if undo.is_some() {
                updates.push(StepUpdate { n: waiting.n, state: StepState::Waiting, detail: None, undo });
            }
            waiting.saved = true;
        }
        if updates.is_empty() { Ok(()) } else { self.write(&updates).await.map_err(Paused::Stop) }
    }

    /// Writes down what became of a batch. Returns the steps that are to be done again, and why the job pauses.
    async fn take_down(&mut self, batch: Vec<Waiting>, outcomes: Vec<Came>) -> Result<(Vec<Waiting>, Option<Paused>), Paused> {
        let (mut updates, mut log, mut again, mut pause) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (waiting, came) in batch.into_iter().zip(outcomes) {
            let (state, detail) = match came {
                Came::Done(how) => (StepState::Done, how),
                Came::Already(why) => (StepState::Skipped, Some(why.to_owned())),
                Came::Away(fault) => {
                    again.push(waiting);
                    pause.get_or_insert(Paused::Away(fault));
                    continue;
                }
                // To put back what can be is more than to put back nothing.
                Came::Stale(detail) if self.job.action == "undo" => {
                    self.problem(Problem::new(Code::PlanStale, detail.clone()));
                    (StepState::Failed, Some(detail))
                }
                Came::Stale(detail) => {
                    pause = Some(Paused::Stop(Stop::Failed(stale(&detail))));
                    (StepState::Failed, Some(detail))
                }
                Came::Failed(error) => {
                    let problem = Problem::from(error);
                    let detail = problem.to_string();
                    self.problem(problem);
                    self.failures += 1;
                    if self.failures >= BURST && pause.is_none() {
                        let text = format!("{BURST} steps failed one after the other; the rest was not begun.");
                        pause = Some(Paused::Stop(Stop::Failed(Problem::new(Code::UpstreamMisbehaved, text))));
                    }
                    (StepState::Failed, Some(detail))
                }
            };
            if state == StepState::Failed {
                self.failed = true;
            } else {
                self.failures = 0;
                self.away_since = None;
            }
            self.under.done.fetch_add(1, Ordering::Relaxed);
            if state != StepState::Skipped {
                log.extend(self.logged(&waiting.kept, state == StepState::Failed, detail.as_deref()));
            }
            updates.push(StepUpdate { n: waiting.n, state, detail, undo: None });
        }
        self.write(&updates).await.map_err(Paused::Stop)?;
        if let Err(error) = self.service.0.catalogue.activity().append(&log).await {
            tracing::error!(%error, job = self.job.id, "what a job did could not be added to the activity");
        }
        self.service.0.work.changed(&self.job.id);
        Ok((again, pause))
    }

    /// Writes what became of steps, and keeps the lease.
    pub(super) async fn write(&self, updates: &[StepUpdate]) -> Result<(), Stop> {
        let mut delay = Duration::from_millis(200);
        let done = self.under.done.load(Ordering::Relaxed);
        let total = self.under.total.load(Ordering::Relaxed);
        loop {
            let (jobs, id) = (self.service.0.catalogue.jobs(), (self.job.id.as_str(), self.service.0.work.owner()));
            match jobs.progress(id, Work::lease_ms(), catalogue::now(), done, Some(total), updates).await {
                Ok(Lease::Ours { cancel_asked }) => {
                    if cancel_asked {
                        self.under.stop.cancel();
                    }
                    return Ok(());
                }
                Ok(Lease::Lost) => return Err(Stop::Lost),
                // What is not written would be done twice; nothing more is begun until the database is back.
                Err(error) => {
                    tracing::error!(%error, job = self.job.id, "the job's progress could not be written; trying again");
                    if self.service.0.work.is_ending() {
                        return Err(Stop::Ending);
                    }
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(10));
                }
            }
        }
    }

    pub(super) fn may_go_on(&self) -> Result<(), Stop> {
        if self.under.lost.is_cancelled() {
            Err(Stop::Lost)
        } else if self.service.0.work.is_ending() {
            Err(Stop::Ending)
        } else if self.under.stop.is_cancelled() {
            Err(Stop::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Waits a moment for a registry that is away; gives up when it was away too long.
    pub(super) async fn wait_for_registry(&mut self, fault: registry::Error) -> Result<(), Stop> {
        let since = *self.away_since.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE {
            return Err(failed(fault.into()));
        }
        let wait = match &fault {
            registry::Error::Busy { retry_after_ms, .. } => {
                Duration::from_millis(*retry_after_ms).clamp(Duration::from_millis(200), Duration::from_mins(1))
            }
            _ => Duration::from_secs(1),
        };
        tracing::info!(job = self.job.id, error = %fault, "the job waits for its registry");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.under.stop.cancelled() => {}
        }
        self.may_go_on()
    }

    /// The registry answers.
    pub(super) fn is_here(&mut self) {
        self.away_since = None;
    }

    pub(super) fn pause(came: Came) -> Paused {
        match came {
            Came::Away(fault) => Paused::Away(fault),
            Came::Stale(detail) => Paused::Stop(Stop::Failed(stale(&detail))),
            Came::Failed(error) => Paused::Stop(failed(error)),
            Came::Done(_) | Came::Already(_) => Paused::Stop(failed(Error::internal("a step that paused without reason"))),
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.failed = true;
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        }
    }

    async fn finish(&self, state: JobState) {
        let problems = serde_json::to_string(&self.problems).unwrap_or_else(|_| "[]".to_owned());
        let done = self.under.done.load(Ordering::Relaxed);
        let now = catalogue::now();
        // What an undo took is done again by doing it again.
        let until = now.saturating_add(i64::try_from(self.service.0.settings.undo.as_millis()).unwrap_or(i64::MAX));
        let undo_until = (self.job.action != "undo" && done > 0).then_some(until);
        let outcome = Outcome { state, done, problems: &problems, undo: None, undo_until };
        let mut delay = Duration::from_millis(200);
        loop {
            match self.service.0.catalogue.jobs().finish(&self.job.id, self.service.0.work.owner(), &outcome, now).await {
                Ok(_) => break,
                Err(_) if self.service.0.work.is_ending() => break,
                Err(error) => {
                    tracing::error!(%error, job = self.job.id, "the job's end could not be written; trying again");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(Duration::from_secs(10));
                }
            }
        }
        tracing::info!(job = self.job.id, state = state.as_str(), done, problems = self.problems.len(), "a job ended");
    }

    /// What a step says in the activity.
    pub(super) fn logged(&self, kept: &Kept, failed: bool, detail: Option<&str>) -> Vec<ActivityRecord> {
        let base = ActivityRecord {
            at: catalogue::now(),
            action: "delete".to_owned(),
            actor: self.job.actor.clone(),
            address: self.job.address.clone(),
            agent: None,
            source: ActivitySource::Us,
            registry: kept.registry.clone(),
            repository: stored::repository(&kept.step).to_owned(),
            tag: None,
            before: None,
            after: None,
            failed,
            detail: detail.map(str::to_owned),
            job: Some(self.job.id.clone()),
            event: None,
        };
        let owned = |text: &plan::Text| Some(text.to_string());
        match &kept.step {
            Step::Untag { tag, digest, .. } => vec![ActivityRecord { tag: owned(tag), before: owned(digest), ..base }],
            Step::DeleteManifest { digest, tags, .. } if tags.is_empty() => vec![ActivityRecord { before: owned(digest), ..base }],
            Step::DeleteManifest { digest, tags, .. } => {
                tags.iter().map(|tag| ActivityRecord { tag: owned(tag), before: owned(digest), ..base.clone() }).collect()
            }
            Step::PutTag { tag, digest, was, .. } => {
                let action = if self.job.action == "undo" { "restore" } else { "tag" }.to_owned();
                vec![ActivityRecord { action, tag: owned(tag), before: was.as_ref().and_then(owned), after: owned(digest), ..base }]
            }
            Step::PutManifest { digest, .. } => vec![ActivityRecord { action: "restore".to_owned(), after: owned(digest), ..base }],
            Step::Copy { to, digest, was, .. } => vec![ActivityRecord {
                action: "copy".to_owned(),
                registry: to.registry.to_string(),
                tag: to.tag.as_ref().and_then(owned),
                before: was.as_ref().and_then(owned),
                after: owned(digest),
                ..base
            }],
        }
    }
}

/// Why a repository's steps pause.
pub(super) enum Paused {
    Stop(Stop),
    /// The registry is away or busy.
    Away(registry::Error),
}

pub(super) fn failed(error: Error) -> Stop {
    Stop::Failed(error.into())
}

fn stale(detail: &str) -> Problem {
    Problem::new(Code::PlanStale, detail.to_owned()).hint("Nothing more was done. Make the plan anew and look at what it says now.")
}

fn place_of(waiting: &Waiting) -> (String, String) {
    (waiting.kept.registry.clone(), stored::repository(&waiting.kept.step).to_owned())
}

/// Manifests are put back one by one: an index is not taken before its children are there.
const RESTORING: u8 = 4;

/// Steps of a lower wave are done before those of a higher one; within one they may be done in any order.
fn wave(step: &Step) -> u8 {
    match step {
        step if trash::is_filling(step) => 0,
        Step::Untag { .. } => 1,
        Step::DeleteManifest { tags, .. } if !tags.is_empty() => 2,
        Step::DeleteManifest { .. } => 3,
        Step::PutManifest { .. } => RESTORING,
        Step::PutTag { .. } | Step::Copy { .. } => 5,
    }
}
