//! From a model to an answer.

use crate::{
    AppState,
    middleware::{
        Client, Exact, RequestId,
        csrf::{self, Token},
        headers::page_policy,
    },
};
use app::{Frame, Page, Theme};
use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use std::{convert::Infallible, future::Future, pin::Pin};

/// What a page needs of its request, kept because the request itself goes to the handler.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub client: Client,
    pub request_id: Option<String>,
    /// Path and query below the base.
    pub path: String,
    pub theme: Theme,
    pub token: Token,
    /// The asker is a browser that wants a page, or no program that wants JSON.
    pub wants_page: bool,
    /// Only the content is wanted, by a page that is open already.
    pub fragment: bool,
    /// When it was asked, in milliseconds since 1970: whatever changed later the page may not show.
    pub at: i64,
}

impl Head {
    pub(crate) fn of(request: &Request) -> Self {
        Self::read(request.headers(), request.extensions(), request.uri())
    }

    fn read(headers: &HeaderMap, extensions: &http::Extensions, uri: &http::Uri) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
        let api = uri.path() == "/api" || uri.path().starts_with("/api/");
        Self {
            at: super::now(),
            client: extensions.get::<Client>().cloned().unwrap_or_else(Client::unknown),
            request_id: extensions.get::<RequestId>().map(|r| r.0.to_string()),
            path: uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
            theme: Theme::parse(csrf::cookie(headers, "theme").unwrap_or_default()),
            token: Token::read(headers),
            fragment: !api && headers.contains_key("x-fragment"),
            wants_page: !api && (accept.contains("text/html") || accept.contains("*/*")),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Head {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers, &parts.extensions, &parts.uri))
    }
}

/// What surrounds a page.
fn frame(state: &AppState, head: &Head) -> Frame {
    Frame {
        base: state.base().to_owned(),
        theme: head.theme,
        nonce: String::new(),
        csrf: head.token.field(),
        assets: state.assets.clone(),
        path: head.path.clone(),
        registries: state.registries,
        public_host: public_host(state, &head.client),
        can_change: can_change(state),
        fragment: head.fragment,
        asked_at: head.at,
    }
}

/// Draws a page whose last part is still on its way: what comes before it is sent at once, and `rest` once it is there, in the place
/// of `mark`.
pub(crate) async fn render_in_parts(
    state: &AppState,
    head: &Head,
    page: Page,
    mark: &str,
    rest: impl Future<Output = impl FnOnce(&Frame) -> String> + Send + 'static,
) -> Response {
    let (parts, body) = render(state, head, page).await.into_parts();
    let html = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let at = memchr::memmem::find(&html, mark.as_bytes()).unwrap_or(html.len());
    let (begin, end) = (html.slice(..at), html.slice((at + mark.len()).min(html.len())..));
    let frame = frame(state, head);
    let rest = async move { Bytes::from(rest.await(&frame)) };
    let pieces = stream::once(async { begin }).chain(stream::once(rest)).chain(stream::once(async { end }));
    let mut response = Response::from_parts(parts, Body::from_stream(pieces.map(Ok::<_, Infallible>)));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    // An encoder would hold back what is to be seen at once.
    response.extensions_mut().insert(Exact);
    response
}

