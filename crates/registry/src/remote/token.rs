//! Asking a realm for a token (distribution's token and OAuth2 protocols).

use super::{
    auth::Credentials,
    base::origin,
    body, explain,
    explain::{Answer, clean},
    retry,
};
use crate::Error;
use reqwest::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use url::{Url, form_urlencoded};

/// Bytes of a realm's answer that are read.
const LONGEST: usize = 64 << 10;
/// How long a token lives where its giver does not say.
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
/// Less would mean a token for every request.
const SHORTEST_LIFE: Duration = Duration::from_secs(10);
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// What a Bearer challenge asks for; also the name of its token.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Bearer {
    realm: Url,
    service: Option<String>,
    /// Sorted; each word for word as in the challenge.
    scopes: Vec<String>,
}

impl Bearer {
    pub(super) fn new(realm: Url, service: Option<String>, mut scopes: Vec<String>) -> Self {
        scopes.sort();
        scopes.dedup();
        Self { realm, service, scopes }
    }

    pub(super) fn realm(&self) -> &Url {
        &self.realm
    }

    pub(super) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }
}

/// A token in hand.
#[derive(Debug)]
pub(super) struct Token {
    /// `Bearer …`, marked as sensitive.
    pub(super) header: HeaderValue,
    pub(super) life: Duration,
}

/// How a realm is asked.
pub(super) struct Realm<'a> {
    /// The registry's name, for sentences.
    pub(super) name: &'a str,
    pub(super) client: &'a reqwest::Client,
    pub(super) credentials: &'a Credentials,
    pub(super) header: Duration,
    pub(super) idle: Duration,
}

impl Realm<'_> {
    /// Asks for a token: with an identity token by OAuth2 POST (falling back where the realm knows none), else by GET, with
    /// Basic where there is a password. A redirect is not followed.
    pub(super) async fn fetch(&self, bearer: &Bearer) -> Result<Token, Error> {
        if self.credentials.identity.is_some() {
            let answer = self.send(bearer, self.post(bearer)).await?;
            if !matches!(answer.status.as_u16(), 404 | 405) {
                return self.read(bearer, &answer);
            }
        }
        let answer = self.send(bearer, self.get(bearer)).await?;
        self.read(bearer, &answer)
    }

    fn post(&self, bearer: &Bearer) -> reqwest::RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("client_id", "supercargo");
        if let Some(service) = &bearer.service {
            form.append_pair("service", service);
        }
        if !bearer.scopes.is_empty() {
            form.append_pair("scope", &bearer.scopes.join(" "));
        }
        if let Some(identity) = &self.credentials.identity {
            form.append_pair("refresh_token", identity.expose());
        }
        self.client.post(bearer.realm.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
    }

    fn get(&self, bearer: &Bearer) -> reqwest::RequestBuilder {
        let mut url = bearer.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &bearer.service {
                query.append_pair("service", service);
            }
            for scope in &bearer.scopes {
                query.append_pair("scope", scope);
            }
            query.append_pair("client_id", "supercargo");
            if let Some(username) = &self.credentials.username {
                query.append_pair("account", username);
            }
        }
        let request = self.client.get(url);
        match self.credentials.basic(true) {
            Some(basic) => request.header(AUTHORIZATION, basic),
            None => request,
        }
    }

    async fn send(&self, bearer: &Bearer, request: reqwest::RequestBuilder) -> Result<Answer, Error> {
        let (name, at) = (self.name, origin(&bearer.realm));
        let unreachable = |why: &str| Error::Unreachable(format!("{name} sends us to {at} for tokens, which could not be reached: {why}"));
        let response = match tokio::time::timeout(self.header, request.send()).await {
            Err(_) => return Err(unreachable("no answer in time")),
            Ok(Err(e)) => return Err(unreachable(&explain::cause(&e))),
            Ok(Ok(response)) => response,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = if status == StatusCode::OK {
            body::read(response, LONGEST, self.idle).await.map_err(|broken| match broken {
                body::Broken::TooLarge(_) => {
                    Error::Misbehaved(format!("{at} answered with more than {LONGEST} bytes where {name} wants a token"))
                }
                body::Broken::Encoded(_) => Error::Misbehaved(format!("{at} answered with a compressed body where {name} wants a token")),
                body::Broken::Stalled | body::Broken::CutOff(..) => unreachable("the answer broke off"),
            })?
        } else {
            body::glance(response, LONGEST, self.idle).await
        };
        Ok(Answer { status, headers, body, note: None, challenged: false, repeated: false, rest: None })
    }

    fn read(&self, bearer: &Bearer, answer: &Answer) -> Result<Token, Error> {
        let (name, at) = (self.name, origin(&bearer.realm));
        let said = answer.said();
        match answer.status.as_u16() {
            200 => {}
            300..400 => {
                return Err(Error::Misbehaved(format!(
                    "{at}, where {name} sends us for tokens, answered {said}: a redirect, which is not followed"
                )));
            }
            429 | 503 => {
                let wait =
                    answer.header("retry-after").and_then(|t| retry::retry_after(&t, SystemTime::now())).unwrap_or(Duration::from_secs(1));
                return Err(Error::Busy {
                    message: format!("{at} was asked for a token for {name} and answered {said}"),
                    retry_after_ms: wait.as_millis() as u64,
                });
            }
            400 | 401 | 403 => {
                let mend = match (&self.credentials.password, &self.credentials.identity) {
                    (None, None) => "it gives none without credentials; set `username` and `password`",
                    (_, Some(_)) => "it does not accept `token`",
                    (Some(_), None) => "it does not accept `username` and `password`",
                };
                return Err(Error::Refused(format!("{at} was asked for a token for {name} and answered {said} ({mend})")));
            }
            500.. => return Err(Error::Unreachable(format!("{at} was asked for a token for {name} and answered {said}"))),
            _ => return Err(Error::Misbehaved(format!("{at} was asked for a token for {name} and answered {said}"))),
        }
        let without = || Error::Misbehaved(format!("{at} was asked for a token for {name} and answered 200 without one"));
        let json: Value = serde_json::from_slice(&answer.body).map_err(|_| without())?;
        let text = |field: &str| json.get(field).and_then(Value::as_str).filter(|t| !t.is_empty());
        let token = text("token").or_else(|| text("access_token")).ok_or_else(without)?;
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::Misbehaved(format!("{at} gave a token for {name} that cannot stand in a header")));
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| without())?;
        header.set_sensitive(true);
        Ok(Token { header, life: life(json.get("expires_in")) })
    }
}

