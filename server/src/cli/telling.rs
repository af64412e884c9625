//! How far something is, in one line on the terminal that is written over; nothing where nobody sees it.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often it is told.
pub(super) const TOLD_EVERY: Duration = Duration::from_millis(200);

pub(super) struct Telling {
    terminal: bool,
    last: Mutex<Option<Instant>>,
}

impl Telling {
    pub(super) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), last: Mutex::new(None) }
    }

    /// Whether anybody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.terminal
    }

    /// Tells how far it is, unless that was told a moment ago.
    pub(super) fn tell(&self, how_far: impl FnOnce() -> String) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.terminal && last.is_none_or(|last| last.elapsed() >= TOLD_EVERY) {
            *last = Some(Instant::now());
            eprint!("\r\u{1b}[K{}", how_far());
            // Progress that cannot be shown is not missed.
            drop(io::stderr().flush());
        }
    }

    /// Takes the line away, for something else or at the end.
    pub(super) fn clear(&self) {
        if self.terminal {
            eprint!("\r\u{1b}[K");
        }
    }
}
