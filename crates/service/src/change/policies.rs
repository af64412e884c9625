//! Policies that are kept, and run by a schedule.

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Intent, Policy, StoredPolicy};
use catalogue::kept::{PolicyRecord, new_id};
use croner::Cron;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use std::str::FromStr;

/// Seconds over which runs that are due together are spread, so that not every registry is asked at the stroke of an hour.
const JITTER: u64 = 30;

impl Service {
    /// All that are kept, by name.
    pub async fn policies(&self, _caller: &Caller) -> Result<Vec<StoredPolicy>> {
        self.0.catalogue.policies().all().await?.into_iter().map(shown).collect()
    }

    pub async fn policy(&self, _caller: &Caller, id: &str) -> Result<StoredPolicy> {
        shown(self.policy_record(id).await?)
    }

    /// Keeps a policy: a new one where `id` is empty. The schedule, the zone and the policy itself are checked.
    pub async fn keep_policy(&self, _caller: &Caller, policy: &StoredPolicy) -> Result<StoredPolicy> {
        let now = catalogue::now();
        let before = match policy.id.as_str() {
            "" => None,
            id => Some(self.policy_record(id).await?),
        };
        let name = policy.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Error::new(Code::BadRequest, "A policy has a name of 1 to 100 characters."));
        }
        self.check_policy(&policy.policy)?;
        let schedule = policy.schedule.as_deref().map(str::trim).filter(|s| !s.is_empty());
        let zone = policy.zone.as_deref().map(str::trim).filter(|z| !z.is_empty());
        let next = schedule.map(|s| next_run(s, zone, now)).transpose()?.flatten();
        let record = PolicyRecord {
            id: before.as_ref().map_or_else(new_id, |b| b.id.clone()),
            name: name.to_owned(),
            registry: policy.policy.registry.clone(),
            body: serde_json::to_string(&policy.policy).map_err(|e| Error::internal(e.to_string()))?,
            schedule: schedule.map(str::to_owned),
            zone: zone.map(str::to_owned),
            enabled: policy.enabled && schedule.is_some(),
            created: before.as_ref().map_or(now, |b| b.created),
            changed: now,
            next: next.filter(|_| policy.enabled),
            ..PolicyRecord::default()
        };
        self.0.catalogue.policies().save(&record).await?;
        shown(self.policy_record(&record.id).await?)
    }

    pub async fn forget_policy(&self, _caller: &Caller, id: &str) -> Result<()> {
        if self.0.catalogue.policies().remove(id).await? { Ok(()) } else { Err(no_policy()) }
    }

    async fn policy_record(&self, id: &str) -> Result<PolicyRecord> {
        self.0.catalogue.policies().get(id).await?.ok_or_else(no_policy)
    }

    /// Runs what is due. Over all processes each run happens once.
    pub(super) async fn run_due_policies(&self) {
        let now = catalogue::now();
        let due = match self.0.catalogue.policies().due(now).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "schedules could not be read");
                return;
            }
        };
        for record in due {
            let Some(at) = record.next else { continue };
            let next = record.schedule.as_deref().and_then(|s| next_run(s, record.zone.as_deref(), now).ok().flatten());
            match self.0.catalogue.policies().claim(&record.id, at, next, now).await {
                Ok(true) => self.run_policy(&record).await,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, policy = record.name, "a schedule could not be claimed"),
            }
        }
    }

    async fn run_policy(&self, record: &PolicyRecord) {
        let outcome = self.plan_and_begin(record).await;
        let (plan, job, result) = match &outcome {
            Ok((plan, Some(job))) => (Some(plan.as_str()), Some(job.as_str()), "A job was begun.".to_owned()),
            Ok((plan, None)) => (Some(plan.as_str()), None, "There was nothing to be cleaned up.".to_owned()),
            Err(error) => (None, None, error.to_string()),
        };
        tracing::info!(policy = record.name, result, "a scheduled clean-up was due");
        if let Err(error) = self.0.catalogue.policies().ran(&record.id, plan, job, Some(&result)).await {
            tracing::warn!(%error, policy = record.name, "what came of a schedule could not be written");
        }
    }

    async fn plan_and_begin(&self, record: &PolicyRecord) -> Result<(String, Option<String>)> {
        let caller = Caller::schedule();
        let policy: Policy = serde_json::from_str(&record.body).map_err(|e| Error::internal(e.to_string()))?;
        let plan = self.plan(&caller, &Intent::CleanUp { policy }).await?;
        if plan.steps == 0 {
            return Ok((plan.id, None));
        }
        let job = self.carry_out(&caller, &plan.id, &plan.confirm).await?;
        Ok((plan.id, Some(job.id)))
    }
}

/// When a schedule is due next after `now`; none where it never is.
fn next_run(schedule: &str, zone: Option<&str>, now: i64) -> Result<Option<i64>> {
    let cron = Cron::from_str(schedule).map_err(|e| {
        Error::new(Code::BadRequest, format!("“{}” is no schedule: {e}.", super::clipped(schedule)))
            .hint("Five fields: minute, hour, day of the month, month, day of the week. “30 3 * * 1” is Mondays at 3:30.")
    })?;
    let zone = match zone {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| {
            Error::new(Code::BadRequest, format!("“{}” is no time zone.", super::clipped(name)))
                .hint("Write one such as Europe/Berlin or UTC.")
        })?,
    };
    let now = Timestamp::from_millisecond(now).map_err(|e| Error::internal(e.to_string()))?;
    let next: Option<Zoned> = cron.find_next_occurrence(&now.to_zoned(zone), false).ok();
    Ok(next.map(|z| z.timestamp().as_millisecond() + i64::from(rand::random::<u32>() % (JITTER as u32 * 1000))))
}

fn shown(record: PolicyRecord) -> Result<StoredPolicy> {
    Ok(StoredPolicy {
        policy: serde_json::from_str(&record.body).map_err(|e| Error::internal(format!("policy {} cannot be read: {e}", record.id)))?,
        id: record.id,
        name: record.name,
        schedule: record.schedule,
        zone: record.zone,
        enabled: record.enabled,
        next: record.next.map(show::time),
        last: record.last.map(show::time),
        job: record.job,
        result: record.result,
    })
}

fn no_policy() -> Error {
    Error::new(Code::NotFound, "There is no policy of this id.")
}
