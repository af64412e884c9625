use crate::{AppState, failure::Failure, query::Query};
use api::{Change, Code};
use axum::{
    extract::State,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use service::{Missed, now};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often a silent stream says that it is alive: below the 60 seconds at which proxies commonly give up.
pub(super) const ALIVE: Duration = Duration::from_secs(15);
/// After how long a browser comes back when a stream ended.
pub(super) const RETRY: Duration = Duration::from_secs(3);

/// Changes as they are learned.
///
/// Each event's data is a Change. One without a repository says that anything of its registry may have changed: its
/// standing did, or the listener read too slowly and missed some. An event's id is its time; a stream that is asked for since a
/// time, as a browser does that comes back, begins with what was told since.
#[utoipa::path(get, path = "/events", operation_id = "events", tag = "events", params(
    ("since" = Option<i64>, Query, description = "Milliseconds since 1970; `Last-Event-ID` goes before it"),
), responses(
    (status = 200, description = "Server-sent events, each with a Change as its data", body = Change, content_type = "text/event-stream"),
    (status = 429, description = "`too_many_requests`: too many listen already", body = api::Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn stream(State(state): State<AppState>, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let since = match headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()) {
        None => query.number("since")?,
        last => last,
    };
    let permit = state.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Failure::new(Code::TooManyRequests, "Too many listen to events already; ask again later."))?;
    let registries: Vec<String> = state.service.settings().registries.iter().map(|r| r.name.clone()).collect();
    let anything = move || registries.iter().map(|registry| (now(), Change { registry: registry.clone(), repository: None })).collect();
    let (missed, changes) = state.service.changes(since);
    let missed = match missed {
        Missed::These(changes) => changes,
        Missed::Unknown => anything(),
    };
    let first = Ok(Event::default().retry(RETRY));
    let changes = stream::unfold((changes, permit), move |(mut changes, permit)| {
        let anything = anything.clone();
        async move {
            let news = match changes.recv().await {
                Ok(change) => vec![change],
                Err(RecvError::Lagged(_)) => anything(),
                Err(RecvError::Closed) => return None,
            };
            Some((stream::iter(news), (changes, permit)))
        }
    });
    let changes = stream::iter(missed).chain(changes.flatten()).map(|(at, change)| Event::default().id(at.to_string()).json_data(change));
    let events = stream::iter([first]).chain(changes).take_until(state.stopping.clone().cancelled_owned());
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)).into_response();
    // nginx holds answers back until they are complete unless it is told not to.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}
