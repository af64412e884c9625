//! Sentences: what was asked, what came back, which setting mends it.

mod what;

pub(super) use what::What;

use crate::Error;
use oci::Digest;
use reqwest::{Response, StatusCode, header::HeaderMap};
use std::{error::Error as StdError, io};

/// An answer, read whole unless [`Answer::rest`] holds its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: bytes::Bytes,
    /// What became of signing in, where the answer is 401.
    pub(super) note: Option<String>,
    /// Whether a 401 told how to sign in.
    pub(super) challenged: bool,
    /// An earlier try of the same request had no answer that says it was not carried out.
    pub(super) repeated: bool,
    /// The body, still to be read, where it was asked for as a stream.
    pub(super) rest: Option<Response>,
}

impl Answer {
    /// A header as text; bytes that are no UTF-8 are replaced.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
    }

    /// The Content-Type without parameters, if there is one of at most 255 bytes.
    pub(super) fn media_type(&self) -> Option<String> {
        self.header("content-type").map(|t| oci::media_type::bare(&t)).filter(|t| !t.is_empty() && t.len() <= 255)
    }

    pub(super) fn is_html(&self) -> bool {
        self.media_type().is_some_and(|t| t == "text/html") || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// The codes of the errors in the body (distribution-spec 1.1, "Error Codes"); none where it is not such JSON.
    pub(super) fn codes(&self) -> Vec<String> {
        self.errors().iter().filter_map(|e| e.get("code")?.as_str().map(|c| clean(c, 60))).collect()
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codes().iter().any(|c| c == code)
    }

    /// The digests that the errors in the body name: as `detail`, or in its `digest`.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let named = |detail: &serde_json::Value| {
            let text = detail.as_str().or_else(|| detail.get("digest")?.as_str()).or_else(|| detail.get("Digest")?.as_str())?;
            Digest::parse(text).ok()
        };
        self.errors().iter().filter_map(|e| named(e.get("detail")?)).collect()
    }

    fn errors(&self) -> Vec<serde_json::Value> {
        let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(&self.body) else { return Vec::new() };
        match json.get_mut("errors").map(serde_json::Value::take) {
            Some(serde_json::Value::Array(errors)) => errors.into_iter().take(8).collect(),
            _ => Vec::new(),
        }
    }

    /// `404 MANIFEST_UNKNOWN: manifest unknown`, or the first words of a text body.
    pub(super) fn said(&self) -> String {
        let mut said = self.status.as_u16().to_string();
        if let Some(error) = self.errors().first() {
            let part = |name: &str| error.get(name).and_then(serde_json::Value::as_str).map(|t| clean(t, 160)).filter(|t| !t.is_empty());
            if let Some(code) = part("code") {
                said = format!("{said} {code}");
            }
            if let Some(message) = part("message") {
                said = format!("{said}: {message}");
            }
        } else if !self.is_html() && !self.body.is_empty() && self.body.len() <= 4096 {
            let text = clean(String::from_utf8_lossy(&self.body).trim(), 120);
            if !text.is_empty() {
                said = format!("{said}: {text}");
            }
        }
        said
    }
}

/// The error of an answer that is not what was asked for. `name` is the registry's.
pub(super) fn refusal(name: &str, what: &What<'_>, answer: &Answer) -> Error {
    let said = answer.said();
    let status = answer.status.as_u16();
    let plain = |tail: &str| format!("{name} was asked for {what} and answered {said}{tail}");
    let body_says = |text: &[u8]| answer.body.windows(text.len()).any(|w| w == text);
    match status {
        401 | 403 if matches!(what, What::Catalog) => {
            let note = answer.note.as_ref().map_or_else(String::new, |n| format!(" ({n})"));
            Error::Refused(plain(&format!(
                "{note}. Give `username` and `password` of somebody who may list all repositories, or name them under `repositories`"
            )))
        }
        401 => {
            let note = answer.note.as_deref().unwrap_or("it says nothing of how to sign in");
            Error::Refused(plain(&format!(" ({note})")))
        }
        403 => Error::Refused(plain(": whoever is set as `username` may not do this")),
        404 if matches!(what, What::Catalog) => Error::Unsupported(plain(
            ": it has no catalogue at this address. Check the path of `url`, or name the repositories under `repositories`",
        )),
        404 => Error::NotFound(plain("")),
        400 if ["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "TAG_UNKNOWN"].iter().any(|c| answer.has_code(c)) => {
            Error::NotFound(plain(""))
        }
        405 | 501 if matches!(what, What::Catalog) => {
            Error::Unsupported(plain(": it has no catalogue. Name the repositories under `repositories`"))
        }
        405 | 501 => Error::Unsupported(plain("")),
        413 => Error::TooLarge(plain(": it is larger than it takes")),
        409 | 412 | 423 if what.is_change() => {
            Error::Refused(plain(": a rule of the registry protects it (an immutable tag, a lock, an index that needs it)"))
        }
        400 if body_says(b"HTTP request to an HTTPS server") || body_says(b"plain HTTP request was sent to HTTPS port") => {
            Error::Unreachable(format!("{name} speaks TLS, but its `url` begins with http://; write https://"))
        }
        400 if answer.has_code("UNSUPPORTED") => Error::Unsupported(plain("")),
        429 | 503 => Error::Busy { message: plain(""), retry_after_ms: 1000 },
        502 | 504 => Error::Unreachable(plain(": what stands before the registry does not reach it")),
        300..400 => Error::Misbehaved(plain(", a redirect where none is expected; check `url`")),
        _ => Error::Misbehaved(plain("")),
    }
}

