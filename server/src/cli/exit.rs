//! How a command ends.

use crate::settings::{Faults, Origin};
use api::{Code, Job, JobState, Problem};
use std::{fmt, io};

pub(super) const DONE: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const NOT_FOUND: u8 = 3;
pub(super) const REFUSED: u8 = 4;

/// Why a command did not do what it was told.
#[derive(Debug)]
pub(super) enum Failed {
    /// A use case said no.
    Problem(Box<Problem>),
    /// A query is wrong; the lines point at where.
    Query(Box<Problem>, String),
    /// The settings are wrong.
    Settings(Faults),
    /// Nobody agreed to it.
    Refused(String),
    /// A job did not come to its end; whether what it did is remembered.
    Job(Box<Job>, bool),
    /// Anything else, in a sentence.
    Other(String),
}

impl Failed {
    pub(super) fn io(error: io::Error) -> Self {
        Self::Other(format!("{error}."))
    }

    /// The exit status; the one place where codes become one.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Problem(problem) | Self::Query(problem, _) => of_code(problem.code),
            // A wrong flag is wrong usage; a wrong file is a failure.
            Self::Settings(faults) if faults.0.iter().all(|f| matches!(f.origin, Origin::Flag(_))) => USAGE,
            Self::Refused(_) => REFUSED,
            // Refused before anything was done.
            Self::Job(job, _) if job.done == 0 && job.problems.first().is_some_and(|p| of_code(p.code) == REFUSED) => REFUSED,
            Self::Settings(_) | Self::Job(..) | Self::Other(_) => FAILED,
        }
    }
}

fn of_code(code: Code) -> u8 {
    use Code as C;
    match code {
        C::NotAReference | C::BadQuery | C::BadRequest => USAGE,
        C::NotFound
        | C::RegistryNotFound
        | C::RepositoryNotFound
        | C::TagNotFound
        | C::ManifestNotFound
        | C::PlatformNotFound
        | C::FileNotFound
        | C::PlanNotFound
        | C::JobNotFound => NOT_FOUND,
        C::SignInRequired | C::Forbidden | C::RegistryRefused | C::ReadOnly | C::DeleteDisabled | C::PlanUnconfirmed | C::PlanStale => {
            REFUSED
        }
        C::MethodNotAllowed
        | C::Busy
        | C::BodyTooLarge
        | C::UnsupportedMediaType
        | C::TooLarge
        | C::NotSupported
        | C::TooManyRequests
        | C::Internal
        | C::RegistryUnreachable
        | C::UpstreamMisbehaved
        | C::RegistryBusy => FAILED,
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(f, "{}", super::output::clean(&problem.to_string())),
            Self::Query(problem, pointed) => write!(f, "{}\n{pointed}", super::output::clean(&problem.to_string())),
            Self::Settings(faults) => write!(f, "{faults}"),
            Self::Job(job, kept) => write_job(job, *kept, f),
            Self::Refused(sentence) | Self::Other(sentence) => f.write_str(sentence),
        }
    }
}

/// How far it came and what went wrong, a sentence a line.
fn write_job(job: &Job, kept: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let clean = super::output::clean;
    let how = if job.state == JobState::Cancelled { "was stopped" } else { "failed" };
    write!(f, "Job {} {how}: {}", clean(&job.id), clean(job.summary.trim_end_matches('.')))?;
    // Bytes tell nobody what is done and what is not; `jobs ID` lists it.
    if job.unit == "steps" {
        write!(f, ", {} of {} steps done", job.done, job.total)?;
    }
    f.write_str(".")?;
    for problem in &job.problems {
        write!(f, "\n{}", clean(&problem.to_string()))?;
    }
    if let Some(until) = job.undo_until.as_ref().filter(|_| kept) {
        write!(f, "\nUntil {until} what was done can be undone: supercargo undo {}", clean(&job.id))?;
    }
    Ok(())
}

impl From<service::Error> for Failed {
    fn from(error: service::Error) -> Self {
        Self::Problem(error.0)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Faults> for Failed {
    fn from(faults: Faults) -> Self {
        Self::Settings(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::change::tests::job, *};

    #[test]
    fn a_job_that_failed_says_why_a_line_each() {
        let stale = Problem::new(Code::PlanStale, "local/a:1 was moved.");
        let gone = Problem::new(Code::RegistryUnreachable, "It does not answer.").hint("Try\nagain.");
        let whole = job(JobState::Failed, vec![stale.clone(), gone]);
        let failed = Failed::Job(Box::new(whole.clone()), true);
        assert_eq!(failed.status(), FAILED, "a step was done");
        let told = "Job 7 failed: Delete 3 tags from local/team/api, 1 of 3 steps done.\nlocal/a:1 was moved.\nIt does not answer. Try\u{fffd}again.";
        assert_eq!(failed.to_string(), told);
        let undone = Job { undo_until: Some("tomorrow".into()), ..whole };
        assert_eq!(Failed::Job(Box::new(undone.clone()), false).to_string(), told);
        let told = format!("{told}\nUntil tomorrow what was done can be undone: supercargo undo 7");
        assert_eq!(Failed::Job(Box::new(undone), true).to_string(), told);
        assert_eq!(Failed::Job(Box::new(Job { done: 0, ..job(JobState::Failed, vec![stale]) }), true).status(), REFUSED);
        let stopped = Failed::Job(Box::new(Job { unit: "bytes".into(), ..job(JobState::Cancelled, Vec::new()) }), true);
        assert_eq!((stopped.status(), stopped.to_string().as_str()), (FAILED, "Job 7 was stopped: Delete 3 tags from local/team/api."));
    }

    #[test]
    fn every_code_of_a_missing_thing_is_status_3_and_no_other() {
        for &code in Code::ALL {
            assert_eq!(of_code(code) == NOT_FOUND, code.status() == 404, "{code:?}");
            if matches!(code.status(), 401 | 403) {
                assert_eq!(of_code(code), REFUSED, "{code:?}");
            }
            if code.status() >= 500 && code != Code::RegistryRefused {
                assert_eq!(of_code(code), FAILED, "{code:?}");
            }
        }
    }
}
