//! Our own registry in this server: opened from the settings, put among the registries, its `/v2` among the routes; what happens in it
//! goes to the catalogue and the activity.

mod locks;
mod telling;

pub(crate) use telling::Telling;

use crate::{
    AppState,
    middleware::Client,
    settings::{EmbeddedSettings, Settings},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use catalogue::AdvisoryLocks;
use embedded::{Durability, InProcess, Local, Store};
use http::{HeaderValue, Method, StatusCode, header};
use service::{Provided, Service};
use std::sync::Arc;

/// Our own registry, opened.
pub(crate) struct Own {
    pub name: String,
    pub local: Arc<Local>,
}

impl Own {
    /// Opens it, where it is on, and puts it among the registries of the service.
    pub(crate) fn open(settings: &Settings, service: &mut service::Settings) -> Result<Option<Self>, String> {
        let Some(own) = &settings.embedded else { return Ok(None) };
        let local = Self::open_storage(settings, own, own.durable)?;
        if let Some(among) = service.registries.iter_mut().find(|registry| registry.name == own.name) {
            among.provided = Some(Provided(Arc::new(InProcess(local.clone()))));
        }
        Ok(Some(Self { name: own.name.clone(), local }))
    }

    /// Opens its storage alone.
    pub(crate) fn open_storage(settings: &Settings, own: &EmbeddedSettings, durable: bool) -> Result<Arc<Local>, String> {
        let store = Self::store(own, durable)?;
        let locks = AdvisoryLocks::of(settings.database.expose()).map_err(|error| error.to_string())?;
        // Others may write to the storage: those who share it share the database.
        Ok(Local::over(match locks {
            Some(locks) => store.locked_by(Box::new(locks::Shared::new(locks))),
            None => store,
        }))
    }

    fn store(own: &EmbeddedSettings, durable: bool) -> Result<Store, String> {
        Store::open(registry(own, durable))
            .map_err(|error| format!("The registry’s storage {} cannot be opened: {error}. Another is set with --storage.", own.storage))
    }

    /// Has the service told what happens from now on, and the storage tidied.
    pub(crate) fn start(&self, service: &Service) -> Telling {
        Telling::start(&self.local, service, &self.name)
    }

    /// The routes below `/v2`.
    pub(crate) fn routes(&self, state: &AppState) -> Router {
        embedded::router(self.local.clone()).layer(from_fn_with_state(state.clone(), guard))
    }
}

fn registry(own: &EmbeddedSettings, durable: bool) -> embedded::Settings {
    embedded::Settings {
        delete: own.delete,
        durability: if durable { Durability::Full } else { Durability::Relaxed },
        sparse: own.sparse,
        ..embedded::Settings::new(own.storage.clone())
    }
}

/// Names the client to the registry, and lets nothing be changed where nothing may be.
async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && state.service.settings().read_only {
        let told = r#"{"errors":[{"code":"UNSUPPORTED","message":"this registry is read only: the setting is read_only"}]}"#;
        let mut response = Response::new(Body::from(told));
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let address = request.extensions().get::<Client>().map(|client| client.address);
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    request.extensions_mut().insert(embedded::Client { address, user_agent, user: None });
    next.run(request).await
}
