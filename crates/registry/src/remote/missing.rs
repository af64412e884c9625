use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a registry is believed to lack something.
const BELIEVED: Duration = Duration::from_hours(1);

/// When a registry was found to lack something; it is not asked for it for a while.
#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<Option<Instant>>);

impl Missing {
    pub(super) fn is(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < BELIEVED)
    }

    pub(super) fn set(&self, missing: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = missing.then(Instant::now);
    }
}
