//! The token of our forms, sent twice: as a cookie that no script and no other site can read or send, and in the form.
//!
//! The cookie stays; the form's token is another text each time (the cookie's bytes, masked), so that compressed pages
//! cannot be made to tell it bit by bit (BREACH).

use super::Client;
use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use std::convert::Infallible;
use subtle::ConstantTimeEq;

/// What a browser's cookie holds, or will hold.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    secret: u128,
    /// The browser has no cookie yet.
    pub fresh: bool,
}

impl Token {
    /// Reads it from a request's cookies, or makes one.
    pub fn read(headers: &HeaderMap) -> Self {
        let held = cookie(headers, "csrf").and_then(number);
        held.map_or_else(|| Self { secret: rand::random(), fresh: true }, |secret| Self { secret, fresh: false })
    }

    /// For a form's hidden field `csrf_token`.
    pub fn field(&self) -> String {
        let mask: u128 = rand::random();
        format!("{mask:032x}{:032x}", mask ^ self.secret)
    }

    /// Whether a form's field goes with the cookie. Never without a cookie.
    pub fn accepts(&self, field: &str) -> bool {
        let halves = field.split_at_checked(32).and_then(|(mask, masked)| Some(number(mask)? ^ number(masked)?));
        halves.is_some_and(|secret| !self.fresh && bool::from(secret.to_be_bytes().ct_eq(&self.secret.to_be_bytes())))
    }

    /// The cookie to set. Without `Secure` where the page itself came over plain HTTP: it would not be kept.
    pub fn cookie(&self, base: &str, client: &Client) -> Option<HeaderValue> {
        let secure = if client.secure { "; Secure" } else { "" };
        let path = if base.is_empty() { "/" } else { base };
        HeaderValue::from_str(&format!("csrf={:032x}; Path={path}; HttpOnly; SameSite=Strict{secure}", self.secret)).ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

/// A cookie's value (RFC 6265, 5.4).
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    lines.flat_map(|l| l.split(';')).filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// 32 hexadecimal digits.
fn number(text: &str) -> Option<u128> {
    let well_formed = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    well_formed.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(cookie: &str) -> Token {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        Token::read(&headers)
    }

    #[test]
    fn a_field_goes_with_its_cookie_only() {
        let first = Token::read(&HeaderMap::new());
        assert!(first.fresh && !first.accepts(&first.field()), "without a cookie nothing is accepted");
        let sent = first.cookie("", &Client::unknown()).unwrap();
        let cookie = sent.to_str().unwrap().split(';').next().unwrap();
        let again = with_cookie(&format!("theme=dark; {cookie}"));
        assert!(!again.fresh);
        assert!(again.accepts(&first.field()) && again.accepts(&again.field()));
        assert_ne!(again.field(), again.field(), "each form has its own text");
        let other = with_cookie(&format!("csrf={}", "0".repeat(32)));
        assert!(!again.accepts(&other.field()));
        for bad in ["", "00", "zz", &"0".repeat(64), &"é".repeat(32), &"0".repeat(1000)] {
            assert!(!again.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_other_sites() {
        let token = Token::read(&HeaderMap::new());
        let secure = Client { secure: true, ..Client::unknown() };
        let cookie = token.cookie("/images", &secure).unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Path=/images; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
        assert!(!token.cookie("", &Client::unknown()).unwrap().to_str().unwrap().contains("Secure"));
    }
}
