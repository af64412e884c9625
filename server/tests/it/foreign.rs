//! Other sites, forged forms, proxies that nobody named.

use crate::support::World;
use http::{Method, StatusCode};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn nothing_changes_at_another_sites_bidding() {
    let world = World::new().await;
    let paths = ["/theme", "/r/local/refresh", "/api/v1/registries/local/refresh", "/api/v1/notifications/local", "/nothing"];
    let foreign = [
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://here:9999")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://here:5080")],
    ];
    for path in paths {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            for headers in &foreign {
                let mut headers = headers.clone();
                headers.push(("accept", "application/json"));
                let answer = world.ask(method.clone(), path, &headers, "").await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} {headers:?}");
                assert_eq!(answer.json()["code"], "forbidden");
            }
        }
    }
    let page = world.ask(Method::POST, "/theme", &[("origin", "http://evil.example"), ("accept", "text/html")], "").await;
    assert!(page.status == StatusCode::FORBIDDEN && page.header("content-type").starts_with("text/html"));
    let own = world
        .ask(Method::POST, "/api/v1/registries/local/refresh", &[("origin", "http://here:5080"), ("sec-fetch-site", "same-origin")], "")
        .await;
    assert_eq!(own.status, StatusCode::ACCEPTED);
    let reading = world.get_with("/api/v1/registries", &[("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")]).await;
    assert_eq!(reading.status, StatusCode::OK, "reading is guarded by the browser: no CORS is offered");
}

#[tokio::test]
async fn a_form_wants_its_token() {
    let world = World::new().await;
    let page = world.get("/").await;
    let (token, cookies) = (page.csrf_token(), page.cookies());
    assert!(cookies.starts_with("csrf="), "{cookies}");
    let body = |token: &str| format!("csrf_token={token}&to=dark&back=/search?q=x");
    let other = world.get("/").await;
    for (cookie, body) in [
        (cookies.as_str(), body("")),
        (cookies.as_str(), "to=dark".to_owned()),
        (cookies.as_str(), body(&other.csrf_token())),
        (cookies.as_str(), body(&"0".repeat(64))),
        ("", body(&token)),
        ("csrf=", body("")),
    ] {
        let refused = world.ask(Method::POST, "/theme", &[FORM, ("cookie", cookie), ("accept", "application/json")], &body).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("forbidden")), "{cookie} {body}");
        assert!(!refused.headers.contains_key("location"));
    }
    let done = world.ask(Method::POST, "/theme", &[FORM, ("cookie", &cookies)], &body(&token)).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/search?q=x"));
    assert_eq!(done.cookies(), "theme=dark");
    let dark = world.get_with("/", &[("cookie", "theme=dark")]).await;
    assert_eq!(dark.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_leads_nowhere_else() {
    let world = World::new().await;
    let page = world.get("/").await;
    for back in ["//evil.example", "https://evil.example", "/\\evil.example", "%2F%2Fevil.example"] {
        let body = format!("csrf_token={}&to=light&back={back}", page.csrf_token());
        let done = world.ask(Method::POST, "/theme", &[FORM, ("cookie", &page.cookies())], &body).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/"), "{back}");
    }
}

#[tokio::test]
async fn a_registry_is_read_anew_by_its_form() {
    let world = World::new().await;
    let page = world.get("/").await;
    let body = format!("csrf_token={}", page.csrf_token());
    let done = world.ask(Method::POST, "/r/local/refresh", &[FORM, ("cookie", &page.cookies())], &body).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/r/local?refreshing=1"));
    let none = world.ask(Method::POST, "/r/other/refresh", &[FORM, ("cookie", &page.cookies())], &body).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let json =
        world.ask(Method::POST, "/r/local/refresh", &[("content-type", "application/json"), ("cookie", &page.cookies())], "{}").await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn only_a_named_proxy_speaks_for_others() {
    let world = World::told(&[("SUPERCARGO_TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    let told = [("x-forwarded-proto", "https"), ("x-forwarded-host", "images.example"), ("x-forwarded-for", "192.0.2.7")];
    let trusted = world.ask_from("10.0.0.1:1", Method::GET, "/r/local", &told, "").await;
    assert!(trusted.body.contains("https://images.example/api/v1/notifications/local"), "{}", trusted.body);
    assert!(trusted.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    let stranger = world.ask_from("192.0.2.1:1", Method::GET, "/r/local", &told, "").await;
    assert!(stranger.body.contains("http://here:5080/api/v1/notifications/local"), "{}", stranger.body);
    assert!(!stranger.body.contains("images.example"));
    assert!(!stranger.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    // The host a proxy tells is the one that an origin is compared with.
    let mut posted = told.to_vec();
    posted.push(("origin", "https://images.example"));
    let path = "/api/v1/registries/local/refresh";
    assert_eq!(world.ask_from("10.0.0.1:1", Method::POST, path, &posted, "").await.status, StatusCode::ACCEPTED);
    assert_eq!(world.ask_from("192.0.2.1:1", Method::POST, path, &posted, "").await.status, StatusCode::FORBIDDEN);
}
