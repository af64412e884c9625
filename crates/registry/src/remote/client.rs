//! The one way to a registry: every request goes through [`Client::send`].

use super::{
    RemoteSettings, Timeouts,
    auth::{Auth, Carried, Reply},
    base::{self, Base, origin},
    body::{self, Broken},
    breaker::Breaker,
    challenge,
    explain::{self, Answer, What},
    limit::Limit,
    redirect, retry,
    token::Realm,
    ways::Ways,
    zone::Zone,
};
use crate::{Error, Health, Result};
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, LOCATION, WWW_AUTHENTICATE},
};
use std::{
    sync::{Mutex, PoisonError},
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
    pub(super) accept: Option<&'static str>,
    /// Bytes of the answer's body.
    pub(super) limit: usize,
}

pub(super) struct Client {
    pub(super) name: String,
    pub(super) base: Base,
    pub(super) auth: Auth,
    ways: Ways,
    limit: Limit,
    breaker: Breaker,
    timeouts: Timeouts,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    latency_ms: Option<u64>,
    last_error: Option<String>,
}

/// Why one try failed.
struct Failure {
    error: Error,
    /// Another try may help.
    again: bool,
    /// Whether the registry answered all the same; `None` where it is not to blame (a realm, storage elsewhere).
    reached: Option<bool>,
}

impl Failure {
    fn unreachable(error: Error) -> Self {
        Self { error, again: true, reached: Some(false) }
    }

    fn answered(error: Error) -> Self {
        Self { error, again: false, reached: Some(true) }
    }
}

impl Client {
    /// Checks the settings; the error names the one that is wrong.
    pub(super) fn new(settings: &RemoteSettings) -> std::result::Result<Self, String> {
        let base = Base::parse(&settings.url).map_err(|e| format!("`url`: {e}"))?;
        Ok(Self {
            name: settings.name.clone(),
            ways: Ways::new(settings, &base)?,
            auth: Auth::from_settings(settings, &base)?,
            base,
            limit: Limit::new(),
            breaker: Breaker::new(),
            timeouts: settings.timeouts,
            seen: Mutex::default(),
        })
    }

