//! What `/metrics` tells.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Bounds of every histogram in seconds: those OpenTelemetry's semantic conventions advise for HTTP servers.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Begins measuring, once for the process; later calls get the same handle.
///
/// # Errors
/// When something else in the process measures already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let mut installed = INSTALLED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(handle) = installed.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?.install_recorder()?;
    describe();
    *installed = Some(handle.clone());
    Ok(handle)
}

fn describe() {
    metrics::describe_counter!("supercargo_http_requests_total", "Requests answered, by method, route and status.");
    metrics::describe_histogram!("supercargo_http_request_seconds", "Seconds until the head of an answer, by method, route and status.");
    metrics::describe_gauge!("supercargo_repositories", "Repositories known, by registry.");
    metrics::describe_gauge!("supercargo_tags", "Tags known, by registry.");
    metrics::describe_gauge!("supercargo_stored_bytes", "Bytes of all distinct blobs known, by registry.");
    metrics::describe_gauge!("supercargo_registry_up", "Whether a registry answers, by registry.");
    metrics::describe_gauge!("process_start_time_seconds", "When the process began, in seconds since 1970.");
    metrics::describe_gauge!("supercargo_build_info", "Always 1; the version is a label.");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    metrics::gauge!("process_start_time_seconds").set(now.as_secs_f64());
    metrics::gauge!("supercargo_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Tells of one request. `route` is its template, so that no address becomes a label.
pub(crate) fn request(method: &http::Method, route: &str, status: http::StatusCode, took: Duration) {
    // Methods are an open set in HTTP; a label's values must not be.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let labels = [("method", method), ("route", route.to_owned()), ("status", status.as_u16().to_string())];
    metrics::counter!("supercargo_http_requests_total", &labels).increment(1);
    metrics::histogram!("supercargo_http_request_seconds", &labels).record(took.as_secs_f64());
}

/// Tells of what is known of each registry.
pub(crate) fn registries(registries: &[api::Registry]) {
    for registry in registries {
        let labels = [("registry", registry.name.clone())];
        metrics::gauge!("supercargo_repositories", &labels).set(registry.repositories as f64);
        metrics::gauge!("supercargo_tags", &labels).set(registry.tags as f64);
        metrics::gauge!("supercargo_stored_bytes", &labels).set(registry.size.unwrap_or(0) as f64);
        metrics::gauge!("supercargo_registry_up", &labels).set(if registry.state == api::State::Unreachable { 0.0 } else { 1.0 });
    }
}
