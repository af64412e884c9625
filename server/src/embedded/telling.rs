//! What happens in our own registry is told to the service: a push in the same instant, pulls, which come in floods, when they have
//! gathered for a moment, so that nobody is woken for each.

use catalogue::events::{Event, EventAction};
use embedded::{Action, Local, Object, Observer};
use service::Service;
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Events that wait to be taken in, at most, pulls and others. Under more pulls than that some are not counted; a push is found by the
/// next crawl.
const WAITING: usize = 16_384;
/// Events taken in together.
const TOGETHER: usize = 1_000;
/// For how long pulls gather.
const GATHER: Duration = Duration::from_millis(100);

/// The tasks beside our own registry.
pub(crate) struct Telling {
    keep: JoinHandle<()>,
    tell: JoinHandle<()>,
    ending: CancellationToken,
}

impl Telling {
    pub(super) fn start(local: &Arc<Local>, service: &Service, registry: &str) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (pulls, ending) = (Arc::<Pulls>::default(), CancellationToken::new());
        local.observe(Arc::new(Teller { sender, pulls: pulls.clone() }));
        let tell = tell(service.clone(), registry.to_owned(), receiver, pulls, ending.clone());
        Self { keep: tokio::spawn(local.clone().keep()), tell: tokio::spawn(tell), ending }
    }

    /// Ends when the service was told what happened so far.
    pub(crate) async fn end(self) {
        self.keep.abort();
        self.ending.cancel();
        if let Err(error) = self.tell.await {
            tracing::error!(%error, "what happened last in the registry was not told");
        }
    }
}

/// Pulls that gather.
#[derive(Default)]
struct Pulls {
    events: Mutex<Vec<Event>>,
    /// There is a first one.
    some: Notify,
}

impl Pulls {
    /// `false`: there are too many.
    fn add(&self, event: Event) -> bool {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = events.len() < WAITING;
        if fits {
            events.push(event);
        }
        let first = events.len() == 1;
        drop(events);
        if first {
            self.some.notify_one();
        }
        fits
    }

    fn take(&self) -> Vec<Event> {
        mem::take(&mut self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Hands on what happens without waiting for anyone.
struct Teller {
    sender: mpsc::Sender<Event>,
    pulls: Arc<Pulls>,
}

impl Observer for Teller {
    fn happened(&self, event: &embedded::Event<'_>) {
        let action = match (event.action, event.object) {
            // Layers come and go with what names them.
            (Action::Pushed | Action::Pulled | Action::Deleted, Object::Blob) => return,
            (Action::Pushed, _) => EventAction::Push,
            (Action::Pulled, _) => EventAction::Pull,
            (Action::Deleted, _) => EventAction::Delete,
            (Action::Mounted, _) => EventAction::Mount,
        };
        let event = Event {
            id: None,
            action,
            repository: event.repository.clone(),
            tag: event.tag.cloned(),
            digest: event.digest.cloned(),
            from: event.from.cloned(),
            at: service::now(),
            actor: event.client.user.clone(),
            address: event.client.address.map(|address| address.to_string()),
            agent: event.client.user_agent.clone(),
            manifest: event.object != Object::Blob,
        };
        let told = if action == EventAction::Pull { self.pulls.add(event) } else { self.sender.try_send(event).is_ok() };
        if !told {
            tracing::debug!("more happens in the registry than can be told of");
        }
    }
}

async fn tell(service: Service, name: String, mut receiver: mpsc::Receiver<Event>, pulls: Arc<Pulls>, ending: CancellationToken) {
    let mut due = None;
    let mut events = Vec::new();
    loop {
        let ended = tokio::select! {
            biased;
            _ = receiver.recv_many(&mut events, TOGETHER) => false,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => false,
            () = pulls.some.notified(), if due.is_none() => {
                due = Some(Instant::now() + GATHER);
                continue;
            }
            () = ending.cancelled() => {
                receiver.close();
                while let Some(event) = receiver.recv().await {
                    events.push(event);
                }
                true
            }
        };
        due = None;
        events.extend(pulls.take());
        if let Err(error) = service.happened(&name, &events).await {
            tracing::warn!(%error, "what happened in the registry could not be written down");
        }
        events.clear();
        if ended {
            return;
        }
    }
}
