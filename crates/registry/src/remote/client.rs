//! The one way to a registry: every request goes through [`Client::send`].

use super::{
    RemoteSettings, Timeouts,
    auth::{Auth, Carried, Reply},
    base::{self, Base, origin},
    body::{self, Broken},
    breaker::{Breaker, Leave},
    challenge,
    explain::{self, Answer, What},
    limit::{Limit, Place},
    redirect, retry,
    token::{Bearer, Realm},
    ways::Ways,
    zone::Zone,
};
use crate::{Error, Health, Result};
use bytes::Bytes;
use futures::future::{self, Either};
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE, WWW_AUTHENTICATE},
};
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::time::Instant;
use url::Url;

/// Bytes of an error's body that are looked at.
const ERROR_BODY: usize = 64 << 10;
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
    breaker: Breaker,
    pub(super) timeouts: Timeouts,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    latency_ms: Option<u64>,
    last_error: Option<String>,
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
            let may_repeat = ask.what.is_idempotent() || matches!(failure.later, Some(s) if matches!(s.as_u16(), 429 | 503));
            if !failure.again || !may_repeat || tried >= retry::TRIES || wait > PATIENCE || Instant::now() + wait >= deadline {
                return Err(failure.error);
            }
            tracing::debug!(registry = self.name, what = %ask.what, error = %failure.error, wait_ms = wait.as_millis() as u64, "Asking again.");
            repeated |= !failure.was_refused();
            last = Some(failure.error);
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request whose body is a stream of `length` bytes, once, and reads its answer. `range` is its Content-Range. Time is
    /// kept by whoever feeds the stream: `feed` ends with an error when nothing was taken for too long, or when what feeds it
    /// broke, which is not the registry's fault and then the error of this.
    pub(super) async fn send_stream<E>(
        &self,
        ask: &Ask<'_>,
        length: u64,
        range: Option<&str>,
        body: reqwest::Body,
        feed: impl Future<Output = Result<(), Fed<E>>>,
    ) -> Result<Result<Answer>, E> {
        if let Err(error) = self.may_send(ask) {
            return Ok(Err(error));
        }
        let (place, leave) = match self.admit().await {
            Ok(admitted) => admitted,
            Err(busy) => return Ok(Err(busy)),
        };
        let started = Instant::now();
        let outcome = match self.attempt_stream(ask, length, range, body, feed).await {
            Ok(outcome) => outcome,
            Err(broke) => return Err(broke),
        };
        let (outcome, _) = self.judge(ask, outcome);
        self.note(ask, &outcome, started.elapsed());
        drop(place);
        self.settle(leave, &outcome);
        Ok(outcome.map_err(|failure| failure.error))
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
            last_error: seen.last_error.clone(),
        }
    }

    /// One try: signs in at most once, follows at most five redirects, reads the body.
    async fn attempt(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let mut url = self.address_of(ask);
        let mut carried = self.credentials_for(ask).await?;
        let mut home = true;
        let mut signed_in = false;
        let mut note = None;
        let mut hops = 0;
        loop {
            let response = self.exchange(ask, &url, home, carried.as_ref().filter(|_| home)).await?;
            let status = response.status();
            if home && status == StatusCode::UNAUTHORIZED {
                let challenges = challenges(&response);
                if signed_in {
                    note = Some(match &carried {
                        Some(Carried::Basic(_)) => "it does not accept `username` and `password`".to_owned(),
                        _ => self.why_token_refused(&challenges),
                    });
                    return self.finish(ask, response, note, !challenges.is_empty()).await;
                }
                match self.sign_in(ask, &challenges, carried.as_ref()).await? {
                    Reply::Carry(with) => {
                        // Read away what little there is, so that the connection is used again.
                        body::glance(response, ERROR_BODY, self.timeouts.idle).await;
                        carried = Some(with);
                        signed_in = true;
                        continue;
                    }
                    Reply::Cannot(why) => {
                        note = Some(why);
                        return self.finish(ask, response, note, !challenges.is_empty()).await;
                    }
                }
            }
            if is_redirect(status) && ask.what.may_be_redirected() {
                hops += 1;
                let astray = |why: &str| {
                    Failure::answered(Error::Misbehaved(format!("{} was asked for {} and redirected {why}", self.name, ask.what)))
                };
                if hops > redirect::HOPS {
                    return Err(astray(&format!("more than {} times", redirect::HOPS)));
                }
                let Some(location) = response.headers().get(LOCATION) else { return Err(astray("to nowhere")) };
                let zone =
                    if home { response.remote_addr().map_or(Zone::Public, |a| Zone::of(a.ip())) } else { self.ways.guard.registry() };
                self.ways.guard.registry_is_at(zone);
                url = redirect::target(&self.base, zone, &url, location.as_bytes()).map_err(|why| astray(&why))?;
                // Credentials are dropped for good once we were sent away.
                home = home && self.base.is_origin_of(&url);
                tracing::debug!(registry = self.name, what = %ask.what, to = origin(&url), "Redirected.");
                continue;
            }
            return self.finish(ask, response, note, false).await;
        }
    }

    /// One try with a body that can be sent once. A 401 is an answer; it has us signed in for the next try, though.
    async fn attempt_stream<E>(
        &self,
        ask: &Ask<'_>,
        length: u64,
        range: Option<&str>,
        body: reqwest::Body,
        feed: impl Future<Output = Result<(), Fed<E>>>,
    ) -> Result<Result<Answer, Failure>, E> {
        let url = self.address_of(ask);
        let carried = match self.credentials_for(ask).await {
            Ok(carried) => carried,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut request = self
            .request(ask, &url, true, carried.as_ref())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, length)
            .body(body);
        if let Some(range) = range {
            request = request.header(CONTENT_RANGE, range);
        }
        let failed =
            |why: &str| Failure::unreachable(Error::Unreachable(format!("{} could not be asked for {}: {why}", self.address(), ask.what)));
        let mut answering = pin!(request.send());
        // It may answer before it took everything: a refusal.
        let response = match future::select(&mut answering, pin!(feed)).await {
            Either::Left((response, _)) => response,
            Either::Right((Err(Fed::Broke(error)), _)) => return Err(error),
            Either::Right((Err(Fed::Stalled(time)), _)) => {
                return Ok(Err(failed(&format!("it took nothing more for {} s", time.as_secs_f32()))));
            }
            // It no longer listens: perhaps it has said why.
            Either::Right((Ok(()) | Err(Fed::Closed), _)) => match tokio::time::timeout(self.timeouts.list, answering).await {
                Err(_) => return Ok(Err(failed(&format!("no answer within {} s", self.timeouts.list.as_secs_f32())))),
                Ok(response) => response,
            },
        };
        let response = match response {
            Err(e) => return Ok(Err(failed(&explain::cause(&e)))),
            Ok(response) => response,
        };
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(self.finish(ask, response, None, false).await);
        }
        let challenges = challenges(&response);
        let note = match self.sign_in(ask, &challenges, carried.as_ref()).await {
            Err(failure) => return Ok(Err(failure)),
            Ok(Reply::Cannot(why)) => why,
            Ok(Reply::Carry(_)) => self.why_token_refused(&challenges),
        };
        Ok(self.finish(ask, response, Some(note), !challenges.is_empty()).await)
    }

    fn address_of(&self, ask: &Ask<'_>) -> Url {
        ask.url.cloned().unwrap_or_else(|| self.base.join(ask.path))
    }

    async fn credentials_for(&self, ask: &Ask<'_>) -> Result<Option<Carried>, Failure> {
        let fetch = |bearer: Arc<Bearer>| async move { self.realm(&bearer).fetch(&bearer).await };
        self.auth.before(&ask.what, fetch).await.map_err(Failure::elsewhere)
    }

    async fn sign_in(&self, ask: &Ask<'_>, challenges: &[challenge::Challenge], carried: Option<&Carried>) -> Result<Reply, Failure> {
        let fetch = |bearer: Arc<Bearer>| async move { self.realm(&bearer).fetch(&bearer).await };
        self.auth.answer(&self.base, &ask.what, challenges, carried, fetch).await.map_err(Failure::elsewhere)
    }

    fn request(&self, ask: &Ask<'_>, url: &Url, home: bool, carried: Option<&Carried>) -> reqwest::RequestBuilder {
        let client = if home { &self.ways.home } else { &self.ways.away };
        let mut request = client.request(ask.method.clone(), url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(accept) = ask.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(from) = ask.stream.filter(|&from| from > 0) {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        if let Some(carried) = carried {
            request = request.header(AUTHORIZATION, carried.header().clone());
        }
        if home && let Ok(Some(parent)) = super::TRACEPARENT.try_with(|t| reqwest::header::HeaderValue::from_str(t).ok()) {
            request = request.header("traceparent", parent);
        }
        request
    }

    async fn exchange(&self, ask: &Ask<'_>, url: &Url, home: bool, carried: Option<&Carried>) -> Result<Response, Failure> {
        let mut request = self.request(ask, url, home, carried);
        if let Some((media_type, bytes)) = ask.content {
            request = request.header(CONTENT_TYPE, media_type).body(bytes.clone());
        } else if matches!(*ask.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some servers refuse a request that may have a body and tells no length.
            request = request.header(CONTENT_LENGTH, 0);
        }
        let header = if ask.what.is_slow() { self.timeouts.list } else { self.timeouts.header };
        let at = if home { String::new() } else { format!(", redirected to {}", base::authority(url)) };
        let failed = |why: &str| Failure {
            reached: if home { Some(false) } else { None },
            ..Failure::unreachable(Error::Unreachable(format!("{}{at} could not be asked for {}: {why}", self.address(), ask.what)))
        };
        match tokio::time::timeout(header, request.send()).await {
            Err(_) => Err(failed(&format!("no answer within {} s", header.as_secs_f32()))),
            Ok(Err(e)) => Err(failed(&explain::cause(&e))),
            Ok(Ok(response)) => Ok(response),
        }
    }

    /// Reads the body: whole and bounded where it is what was asked for, at a glance where it is an error's.
    async fn finish(&self, ask: &Ask<'_>, response: Response, note: Option<String>, challenged: bool) -> Result<Answer, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = |body, rest| Answer { status, headers, body, note, challenged, repeated: false, rest };
        if ask.stream.is_some() && matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            return Ok(answer(Bytes::new(), Some(response)));
        }
        let body = if status.is_success() && *ask.method != Method::HEAD {
            body::read(response, ask.limit, self.timeouts.idle).await.map_err(|broken| self.broken(ask, broken))?
        } else if *ask.method == Method::HEAD {
            Bytes::new()
        } else {
            body::glance(response, ERROR_BODY, self.timeouts.idle).await
        };
        Ok(answer(body, None))
    }

    fn broken(&self, ask: &Ask<'_>, broken: Broken) -> Failure {
        let asked = format!("{} was asked for {} and", self.name, ask.what);
        match broken {
            Broken::TooLarge(Some(bytes)) => {
                Failure::answered(Error::TooLarge(format!("{asked} began to send {bytes} bytes; at most {} are read", ask.limit)))
            }
            Broken::TooLarge(None) => {
                Failure::answered(Error::TooLarge(format!("{asked} sent more than the {} bytes that are read", ask.limit)))
            }
            Broken::Encoded(how) => Failure::answered(Error::Misbehaved(format!(
                "{asked} answered with a compressed body ({}), though it was asked for a plain one",
                explain::clean(&how, 40)
            ))),
            Broken::Stalled => Failure::unreachable(Error::Unreachable(format!(
                "{asked} stopped in the middle of its answer for {} s",
                self.timeouts.idle.as_secs_f32()
            ))),
            Broken::CutOff(bytes, why) => Failure::unreachable(Error::Unreachable(format!("{asked} broke off after {bytes} bytes: {why}"))),
        }
    }

    fn realm<'a>(&'a self, bearer: &Bearer) -> Realm<'a> {
        let client = if self.base.is_origin_of(bearer.realm()) { &self.ways.home } else { &self.ways.plain };
        Realm { name: &self.name, client, credentials: &self.auth.credentials, header: self.timeouts.header, idle: self.timeouts.idle }
    }

    fn why_token_refused(&self, challenges: &[challenge::Challenge]) -> String {
        let said = challenges.iter().find_map(|c| c.parameter("error")).map(|e| explain::clean(e, 60));
        match (said.as_deref(), self.auth.credentials.basic(true).is_some()) {
            (Some("insufficient_scope"), true) => "the token it gave has too few rights: `username` may not do this".to_owned(),
            (_, true) => "it does not accept the token it gave for `username`".to_owned(),
            (_, false) => "what it gives to anybody has too few rights; set `username` and `password`".to_owned(),
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
        self.busy(last.as_deref().unwrap_or("it could not be reached"), left)
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
            Err(failure) if failure.reached != Some(true) => seen.last_error = Some(failure.error.to_string()),
            _ => {
                seen.latency_ms = Some(spent.as_millis() as u64);
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

/// Why what feeds a request's body ended early.
pub(super) enum Fed<E> {
    /// The registry took nothing for so long.
    Stalled(Duration),
    /// The registry takes no more.
    Closed,
    /// It broke itself.
    Broke(E),
}

fn challenges(response: &Response) -> Vec<challenge::Challenge> {
    let lines = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let lines: Vec<String> = lines.map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
    challenge::parse(lines.iter().map(String::as_str))
}

fn is_later(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
