//! Settling repositories whose tags come one by one: once for many, where that takes time.

use super::repository::settle;
use crate::{catalogue::Catalogue, source::Watched};
use oci::RepositoryName;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// After a repository was settled it rests so many times as long: thousands of tags are put in order for a flood of pushes as a whole,
/// not for each of them.
const REST: u32 = 20;
/// A shorter rest is none.
const SHORT: Duration = Duration::from_millis(1);
/// The longest: then a push shows.
const LONG: Duration = Duration::from_millis(500);

/// Repositories that rest, and whether there is something to be settled since.
#[derive(Default)]
pub(crate) struct Settling(Mutex<HashMap<(u16, String), bool>>);

impl Settling {
    fn resting(&self) -> MutexGuard<'_, HashMap<(u16, String), bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the caller is to settle; else whoever did last does it again.
    fn begin(&self, key: &(u16, String)) -> bool {
        let mut resting = self.resting();
        if let Some(again) = resting.get_mut(key) {
            *again = true;
            return false;
        }
        resting.insert(key.clone(), false);
        true
    }

    /// Whether there is something to be settled since; where not, it rests no more.
    fn goes_on(&self, key: &(u16, String)) -> bool {
        let mut resting = self.resting();
        let goes_on = resting.get_mut(key).is_some_and(std::mem::take);
        if !goes_on {
            resting.remove(key);
        }
        goes_on
    }
}

/// Settles a repository at once or, where that was done of late and takes time, soon.
pub(super) fn settle_soon(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName) {
    let key = (watched.number, repository.to_string());
    let settling = &catalogue.0.settling;
    if !settling.begin(&key) {
        return;
    }
    loop {
        let rest = timed(catalogue, watched, repository);
        if rest >= SHORT {
            catalogue.0.tasks.spawn(go_on(catalogue.clone(), key, repository.clone(), rest));
            return;
        }
        if !settling.goes_on(&key) {
            return;
        }
    }
}

/// Settles, and says how long the repository rests.
fn timed(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName) -> Duration {
    let began = Instant::now();
    settle(catalogue, watched, repository);
    (began.elapsed() * REST).min(LONG)
}

async fn go_on(catalogue: Catalogue, key: (u16, String), repository: RepositoryName, mut rest: Duration) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = catalogue.0.stop.cancelled() => {}
        }
        let Some(watched) = catalogue.watched(key.0).filter(|_| catalogue.0.settling.goes_on(&key)) else { return };
        rest = timed(&catalogue, watched, &repository);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_it_rests_is_settled_once() {
        let settling = Settling::default();
        let (key, other) = ((0, "team/api".to_owned()), (1, "team/api".to_owned()));
        assert!(settling.begin(&key));
        assert!(settling.begin(&other), "another registry's is its own");
        assert!(!settling.begin(&key));
        assert!(!settling.begin(&key));
        assert!(settling.goes_on(&key), "once for both");
        assert!(!settling.goes_on(&key));
        assert!(settling.begin(&key), "it rests no more");
        assert!(!settling.goes_on(&other));
    }
}
