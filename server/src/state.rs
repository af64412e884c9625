use crate::settings::{PublicUrl, Settings};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use service::Service;
use std::{ops::Deref, sync::Arc};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many browsers and programs may listen to `/api/v1/events` at once.
const STREAMS: usize = 1024;

/// What every handler may need. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// See [`AppState`].
pub struct Parts {
    /// The use cases.
    pub service: Service,
    /// Where people reach us, if it was told.
    pub public_url: Option<PublicUrl>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The port listened on, for the links of those who reach us without a Host.
    pub port: u16,
    /// How many registries are configured.
    pub registries: usize,
    /// The built front end's names.
    pub assets: app::Assets,
    /// What was measured.
    pub metrics: PrometheusHandle,
    /// Cancelled when the server is to end: long answers stop then.
    pub stopping: CancellationToken,
    /// Permits for long answers.
    pub streams: Arc<Semaphore>,
}

impl AppState {
    /// The state of a server; `stopping` ends its long answers.
    pub fn new(settings: &Settings, service: Service, metrics: PrometheusHandle, stopping: CancellationToken) -> Self {
        // Leptos draws on whatever runtime is there; it only wants to be told so once. Later calls find it told.
        drop(any_spawner::Executor::init_tokio());
        Self(Arc::new(Parts {
            service,
            public_url: settings.public_url.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            port: settings.listen.port(),
            registries: settings.registries.len(),
            assets: crate::assets::names(),
            metrics,
            stopping,
            streams: Arc::new(Semaphore::new(STREAMS)),
        }))
    }

    /// The path before all of ours: empty, or `/images`.
    pub fn base(&self) -> &str {
        self.public_url.as_ref().map_or("", |u| &u.base)
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
