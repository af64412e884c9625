//! One try of a request: the address, signing in, redirects, the answer's body.

use super::{Ask, Client, ERROR_BODY, Failure};
use crate::{
    Error, Result,
    remote::{
        self,
        auth::{Carried, Reply},
        base::{self, origin},
        body::{self, Broken},
        challenge,
        explain::{self, Answer},
        redirect,
        token::{Bearer, Realm},
        zone::Zone,
    },
};
use bytes::Bytes;
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RANGE, WWW_AUTHENTICATE},
};
use std::sync::Arc;
use url::Url;

impl Client {
    /// One try: signs in at most once, follows at most five redirects, reads the body.
    pub(super) async fn attempt(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
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

    pub(super) fn address_of(&self, ask: &Ask<'_>) -> Url {
        ask.url.cloned().unwrap_or_else(|| self.base.join(ask.path))
    }

    pub(super) async fn credentials_for(&self, ask: &Ask<'_>) -> Result<Option<Carried>, Failure> {
        let fetch = |bearer: Arc<Bearer>| async move { self.realm(&bearer).fetch(&bearer).await };
        self.auth.before(&ask.what, fetch).await.map_err(Failure::elsewhere)
    }

    pub(super) async fn sign_in(
        &self,
        ask: &Ask<'_>,
        challenges: &[challenge::Challenge],
        carried: Option<&Carried>,
    ) -> Result<Reply, Failure> {
        let fetch = |bearer: Arc<Bearer>| async move { self.realm(&bearer).fetch(&bearer).await };
        self.auth.answer(&self.base, &ask.what, challenges, carried, fetch).await.map_err(Failure::elsewhere)
    }

    pub(super) fn request(&self, ask: &Ask<'_>, url: &Url, home: bool, carried: Option<&Carried>) -> reqwest::RequestBuilder {
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
        if home && let Ok(Some(parent)) = remote::TRACEPARENT.try_with(|t| reqwest::header::HeaderValue::from_str(t).ok()) {
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
    pub(super) async fn finish(
        &self,
        ask: &Ask<'_>,
        response: Response,
        note: Option<String>,
        challenged: bool,
    ) -> Result<Answer, Failure> {
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

    pub(super) fn why_token_refused(&self, challenges: &[challenge::Challenge]) -> String {
        let said = challenges.iter().find_map(|c| c.parameter("error")).map(|e| explain::clean(e, 60));
        match (said.as_deref(), self.auth.credentials.basic(true).is_some()) {
            (Some("insufficient_scope"), true) => "the token it gave has too few rights: `username` may not do this".to_owned(),
            (_, true) => "it does not accept the token it gave for `username`".to_owned(),
            (_, false) => "what it gives to anybody has too few rights; set `username` and `password`".to_owned(),
        }
    }
}

pub(super) fn challenges(response: &Response) -> Vec<challenge::Challenge> {
    let lines = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let lines: Vec<String> = lines.map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
    challenge::parse(lines.iter().map(String::as_str))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
