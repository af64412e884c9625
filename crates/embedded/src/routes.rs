//! `/v2`: which request is what, and the answers all of them share.

mod answer;
mod blobs;
mod lists;
mod manifests;
mod path;
pub(crate) mod query;
pub(crate) mod range;
mod uploads;

pub use path::Route;

use crate::{
    error::{Code, Error},
    local::Local,
    observer::Client,
};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use oci::RepositoryName;
use std::{net::SocketAddr, sync::Arc};

/// In a request's extensions: which repositories who asks may read. A mount from others looks as if they had not the blob; the
/// catalogue leaves them out. Without it, all.
#[derive(Clone)]
pub struct Readable(pub Arc<dyn Fn(&RepositoryName) -> bool + Send + Sync>);

/// The routes below `/v2`.
pub fn router(local: Arc<Local>) -> Router {
    Router::new().route("/v2", any(serve)).route("/v2/", any(serve)).route("/v2/{*rest}", any(serve)).with_state(local)
}

/// A request, taken apart.
struct Asked {
    local: Arc<Local>,
    parts: Parts,
}

impl Asked {
    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// A header's text; `None` where it is absent or not ASCII.
    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers().get(name).and_then(|value| value.to_str().ok())
    }

    fn is_head(&self) -> bool {
        self.parts.method == Method::HEAD
    }

    fn client(&self) -> Client {
        if let Some(client) = self.parts.extensions.get::<Client>() {
            return client.clone();
        }
        if !self.local.is_observed() {
            return Client::default();
        }
        Client {
            address: self.parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|at| at.0.ip()),
            user_agent: self.header(header::USER_AGENT).map(str::to_owned),
            user: None,
        }
    }

    fn readable(&self) -> Option<Readable> {
        self.parts.extensions.get::<Readable>().cloned()
    }

    fn may_delete(&self) -> Result<(), Error> {
        if self.local.store.settings.delete {
            return Ok(());
        }
        Err(Error::new(Code::Unsupported, "deleting is switched off in this registry's settings"))
    }
}

async fn serve(State(local): State<Arc<Local>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let route = Route::parse(parts.uri.path());
    let asked = Asked { local, parts };
    let mut response = match route {
        Ok(route) => answer(&asked, route, body).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
    response
}

async fn answer(asked: &Asked, route: Route, body: Body) -> Result<Response, Error> {
    match (route, asked.parts.method.as_str()) {
        (Route::Base, "GET" | "HEAD") => Ok(([(header::CONTENT_TYPE, "application/json")], "{}").into_response()),
        (Route::Catalogue, "GET" | "HEAD") => lists::catalogue(asked).await,
        (Route::Tags(name), "GET" | "HEAD") => lists::tags(asked, name).await,
        (Route::Referrers(name, digest), "GET" | "HEAD") => lists::referrers(asked, name, digest).await,
        (Route::Base | Route::Catalogue | Route::Tags(_) | Route::Referrers(..), _) => Err(not_allowed("GET, HEAD")),
        (Route::Manifest(name, target), "GET" | "HEAD") => manifests::get(asked, name, target).await,
        (Route::Manifest(name, target), "PUT") => manifests::put(asked, name, target, body).await,
        (Route::Manifest(name, target), "DELETE") => manifests::delete(asked, name, target).await,
        (Route::Manifest(..), _) => Err(not_allowed("GET, HEAD, PUT, DELETE")),
        (Route::Blob(name, digest), "GET" | "HEAD") => blobs::get(asked, name, digest).await,
        (Route::Blob(name, digest), "DELETE") => blobs::delete(asked, name, digest).await,
        (Route::Blob(..), _) => Err(not_allowed("GET, HEAD, DELETE")),
        (Route::Uploads(name), "POST") => uploads::begin(asked, name, body).await,
        (Route::Uploads(_), _) => Err(not_allowed("POST")),
        (Route::Upload(name, id), "PATCH") => uploads::patch(asked, name, id, body).await,
        (Route::Upload(name, id), "PUT") => uploads::put(asked, name, id, body).await,
        (Route::Upload(name, id), "GET" | "HEAD") => uploads::status(asked, name, id).await,
        (Route::Upload(name, id), "DELETE") => uploads::cancel(asked, name, id).await,
        (Route::Upload(..), _) => Err(not_allowed("GET, HEAD, PATCH, PUT, DELETE")),
    }
}

fn not_allowed(methods: &str) -> Error {
    Error::new(Code::Unsupported, "this address does not take that method").about(serde_json::json!({ "allow": methods }))
}

/// An answer without a body.
fn empty(status: StatusCode, headers: impl IntoIterator<Item = (header::HeaderName, HeaderValue)>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}

/// A header's value out of text that was checked.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

const DOCKER_CONTENT_DIGEST: header::HeaderName = header::HeaderName::from_static("docker-content-digest");
