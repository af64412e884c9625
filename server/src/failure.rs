use api::{Code, Problem};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

/// A JSON route's way out: the problem, as `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub(crate) struct Failure(pub Problem);

impl Failure {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Problem::new(code, detail))
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        Self(error.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// Tells the log of what is our own fault. Everything else is the asker's or the registry's and was told where it
/// happened.
pub(crate) fn log(problem: &Problem) {
    if problem.code == Code::Internal {
        tracing::error!(detail = %problem.detail, "a request failed through our own fault");
    }
}

/// How long to wait, in seconds, before asking again; for the codes that say "not now".
pub(crate) fn retry_after(code: Code) -> Option<u32> {
    match code {
        Code::TooManyRequests => Some(1),
        Code::RegistryBusy => Some(10),
        _ => None,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        log(&problem);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is made of texts; it cannot fail to serialise. Were it to, the status still tells.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after(problem.code) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
