//! How a command ends.

use crate::settings::{Faults, Origin};
use api::{Code, Problem};
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
            Self::Settings(_) | Self::Other(_) => FAILED,
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
        C::SignInRequired | C::Forbidden | C::RegistryRefused | C::ReadOnly | C::DeleteDisabled | C::PlanUnconfirmed => REFUSED,
        C::MethodNotAllowed
        | C::PlanStale
        | C::Busy
        | C::BodyTooLarge
        | C::UnsupportedMediaType
        | C::TooLarge
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
            Self::Other(sentence) => f.write_str(sentence),
        }
    }
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
    use super::*;

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
