//! Signing in: which scheme a challenge leads to, who may be given what, and the tokens we hold.

use super::{
    RemoteSettings,
    base::{Base, http_url, origin, same_origin},
    challenge::Challenge,
    explain::{What, clean},
    product::Product,
    token::{Bearer, Token},
};
use crate::{Error, Secret};
use base64::{Engine, prelude::BASE64_STANDARD};
use moka::future::Cache;
use reqwest::header::HeaderValue;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use url::{Host, Url};

/// Tokens and challenges remembered at most.
const REMEMBERED: u64 = 50_000;

/// What we were given to sign in with.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials {
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    /// An identity (refresh) token.
    pub(super) identity: Option<Secret>,
}

impl Credentials {
    /// The value of a Basic header; `None` without username and password. An identity token stands in for the password
    /// where `identity` may.
    pub(super) fn basic(&self, identity: bool) -> Option<HeaderValue> {
        let (user, password) = match (&self.username, &self.password, &self.identity) {
            (user, Some(password), _) => (user.as_deref().unwrap_or_default(), password),
            (Some(user), None, Some(token)) => (user.as_str(), token),
            // What docker itself sends for an identity token.
            (None, None, Some(token)) if identity => ("<token>", token),
            _ => return None,
        };
        let mut value =
            HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.expose())))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What a request carries, and how we came by it.
#[derive(Debug, Clone)]
pub(super) enum Carried {
    Basic(HeaderValue),
    Bearer(Arc<Bearer>, Arc<Token>),
}

impl Carried {
    pub(super) fn header(&self) -> &HeaderValue {
        match self {
            Self::Basic(value) => value,
            Self::Bearer(_, token) => &token.header,
        }
    }
}

/// Signs in to one registry.
pub(super) struct Auth {
    pub(super) credentials: Credentials,
    /// The origin of another host that may be asked for tokens.
    token_realm: Option<Url>,
    /// The Bearer challenge of each repository, so that the next request carries its token at once.
    challenges: Cache<String, Arc<Bearer>>,
    tokens: Cache<Arc<Bearer>, Arc<Token>>,
    /// Which classes of requests were asked for Basic.
    basic: [AtomicBool; What::REALM_CLASSES],
}

/// What came of a challenge.
#[derive(Debug)]
pub(super) enum Reply {
    Carry(Carried),
    /// There is no way to sign in: why.
    Cannot(String),
}

impl Auth {
    /// Takes the credentials of the settings; the error names the setting that cannot work.
    pub(super) fn from_settings(settings: &RemoteSettings, base: &Base) -> Result<Self, String> {
        let token_realm = match &settings.token_realm {
            Some(text) => {
                let realm = http_url(text).map_err(|e| format!("`token_realm`: {e}"))?;
                if base.is_https() && realm.scheme() == "http" {
                    return Err("`token_realm`: it must begin with https:// like `url`".to_owned());
                }
                Some(realm)
            }
            None => None,
        };
        if settings.username.is_some() && settings.password.is_none() && settings.token.is_none() {
            return Err("`username` needs `password` or `token`".to_owned());
        }
        if settings.username.as_ref().is_some_and(|u| u.contains(':') || u.chars().any(char::is_control)) {
            return Err("`username`: it cannot hold “:” or control characters".to_owned());
        }
        let credentials =
            Credentials { username: settings.username.clone(), password: settings.password.clone(), identity: settings.token.clone() };
        Ok(Self::new(credentials, token_realm))
    }

    pub(super) fn new(credentials: Credentials, token_realm: Option<Url>) -> Self {
        Self {
            credentials,
            token_realm,
            challenges: Cache::builder().max_capacity(REMEMBERED).time_to_idle(Duration::from_hours(24)).build(),
            tokens: Cache::builder().max_capacity(REMEMBERED).expire_after(Life).build(),
            basic: Default::default(),
        }
    }

    /// How a request of some kind signs in, in words.
    pub(super) async fn how(&self, what: &What<'_>) -> String {
        if self.basic[what.realm_class()].load(Ordering::Relaxed) {
            return "Signs in with `username` and `password`.".to_owned();
        }
        match (self.challenges.get(&what.realm_key()).await, self.credentials.basic(true).is_some()) {
            (Some(bearer), true) => format!("Signs in with tokens from {}.", origin(bearer.realm())),
            (Some(bearer), false) => {
                format!("Reads as anybody may, with tokens from {}; `username` and `password` may show more.", origin(bearer.realm()))
            }
            (None, true) => "Anybody may read; `username` and `password` were not asked for.".to_owned(),
            (None, false) => "Anybody may read.".to_owned(),
        }
    }

