//! What we know about registries: database, crawler, events, search.
//!
//! [`Catalogue`] is the whole: it opens the database ([`store`]), holds what is known in memory ([`model`]), keeps it in
//! step with each registry (`crawler`, [`events`]) and answers lists and searches ([`lists`], [`search`]) in the language
//! of [`query`]. It asks registries through the trait [`registry::Registry`] only.
//!
//! It changes no registry. For those who do, it gives what plans are made from ([`snapshot`]), keeps plans, jobs and what was
//! done ([`kept`]), and takes in what a step did before the registry tells of it (`changes`).

mod asking;
mod catalogue;
mod changes;
mod crawler;
pub mod evaluate;
pub mod events;
pub mod fuzzy;
pub mod kept;
pub mod lists;
mod load;
pub mod model;
pub mod query;
pub mod record;
pub mod search;
pub mod snapshot;
mod source;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod told;
mod untagged;

pub use catalogue::{Catalogue, Changed, OpenError, now};
pub use changes::ManifestBytes;
pub use crawler::Reading;
pub use source::{Dirty, Progress, Source, State, Status};
pub use store::{AdvisoryGuard, AdvisoryLocks};
