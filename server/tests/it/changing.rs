//! The JSON doors to what changes a registry.

use crate::support::{Answer, World};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(world: &World, path: &str, body: &Value) -> Answer {
    world.ask(Method::POST, path, &[JSON], &body.to_string()).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_what_is_wrong_with_it() {
    let world = World::new().await;
    for (path, body, told) in [
        ("plans", "", "The body is not JSON: "),
        ("plans", "{", "The body is not JSON: "),
        ("plans", "[]", "The body is a JSON object, not a list."),
        ("plans", r#"{"action": "burn"}"#, "“action” is “delete”, “retag”, “copy”, “clean-up”, not “burn”."),
        ("plans", r#"{"action": "delete", "refs": ["local/web"], "query": "web"}"#, "“refs” and “query” are both given"),
        ("plans", r#"{"action": "delete"}"#, "give “refs” or “query”"),
        ("plans", r#"{"action": "retag", "ref": "local/web:latest", "to": "x"}"#, "“tag” is missing."),
        ("plans", r#"{"action": "retag", "ref": "local/web:latest", "tag": "x", "force": true}"#, "There is no key “force”"),
        ("plans", r#"{"action": "clean-up", "policy": {"keep": "all"}}"#, "“keep” of “policy” is a whole number"),
        ("jobs", r#"{"confirm": "x"}"#, "“plan” is missing."),
        ("jobs", r#"{"plan": 7}"#, "“plan” is a text in quotes, not 7."),
        ("jobs", r#"{"plan": "x", "confirm": "x", "yes": true}"#, "There is no key “yes”"),
    ] {
        let answer = world.ask(Method::POST, &format!("/api/v1/{path}"), &[JSON], body).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")), "{body}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{body}: {detail}");
    }
    let deep = format!("{{\"action\":\"clean-up\",\"policy\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(world.ask(Method::POST, "/api/v1/plans", &[JSON], &deep).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_json_of_some_size_is_taken() {
    let world = World::new().await;
    let body = r#"{"action": "delete", "refs": ["local/web:latest"]}"#;
    for path in ["/api/v1/plans", "/api/v1/jobs"] {
        for headers in [vec![], vec![("content-type", "text/plain")], vec![("content-type", "application/x-www-form-urlencoded")]] {
            let answer = world.ask(Method::POST, path, &headers, body).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {headers:?}");
            assert_eq!(answer.json()["code"], "unsupported_media_type");
        }
        let large = format!("{{\"action\": \"{}\"}}", "x".repeat(9 << 20));
        let answer = world.ask(Method::POST, path, &[JSON], &large).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("body_too_large")));
    }
    let many: Vec<String> = (0..10_001).map(|i| format!("local/web:{i}")).collect();
    let answer = post(&world, "/api/v1/plans", &json!({"action": "delete", "refs": many})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("holds at most 10000 items, not 10001"), "{}", answer.body);
}

#[tokio::test]
async fn nothing_changes_by_get_or_for_another_site() {
    let world = World::new().await;
    for (method, path, allow) in [
        (Method::GET, "/api/v1/plans", "POST"),
        (Method::PUT, "/api/v1/jobs", "GET,HEAD,POST"),
        (Method::POST, "/api/v1/jobs/x", "GET,HEAD,DELETE"),
        (Method::GET, "/api/v1/jobs/x/undo", "POST"),
        (Method::POST, "/api/v1/activity", "GET,HEAD"),
        (Method::DELETE, "/api/v1/activity/export", "GET,HEAD"),
    ] {
        let answer = world.ask(method.clone(), path, &[], "").await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allow), "{method} {path}");
    }
    let foreign = [JSON, ("origin", "http://evil.example")];
    for (method, path) in [
        (Method::POST, "/api/v1/plans"),
        (Method::POST, "/api/v1/jobs"),
        (Method::POST, "/api/v1/jobs/x/undo"),
        (Method::DELETE, "/api/v1/jobs/x"),
    ] {
        let answer = world.ask(method.clone(), path, &foreign, "{}").await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("forbidden")), "{method} {path}");
    }
}

#[tokio::test]
async fn a_file_is_asked_for_by_its_kind() {
    let world = World::new().await;
    for path in
        ["/api/v1/activity/export", "/api/v1/activity/export?as=xml", "/api/v1/jobs/x/items?as=xml", "/api/v1/jobs/x/items?after=-1"]
    {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_query")), "{path}");
    }
}
