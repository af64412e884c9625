//! Jobs as people see them: begun, listed, stopped, undone.

use super::{
    JobsQuery, Work,
    stored::{self, Stored},
};
use crate::{Caller, Error, Result, Service, show};
use api::{Action, Code, ItemState, Job, JobItem, JobState, List, Problem};
use catalogue::kept::{self, Begun, Cancelled, ConsentRecord, JobFilter, JobRecord, NewJob, NewStep, StepRecord, StepState};
use plan::{Step, Way};

/// Items that an answer with a job holds.
const ITEMS: u32 = 1_000;

/// A step as the database keeps it: with the registry it is in.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Kept {
    pub registry: String,
    #[serde(flatten)]
    pub step: Step,
    /// The bytes of the manifest that is put, in base64, where they need not be in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Service {
    /// Carries out a plan, once. `confirm` is the plan's, word for word.
    pub async fn carry_out(&self, caller: &Caller, plan: &str, confirm: &str) -> Result<Job> {
        let record = self.plan_record(plan).await?;
        let stored = Stored::read(&record)?;
        if let Some(job) = &record.job {
            return Err(taken(job));
        }
        if confirm != stored.confirm() {
            return Err(Error::new(Code::PlanUnconfirmed, "What was sent to confirm it is not what the plan asks for.")
                .hint(format!("Send “{}” as confirm, word for word.", stored.confirm())));
        }
        if stored.steps() == 0 {
            return Err(nothing_to_do(&stored));
        }
        for part in &stored.parts {
            self.may_change(&part.registry)?;
        }
        let action = Action::parse(&record.action).unwrap_or(Action::Delete);
        let steps: Vec<Kept> = stored
            .parts
            .iter()
            .flat_map(|p| p.steps.iter().map(|s| Kept { registry: p.registry.to_string(), step: s.clone(), body: None }))
            .collect();
        self.refuse_locked(&steps).await?;
        let registry = stored.parts.first().map(|p| p.registry.to_string()).unwrap_or_default();
        let job = NewJob { plan: Some(plan.to_owned()), ..Self::new_job(caller, action, registry, stored.summary.clone(), &steps)? };
        let job = NewJob { repositories: stored.places().into_iter().collect(), ..job };
        let job = self.begin(job).await?;
        for registry in stored.consents {
            let address = caller.address.map(|a| a.to_string());
            let actor = Some(caller.actor().to_owned());
            let consent = ConsentRecord { registry, subject: stored::PLACEHOLDER.to_owned(), at: catalogue::now(), actor, address };
            self.0.catalogue.consents().give(&consent).await?;
        }
        Ok(job)
    }

    /// Puts back what a job took. Returns the job that does so.
    pub async fn undo(&self, caller: &Caller, id: &str) -> Result<Job> {
        let record = self.job_record(id).await?;
        if !record.state.is_over() {
            return Err(Error::new(Code::Busy, "The job is still at work.").hint("Cancel it first, or wait for its end."));
        }
        if let Some(by) = &record.undone_by {
            return Err(Error::new(Code::Busy, "This was undone before, or is being undone.").hint(format!("Job {by} does it.")));
        }
        if record.undo_until.is_none_or(|until| until < catalogue::now()) {
            return Err(Error::new(Code::PlanStale, "This can no longer be undone here.")
                .hint("Its time is over, or it took nothing. What the registry still holds can be tagged again by its digest."));
        }
        let mut steps = Vec::new();
        let mut from = 0;
        loop {
            let page = self.0.catalogue.jobs().steps(id, from, Some(StepState::Done), ITEMS).await?;
            let Some(last) = page.last() else { break };
            from = last.n + 1;
            steps.extend(page);
        }
        let steps = undoing(&steps)?;
        if steps.is_empty() {
            return Err(Error::new(Code::PlanStale, "The job took nothing that could be put back."));
        }
        for step in &steps {
            self.may_change(&step.registry)?;
        }
        self.refuse_locked(&steps).await?;
        let summary = format!("Undo: {}", record.summary);
        let job = NewJob { undoes: Some(id.to_owned()), ..Self::new_job(caller, Action::Undo, record.registry, summary, &steps)? };
        let repositories = self.0.catalogue.jobs().repositories(id).await?;
        self.begin(NewJob { repositories, ..job }).await
    }

    fn new_job(caller: &Caller, action: Action, registry: String, summary: String, steps: &[Kept]) -> Result<NewJob> {
        let bytes: Option<u64> = steps
            .iter()
            .map(|k| match &k.step {
                Step::Copy { size, .. } => *size,
                _ => None,
            })
            .sum();
        let counts_bytes = action == Action::Copy;
        Ok(NewJob {
            id: kept::new_id(),
            plan: None,
            action: action.as_str().to_owned(),
            registry,
            repositories: Vec::new(),
            summary,
            total: if counts_bytes { bytes.unwrap_or(0) } else { steps.len() as u64 },
            unit: if counts_bytes { "bytes" } else { "steps" }.to_owned(),
            undoes: None,
            actor: Some(caller.actor().to_owned()),
            address: caller.address.map(|a| a.to_string()),
            steps: steps.iter().map(new_step).collect::<Result<_>>()?,
        })
    }

    async fn begin(&self, job: NewJob) -> Result<Job> {
        let begun = self.0.catalogue.jobs().begin(&job, catalogue::now()).await?;
        match begun {
            Begun::Queued => {}
            Begun::PlanTaken(by) => return Err(taken(&by)),
            Begun::PlanExpired => {
                return Err(
                    Error::new(Code::PlanStale, "The plan is older than a day.").hint("Make it anew: what it would do may have changed.")
                );
            }
            Begun::PlanUnknown => return Err(no_plan()),
            Begun::Undone(by) => {
                return Err(Error::new(Code::Busy, "This was undone before, or is being undone.").hint(format!("Job {by} does it.")));
            }
            Begun::NothingToUndo => return Err(Error::new(Code::JobNotFound, "There is no such job that could be undone.")),
        }
        self.0.work.wake();
        self.0.work.changed(&job.id);
        self.job(&Caller::local(), &job.id).await
    }

    pub async fn jobs(&self, _caller: &Caller, query: &JobsQuery) -> Result<List<Job>> {
        let limit = super::limit(query.limit)?;
        let states = match query.state.as_deref() {
            None | Some("") => Vec::new(),
            Some("active") => vec![kept::JobState::Queued, kept::JobState::Running],
            Some(word) => vec![kept::JobState::parse(word).ok_or_else(|| {
                Error::new(Code::BadQuery, format!("“{}” is no state of a job.", super::clipped(word)))
                    .hint("There are queued, running, done, failed, cancelled, and active for the first two.")
            })?],
        };
        let before = super::cursor(query.after.as_deref())?;
        let filter = JobFilter { registry: query.registry.clone(), repository: query.repository.clone(), states, action: None };
        let mut records = self.0.catalogue.jobs().page(&filter, before, limit + 1).await?;
        let next = (records.len() > limit as usize).then(|| {
            records.truncate(limit as usize);
            records.last().map(|r| r.number.to_string()).unwrap_or_default()
        });
        let total = self.0.catalogue.jobs().count(&filter).await?;
        Ok(List { items: records.into_iter().map(|r| shown(r, Vec::new())).collect(), next, total, freshness: self.freshness(None) })
    }

    /// A job with its first thousand steps.
    pub async fn job(&self, _caller: &Caller, id: &str) -> Result<Job> {
        let record = self.job_record(id).await?;
        let items = self.0.catalogue.jobs().steps(id, 0, None, ITEMS).await?;
        let mut job = shown(record, items);
        if let Some(far) = self.0.work.far(id) {
            job.done = job.done.max(far.done);
            job.total = job.total.max(far.total);
        }
        Ok(job)
    }

    /// A page of a job's steps; `after` is how many came before.
    pub async fn job_items(&self, _caller: &Caller, id: &str, after: u64, limit: u32) -> Result<Vec<JobItem>> {
        self.job_record(id).await?;
        let page = self.0.catalogue.jobs().steps(id, after, None, limit.clamp(1, ITEMS)).await?;
        Ok(page.into_iter().map(item).collect())
    }

    /// Has a job stop after the step it is at.
    pub async fn cancel(&self, caller: &Caller, id: &str) -> Result<Job> {
        match self.0.catalogue.jobs().ask_cancel(id, catalogue::now()).await? {
            None => return Err(no_job()),
            Some(Cancelled::Over(_)) => {}
            Some(Cancelled::AtOnce | Cancelled::Asked) => {
                self.0.work.stop(id);
                self.0.work.changed(id);
            }
        }
        self.job(caller, id).await
    }

    /// Waits for a job's end; `told` hears of it as it goes on.
    pub async fn wait_for_job(&self, caller: &Caller, id: &str, mut told: impl FnMut(&Job) + Send) -> Result<Job> {
        let mut changes = self.job_changes();
        loop {
            let job = self.job(caller, id).await?;
            told(&job);
            if job.state.is_over() {
                return Ok(job);
            }
            // Another process may be at it, of whose steps nothing is heard here.
            let heard = async { while changes.recv().await.is_ok_and(|changed| changed != id) {} };
            let _ = tokio::time::timeout(Work::LOOK, heard).await;
        }
    }

    pub(super) async fn job_record(&self, id: &str) -> Result<JobRecord> {
        self.0.catalogue.jobs().get(id).await?.ok_or_else(no_job)
    }
}

