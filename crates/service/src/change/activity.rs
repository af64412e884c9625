//! What was done, by whom: ours, and what registries tell.

use super::ActivityQuery;
use crate::{Caller, Error, Result, Service, show};
use api::{Activity, Code, List};
use catalogue::kept::{ActivityFilter, ActivitySource, Logged};

impl Service {
    /// What was done, the newest first.
    pub async fn activity(&self, _caller: &Caller, query: &ActivityQuery) -> Result<List<Activity>> {
        let limit = super::limit(query.limit)?;
        let before = super::cursor(query.after.as_deref())?;
        let filter = filter(query)?;
        let mut rows = self.0.catalogue.activity().page(&filter, before, limit + 1).await?;
        let next = (rows.len() > limit as usize).then(|| {
            rows.truncate(limit as usize);
            rows.last().map(|r| r.id.to_string()).unwrap_or_default()
        });
        let total = self.0.catalogue.activity().count(&filter).await?;
        Ok(List { items: rows.into_iter().map(shown).collect(), next, total, freshness: self.freshness(None) })
    }
}

fn filter(query: &ActivityQuery) -> Result<ActivityFilter> {
    let source = match query.source.as_deref() {
        None | Some("") => None,
        Some(word) => Some(ActivitySource::parse(word).ok_or_else(|| {
            Error::new(Code::BadQuery, format!("“{}” is no source.", super::clipped(word))).hint("There are us and registry.")
        })?),
    };
    let some = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
    Ok(ActivityFilter {
        registry: some(&query.registry),
        repository: some(&query.repository),
        tag: some(&query.tag),
        action: some(&query.action),
        actor: some(&query.actor),
        source,
        job: some(&query.job),
        since: some(&query.since).as_deref().map(time).transpose()?,
        until: some(&query.until).as_deref().map(time).transpose()?,
        text: query.q.clone(),
    })
}

/// A time, or an age such as `7d`, as milliseconds since 1970.
fn time(text: &str) -> Result<i64> {
    if let Some(age) = super::milliseconds(text) {
        return Ok(catalogue::now().saturating_sub(age));
    }
    let day = text.parse::<jiff::civil::Date>().ok().and_then(|d| d.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|z| z.timestamp());
    text.parse::<jiff::Timestamp>().ok().or(day).map(jiff::Timestamp::as_millisecond).ok_or_else(|| {
        Error::new(Code::BadQuery, format!("“{}” is no time.", super::clipped(text)))
            .hint("Write 2026-11-23, 2026-11-23T20:00:00Z, or an age such as 7d.")
    })
}

fn shown(row: Logged) -> Activity {
    let Logged { id, undo_until, record } = row;
    Activity {
        id,
        at: show::time(record.at),
        action: record.action,
        actor: record.actor,
        address: record.address,
        source: record.source.as_str().to_owned(),
        registry: record.registry,
        repository: record.repository,
        tag: record.tag,
        before: record.before,
        after: record.after,
        result: if record.failed { "failed" } else { "done" }.to_owned(),
        detail: record.detail,
        job: record.job,
        undo_until: undo_until.filter(|until| *until > catalogue::now()).map(show::time),
    }
}
