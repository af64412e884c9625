//! The one way to a registry: every request goes through [`Client::send`].

mod attempt;
mod stream;

pub(super) use stream::Fed;

use super::{
    RemoteSettings, Timeouts,
    auth::Auth,
    base::Base,
    breaker::{Breaker, Leave},
    explain::{self, Answer, What},
    limit::{Limit, Place},
    retry,
    ways::Ways,
};
use crate::{Error, Health, Result};
use bytes::Bytes;
use reqwest::{Method, StatusCode};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{sync::Semaphore, time::Instant};
use url::Url;

/// Bytes of an error's body that are looked at.
const ERROR_BODY: usize = 64 << 10;
/// Bodies that are being sent as streams at a time.
const STREAMS: usize = 8;
/// A longer wait than this is told to the caller instead.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) what: What<'a>,
    pub(super) method: &'a Method,
    /// Beneath the base: `v2/…`, perhaps with a query.
    pub(super) path: &'a str,
    /// The whole address, in place of `path`: one on our origin that the registry gave us.
    pub(super) url: Option<&'a Url>,
    pub(super) accept: Option<&'a str>,
    /// Bytes of the answer's body.
    pub(super) limit: usize,
    /// The body, with its type.
    pub(super) content: Option<(&'a str, &'a Bytes)>,
    /// The answer's body is left unread where it is content, from this byte on where that is not the first.
    pub(super) stream: Option<u64>,
}

impl<'a> Ask<'a> {
    /// Without a body, reading at most 64 kB of the answer's.
    pub(super) fn new(what: What<'a>, method: &'a Method, path: &'a str) -> Self {
        Self { what, method, path, url: None, accept: None, limit: ERROR_BODY, content: None, stream: None }
    }
}

pub(super) struct Client {
    pub(super) name: String,
    pub(super) base: Base,
    pub(super) auth: Auth,
    read_only: bool,
    ways: Ways,
    limit: Limit,
    streams: Semaphore,
    breaker: Breaker,
    pub(super) timeouts: Timeouts,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    latency_ms: Option<u64>,
    last_error: Option<Error>,
}

/// Why one try failed.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Another try may help.
    again: bool,
    /// Whether the registry answered all the same; `None` where it is not to blame (a realm, storage elsewhere).
    reached: Option<bool>,
    /// What it answered, where that means "later".
    later: Option<StatusCode>,
}

impl Failure {
    pub(super) fn unreachable(error: Error) -> Self {
        Self { error, again: true, reached: Some(false), later: None }
    }

    fn answered(error: Error) -> Self {
        Self { error, again: false, reached: Some(true), later: None }
    }

    /// Not the registry's, and nothing of it can be told.
    pub(super) fn elsewhere(error: Error) -> Self {
        let again = matches!(error, Error::Unreachable(_));
        Self { error, again, reached: None, later: None }
    }

    /// The registry refused to look at the request, as it is too busy.
    fn was_refused(&self) -> bool {
        self.later == Some(StatusCode::TOO_MANY_REQUESTS)
    }
}

impl Client {
    /// Checks the settings; the error names the one that is wrong.
    pub(super) fn new(settings: &RemoteSettings) -> Result<Self, String> {
        let base = Base::parse(&settings.url).map_err(|e| format!("`url`: {e}"))?;
        Ok(Self {
            name: settings.name.clone(),
            ways: Ways::new(settings, &base)?,
            auth: Auth::from_settings(settings, &base)?,
            read_only: settings.read_only,
            base,
            limit: Limit::new(),
            streams: Semaphore::new(STREAMS),
            breaker: Breaker::new(),
            timeouts: settings.timeouts,
            seen: Mutex::default(),
        })
    }