/// What undoes steps that were done: the last first, but manifests before the tags that name them, children and referrers first.
fn undoing(done: &[StepRecord]) -> Result<Vec<Kept>> {
    let (mut manifests, mut tags, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for record in done.iter().rev() {
        let Kept { registry, step, .. } = read_step(record)?;
        let body = match step {
            Step::DeleteManifest { .. } => record.undo.clone(),
            _ => None,
        };
        let put = |list: &mut Vec<Kept>, step: Step| list.push(Kept { registry: registry.clone(), step, body: body.clone() });
        match step {
            Step::Untag { repository, tag, digest, media_type, .. } => {
                put(&mut tags, Step::PutTag { repository, tag, digest, media_type, was: None });
            }
            Step::DeleteManifest { repository, digest, media_type, tags: names } => {
                put(
                    &mut manifests,
                    Step::PutManifest { repository: repository.clone(), digest: digest.clone(), media_type: media_type.clone() },
                );
                for tag in names {
                    let (repository, digest, media_type) = (repository.clone(), digest.clone(), media_type.clone());
                    put(&mut tags, Step::PutTag { repository, tag, digest, media_type, was: None });
                }
            }
            Step::PutTag { repository, tag, digest, media_type, was } => match was {
                Some(was) => put(&mut rest, Step::PutTag { repository, tag, digest: was, media_type, was: Some(digest) }),
                None => put(&mut rest, Step::Untag { repository, tag, digest, media_type, way: Way::ByName }),
            },
            Step::Copy { to, digest, media_type, was, .. } => {
                let Some(tag) = to.tag else { continue };
                let digest = record.undo.as_deref().map_or(digest, plan::Text::from);
                let repository = to.repository;
                match was {
                    Some(was) => put(&mut rest, Step::PutTag { repository, tag, digest: was, media_type, was: Some(digest) }),
                    None => put(&mut rest, Step::Untag { repository, tag, digest, media_type, way: Way::ByName }),
                }
            }
            Step::PutManifest { .. } => {}
        }
    }
    manifests.extend(tags);
    manifests.extend(rest);
    Ok(manifests)
}

fn new_step(kept: &Kept) -> Result<NewStep> {
    let step = serde_json::to_string(kept).map_err(|e| Error::internal(format!("a step cannot be written: {e}")))?;
    Ok(NewStep { step, reference: stored::reference(&kept.registry, &kept.step) })
}

pub(super) fn read_step(record: &StepRecord) -> Result<Kept> {
    serde_json::from_str(&record.step).map_err(|e| Error::internal(format!("step {} cannot be read: {e}", record.n)))
}

fn shown(record: JobRecord, items: Vec<StepRecord>) -> Job {
    let state = match record.state {
        kept::JobState::Queued => JobState::Queued,
        kept::JobState::Running => JobState::Running,
        kept::JobState::Done => JobState::Done,
        kept::JobState::Failed => JobState::Failed,
        kept::JobState::Cancelled => JobState::Cancelled,
    };
    let open = record.undone_by.is_none() && record.undo_until.is_some_and(|until| until > catalogue::now());
    let problems: Vec<Problem> = serde_json::from_str(&record.problems).unwrap_or_default();
    Job {
        id: record.id,
        plan: record.plan.unwrap_or_default(),
        action: Action::parse(&record.action).unwrap_or(Action::Delete),
        state,
        done: record.done,
        total: record.total,
        created: show::time(record.created),
        started: record.started.map(show::time),
        finished: record.finished.map(show::time),
        problems,
        undo_until: record.undo_until.filter(|_| open).map(show::time),
        summary: record.summary,
        unit: record.unit,
        undoes: record.undoes,
        undone_by: record.undone_by,
        items: items.into_iter().map(item).collect(),
    }
}

fn item(record: StepRecord) -> JobItem {
    let step = serde_json::from_str::<Kept>(&record.step).map_or("step", |k| stored::word(&k.step)).to_owned();
    let state = match record.state {
        StepState::Waiting => ItemState::Waiting,
        StepState::Done => ItemState::Done,
        StepState::Skipped => ItemState::Skipped,
        StepState::Failed => ItemState::Failed,
    };
    JobItem { step, reference: record.reference, state, detail: record.detail }
}

fn nothing_to_do(stored: &Stored) -> Error {
    let problem = stored.parts.iter().flat_map(|p| &p.problems).next();
    match problem {
        Some(problem) => {
            let code = match problem.code {
                plan::Code::ReadOnly => Code::ReadOnly,
                plan::Code::DeleteDisabled => Code::DeleteDisabled,
                _ => Code::PlanStale,
            };
            let error = Error::new(code, problem.detail.clone());
            match &problem.hint {
                Some(hint) => error.hint(hint.clone()),
                None => error,
            }
        }
        None => Error::new(Code::PlanStale, "The plan has nothing to do."),
    }
}

fn taken(by: &str) -> Error {
    Error::new(Code::Busy, "This plan was carried out before, or is being carried out.")
        .hint(format!("Job {by} does it. Make a new plan for what is left."))
}

fn no_job() -> Error {
    Error::new(Code::JobNotFound, "There is no job of this id.")
}

pub(super) fn no_plan() -> Error {
    Error::new(Code::PlanNotFound, "There is no plan of this id.").hint("Plans are kept for a day; make it anew.")
}