/// Reads `expires_in`: 60 s where it is absent or junk; between 10 s and a day otherwise.
fn life(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(n)) => n.as_f64(),
        Some(Value::String(s)) => clean(s, 40).trim().parse::<f64>().ok(),
        _ => None,
    };
    match seconds {
        Some(s) if s.is_finite() && s > 0.0 => Duration::from_secs_f64(s.min(LONGEST_LIFE.as_secs_f64())).max(SHORTEST_LIFE),
        _ => DEFAULT_LIFE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_junk_is_a_life() {
        let secs = |v: Value| life(Some(&v)).as_secs();
        assert_eq!(life(None), DEFAULT_LIFE);
        assert_eq!(secs(json!(300)), 300);
        assert_eq!(secs(json!("300")), 300);
        assert_eq!(secs(json!(299.6)), 299);
        assert_eq!(secs(json!(1)), 10);
        for junk in [json!(0), json!(-5), json!("x"), json!(""), json!(null), json!([]), json!("NaN"), json!("-1"), json!("inf")] {
            assert_eq!(secs(junk.clone()), 60, "{junk}");
        }
        assert_eq!(secs(json!(1_000_000_000_000_000_000u64)), 24 * 3600);
        assert_eq!(secs(serde_json::from_str("1e300").unwrap()), 24 * 3600);
    }

    #[test]
    fn scopes_in_any_order_name_the_same_token() {
        let realm: Url = "https://a/t".parse().unwrap();
        let of = |scopes: &[&str]| Bearer::new(realm.clone(), None, scopes.iter().map(|s| (*s).to_owned()).collect());
        assert_eq!(of(&["b", "a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a"]), of(&["b"]));
    }
}
