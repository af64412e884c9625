//! Standing below a path of a host that others share: `public_url = "https://host/images"`.

use axum::{Router, extract::Request};
use http::Uri;
use tower::ServiceExt;

/// The request asks for something that is not below our path.
#[derive(Debug, Clone, Copy)]
struct Outside;

/// Asked for by orchestrators and Prometheus at our own port, who know nothing of the public path.
const OPERATIONS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Has `inner` answer what stands below `base`; to the rest it answers that there is nothing.
pub(crate) fn under_base(base: &str, inner: Router) -> Router {
    if base.is_empty() {
        return inner;
    }
    let base = base.to_owned();
    Router::new().fallback(move |mut request: Request| {
        match below(&base, request.uri()) {
            Some(uri) => *request.uri_mut() = uri,
            None if OPERATIONS.contains(&request.uri().path()) || is_registry(request.uri().path()) => {}
            None => {
                request.extensions_mut().insert(Outside);
            }
        }
        let inner = inner.clone();
        async move {
            // A router never fails.
            inner.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
    })
}

/// Clients of a registry know its host only, never a path.
pub(crate) fn is_registry(path: &str) -> bool {
    path.strip_prefix("/v2").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request stands below our path.
pub(crate) fn below_base(request: &Request) -> bool {
    request.extensions().get::<Outside>().is_none()
}

fn below(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base)?;
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let path = if rest.is_empty() { "/" } else { rest };
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_below_is_ours() {
        let below = |path: &str| below("/images", &path.parse().unwrap()).map(|u| u.to_string());
        assert_eq!(below("/images").as_deref(), Some("/"));
        assert_eq!(below("/images?q=1").as_deref(), Some("/?q=1"));
        assert_eq!(below("/images/r/local/a%2Fb:c").as_deref(), Some("/r/local/a%2Fb:c"));
        assert_eq!(below("/"), None);
        assert_eq!(below("/imagesque"), None);
        assert_eq!(below("/r/images"), None);
    }
}
