//! `serve`.

use super::exit::Failed;
use crate::{
    AppState,
    embedded::Own,
    listen, logs, metrics,
    router::with_registry,
    settings::{self, Flags, Settings, Sources},
    tls,
};
use service::{RegistrySettings, Service};
use std::{path::Path, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often histograms are folded together, so that what nobody scrapes does not grow.
const UPKEEP: Duration = Duration::from_secs(5);

pub(super) async fn run(flags: Flags) -> Result<(), Failed> {
    let settings = settings::load(&Sources::of_process(flags))?;
    logs::begin(settings.log, "info");
    let metrics = metrics::install().map_err(|e| Failed::Other(format!("Measuring cannot begin: {e}.")))?;
    make_data_directory(&settings)?;
    // Before anything else that takes time: an address that is taken already is told at once.
    let listener = TcpListener::bind(settings.listen).await;
    let listener = listener
        .map_err(|e| Failed::Other(format!("{} cannot be listened on: {e}. Another address is set with --listen.", settings.listen)))?;
    let mut beside = settings.service();
    let own = Own::open(&settings, &mut beside).map_err(Failed::Other)?;
    let service = Service::open(beside).await?;
    let stopping = CancellationToken::new();
    listen::stop_on_signals(stopping.clone()).map_err(Failed::io)?;
    let state = AppState::new(&settings, service.clone(), metrics.clone(), stopping.clone());
    service.start();
    let telling = own.as_ref().map(|own| own.start(&service));
    let registry = own.as_ref().map(|own| own.routes(&state));
    let upkeep = tokio::spawn(async move {
        let mut every = tokio::time::interval(UPKEEP);
        loop {
            every.tick().await;
            metrics.run_upkeep();
        }
    });
    let tls = settings.tls.clone().map(|files| tls::acceptor(files, stopping.clone())).transpose().map_err(Failed::Other)?;
    announce(&settings, &listener);
    listen::serve(listener, tls, with_registry(state, registry), stopping).await;
    upkeep.abort();
    if let Some(telling) = telling {
        telling.end().await;
    }
    service.close().await;
    tracing::info!("ended");
    Ok(())
}

fn announce(settings: &Settings, listener: &TcpListener) {
    let address = listener.local_addr().unwrap_or(settings.listen);
    let page = settings.public_url.as_ref().map_or_else(
        || format!("{}://{address}/", if settings.tls.is_some() { "https" } else { "http" }),
        |u| format!("{}{}/", u.origin, u.base),
    );
    let beside: Vec<_> = settings.registries.iter().map(|r| r.name.as_str()).collect();
    tracing::info!(%address, page, registries = beside.join(", "), version = env!("CARGO_PKG_VERSION"), "serving");
    if let Some(own) = &settings.embedded {
        let host = settings.registries.iter().find(|registry| registry.name == own.name).map(RegistrySettings::pull_host);
        let host = host.unwrap_or_default();
        tracing::info!(storage = %own.storage, push = format!("docker push {host}/NAME:TAG"), "this is a registry");
    }
}

/// The directory of a database in a file; readable by us alone, since it tells what is in private registries.
pub(super) fn make_data_directory(settings: &Settings) -> Result<(), Failed> {
    use std::os::unix::fs::DirBuilderExt;
    let ours = settings.database.expose().strip_prefix("sqlite:").is_some_and(|path| Path::new(path).starts_with(&settings.data));
    if !ours {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data);
    made.map_err(|e| {
        Failed::Other(format!("The data directory {} cannot be made: {e}. Another is set with --data.", settings.data.display()))
    })
}