/// Draws a page. Its status is the page's own.
pub(crate) async fn render(state: &AppState, head: &Head, page: Page) -> Response {
    let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let frame = frame(state, head);
    let mut response = if head.fragment { part(&frame, page) } else { whole(frame, page).await };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // To be asked for again each time, yet kept for the way back: it is one visitor's, and it changes.
    // A part of a page is not kept: the way back would find it in the place of the whole.
    let kept = if head.fragment { "no-store" } else { "private, no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if head.token.fresh
        && let Some(cookie) = head.token.cookie(state.base(), &head.client)
    {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// The document.
async fn whole(frame: Frame, page: Page) -> Response {
    // The frame wants an address; nothing that is drawn depends on it.
    let request = Request::new(Body::empty());
    let drawn = leptos_axum::handle_response_inner(
        provide_policy,
        move || {
            let nonce = use_nonce().map(|n| n.to_string()).unwrap_or_default();
            app::shell(&Frame { nonce, ..frame }, page)
        },
        request,
        at_once,
    )
    .await;
    // Whole before it is sent: it has a length, and the reactive owner is gone.
    let (parts, body) = drawn.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Response::new(Body::empty());
    };
    Response::from_parts(parts, Body::from(body))
}

/// The content alone: nothing in it wakes, so it needs no script.
fn part(frame: &Frame, page: Page) -> Response {
    let mut response = Response::new(Body::from(app::fragment(frame, page)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Whether anything can be changed through us anywhere.
fn can_change(state: &AppState) -> bool {
    let settings = state.service.settings();
    !settings.read_only && settings.registries.iter().any(|registry| !registry.read_only)
}

/// The policy is a header, not a `<meta>`: only there does it keep others from framing the page.
fn provide_policy() {
    if let (Some(nonce), Some(options)) = (use_nonce(), use_context::<ResponseOptions>())
        && let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce))
    {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

type Chunks = Pin<Box<dyn Stream<Item = String> + Send>>;

/// Leptos' way of drawing, without its detour: a page's model is whole before it is drawn, so that nothing is waited for
/// and the markup can be written in one go.
fn at_once<V: IntoView + 'static>(
    view: V,
    chunks: Box<dyn FnOnce() -> Chunks + Send>,
    _: bool,
) -> Pin<Box<dyn Future<Output = Chunks> + Send>> {
    let html = view.into_view().to_html();
    Box::pin(async move { Box::pin(stream::once(async move { html }).chain(chunks())) as Chunks })
}

/// Host and port under which people reach us, for the commands of empty states.
pub(super) fn public_host(state: &AppState, client: &Client) -> String {
    let told = state.public_url.as_ref().and_then(|u| u.origin.split_once("://")).map(|(_, host)| host.to_owned());
    told.or_else(|| client.host.clone()).unwrap_or_else(|| format!("localhost:{}", state.port))
}

/// Scheme, host and path under which people reach us.
pub(super) fn public_address(state: &AppState, client: &Client) -> String {
    match &state.public_url {
        Some(url) => format!("{}{}", url.origin, url.base),
        None => format!("{}://{}", if client.secure { "https" } else { "http" }, public_host(state, client)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics, settings};
    use api::Policy;
    use app::CleanUpModel;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_page_is_seen_before_its_last_part_is_there() {
        let flags = settings::Flags { database: Some("sqlite::memory:".into()), ..settings::Flags::default() };
        let settings = settings::load(&settings::Sources { flags, ..settings::Sources::default() }).unwrap();
        let service = service::Service::open(settings.service()).await.unwrap();
        let state = AppState::new(&settings, service, metrics::install().unwrap(), tokio_util::sync::CancellationToken::new());
        let model = CleanUpModel {
            now: 0,
            registries: vec![],
            policy: Policy::default(),
            plan: None,
            pending: true,
            problem: None,
            kept: vec![],
            edited: None,
        };
        let (there, coming) = tokio::sync::oneshot::channel::<()>();
        let rest = async move {
            let _ = coming.await;
            |_: &Frame| "<p>the rest</p>".to_owned()
        };
        let head = Head::of(&Request::new(Body::empty()));
        let response = render_in_parts(&state, &head, Page::CleanUp(model), app::PREVIEW, rest).await;
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH));
        let mut body = response.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let first = String::from_utf8(first.to_vec()).unwrap();
        assert!(first.contains("Looking at every tag") && !first.contains("<footer"), "{first}");
        there.send(()).unwrap();
        let last = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(last.starts_with("<p>the rest</p>") && last.contains("<footer"), "{last}");
    }
}