    /// Where the last challenge of a kind of request sent us for a token.
    pub(super) async fn challenge(&self, what: &What<'_>) -> Option<Arc<Bearer>> {
        self.challenges.get(&what.realm_key()).await
    }

    /// What to carry without being asked, as the last challenge of the same kind taught us. `fetch` gets a token; many who
    /// want the same one wait for one fetch.
    pub(super) async fn before<F>(&self, what: &What<'_>, fetch: impl FnOnce(Arc<Bearer>) -> F) -> Result<Option<Carried>, Error>
    where
        F: Future<Output = Result<Token, Error>>,
    {
        // Harbor's own API takes a password only, and does not always say so.
        if self.basic[what.realm_class()].load(Ordering::Relaxed) || matches!(what, What::ProductTag(Product::Harbor, ..)) {
            return Ok(self.credentials.basic(false).map(Carried::Basic));
        }
        let Some(bearer) = self.challenges.get(&what.realm_key()).await else { return Ok(None) };
        Ok(Some(self.token(bearer, fetch).await?))
    }

    /// Answers the challenges of a 401. `carried` is what the refused request had: a token is thrown away first.
    pub(super) async fn answer<F>(
        &self,
        base: &Base,
        what: &What<'_>,
        challenges: &[Challenge],
        carried: Option<&Carried>,
        fetch: impl FnOnce(Arc<Bearer>) -> F,
    ) -> Result<Reply, Error>
    where
        F: Future<Output = Result<Token, Error>>,
    {
        let bearer = challenges.iter().find(|c| c.scheme == "bearer").map(|c| self.bearer(base, what, c));
        let basic = challenges.iter().any(|c| c.scheme == "basic");
        match bearer {
            Some(Ok(bearer)) => {
                self.basic[what.realm_class()].store(false, Ordering::Relaxed);
                let bearer = Arc::new(bearer);
                if let Some(Carried::Bearer(old, token)) = carried
                    && self.tokens.get(old).await.is_some_and(|held| Arc::ptr_eq(&held, token))
                {
                    self.tokens.invalidate(old).await;
                }
                let reply = self.token(Arc::clone(&bearer), fetch).await?;
                self.challenges.insert(what.realm_key(), bearer).await;
                Ok(Reply::Carry(reply))
            }
            // Basic goes to the registry itself, so a bad realm beside it harms nobody.
            Some(Err(why)) if !(basic && self.credentials.basic(false).is_some()) => Err(why),
            _ if basic => Ok(self.by_password(what, carried)),
            _ if challenges.is_empty() => Ok(Reply::Cannot("it says nothing of how to sign in".to_owned())),
            _ => {
                let schemes: Vec<_> = challenges.iter().map(|c| clean(&c.scheme, 20)).collect();
                Ok(Reply::Cannot(format!("it wants {}, which is not spoken here", schemes.join(" or "))))
            }
        }
    }

    fn by_password(&self, what: &What<'_>, carried: Option<&Carried>) -> Reply {
        match self.credentials.basic(false) {
            None if self.credentials.identity.is_some() => {
                Reply::Cannot("it wants a name and a password, and takes no identity token; set `username` and `password`".to_owned())
            }
            None => Reply::Cannot("it wants a name and a password; set `username` and `password`".to_owned()),
            Some(_) if matches!(carried, Some(Carried::Basic(_))) => {
                Reply::Cannot("it does not accept `username` and `password`".to_owned())
            }
            Some(value) => {
                self.basic[what.realm_class()].store(true, Ordering::Relaxed);
                Reply::Carry(Carried::Basic(value))
            }
        }
    }

    async fn token<F>(&self, bearer: Arc<Bearer>, fetch: impl FnOnce(Arc<Bearer>) -> F) -> Result<Carried, Error>
    where
        F: Future<Output = Result<Token, Error>>,
    {
        let key = Arc::clone(&bearer);
        let for_fetch = Arc::clone(&bearer);
        let token = self.tokens.try_get_with(key, async move { fetch(for_fetch).await.map(Arc::new) }).await.map_err(|e| (*e).clone())?;
        Ok(Carried::Bearer(bearer, token))
    }

    fn bearer(&self, base: &Base, what: &What<'_>, challenge: &Challenge) -> Result<Bearer, Error> {
        let text = challenge.parameter("realm").unwrap_or_default();
        let realm = self.realm(base, text).map_err(Error::Misbehaved)?;
        let mut scopes = challenge.scopes();
        scopes.extend(what.more_scope().filter(|_| !scopes.is_empty()));
        Ok(Bearer::new(realm, challenge.parameter("service").map(str::to_owned), scopes))
    }

    /// Whether tokens may be asked for at a realm: it must be on the registry's own host and port, or be the one that
    /// `token_realm` names, or Docker Hub's. Nobody else is asked, not even without credentials: a registry could make us
    /// knock at any door inside our network.
    fn realm(&self, base: &Base, text: &str) -> Result<Url, String> {
        let registry = base.authority();
        let shown = clean(text, 120);
        if text.len() > 4096 || text.chars().any(char::is_control) {
            return Err(format!("{registry} names “{shown}” as where to get tokens, which is no address"));
        }
        let url = Url::parse(text).map_err(|_| format!("{registry} names “{shown}” as where to get tokens, which is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("{registry} names “{shown}” as where to get tokens, which is no http address"));
        }
        let at = origin(&url);
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{registry} names an address at {at} with credentials in it as where to get tokens"));
        }
        if base.is_https() && url.scheme() == "http" {
            return Err(format!("{registry} sends us to {at} for tokens, where nothing would be encrypted; nothing was sent"));
        }
        let hub = |u: &Url| u.scheme() == "https" && u.host() == Some(Host::Domain("auth.docker.io")) && u.port().is_none();
        let allowed = base.is_host_of(&url)
            || self.token_realm.as_ref().is_some_and(|t| same_origin(t, &url))
            || (base.is_https() && base.host() == Some(Host::Domain("registry-1.docker.io")) && hub(&url));
        if allowed {
            return Ok(url);
        }
        Err(format!(
            "{registry} sends us to {at} for tokens, another host than its own; nothing was sent there. If it is right, set `token_realm = \"{at}\"`"
        ))
    }
}

/// A token lives nine tenths of what its giver says.
struct Life;

impl moka::Expiry<Arc<Bearer>, Arc<Token>> for Life {
    fn expire_after_create(&self, _: &Arc<Bearer>, token: &Arc<Token>, _: Instant) -> Option<Duration> {
        Some(token.life.mul_f64(0.9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moka::Expiry;

    #[test]
    fn a_token_is_replaced_before_it_dies() {
        let bearer = Arc::new(Bearer::new("https://a/t".parse().unwrap(), None, Vec::new()));
        let token = Arc::new(Token { header: HeaderValue::from_static("Bearer x"), life: Duration::from_secs(100) });
        assert_eq!(Life.expire_after_create(&bearer, &token, Instant::now()), Some(Duration::from_secs(90)));
    }

    fn realm(registry: &str, token_realm: Option<&str>, text: &str) -> Result<Url, String> {
        let auth = Auth::new(Credentials::default(), token_realm.map(|t| Url::parse(t).unwrap()));
        auth.realm(&Base::parse(registry).unwrap(), text)
    }

    #[test]
    fn tokens_are_asked_for_at_home_only() {
        assert!(realm("https://r.example", None, "https://r.example/token").is_ok());
        assert!(realm("https://r.example", None, "https://r.example:443/v2/token?x=y").is_ok());
        assert!(realm("http://r.example:5000", None, "https://r.example:5000/token").is_ok());
        assert!(realm("https://registry-1.docker.io", None, "https://auth.docker.io/token").is_ok());
        assert!(realm("https://r.example", Some("https://auth.example"), "https://auth.example/token").is_ok());
        for (registry, bad) in [
            ("https://r.example", "https://evil.example/token"),
            ("https://r.example", "https://r.example:8443/token"),
            ("https://r.example", "http://r.example/token"),
            ("https://r.example", "http://r.example:443/token"),
            ("https://r.example", "https://r.example@evil.example/"),
            ("https://r.example", "https://u:p@r.example/"),
            ("https://r.example", "https://auth.docker.io/token"),
            ("http://registry-1.docker.io", "https://auth.docker.io/token"),
            ("https://r.example", "https://169.254.169.254/"),
            ("https://r.example", "https://auth.example.evil.example/"),
            ("https://r.example", "file:///etc/passwd"),
            ("https://r.example", ""),
            ("https://r.example", "/token"),
        ] {
            assert!(realm(registry, Some("https://auth.example"), bad).is_err(), "{registry} {bad}");
        }
        let why = realm("https://r.example", None, "https://evil.example:99/token?secret").unwrap_err();
        assert!(why.contains("https://evil.example:99") && why.contains("`token_realm") && !why.contains("secret"), "{why}");
    }
}
