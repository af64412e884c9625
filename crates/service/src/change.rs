//! Changing registries: plans, the jobs that carry them out, what was done. docs/decisions/006-changes.md says how.
//!
//! `planning` makes a plan of what someone wants, with `deleting` and `cleaning` for what goes, `jobs` begins and shows jobs, `work` gives them to this process's workers, `carry` takes one from its first
//! step to its end, `step` does a step, `copying` brings images over, `policies`, `trash` and `tidy` go by the clock.

mod activity;
mod advice;
mod carry;
mod cleaning;
mod copies;
mod copying;
mod deleting;
mod jobs;
mod locks;
mod planning;
mod policies;
mod step;
mod stored;
mod tidy;
mod trash;
mod work;

pub(crate) use locks::Known as KnownLocks;
pub(crate) use work::Work;

use crate::{Error, Result};
use api::Code;

/// What to list of jobs, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobsQuery {
    /// Only those of this registry.
    pub registry: Option<String>,
    /// Only those of this repository, with `registry`.
    pub repository: Option<String>,
    /// `queued | running | done | failed | cancelled`, or `active` for the first two.
    pub state: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

/// What to list of activity, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityQuery {
    pub registry: Option<String>,
    pub repository: Option<String>,
    pub tag: Option<String>,
    /// `push | pull | delete | tag | copy | restore | lock | unlock`.
    pub action: Option<String>,
    pub actor: Option<String>,
    /// `us | registry`.
    pub source: Option<String>,
    /// Only what this job did.
    pub job: Option<String>,
    /// Words that stand in repository, tag, actor, digest or detail.
    pub q: String,
    /// RFC 3339, or an age such as `7d`: not before.
    pub since: Option<String>,
    /// RFC 3339, or an age: before.
    pub until: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

fn limit(asked: Option<u32>) -> Result<u32> {
    match asked.unwrap_or(100) {
        n @ 1..=1000 => Ok(n),
        n => Err(Error::new(Code::BadQuery, format!("limit is 1 to 1000, not {n}."))),
    }
}

/// A number that a page of ours ended with.
fn cursor(after: Option<&str>) -> Result<Option<i64>> {
    let wrong = || Error::new(Code::BadQuery, "after is none of ours.").hint("Give back “next” of the page before, as it is.");
    after.filter(|a| !a.is_empty()).map(|a| a.parse().map_err(|_| wrong())).transpose()
}

/// The beginning of what someone sent, fit for a sentence.
fn clipped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// `30d`, `12h`, `90m`, `2w`, `1d12h` as milliseconds; a bare number is none.
fn milliseconds(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0)?;
        let count: i64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| end + n);
        let unit = match &rest[end..unit_end] {
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            "y" => 365 * 86_400_000,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        assert_eq!(milliseconds("30d"), Some(30 * 86_400_000));
        assert_eq!(milliseconds("1d12h"), Some(36 * 3_600_000));
        assert_eq!(milliseconds("2w"), Some(14 * 86_400_000));
        for bad in ["", "30", "d", "-1d", "1x", "9999999999999999y", "1 d"] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
    }
}