    /// Sends a request and reads its answer, whatever its status; statuses that mean "later" are tried again (three tries) and
    /// then are errors. What changes something is tried again where that does no harm, else only where the registry refused to
    /// look at it; in a registry that is read only it is not sent at all. Signs in where asked to, follows redirects where `what`
    /// may have them.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        self.may_send(ask)?;
        let total = if ask.what.is_slow() { self.timeouts.list } else { self.timeouts.total };
        let mut deadline = None;
        let mut last: Option<Error> = None;
        let mut repeated = false;
        let mut tried = 0;
        loop {
            tried += 1;
            let (place, leave) = self.admit().await.map_err(|busy| last.take().unwrap_or(busy))?;
            // The wait for a place is ours, not the registry's.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + total);
            let started = Instant::now();
            let outcome = tokio::time::timeout_at(deadline, self.attempt(ask)).await.unwrap_or_else(|_| {
                let error =
                    Error::Unreachable(format!("{} was asked for {} and did not answer within {} s", self.name, ask.what, total.as_secs()));
                Err(Failure { again: false, ..Failure::unreachable(error) })
            });
            let (outcome, asked_for) = self.judge(ask, outcome);
            let wait = asked_for.unwrap_or_else(|| retry::backoff(tried));
            self.note(ask, &outcome, started.elapsed());
            drop(place);
            self.settle(leave, &outcome);
            let failure = match outcome {
                Ok(answer) => return Ok(Answer { repeated, ..answer }),
                Err(failure) => failure,
            };
            let may_repeat = ask.what.may_be_repeated() || matches!(failure.later, Some(s) if matches!(s.as_u16(), 429 | 503));
            if !failure.again || !may_repeat || tried >= retry::TRIES || wait > PATIENCE || Instant::now() + wait >= deadline {
                return Err(failure.error);
            }
            tracing::debug!(registry = self.name, what = %ask.what, error = %failure.error, wait_ms = wait.as_millis() as u64, "Asking again.");
            repeated |= !failure.was_refused();
            last = Some(failure.error);
            tokio::time::sleep(wait).await;
        }
    }

    fn may_send(&self, ask: &Ask<'_>) -> Result<()> {
        if self.read_only && !matches!(*ask.method, Method::GET | Method::HEAD) {
            return Err(Error::ReadOnly(format!("{} is set to `read_only = true`, so it was not asked for {}", self.name, ask.what)));
        }
        Ok(())
    }

    /// Waits for a place and asks the breaker for leave.
    async fn admit(&self) -> Result<(Place<'_>, Leave<'_>)> {
        let place = self.limit.place(PATIENCE).await.map_err(|left| self.busy("it asked for a pause", left))?;
        let leave = self.breaker.leave().map_err(|left| self.open(left))?;
        Ok((place, leave))
    }

    /// Turns an answer that means "later" into a failure, with the wait that the registry asked for.
    fn judge(&self, ask: &Ask<'_>, outcome: Result<Answer, Failure>) -> (Result<Answer, Failure>, Option<Duration>) {
        let answer = match outcome {
            Ok(answer) if is_later(answer.status) => answer,
            other => return (other, None),
        };
        let asked = answer.header("retry-after").and_then(|t| retry::retry_after(&t, SystemTime::now()));
        let status = answer.status.as_u16();
        let busy = matches!(status, 429 | 503);
        if busy {
            self.limit.refused(asked);
        }
        let mut error = explain::refusal(&self.name, &ask.what, &answer);
        if let Error::Busy { retry_after_ms, .. } = &mut error {
            *retry_after_ms = asked.unwrap_or(Duration::from_secs(1)).as_millis() as u64;
        }
        let failure = Failure { error, again: true, reached: Some(matches!(status, 429 | 500)), later: Some(answer.status) };
        (Err(failure), asked.filter(|_| busy))
    }

    /// Tells the breaker what came of its leave.
    fn settle(&self, leave: Leave<'_>, outcome: &Result<Answer, Failure>) {
        match outcome {
            Ok(_) => {
                self.show_breaker(leave.reached(), false);
                self.limit.answered();
            }
            Err(Failure { reached: Some(true), .. }) => self.show_breaker(leave.reached(), false),
            Err(Failure { reached: Some(false), .. }) => self.show_breaker(false, leave.failed()),
            Err(Failure { reached: None, .. }) => drop(leave),
        }
    }

    /// [`Self::send`], where only 200 is an answer.
    pub(super) async fn get(&self, ask: &Ask<'_>) -> Result<Answer> {
        let answer = self.send(ask).await?;
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(self.refusal(ask, &answer)) }
    }

    pub(super) fn refusal(&self, ask: &Ask<'_>, answer: &Answer) -> Error {
        explain::refusal(&self.name, &ask.what, answer)
    }

    pub(super) fn health(&self) -> Health {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Health {
            latency_ms: seen.latency_ms,
            open_for_ms: self.breaker.open_for().map(|d| d.as_millis() as u64),
            last_error: seen.last_error.as_ref().map(ToString::to_string),
        }
    }

    fn address(&self) -> String {
        format!("{} ({})", self.name, self.base.authority())
    }

    fn busy(&self, why: &str, left: Duration) -> Error {
        let left = left.max(Duration::from_millis(1));
        Error::Busy {
            message: format!("{} is not asked for {:.1} s: {why}", self.name, left.as_secs_f32()),
            retry_after_ms: left.as_millis() as u64,
        }
    }

    fn open(&self, left: Duration) -> Error {
        let last = self.seen.lock().unwrap_or_else(PoisonError::into_inner).last_error.clone();
        match last {
            Some(Error::Busy { message, .. }) => self.busy(&message, left),
            Some(last) => last,
            None => self.busy("it could not be reached", left),
        }
    }

    /// Keeps what health and metrics tell.
    fn note(&self, ask: &Ask<'_>, outcome: &Result<Answer, Failure>, spent: Duration) {
        let word = match outcome {
            Ok(answer) => match answer.status.as_u16() {
                200..300 => "ok",
                401 | 403 => "refused",
                404 => "not-found",
                _ => "other",
            },
            Err(failure) => match &failure.error {
                Error::Unreachable(_) => "unreachable",
                Error::Refused(_) => "refused",
                Error::NotFound(_) => "not-found",
                Error::Unsupported(_) => "unsupported",
                Error::Busy { .. } => "busy",
                Error::TooLarge(_) => "too-large",
                Error::Misbehaved(_) | Error::Incomplete { .. } | Error::Moved(_) | Error::ReadOnly(_) => "misbehaved",
            },
        };
        let operation = ask.what.operation();
        metrics::counter!("supercargo_upstream_requests_total", "registry" => self.name.clone(), "operation" => operation, "outcome" => word).increment(1);
        metrics::histogram!("supercargo_upstream_seconds", "registry" => self.name.clone(), "operation" => operation)
            .record(spent.as_secs_f64());
        tracing::debug!(registry = self.name, operation, outcome = word, duration_ms = spent.as_millis() as u64, "Asked for {}.", ask.what);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Err(failure) if failure.reached != Some(true) => seen.last_error = Some(failure.error.clone()),
            _ => {
                if !ask.what.is_transfer() {
                    seen.latency_ms = Some(spent.as_millis() as u64);
                }
                seen.last_error = None;
            }
        }
    }

    fn show_breaker(&self, closed: bool, opened: bool) {
        if opened {
            let error = self.health().last_error.unwrap_or_default();
            tracing::warn!(registry = self.name, error, "The registry is left alone for a while: it cannot be reached.");
        } else if closed {
            tracing::info!(registry = self.name, "The registry is back.");
        }
        let open = if self.breaker.open_for().is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("supercargo_upstream_breaker_open", "registry" => self.name.clone()).set(open);
    }
}

fn is_later(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}
