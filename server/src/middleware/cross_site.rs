//! Nothing is changed at another site's bidding: whoever is in our network reaches us without a password, so that a page
//! anywhere could have their browser ask in their stead.

use super::Client;
use crate::{AppState, pages};
use api::{Code, Problem};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};

/// Refuses what would change something and comes from a foreign page.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().cloned().unwrap_or_else(Client::unknown);
    let ours = state.public_url.as_ref().map(|u| u.origin.as_str());
    if changes(request.method()) && is_foreign(request.headers(), client.host.as_deref(), ours) {
        let problem = Problem::new(Code::Forbidden, "This request comes from another site's page, at whose bidding nothing is changed.")
            .hint("If the page was ours, set public_url to the address in the browser, or name the proxy in trusted_proxies.");
        return pages::refuse(&state, request, problem).await;
    }
    next.run(request).await
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser says that another site's page sent this. Programs say nothing, and are no browser that could be
/// misled.
fn is_foreign(headers: &HeaderMap, host: Option<&str>, ours: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    // "same-site" is another host beside ours, which is as foreign as any.
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = text("origin") else { return false };
    if ours.is_some_and(|ours| origin.eq_ignore_ascii_case(ours)) {
        return false;
    }
    // The scheme cannot be compared: a proxy that nobody named may have taken the TLS off. Hosts and ports can.
    match (origin.split_once("://"), host) {
        (Some((scheme, authority)), Some(host)) => without_default_port(scheme, authority) != without_default_port(scheme, host),
        _ => true,
    }
}

fn without_default_port(scheme: &str, authority: &str) -> String {
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_of_origins() {
        let foreign = |origin: Option<&str>, site: Option<&str>, host: &str, ours: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(o) = origin {
                headers.insert("origin", o.parse().unwrap());
            }
            if let Some(s) = site {
                headers.insert("sec-fetch-site", s.parse().unwrap());
            }
            is_foreign(&headers, Some(host), ours)
        };
        // A program.
        assert!(!foreign(None, None, "h:5080", None));
        // Our own page, in a new and an old browser, behind a proxy that takes TLS off, and at the public address.
        assert!(!foreign(Some("http://h:5080"), Some("same-origin"), "h:5080", None));
        assert!(!foreign(Some("http://H:5080"), None, "h:5080", None));
        assert!(!foreign(Some("https://h"), Some("same-origin"), "h:443", None));
        assert!(!foreign(Some("https://images.example"), Some("same-origin"), "10.0.0.7:5080", Some("https://images.example")));
        assert!(!foreign(None, Some("none"), "h", None));
        // Others.
        for (origin, site) in [
            (Some("http://evil.example"), None),
            (Some("http://evil.example"), Some("cross-site")),
            (Some("http://evil.example"), Some("same-origin")),
            (Some("http://h:5081"), Some("same-site")),
            (Some("http://sub.h:5080"), None),
            (Some("null"), None),
            (Some("h:5080"), None),
            (None, Some("cross-site")),
            (None, Some("same-site")),
            (None, Some("nonsense")),
        ] {
            assert!(foreign(origin, site, "h:5080", None), "{origin:?} {site:?}");
            assert!(foreign(origin, site, "h:5080", Some("https://images.example")), "{origin:?} {site:?}");
        }
    }
}
