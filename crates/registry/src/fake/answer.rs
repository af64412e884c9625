//! What the fake sees and what it answers, whole or faulty.

use axum::{body::Body, http};
use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// With the path prefix, without the query.
    pub path: String,
    pub query: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// At most 64 kB of it.
    pub body: Bytes,
}

impl Seen {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// The body ends, with its connection, after so many bytes of what Content-Length promises.
    pub cut: Option<usize>,
    /// The body is repeated for ever, chunked.
    pub endless: bool,
    /// The body comes in pieces of so many bytes, one per so long.
    pub trickle: Option<(usize, Duration)>,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), cut: None, endless: false, trickle: None }
    }

    /// 200 with a body of some type.
    pub fn of(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::status(200) }.header("content-type", content_type)
    }

    /// A distribution error.
    pub fn error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": code, "message": "fake says no"}]}).to_string();
        Self { status, ..Self::of("application/json", body) }
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a header away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    pub(super) fn into_response(self, head: bool) -> http::Response<Body> {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap_or(http::HeaderValue::from_static("")));
        }
        let said = self.headers.iter().any(|(n, _)| n == "content-length");
        let length = self.body.len();
        let chunked = self.endless || (self.trickle.is_some() && self.cut.is_none());
        if !said && !chunked && self.status != 204 && self.status != 304 {
            response = response.header("content-length", length);
        }
        let body = if head { Body::empty() } else { self.stream() };
        response.body(body).unwrap_or_default()
    }

    fn stream(self) -> Body {
        use futures::stream;
        let size = match (self.trickle, self.endless) {
            (Some((size, _)), _) => size.max(1),
            (None, false) if self.cut.is_none() => return Body::from(self.body),
            (None, _) => self.body.len().max(1),
        };
        let end = self.cut.map_or(self.body.len(), |c| c.min(self.body.len()));
        let pause = self.trickle.map(|(_, d)| d);
        let (body, endless, cut) = (self.body, self.endless, self.cut.is_some());
        Body::from_stream(stream::unfold(0usize, move |at| {
            let body = body.clone();
            async move {
                if let Some(pause) = pause.filter(|_| at > 0) {
                    tokio::time::sleep(pause).await;
                }
                if at == usize::MAX {
                    return None;
                }
                let at = if endless && at >= end { 0 } else { at };
                if at >= end {
                    // An error in the stream makes the server drop the connection in the middle of the body.
                    return cut.then(|| (Err(std::io::Error::other("cut")), usize::MAX));
                }
                let next = (at + size).min(end);
                Some((Ok(body.slice(at..next)), next))
            }
        }))
    }
}

/// What goes wrong with a request.
#[derive(Clone)]
pub enum Fault {
    /// This answer instead.
    Answer(Answer),
    /// The right answer, so much later.
    Delay(Duration),
    /// No answer, ever.
    Hang,
    /// The connection is closed without an answer, and nothing is done.
    Close,
    /// What was asked for is done, and the connection is closed without an answer.
    Lose,
    /// The right answer, changed.
    Edit(Arc<dyn Fn(&mut Answer) + Send + Sync>),
}

impl Fault {
    /// The right answer, changed.
    pub fn edit(change: impl Fn(&mut Answer) + Send + Sync + 'static) -> Self {
        Self::Edit(Arc::new(change))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(a) => f.debug_tuple("Answer").field(a).finish(),
            Self::Delay(d) => f.debug_tuple("Delay").field(d).finish(),
            Self::Hang => f.write_str("Hang"),
            Self::Close => f.write_str("Close"),
            Self::Lose => f.write_str("Lose"),
            Self::Edit(_) => f.write_str("Edit"),
        }
    }
}

pub(super) struct Rule {
    pub(super) which: Box<dyn Fn(&Seen) -> bool + Send + Sync>,
    pub(super) fault: Fault,
    pub(super) left: usize,
}
