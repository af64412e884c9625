//! Every address, apart from listening.

use crate::{
    AppState, assets, json,
    middleware::{below_base, compression, cross_site, deadline, headers, observe, panicked, under_base},
    pages,
};
use api::{Code, Problem};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, Method, StatusCode, header};
use service::Caller;

/// The whole of it. Requests should carry a [`Peer`](crate::middleware::Peer) among their extensions; without one they come from
/// nowhere and are trusted by nobody.
pub fn router(state: AppState) -> Router {
    with_registry(state, None)
}

/// The same with the routes of our own registry.
pub(crate) fn with_registry(state: AppState, registry: Option<Router>) -> Router {
    let with = |state: &AppState| state.clone();
    let bounded = Router::new()
        .route("/", get(pages::catalogue))
        .route("/search", get(pages::search))
        .route("/r/{registry}", get(pages::registry))
        .route("/r/{registry}/refresh", post(pages::refresh).get(pages::below_registry))
        .route("/r/{registry}/collect", post(pages::collect).get(pages::below_registry))
        .route("/r/{registry}/", get(pages::below_registry))
        .route("/r/{registry}/{*rest}", get(pages::below_registry))
        .route("/delete", post(pages::delete))
        .route("/retag", get(pages::retag_form).post(pages::retag))
        .route("/copy", get(pages::copy_form).post(pages::copy))
        .route("/lock", post(pages::lock))
        .route("/unlock", post(pages::unlock))
        .route("/clean-up", get(pages::clean_up).post(pages::clean_up_plan))
        .route("/clean-up/policies", post(pages::keep_policy))
        .route("/clean-up/policies/{id}/remove", post(pages::remove_policy))
        .route("/plans/{id}", get(pages::plan).post(pages::carry_out))
        .route("/jobs/{id}", get(pages::job))
        .route("/jobs/{id}/cancel", post(pages::cancel))
        .route("/jobs/{id}/undo", post(pages::undo))
        .route("/compare", get(pages::compare))
        .route("/activity", get(pages::activity))
        .route("/theme", post(pages::theme))
        .layer(from_fn_with_state(with(&state), deadline));
    let routes = Router::new()
        .merge(bounded)
        .nest(json::ROOT, json::routes(&state))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/robots.txt", get(robots))
        .fallback(file_or_nothing)
        .method_not_allowed_fallback(wrong_method)
        // The last is the outermost.
        .layer(from_fn_with_state(with(&state), outside))
        .layer(from_fn_with_state(with(&state), cross_site::guard))
        .layer(compression())
        .layer(from_fn_with_state(with(&state), panicked))
        .layer(from_fn_with_state(with(&state), headers::secure));
    // Programs ask it, and often: no more happens on the way than has to.
    let registry = registry.unwrap_or_default().layer(from_fn_with_state(with(&state), cross_site::guard));
    let routes = routes.with_state(state.clone()).merge(registry).layer(from_fn_with_state(with(&state), observe));
    under_base(state.base(), routes)
}

/// We run.
async fn healthz() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// We can serve what we know, whatever the registries do; not any more once we are told to end.
async fn readyz(State(state): State<AppState>) -> Response {
    if state.stopping.is_cancelled() { plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n") } else { plain(StatusCode::OK, "ready\n") }
}

async fn metrics(State(state): State<AppState>) -> Response {
    // Told when asked for, rather than at every change. What fails here fails on the pages, where it is told.
    if let Ok(registries) = state.service.registries(&Caller::local()).await {
        crate::metrics::registries(&registries);
    }
    let mut response = Response::new(Body::from(state.metrics.render()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response
}

/// What is in a private registry is nobody's to index, unless `public/robots.txt` says otherwise.
async fn robots(request: Request) -> Response {
    assets::serve("robots.txt", request.headers()).unwrap_or_else(|| plain(StatusCode::OK, "User-agent: *\nDisallow: /\n"))
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

/// A built or public file, else a page (or, below `/api/`, a problem) that says that there is nothing.
async fn file_or_nothing(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if assets::exists(&path) {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = wrong_method(State(state), request).await;
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            return response;
        }
        if let Some(response) = assets::serve(&path, request.headers()) {
            return response;
        }
    }
    nothing(&state, request).await
}

async fn nothing(state: &AppState, request: Request) -> Response {
    let problem = Problem::new(Code::NotFound, "There is nothing at this address.");
    pages::refuse(state, request, problem).await
}

async fn wrong_method(State(state): State<AppState>, request: Request) -> Response {
    let detail = format!("{} is not a way to ask for this address.", request.method());
    pages::refuse(&state, request, Problem::new(Code::MethodNotAllowed, detail)).await
}

/// What does not stand below our path is not ours.
async fn outside(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if below_base(&request) { next.run(request).await } else { nothing(&state, request).await }
}
