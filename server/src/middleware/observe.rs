//! Every request has an id, a span, a line in the log and a place in the metrics.

use super::{Client, Peer, below_base, is_registry};
use crate::{AppState, metrics};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};
use tracing::Instrument;

/// A request's id: in the log, on pages that tell of a failure, and in the header `X-Request-Id`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds a request.
pub(crate) async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (peer, secure) =
        request.extensions().get::<Peer>().map_or((IpAddr::V4(Ipv4Addr::UNSPECIFIED), false), |p| (p.address.ip(), p.secure));
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let client = Client::read(peer, secure, request.headers(), authority, &state.trusted_proxies);
    let id = RequestId(inbound_id(request.headers()).filter(|_| client.proxied).unwrap_or_else(hex_id).into());
    let trace = Trace::read(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let reads = matches!(method, http::Method::GET | http::Method::HEAD);
    let route = request.extensions().get::<MatchedPath>().filter(|_| below_base(&request)).map(|m| m.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".into());
    // Layers and manifests are read by the thousand, and what is told of them says what it is about: no span is written for each.
    let read = reads && is_registry(&path);
    macro_rules! span {
        ($make:ident) => {
            tracing::$make!(
                "request",
                request_id = %id.0,
                trace_id = %trace.id,
                method = %method,
                route = %route,
                client = %client.address,
            )
        };
    }
    let span = if read { span!(debug_span) } else { span!(info_span) };
    let value = HeaderValue::from_str(&id.0).ok();
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(id);

    let answer = registry::remote::TRACEPARENT.scope(trace.onward(), next.run(request));
    let mut response = answer.instrument(span.clone()).await;

    let (status, took) = (response.status(), began.elapsed());
    metrics::request(&method, &route, status, took);
    let duration_ms = took.as_secs_f64() * 1000.0;
    span.in_scope(|| {
        // Probes come every few seconds and tell nothing.
        let probe = matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics");
        // Nor does a log of every layer that is pulled: what was pulled is in the activity.
        if probe || read {
            tracing::debug!(path, status = status.as_u16(), duration_ms, "answered");
        } else {
            tracing::info!(path, status = status.as_u16(), duration_ms, "answered");
        }
    });
    if let Some(value) = value {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// An id that a proxy gave: 1 to 64 characters that can stand in a log.
fn inbound_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sane = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    sane.then(|| id.to_owned())
}

/// 128 random bits as hexadecimal digits.
fn hex_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A W3C trace (Trace Context, level 1): the asker's, or one that begins here.
struct Trace {
    id: String,
    flags: String,
}

impl Trace {
    fn read(headers: &HeaderMap) -> Self {
        let given = headers.get("traceparent").and_then(|v| v.to_str().ok()).and_then(Self::parse);
        given.unwrap_or_else(|| Self { id: hex_id(), flags: "00".into() })
    }

    /// `00-{32 hex}-{16 hex}-{2 hex}`; neither id may be all zeros.
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split('-').collect();
        let [version, id, parent, flags] = parts.as_slice() else { return None };
        let hex = |t: &str, len| t.len() == len && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let some = |t: &str| t.bytes().any(|b| b != b'0');
        let good = *version == "00" && hex(id, 32) && hex(parent, 16) && hex(flags, 2) && some(id) && some(parent);
        good.then(|| Self { id: (*id).to_owned(), flags: (*flags).to_owned() })
    }

    /// What is passed on to a registry: the same trace, with us as the parent.
    fn onward(&self) -> String {
        format!("00-{}-{:016x}-{}", self.id, rand::random::<u64>() | 1, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_on_only_when_it_is_well_formed() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let onward = Trace::parse(good).unwrap().onward();
        assert!(onward.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && onward.ends_with("-01") && onward != good, "{onward}");
        let zero = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        for bad in ["", "00-4bf9-00f0-01", &good.to_uppercase(), &zero, &good.replace("00-4b", "ff-4b"), &format!("{good}-x")] {
            assert!(Trace::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_id_that_could_break_a_log_is_not_taken() {
        let id = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            inbound_id(&headers)
        };
        assert_eq!(id("0af1-b.c_D").as_deref(), Some("0af1-b.c_D"));
        for bad in ["", "a b", "a\tb", "é", &"a".repeat(65), "a\"b"] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
