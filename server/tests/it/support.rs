//! A server beside a fake registry.

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode};
use registry::fake::{Fake, FakeSettings, Image};
use serde_json::Value;
use server::{
    AppState, metrics,
    middleware::Peer,
    router::router,
    settings::{self, Flags, Sources},
};
use service::{Caller, Service};
use std::{collections::BTreeMap, net::SocketAddr};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A server, the registry it stands beside, and what it was told.
pub(crate) struct World {
    pub fake: Fake,
    pub service: Service,
    pub router: Router,
    pub stopping: CancellationToken,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The cookies it sets, as a browser would send them back.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap().split(';').next().unwrap().to_owned());
        set.collect::<Vec<_>>().join("; ")
    }

    /// The token of the first form on the page.
    pub(crate) fn csrf_token(&self) -> String {
        let at = self.body.find("name=\"csrf_token\"").expect("a form with a token");
        let rest = &self.body[at..];
        let from = rest.find("value=\"").expect("its value") + 7;
        rest[from..].split('"').next().unwrap().to_owned()
    }
}

/// Settings by environment variables, and nothing from the machine.
pub(crate) fn sources(variables: &[(&str, &str)]) -> Sources {
    let environment: BTreeMap<_, _> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Sources { flags: Flags::default(), environment, default_files: Vec::new() }
}

impl World {
    /// Two repositories, three tags, read whole.
    pub(crate) async fn new() -> Self {
        Self::told(&[]).await
    }

    /// The same, with further settings.
    pub(crate) async fn told(variables: &[(&str, &str)]) -> Self {
        let world = Self::beside(Fake::start(FakeSettings::default()).await.unwrap(), variables).await;
        world.fake.push("team/api", "1.0.0", &Image::new("one").label("team", "blue"));
        world.fake.push("team/api", "1.1.0", &Image::new("two").label("team", "blue"));
        world.fake.push("web", "latest", &Image::new("three"));
        world.read().await;
        world
    }

    /// A server beside a registry that it was told of and has not asked.
    pub(crate) async fn beside(fake: Fake, variables: &[(&str, &str)]) -> Self {
        let registry = format!("local={}", fake.url());
        let mut all = vec![("SUPERCARGO_REGISTRY", registry.as_str()), ("SUPERCARGO_DATABASE", "sqlite::memory:")];
        all.extend(variables);
        let settings = settings::load(&sources(&all)).unwrap();
        let service = Service::open(settings.service()).await.unwrap();
        service.start_quietly();
        let stopping = CancellationToken::new();
        let state = AppState::new(&settings, service.clone(), metrics::install().unwrap(), stopping.clone());
        Self { fake, service, router: router(state), stopping }
    }

    /// Reads the registry whole.
    pub(crate) async fn read(&self) {
        self.service.read_through(&Caller::local(), "local").await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "").await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, "").await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask_from("127.0.0.1:40000", method, path, headers, body).await
    }

    pub(crate) async fn ask_from(&self, peer: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("host")) {
            request = request.header("host", "here:5080");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Peer { address: peer.parse::<SocketAddr>().unwrap(), secure: false });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}
