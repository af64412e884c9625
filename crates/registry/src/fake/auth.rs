//! Who may read from the fake: anybody, by password, or by token from its own `/token`.

use super::{Answer, Seen, lock};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{collections::HashMap, sync::Mutex};

/// Who may read.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    #[default]
    Anonymous,
    /// A username and a password.
    Basic(String, String),
    Token(TokenAuth),
}

/// Bearer tokens, asked for at `/token` of the fake itself unless `realm` says otherwise.
#[derive(Debug, Clone)]
pub struct TokenAuth {
    /// Another realm, named to clients as it stands.
    pub realm: Option<String>,
    /// Username and password that `/token` wants; anybody gets a token where `None`.
    pub credentials: Option<(String, String)>,
    /// A refresh token that `/token` takes by OAuth2 POST; 404 for POST where `None`.
    pub identity: Option<String>,
    /// What `expires_in` says, as JSON; left out where null.
    pub expires_in: serde_json::Value,
    /// The answer's field: `token` or `access_token`.
    pub field: String,
    /// The catalogue wants Basic instead, as Harbor's does.
    pub catalog_basic: bool,
}

impl Default for TokenAuth {
    fn default() -> Self {
        Self { realm: None, credentials: None, identity: None, expires_in: 300.into(), field: "token".to_owned(), catalog_basic: false }
    }
}

#[derive(Default)]
pub(super) struct Issuer {
    /// Tokens given out, with their scopes.
    tokens: Mutex<HashMap<String, Vec<String>>>,
}

impl Issuer {
    pub(super) fn revoke(&self) {
        lock(&self.tokens).clear();
    }

    /// Answers `/token`.
    pub(super) fn token(&self, auth: &TokenAuth, seen: &Seen) -> Answer {
        let form: HashMap<String, String> = url::form_urlencoded::parse(&seen.body).into_owned().collect();
        let scopes: Vec<String> = if seen.method == "POST" {
            let Some(identity) = &auth.identity else { return Answer::status(404) };
            if form.get("grant_type").map(String::as_str) != Some("refresh_token") || form.get("refresh_token") != Some(identity) {
                return Answer::error(401, "UNAUTHORIZED");
            }
            form.get("scope").map(|s| s.split(' ').map(str::to_owned).collect()).unwrap_or_default()
        } else {
            if let Some((user, password)) = &auth.credentials
                && seen.header("authorization") != Some(basic(user, password).as_str())
            {
                return Answer::error(401, "UNAUTHORIZED");
            }
            url::form_urlencoded::parse(seen.query.as_bytes()).filter(|(n, _)| n == "scope").map(|(_, v)| v.into_owned()).collect()
        };
        let mut tokens = lock(&self.tokens);
        let token = format!("token-{}-{}", tokens.len(), rand::random::<u64>());
        tokens.insert(token.clone(), scopes);
        let mut body = serde_json::json!({ &auth.field: token });
        if !auth.expires_in.is_null() {
            body["expires_in"] = auth.expires_in.clone();
        }
        Answer::of("application/json", body.to_string())
    }

    /// Whether the request lacks the password, which alone is taken.
    #[expect(clippy::unused_self, reason = "beside its like")]
    pub(super) fn refuse_password(&self, auth: &Auth, seen: &Seen) -> bool {
        let (Auth::Basic(user, password) | Auth::Token(TokenAuth { credentials: Some((user, password)), .. })) = auth else { return false };
        seen.header("authorization") != Some(basic(user, password).as_str())
    }

    /// The refusal, where the request does not carry what it needs for `scope`.
    pub(super) fn refuse(&self, auth: &Auth, seen: &Seen, scope: &str, service: &str, own_realm: &str) -> Option<Answer> {
        let authorization = seen.header("authorization").unwrap_or_default();
        let by_password = |user: &str, password: &str| {
            (authorization != basic(user, password))
                .then(|| Answer::error(401, "UNAUTHORIZED").header("www-authenticate", "Basic realm=\"fake\""))
        };
        match auth {
            Auth::Anonymous => None,
            Auth::Basic(user, password) => by_password(user, password),
            Auth::Token(token) => {
                if token.catalog_basic && scope == "registry:catalog:*" {
                    let (user, password) = token.credentials.clone().unwrap_or_default();
                    return by_password(&user, &password);
                }
                let given = authorization.strip_prefix("Bearer ").unwrap_or_default();
                let fits = lock(&self.tokens)
                    .get(given)
                    .is_some_and(|held| scope.split_ascii_whitespace().all(|wanted| held.iter().any(|h| h == wanted)));
                if fits {
                    return None;
                }
                let realm = token.realm.as_deref().unwrap_or(own_realm);
                let scope = if scope.is_empty() { String::new() } else { format!(",scope=\"{scope}\"") };
                Some(
                    Answer::error(401, "UNAUTHORIZED")
                        .header("www-authenticate", &format!("Bearer realm=\"{realm}\",service=\"{service}\"{scope}")),
                )
            }
        }
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}
