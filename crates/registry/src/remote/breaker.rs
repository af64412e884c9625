use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures in a row that open it.
const OPENS_AFTER: u32 = 5;
/// The first pause, and the longest: short enough to be in step again within 5 s of the registry's return.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Stops asking a registry that does not answer: after five failures to reach it in a row nothing is asked for a pause
/// (0.5 s, doubling up to 3 s); then one request tries, and its outcome decides.
#[derive(Debug)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
    },
    /// One request is on its way to try.
    Trying {
        pause: Duration,
    },
}

/// Leave to ask. Tell it the outcome; dropped untold (the caller gave up) it lets another one try.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    breaker: &'a Breaker,
    trial: bool,
    told: bool,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Leave to ask now, or how long nothing is asked yet.
    pub(super) fn leave(&self) -> Result<Leave<'_>, Duration> {
        let mut state = self.lock();
        let leave = |trial| Leave { breaker: self, trial, told: false };
        match *state {
            State::Closed { .. } => Ok(leave(false)),
            State::Open { until, pause } => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    *state = State::Trying { pause };
                    Ok(leave(true))
                } else {
                    Err(left)
                }
            }
            State::Trying { pause } => Err(pause.min(FIRST_PAUSE)),
        }
    }

    /// How long nothing is asked yet; `None` when closed.
    pub(super) fn open_for(&self) -> Option<Duration> {
        match *self.lock() {
            State::Closed { .. } => None,
            State::Open { until, .. } => Some(until.saturating_duration_since(Instant::now())),
            State::Trying { .. } => Some(Duration::ZERO),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// The registry answered, whatever it said. Closes the breaker; tells whether it was open.
    pub(super) fn reached(mut self) -> bool {
        self.told = true;
        let before = std::mem::replace(&mut *self.breaker.lock(), State::Closed { failures: 0 });
        !matches!(before, State::Closed { .. })
    }

    /// The registry could not be reached. Tells whether the breaker opened just now.
    pub(super) fn failed(mut self) -> bool {
        self.told = true;
        let mut state = self.breaker.lock();
        let was_closed = matches!(*state, State::Closed { .. });
        *state = match *state {
            State::Closed { failures } if failures + 1 < OPENS_AFTER => State::Closed { failures: failures + 1 },
            State::Closed { .. } => open(FIRST_PAUSE),
            State::Trying { pause } if self.trial => open((pause * 2).min(LONGEST_PAUSE)),
            // A straggler from before it opened says nothing new.
            other => other,
        };
        was_closed && !matches!(*state, State::Closed { .. })
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.trial && !self.told {
            let mut state = self.breaker.lock();
            if let State::Trying { pause } = *state {
                *state = State::Open { until: Instant::now(), pause };
            }
        }
    }
}

/// Open for a pause that is shortened by up to a quarter at random, so that many of us do not come back at once.
fn open(pause: Duration) -> State {
    let until = Instant::now() + pause.mul_f64(rand::random_range(0.75..=1.0));
    State::Open { until, pause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            let _ = breaker.leave().unwrap().failed();
        }
    }

    fn let_pause_pass(breaker: &Breaker) -> Duration {
        let mut state = breaker.lock();
        let State::Open { pause, .. } = *state else { panic!("{state:?}") };
        *state = State::Open { until: Instant::now(), pause };
        pause
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let breaker = Breaker::new();
        fail(&breaker, OPENS_AFTER - 1);
        breaker.leave().unwrap().reached();
        fail(&breaker, OPENS_AFTER - 1);
        assert!(breaker.open_for().is_none());
        assert!(breaker.leave().unwrap().failed(), "it tells that it opens");
        let left = breaker.leave().unwrap_err();
        assert!(!left.is_zero() && left <= FIRST_PAUSE);
    }

    #[test]
    fn one_request_tries_and_the_pause_grows_to_its_bound() {
        let breaker = Breaker::new();
        fail(&breaker, OPENS_AFTER);
        for expected in [500, 1000, 2000, 3000, 3000] {
            assert_eq!(let_pause_pass(&breaker), Duration::from_millis(expected));
            let trial = breaker.leave().unwrap();
            assert!(breaker.leave().is_err(), "a second one may not try");
            trial.failed();
        }
        let_pause_pass(&breaker);
        assert!(breaker.leave().unwrap().reached(), "it tells that it closes");
        assert!(breaker.open_for().is_none());
    }

    #[test]
    fn a_trial_that_is_given_up_lets_another_try() {
        let breaker = Breaker::new();
        fail(&breaker, OPENS_AFTER);
        let_pause_pass(&breaker);
        drop(breaker.leave().unwrap());
        breaker.leave().unwrap().reached();
    }
}
