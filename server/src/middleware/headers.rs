//! Security headers, on every answer.

use crate::AppState;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The policy of a page (CSP level 3). `nonce` is fresh for each answer.
///
/// | directive | why |
/// | --- | --- |
/// | `default-src 'none'` | what is not named below is not wanted |
/// | `script-src` | only scripts that we wrote into this very answer, and the module they import; WASM needs its own word |
/// | `style-src` | our stylesheet; the nonce is for the critical rules in the page |
/// | `connect-src 'self'` | the islands ask `/api/v1` and nobody else: no request of a visitor leaves for another host |
/// | `img-src 'self' data:` | the icons; small ones stand in the stylesheet |
/// | `font-src 'none'` | there are no web fonts |
/// | `form-action 'self'` | a form cannot be turned to send elsewhere |
/// | `base-uri 'none'` | an injected `<base>` could turn every relative link |
/// | `frame-ancestors 'none'` | nobody can lay our buttons under theirs |
/// | `manifest-src 'self'` | `site.webmanifest` |
/// | `object-src 'none'` | said again for browsers that do not derive it |
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         connect-src 'self'; img-src 'self' data:; font-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         manifest-src 'self'; object-src 'none'"
    )
}

/// The policy of everything that is no page. A manifest is a stranger's document: were a browser to show one, it would
/// be in a sandbox.
const OTHER_POLICY: &str = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox";

const ALWAYS: [(HeaderName, &str); 5] = [
    // A type is what we say it is.
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Names of repositories stand in addresses; other hosts have no business with them.
    (header::REFERRER_POLICY, "same-origin"),
    // Other origins cannot embed what we send.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // Nothing of a device is ever asked for; copying needs the clipboard.
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         usb=(), clipboard-write=(self)",
    ),
    // For browsers before frame-ancestors.
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// A year, the least that browsers' preload lists and scanners ask for. Hosts beside ours are not spoken for.
const HSTS: &str = "max-age=31536000";

/// Adds what the handler did not set itself.
pub async fn secure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let secure = state.public_url.as_ref().is_some_and(|u| u.secure);
    let here = request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).is_some_and(loopback);
    let mut response = next.run(request).await;
    add(response.headers_mut(), secure, here);
    response
}

/// Whether a Host header names this machine: to browsers such an origin is as good as https.
fn loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.ends_with(".localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn add(headers: &mut HeaderMap, secure: bool, here: bool) {
    // A window that opened us cannot reach into us. Browsers heed it over https and on this machine only, and complain of
    // it in their console anywhere else.
    if secure || here {
        headers.entry(HeaderName::from_static("cross-origin-opener-policy")).or_insert(HeaderValue::from_static("same-origin"));
    }
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(OTHER_POLICY));
    if secure {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(HSTS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_a_page_is_this_and_nothing_else() {
        assert_eq!(
            page_policy("abc"),
            "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' 'nonce-abc'; connect-src 'self'; \
             img-src 'self' data:; font-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; \
             object-src 'none'"
        );
    }

    #[test]
    fn https_is_promised_only_where_it_is_ours_to_promise() {
        let mut headers = HeaderMap::new();
        add(&mut headers, false, false);
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(headers.len(), ALWAYS.len() + 1);
        add(&mut headers, true, false);
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], HSTS);
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "localhost:5080", "a.localhost:1", "127.0.0.1:5080", "127.9.9.9", "[::1]:5080", "[::1]"] {
            assert!(loopback(host), "{host}");
        }
        for host in ["", "example.com", "localhost.example.com", "10.0.0.1:5080", "[::2]", "notlocalhost"] {
            assert!(!loopback(host), "{host}");
        }
    }

    #[test]
    fn what_a_handler_set_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("x"));
        add(&mut headers, false, false);
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], "x");
    }
}
