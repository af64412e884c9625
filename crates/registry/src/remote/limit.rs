use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

tokio::task_local! {
    static BEHIND: ();
}

/// Runs what nobody waits for: each of its requests to a [`Remote`](super::Remote) lets those of everyone else go first.
pub async fn behind<F: Future>(work: F) -> F::Output {
    BEHIND.scope((), work).await
}

/// Requests at a time: at the start, and at most.
const FIRST: usize = 8;
const MOST: usize = 64;
/// One storm of refusals halves once.
const STORM: Duration = Duration::from_secs(1);

/// How many requests a registry gets at a time: eight at first; one more after as many answers as the bound while it is
/// fully used, up to 64; half after a 429 or 503. A registry that asks for a pause gets it.
#[derive(Debug)]
pub(super) struct Limit {
    semaphore: Arc<Semaphore>,
    /// Whoever is [`behind`] waits here, so that one of them at most waits in front of others.
    gate: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bound: usize,
    /// Permits to take away as they come back.
    debt: usize,
    /// Answers since the bound last changed.
    answers: usize,
    halved: Option<Instant>,
    paused: Option<Instant>,
}

/// One of the places; free again when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    limit: &'a Limit,
    permit: Option<OwnedSemaphorePermit>,
}

impl Limit {
    pub(super) fn new() -> Self {
        let state = State { bound: FIRST, debt: 0, answers: 0, halved: None, paused: None };
        Self { semaphore: Arc::new(Semaphore::new(FIRST)), gate: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    /// Waits for a place, and for the end of a pause of at most `patience`; a longer pause is the error.
    pub(super) async fn place(&self, patience: Duration) -> Result<Place<'_>, Duration> {
        loop {
            self.paused(patience).await?;
            let turn = if BEHIND.try_with(|()| ()).is_ok() { Some(self.gate.lock().await) } else { None };
            // The semaphore is never closed.
            let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok();
            drop(turn);
            let place = Place { limit: self, permit };
            if self.pause_left().is_none() {
                return Ok(place);
            }
        }
    }

    async fn paused(&self, patience: Duration) -> Result<(), Duration> {
        match self.pause_left() {
            Some(left) if left > patience => Err(left),
            Some(left) => {
                tokio::time::sleep(left).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn pause_left(&self) -> Option<Duration> {
        let left = self.lock().paused?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The registry answered as it should.
    pub(super) fn answered(&self) {
        let mut state = self.lock();
        state.answers += 1;
        if state.answers >= state.bound && state.bound < MOST && self.semaphore.available_permits() == 0 {
            state.answers = 0;
            state.bound += 1;
            if state.debt > 0 {
                state.debt -= 1;
            } else {
                self.semaphore.add_permits(1);
            }
        }
    }

    /// The registry said that it is too much; `pause` is what it asked for.
    pub(super) fn refused(&self, pause: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(pause) = pause {
            state.paused = state.paused.max(Some(now + pause));
        }
        if state.halved.is_some_and(|at| now.duration_since(at) < STORM) {
            return;
        }
        state.halved = Some(now);
        state.answers = 0;
        let cut = state.bound - (state.bound / 2).max(1);
        state.bound -= cut;
        state.debt += cut - self.semaphore.forget_permits(cut);
    }

    #[cfg(test)]
    fn bound(&self) -> usize {
        self.lock().bound
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.limit.lock();
        if state.debt > 0
            && let Some(permit) = self.permit.take()
        {
            state.debt -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    async fn fill(limit: &Limit) -> Vec<Place<'_>> {
        let mut places = Vec::new();
        while limit.semaphore.available_permits() > 0 {
            places.push(limit.place(PATIENCE).await.unwrap());
        }
        places
    }

    #[tokio::test]
    async fn it_grows_by_one_while_fully_used_and_halves_when_refused() {
        let limit = Limit::new();
        let places = fill(&limit).await;
        assert_eq!(places.len(), FIRST);
        (0..FIRST).for_each(|_| limit.answered());
        assert_eq!(limit.bound(), FIRST + 1);
        assert_eq!(limit.semaphore.available_permits(), 1);
        limit.refused(None);
        limit.refused(None);
        assert_eq!(limit.bound(), 4, "one storm halves once");
        drop(places);
        assert_eq!(limit.semaphore.available_permits(), 4);
        (0..1000).for_each(|_| limit.answered());
        assert_eq!(limit.bound(), 4, "no reason to grow while places are free");
    }

    #[tokio::test]
    async fn who_waits_goes_before_a_crawl() {
        let limit = Arc::new(Limit::new());
        let mut places = fill(&limit).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let ask = |who: &'static str| {
            let (limit, order) = (Arc::clone(&limit), Arc::clone(&order));
            async move {
                let _place = limit.place(PATIENCE).await;
                order.lock().unwrap().push(who);
            }
        };
        let crawl: Vec<_> = (0..20).map(|_| tokio::spawn(behind(ask("crawl")))).collect();
        tokio::task::yield_now().await;
        let page = tokio::spawn(ask("page"));
        tokio::task::yield_now().await;
        places.pop();
        page.await.unwrap();
        assert!(order.lock().unwrap().iter().position(|who| *who == "page").unwrap() <= 1, "{:?}", order.lock().unwrap());
        for one in crawl {
            one.await.unwrap();
        }
    }

    #[tokio::test]
    async fn it_stays_between_one_and_64() {
        let limit = Limit::new();
        for _ in 0..100 {
            let places = fill(&limit).await;
            (0..MOST).for_each(|_| limit.answered());
            drop(places);
        }
        assert_eq!((limit.bound(), limit.semaphore.available_permits()), (MOST, MOST));
        for _ in 0..10 {
            limit.lock().halved = None;
            limit.refused(None);
        }
        assert_eq!((limit.bound(), limit.semaphore.available_permits()), (1, 1));
    }

    #[tokio::test]
    async fn a_pause_is_waited_for_or_told() {
        let limit = Limit::new();
        limit.refused(Some(Duration::from_secs(30)));
        assert!(limit.place(PATIENCE).await.unwrap_err() > Duration::from_secs(29));
        limit.lock().paused = Some(Instant::now() + Duration::from_millis(20));
        let before = Instant::now();
        limit.place(PATIENCE).await.unwrap();
        assert!(before.elapsed() >= Duration::from_millis(15));
    }
}
