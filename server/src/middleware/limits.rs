//! Bounds: of time, and of what a panic may take with it. And compression, which is a bound on bytes.

use super::RequestId;
use crate::{AppState, pages};
use api::{Code, Problem};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use http::header;
use std::{panic::AssertUnwindSafe, time::Duration};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, predicate::Predicate},
};

/// How long a page or a JSON answer may take. Only an image that was never seen is waited for at all.
const DEADLINE: Duration = Duration::from_secs(30);

/// Gives up on an answer that takes too long.
pub(crate) async fn deadline(State(state): State<AppState>, request: Request, next: Next) -> Response {
    within(DEADLINE, &state, request, next).await
}

async fn within(time: Duration, state: &AppState, request: Request, next: Next) -> Response {
    let head = pages::Head::of(&request);
    if let Ok(response) = tokio::time::timeout(time, next.run(request)).await {
        return response;
    }
    let seconds = time.as_secs();
    let problem = Problem::new(
        Code::RegistryUnreachable,
        format!("There was no answer within {seconds} seconds; a registry that has to be asked is too slow."),
    )
    .hint("What is known already stays browsable. Try again later.");
    pages::fail(state, &head, problem).await
}

/// Turns a handler's panic into a page that says so; the cause is in the log under the request's id.
pub(crate) async fn panicked(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let head = pages::Head::of(&request);
    let id = request.extensions().get::<RequestId>().map(|r| r.0.to_string()).unwrap_or_default();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(cause) => {
            let cause = cause.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| cause.downcast_ref::<String>().cloned());
            tracing::error!(cause = cause.unwrap_or_default(), "a handler panicked");
            pages::fail(&state, &head, Problem::new(Code::Internal, format!("Something of ours broke. The log tells more under {id}.")))
                .await
        }
    }
}

/// Sent as it is: these very bytes have a digest or a strong ETag, or are to be seen as they come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exact;

/// Compresses what is made on the spot, by Zstandard for whoever takes it: for the same bytes brotli takes ten times as long, longer than
/// all else that makes a page (bench/README.md).
pub(crate) fn compression() -> CompressionLayer<Made> {
    CompressionLayer::new().zstd(true).br(true).gzip(true).quality(CompressionLevel::Precise(2)).compress_when(Made)
}

/// Pages, JSON and metrics of some size; never files (they are compressed already), streams of events (they would be
/// held back) or exact bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made;

impl Predicate for Made {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &http::Response<B>) -> bool {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        matches!(kind, "text/html" | "application/json" | "application/problem+json" | "text/plain")
            && response.extensions().get::<Exact>().is_none()
            && !response.headers().contains_key(header::CONTENT_ENCODING)
            && response.body().size_hint().exact().is_none_or(|n| n >= 512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics, middleware::observe, settings};
    use axum::{Router, middleware::from_fn_with_state, routing::get};
    use http::StatusCode;
    use tower::ServiceExt;

    async fn state() -> AppState {
        let flags = settings::Flags { database: Some("sqlite::memory:".into()), ..settings::Flags::default() };
        let settings = settings::load(&settings::Sources { flags, ..settings::Sources::default() }).unwrap();
        let service = service::Service::open(settings.service()).await.unwrap();
        AppState::new(&settings, service, metrics::install().unwrap(), tokio_util::sync::CancellationToken::new())
    }

    async fn asked(router: Router, accept: &str) -> (StatusCode, String, String) {
        let request = Request::get("/").header("accept", accept).body(axum::body::Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let id = parts.headers["x-request-id"].to_str().unwrap().to_owned();
        (parts.status, id, String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_that_names_the_request_and_hides_the_cause() {
        async fn breaks() -> &'static str {
            panic!("the cause")
        }
        let state = state().await;
        let router = Router::new()
            .route("/", get(breaks))
            .layer(from_fn_with_state(state.clone(), panicked))
            .layer(from_fn_with_state(state, observe));
        for accept in ["text/html", "application/json"] {
            let (status, id, body) = asked(router.clone(), accept).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(body.contains(&id) && !body.contains("the cause"), "{body}");
            assert_eq!(body.starts_with('{'), accept == "application/json");
        }
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_is_given_up() {
        async fn never() -> &'static str {
            std::future::pending().await
        }
        async fn soon(State(state): State<AppState>, request: Request, next: Next) -> Response {
            within(Duration::from_millis(1), &state, request, next).await
        }
        let state = state().await;
        let router =
            Router::new().route("/", get(never)).layer(from_fn_with_state(state.clone(), soon)).layer(from_fn_with_state(state, observe));
        let (status, _, body) = asked(router, "application/json").await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert!(body.contains("registry_unreachable"), "{body}");
    }
}
