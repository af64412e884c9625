//! Security headers, on all that is sent.

use crate::support::World;
use http::Method;

/// Every route, and what is none, with some method that it takes or does not.
const EVERYWHERE: &[(Method, &str)] = &[
    (Method::GET, "/"),
    (Method::HEAD, "/"),
    (Method::GET, "/search?q=web"),
    (Method::GET, "/r/local"),
    (Method::GET, "/r/local/team/api"),
    (Method::GET, "/r/local/team/api:1.0.0"),
    (Method::GET, "/r/local/none"),
    (Method::GET, "/r/local/BAD"),
    (Method::POST, "/r/local/refresh"),
    (Method::POST, "/theme"),
    (Method::GET, "/theme"),
    (Method::GET, "/healthz"),
    (Method::GET, "/readyz"),
    (Method::GET, "/metrics"),
    (Method::GET, "/robots.txt"),
    (Method::GET, "/favicon.svg"),
    (Method::GET, "/pkg/nothing.js"),
    (Method::GET, "/nothing"),
    (Method::OPTIONS, "/"),
    (Method::GET, "/api/v1/registries"),
    (Method::GET, "/api/v1/registries/local"),
    (Method::POST, "/api/v1/registries/local/refresh"),
    (Method::GET, "/api/v1/repositories"),
    (Method::GET, "/api/v1/tags?ref=local/web"),
    (Method::GET, "/api/v1/image?ref=local/web:latest"),
    (Method::GET, "/api/v1/manifest?ref=local/web:latest"),
    (Method::GET, "/api/v1/referrers?ref=local/web:latest"),
    (Method::GET, "/api/v1/search?q=web"),
    (Method::POST, "/api/v1/notifications/local"),
    (Method::GET, "/api/v1/openapi.json"),
    (Method::GET, "/api/v1/nothing"),
];

#[tokio::test]
async fn every_answer_carries_them() {
    let world = World::new().await;
    for (method, path) in EVERYWHERE {
        let answer = world.ask(method.clone(), path, &[("host", "localhost:5080")], "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {method} {path}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; "), "{method} {path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{method} {path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{method} {path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{method} {path}");
        assert!(!answer.headers.contains_key("strict-transport-security"), "{method} {path}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{method} {path}");
        assert!(!answer.headers.contains_key("server"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_page_and_its_policy_agree_on_a_nonce_that_is_never_the_same() {
    let world = World::new().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/", "/r/local", "/nothing"] {
        let page = world.get(path).await;
        let policy = page.header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(nonce.len() >= 22, "at least 128 bits: {nonce}");
        for script in page.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "a script without the nonce on {path}: <script{tag}>");
        }
        assert!(!page.body.contains(" style=\""), "the policy allows no style attributes: {path}");
        assert!(seen.insert(nonce), "a nonce came twice");
    }
}

#[tokio::test]
async fn https_is_promised_where_the_public_address_is_https() {
    let world = World::told(&[("SUPERCARGO_PUBLIC_URL", "https://images.example/")]).await;
    for path in ["/", "/healthz", "/nothing", "/api/v1/registries"] {
        assert_eq!(world.get(path).await.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[tokio::test]
async fn an_id_is_taken_from_a_trusted_proxy_only() {
    let world = World::told(&[("SUPERCARGO_TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    let given = [("x-request-id", "from-the-proxy")];
    let trusted = world.ask_from("10.1.2.3:1", Method::GET, "/healthz", &given, "").await;
    assert_eq!(trusted.header("x-request-id"), "from-the-proxy");
    let stranger = world.ask_from("192.0.2.1:1", Method::GET, "/healthz", &given, "").await;
    assert_ne!(stranger.header("x-request-id"), "from-the-proxy");
}