/// A text from a registry as it may stand in a sentence: without control, bidi and zero-width characters, at most `max` long.
pub(super) fn clean(text: &str, max: usize) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
    };
    let mut chars = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !hidden(c));
    let mut short: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// Why a host could not be reached: the cause beneath reqwest's words, and the setting that mends it.
pub(super) fn cause(error: &reqwest::Error) -> String {
    // Its own words hold the whole address, with whatever secret is in a query; the sources do not.
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    let mut last = "the request failed".to_owned();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return super::tls::reason(tls);
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // An io::Error's `source` skips what it wraps.
            if let Some(inner) = io.get_ref() {
                next = Some(inner);
                continue;
            }
            if let Some(why) = io_reason(io) {
                return why.to_owned();
            }
        }
        let text = error.to_string();
        if text.contains("dns error") || text.contains("failed to lookup address") {
            return "its host name cannot be resolved".to_owned();
        }
        if !text.is_empty() {
            last = text;
        }
        next = error.source();
    }
    if error.is_timeout() {
        return "no connection in time".to_owned();
    }
    clean(&last, 200)
}

fn io_reason(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens at its port (connection refused)",
        io::ErrorKind::ConnectionReset => "the connection was reset",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => "the connection broke",
        io::ErrorKind::UnexpectedEof => "the connection was closed too early",
        io::ErrorKind::HostUnreachable => "there is no way to its host",
        io::ErrorKind::NetworkUnreachable => "there is no way to its network",
        io::ErrorKind::TimedOut => "no connection in time",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::RepositoryName;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
            note: None,
            challenged: false,
            repeated: false,
            rest: None,
        }
    }

    #[test]
    fn sentences_name_what_was_asked_what_came_and_what_mends_it() {
        let text = |what: What<'_>, status, body| refusal("prod", &what, &answer(status, body)).to_string();
        let repository = RepositoryName::parse("team/api").unwrap();
        let s = text(What::Tags(&repository), 404, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such\u001b[31m name"}]}"#);
        assert_eq!(s, "prod was asked for the tags of team/api and answered 404 NAME_UNKNOWN: no such[31m name");
        assert!(text(What::Catalog, 403, "").contains("`repositories`"));
        assert!(text(What::Ping, 400, "Client sent an HTTP request to an HTTPS server.").contains("https://"));
        assert!(!text(What::Ping, 500, "<html><script>x").contains("script"));
    }

    #[test]
    fn statuses_become_the_right_kind() {
        let repository = RepositoryName::parse("a").unwrap();
        let kind = |status, body: &str| refusal("x", &What::Tags(&repository), &answer(status, body));
        assert!(matches!(kind(404, ""), Error::NotFound(_)));
        assert!(matches!(kind(400, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#), Error::NotFound(_)));
        assert!(matches!(kind(400, r#"{"errors":[{"code":"UNSUPPORTED"}]}"#), Error::Unsupported(_)));
        assert!(matches!(kind(400, r#"{"errors":{"code":7}}"#), Error::Misbehaved(_)));
        assert!(matches!(kind(503, ""), Error::Busy { .. }));
        assert!(matches!(kind(502, ""), Error::Unreachable(_)));
        assert!(matches!(kind(500, ""), Error::Misbehaved(_)));
    }
}
