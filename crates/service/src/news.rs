//! Changes as they are told, and those of the last moments again: a page that was drawn before it listened has missed none.

use api::Change;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// Changes kept to be told again. A crawl tells some hundreds a second, a page takes a moment to listen.
const KEPT: usize = 1_024;
/// Changes that wait for a listener who reads slowly.
const WAITING: usize = 256;

pub(crate) struct News {
    sender: broadcast::Sender<(i64, Change)>,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    told: VecDeque<(i64, Change)>,
    /// Of the newest change that is not kept any more.
    forgotten: Option<i64>,
}

/// What came since a moment.
#[derive(Debug, PartialEq)]
pub enum Missed {
    These(Vec<(i64, Change)>),
    /// More than is kept: anything may have changed.
    Unknown,
}

impl Default for News {
    fn default() -> Self {
        Self { sender: broadcast::channel(WAITING).0, recent: Mutex::default() }
    }
}

impl News {
    /// Tells a change, at a time in milliseconds since 1970.
    pub(crate) fn tell(&self, at: i64, change: Change) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.told.len() == KEPT {
            recent.forgotten = recent.told.pop_front().map(|(at, _)| at);
        }
        recent.told.push_back((at, change.clone()));
        // Under the lock, so that who listens has each change here or there. Nobody listening is no error.
        let _ = self.sender.send((at, change));
    }

    /// Changes from now on, and those told since a time.
    pub(crate) fn listen(&self, since: Option<i64>) -> (Missed, broadcast::Receiver<(i64, Change)>) {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = match since {
            None => Missed::These(Vec::new()),
            Some(since) if recent.forgotten.is_some_and(|at| at >= since) => Missed::Unknown,
            Some(since) => Missed::These(recent.told.iter().filter(|(at, _)| *at >= since).cloned().collect()),
        };
        (missed, self.sender.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(repository: &str) -> Change {
        Change { registry: "local".to_owned(), repository: Some(repository.to_owned()) }
    }

    #[test]
    fn who_listens_late_is_told_what_was_missed() {
        let news = News::default();
        news.tell(10, change("a"));
        news.tell(20, change("b"));
        let (missed, mut receiver) = news.listen(Some(20));
        assert_eq!(missed, Missed::These(vec![(20, change("b"))]));
        news.tell(30, change("c"));
        assert_eq!(receiver.try_recv().ok(), Some((30, change("c"))));
        assert_eq!(news.listen(None).0, Missed::These(Vec::new()));
    }

    #[test]
    fn what_is_not_kept_any_more_is_said() {
        let news = News::default();
        for at in 0..=KEPT as i64 {
            news.tell(at, change("a"));
        }
        assert_eq!(news.listen(Some(0)).0, Missed::Unknown);
        assert!(matches!(news.listen(Some(1)).0, Missed::These(told) if told.len() == KEPT));
    }
}