    /// Sends a request and reads its answer, whatever its status; statuses that mean "later" are tried again (GET and HEAD
    /// only, three tries) and then are errors. Signs in where asked to, follows redirects where `what` may have them.
    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        let total = if ask.what.is_list() { self.timeouts.list } else { self.timeouts.total };
        let mut deadline = None;
        let mut last: Option<Error> = None;
        let mut tried = 0;
        loop {
            tried += 1;
            let place = match self.limit.place(PATIENCE).await {
                Ok(place) => place,
                Err(left) => return Err(last.unwrap_or_else(|| self.busy("it asked for a pause", left))),
            };
            let leave = match self.breaker.leave() {
                Ok(leave) => leave,
                Err(left) => return Err(last.unwrap_or_else(|| self.open(left))),
            };
            // The wait for a place is ours, not the registry's.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + total);
            let started = Instant::now();
            let outcome = tokio::time::timeout_at(deadline, self.attempt(ask)).await.unwrap_or_else(|_| {
                let error =
                    Error::Unreachable(format!("{} was asked for {} and did not answer within {} s", self.name, ask.what, total.as_secs()));
                Err(Failure { error, again: false, reached: Some(false) })
            });
            let spent = started.elapsed();
            let mut wait = retry::backoff(tried);
            let outcome = match outcome {
                Ok(answer) if is_later(answer.status) => {
                    let asked = answer.header("retry-after").and_then(|t| retry::retry_after(&t, SystemTime::now()));
                    if matches!(answer.status.as_u16(), 429 | 503) {
                        self.limit.refused(asked);
                        wait = asked.unwrap_or(wait);
                    }
                    let mut error = explain::refusal(&self.name, &ask.what, &answer);
                    if let Error::Busy { retry_after_ms, .. } = &mut error {
                        *retry_after_ms = asked.unwrap_or(Duration::from_secs(1)).as_millis() as u64;
                    }
                    Err(Failure { error, again: true, reached: Some(matches!(answer.status.as_u16(), 429 | 500)) })
                }
                other => other,
            };
            self.note(ask, &outcome, spent);
            drop(place);
            let failure = match outcome {
                Ok(answer) => {
                    self.show_breaker(leave.reached(), false);
                    self.limit.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            match failure.reached {
                Some(true) => self.show_breaker(leave.reached(), false),
                Some(false) => self.show_breaker(false, leave.failed()),
                None => drop(leave),
            }
            let may_repeat = matches!(*ask.method, Method::GET | Method::HEAD);
            if !failure.again || !may_repeat || tried >= retry::TRIES || wait > PATIENCE || Instant::now() + wait >= deadline {
                return Err(failure.error);
            }
            tracing::debug!(registry = self.name, what = %ask.what, error = %failure.error, wait_ms = wait.as_millis() as u64, "Asking again.");
            last = Some(failure.error);
            tokio::time::sleep(wait).await;
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
    async fn attempt(&self, ask: &Ask<'_>) -> std::result::Result<Answer, Failure> {
        let mut url = self.base.join(ask.path);
        let mut carried =
            self.auth.before(&ask.what, |bearer| async move { self.realm(&bearer).fetch(&bearer).await }).await.map_err(of_realm)?;
        let mut home = true;
        let mut signed_in = false;
        let mut note = None;
        let mut hops = 0;
        loop {
            let response = self.exchange(ask, &url, home, carried.as_ref().filter(|_| home)).await?;
            let status = response.status();
            if home && status == StatusCode::UNAUTHORIZED {
                let lines: Vec<String> = response
                    .headers()
                    .get_all(WWW_AUTHENTICATE)
                    .iter()
                    .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
                    .collect();
                let challenges = challenge::parse(lines.iter().map(String::as_str));
                if signed_in {
                    note = Some(match &carried {
                        Some(Carried::Basic(_)) => "it does not accept `username` and `password`".to_owned(),
                        _ => self.why_token_refused(&challenges),
                    });
                    return self.finish(ask, response, note, !challenges.is_empty()).await;
                }
                let reply = self
                    .auth
                    .answer(&self.base, &ask.what, &challenges, carried.as_ref(), |bearer| async move {
                        self.realm(&bearer).fetch(&bearer).await
                    })
                    .await
                    .map_err(of_realm)?;
                match reply {
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

    async fn exchange(&self, ask: &Ask<'_>, url: &Url, home: bool, carried: Option<&Carried>) -> std::result::Result<Response, Failure> {
        let client = if home { &self.ways.home } else { &self.ways.away };
        let mut request = client.request(ask.method.clone(), url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(accept) = ask.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(carried) = carried {
            request = request.header(AUTHORIZATION, carried.header().clone());
        }
        if home && let Ok(Some(parent)) = super::TRACEPARENT.try_with(|t| reqwest::header::HeaderValue::from_str(t).ok()) {
            request = request.header("traceparent", parent);
        }
        let header = if ask.what.is_list() { self.timeouts.list } else { self.timeouts.header };
        let at = if home { String::new() } else { format!(", redirected to {}", base::authority(url)) };
        let failed = |why: &str| Failure {
            error: Error::Unreachable(format!("{}{at} could not be asked for {}: {why}", self.address(), ask.what)),
            again: true,
            reached: if home { Some(false) } else { None },
        };
        match tokio::time::timeout(header, request.send()).await {
            Err(_) => Err(failed(&format!("no answer within {} s", header.as_secs_f32()))),
            Ok(Err(e)) => Err(failed(&explain::cause(&e))),
            Ok(Ok(response)) => Ok(response),
        }
    }

    /// Reads the body: whole and bounded where it is what was asked for, at a glance where it is an error's.
    async fn finish(
        &self,
        ask: &Ask<'_>,
        response: Response,
        note: Option<String>,
        challenged: bool,
    ) -> std::result::Result<Answer, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = if status.is_success() && *ask.method != Method::HEAD {
            body::read(response, ask.limit, self.timeouts.idle).await.map_err(|broken| self.broken(ask, broken))?
        } else if *ask.method == Method::HEAD {
            bytes::Bytes::new()
        } else {
            body::glance(response, ERROR_BODY, self.timeouts.idle).await
        };
        Ok(Answer { status, headers, body, note, challenged })
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

    fn realm<'a>(&'a self, bearer: &super::token::Bearer) -> Realm<'a> {
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
    fn note(&self, ask: &Ask<'_>, outcome: &std::result::Result<Answer, Failure>, spent: Duration) {
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
                Error::Misbehaved(_) => "misbehaved",
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

/// A realm's failure is not the registry's: it says nothing of whether that can be reached.
fn of_realm(error: Error) -> Failure {
    let again = matches!(error, Error::Unreachable(_));
    Failure { error, again, reached: None }
}

fn is_later(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
