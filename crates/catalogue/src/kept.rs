//! What only the database knows: plans and the jobs that carry them out, what was done, who agreed to what, locks,
//! policies and their schedules, pulls.
//!
//! One file for each noun. Each is reached through [`Catalogue`] (or [`Store`]) and speaks to the database at once:
//! what a call that writes has answered, survives a power cut. Times are milliseconds since 1970 and given by the
//! caller. Several processes may share one PostgreSQL; whatever is to happen once ([`Jobs::claim_next`],
//! [`Policies::claim`], [`Schedules::claim`], taking a plan) happens once over all of them.
//!
//! None of it is a cache. The catalogue's own tables can be dropped and are read again from the registries; these are
//! backed up.

mod activity;
mod asked;
mod consents;
mod id;
mod jobs;
mod locks;
mod plans;
mod policies;
mod pulls;
mod schedules;
mod steps;

pub use activity::{Activity, ActivityFilter, ActivityRecord, ActivitySource, Logged};
pub use consents::{ConsentRecord, Consents};
pub use id::new_id;
pub use jobs::{Begun, Cancelled, JobFilter, JobRecord, JobState, Jobs, Lease, NewJob, Outcome};
pub use locks::{LockRecord, Locks};
pub use plans::{PlanRecord, Plans};
pub use policies::{Policies, PolicyRecord};
pub use pulls::{ListeningRecord, PullRecord, Pulls};
pub use schedules::Schedules;
pub use steps::{NewStep, StepRecord, StepState, StepUpdate};

use crate::{catalogue::Catalogue, store::Store};

macro_rules! nouns {
    ($($(#[$doc:meta])* $name:ident: $noun:ident,)*) => {
        impl Store {
            $($(#[$doc])* pub fn $name(&self) -> $noun<'_> { $noun(self) })*
        }

        impl Catalogue {
            $($(#[$doc])* pub fn $name(&self) -> $noun<'_> { $noun(&self.0.store) })*
        }
    };
}

nouns! {
    /// What changes would do, as they were shown.
    plans: Plans,
    /// Plans being carried out, or carried out.
    jobs: Jobs,
    /// What was done, by whom.
    activity: Activity,
    /// What somebody agreed to.
    consents: Consents,
    /// What is never taken.
    locks: Locks,
    /// What is cleaned up, and when.
    policies: Policies,
    /// What was pulled when, and how often.
    pulls: Pulls,
    /// What else happens by the clock.
    schedules: Schedules,
}

/// An enum that is a word in the database and in JSON.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it is stored.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
            /// From the word stored.
            pub fn parse(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)* _ => None } }

            fn read(row: &$crate::store::Row, column: usize) -> sqlx::Result<Self> {
                let word: String = row.get(column)?;
                Self::parse(&word).ok_or_else(|| sqlx::Error::Decode(format!("“{word}” is no {}", stringify!($name)).into()))
            }
        }
    };
}
use words;
