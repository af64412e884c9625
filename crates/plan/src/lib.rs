//! What a change to a registry would do: effects, reasons, bytes (decision 006).
//!
//! [`plan`] takes what is known of a registry ([`Snapshot`]), what someone wants ([`Intent`]) and the time, and says what is to be done
//! ([`Plan`]): its [`Step`]s in the order in which they are safe, its [`Effect`]s with the reason of each, the bytes it frees, what has to be
//! confirmed. [`retag`] and [`copy`] make the plans that take nothing. Everything here is pure: no registry, no database, no clock, no query; the
//! same snapshot gives the same plan, in whatever order it lists things. `service` makes the snapshots and carries out the plans.

mod check;
mod clean_up;
mod confirm;
mod copy;
mod decide;
mod delete;
mod describe;
mod difference;
mod document;
mod frees;
mod intent;
mod marks;
mod notes;
mod order;
mod parts;
mod problems;
mod put;
mod retag;
mod scene;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod words;
mod world;

pub use copy::{Copying, copy};
pub use difference::Difference;
pub use document::{Code, Effect, EffectKind, Fate, Place, Plan, Problem, Step, Way};
pub use intent::{CleanUp, Clock, DeleteIn, Intent, KeepBy, KeepOf};
pub use retag::retag;
pub use snapshot::{Blob, Machinery, Manifest, Referrer, Repository, Snapshot, Tag, Ways};

/// A name or a reason, shared rather than copied.
pub type Text = std::sync::Arc<str>;

/// What would be done. `now` is in milliseconds since 1970.
///
/// Whatever the snapshot says, the plan deletes no digest that a live index lists, none that a protected tag names, and none where something
/// that was not read may name or list it. What was asked for and is not done has a [`Problem`] that says so; the rest goes on.
pub fn plan(snapshot: &Snapshot, intent: &Intent, now: i64) -> Plan {
    let Some(world) = world::World::new(snapshot).filter(|_| check::intent(snapshot, intent)) else {
        return problems::malformed(snapshot);
    };
    match intent {
        Intent::Delete(items) => {
            let asks = items.iter().map(|item| delete::Ask {
                repository: item.repository,
                tags: item.tags.iter().map(|&tag| (tag, None)).collect(),
                digests: item.digests.clone(),
                everything: item.everything,
                untagged: item.untagged,
                order: None,
            });
            delete::delete(&world, asks.collect(), Vec::new(), Vec::new())
        }
        Intent::CleanUp(policy) => {
            let selection = clean_up::select(snapshot, policy, now);
            delete::delete(&world, selection.asks, selection.staying, selection.problems)
        }
    }
}
