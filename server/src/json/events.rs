use crate::{AppState, failure::Failure};
use api::{Change, Code};
use axum::{
    extract::State,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{StreamExt, stream};
use http::{HeaderName, HeaderValue};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often a silent stream says that it is alive: below the 60 seconds at which proxies commonly give up.
pub(super) const ALIVE: Duration = Duration::from_secs(15);
/// After how long a browser comes back when a stream ended.
pub(super) const RETRY: Duration = Duration::from_secs(3);

/// Changes as they are learned.
///
/// Each event's data is a Change. One without a repository says that anything of its registry may have changed: its
/// standing did, or the listener read too slowly and missed some.
#[utoipa::path(get, path = "/events", operation_id = "events", tag = "events", responses(
    (status = 200, description = "Server-sent events, each with a Change as its data", body = Change, content_type = "text/event-stream"),
    (status = 429, description = "`too_many_requests`: too many listen already", body = api::Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn stream(State(state): State<AppState>) -> Result<Response, Failure> {
    let permit = state.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Failure::new(Code::TooManyRequests, "Too many listen to events already; ask again later."))?;
    let registries: Vec<String> = state.service.settings().registries.iter().map(|r| r.name.clone()).collect();
    let first = Ok(Event::default().retry(RETRY));
    let changes = stream::unfold((state.service.changes(), permit), move |(mut changes, permit)| {
        let registries = registries.clone();
        async move {
            let news = match changes.recv().await {
                Ok(change) => vec![change],
                Err(RecvError::Lagged(_)) => registries.into_iter().map(|registry| Change { registry, repository: None }).collect(),
                Err(RecvError::Closed) => return None,
            };
            let events: Vec<_> = news.iter().map(|change| Event::default().json_data(change)).collect();
            Some((stream::iter(events), (changes, permit)))
        }
    });
    let events = stream::iter([first]).chain(changes.flatten()).take_until(state.stopping.clone().cancelled_owned());
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)).into_response();
    // nginx holds answers back until they are complete unless it is told not to.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}
