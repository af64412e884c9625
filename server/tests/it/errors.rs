//! What is answered to what cannot be answered.

use crate::support::World;
use http::{Method, StatusCode};
use registry::fake::{Fake, FakeSettings};

#[tokio::test]
async fn an_error_is_a_problem_document() {
    let world = World::new().await;
    let answer = world.get("/api/v1/image?ref=local/team/api:9").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let problem = answer.json();
    let fields: Vec<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["code", "detail", "hint", "status", "title", "type"]);
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("tag_not_found"), Some(404)));
}

#[tokio::test]
async fn each_wrong_question_has_its_code() {
    let world = World::new().await;
    for (path, status, code) in [
        ("/api/v1/registries/other", 404, "registry_not_found"),
        ("/api/v1/repositories?registry=other", 404, "registry_not_found"),
        ("/api/v1/tags?ref=local/none", 404, "repository_not_found"),
        ("/api/v1/image?ref=local/web:latest&platform=linux/s390x", 404, "platform_not_found"),
        ("/api/v1/image?ref=local/web:latest&platform=nonsense", 400, "bad_query"),
        ("/api/v1/image?ref=local/WEB", 400, "not_a_reference"),
        ("/api/v1/image?ref=local/a/../b", 400, "not_a_reference"),
        ("/api/v1/image", 400, "bad_query"),
        ("/api/v1/image?ref=local/web&ref=local/web", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&sort=colour", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&limit=0", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&limit=1001", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&limit=abc", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&gathered=perhaps", 400, "bad_query"),
        ("/api/v1/tags?ref=local/web&after=nonsense!", 400, "bad_query"),
        ("/api/v1/repositories?sort=colour", 400, "bad_query"),
        ("/api/v1/search?q=size:big", 400, "bad_query"),
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1", 404, "not_found"),
        ("/api/v2/repositories", 404, "not_found"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["code"], code, "{path}");
        assert_eq!(answer.json()["status"], status, "{path}");
    }
    assert_eq!(world.get("/api/v1/repositories?unknown=1").await.status, StatusCode::OK, "unknown names are passed over");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    for (method, path, allow) in [
        (Method::POST, "/api/v1/tags?ref=local/web", "GET,HEAD"),
        (Method::DELETE, "/api/v1/registries/local", "GET,HEAD"),
        (Method::GET, "/api/v1/registries/local/refresh", "POST"),
        (Method::GET, "/api/v1/notifications/local", "POST"),
        (Method::PUT, "/", "GET,HEAD"),
        (Method::GET, "/theme", "POST"),
        (Method::POST, "/metrics", "GET,HEAD"),
    ] {
        let answer = world.ask(method.clone(), path, &[("accept", "application/json")], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert_eq!(answer.json()["code"], "method_not_allowed");
    }
}

#[tokio::test]
async fn people_get_a_page_and_programs_get_json() {
    let world = World::new().await;
    for (path, accept, page) in [
        ("/nothing", "text/html,*/*;q=0.8", true),
        ("/nothing", "*/*", true),
        ("/nothing", "application/json", false),
        ("/r/local/none", "text/html", true),
        ("/api/nothing", "text/html", false),
    ] {
        let answer = world.get_with(path, &[("accept", accept)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.header("content-type").starts_with("text/html"), page, "{path} {accept}");
    }
}

#[tokio::test]
async fn a_registry_that_is_gone_is_told_as_such() {
    let world = World::beside(Fake::start(FakeSettings::default()).await.unwrap(), &[]).await;
    world.fake.stop().await;
    let answer = world.get("/api/v1/image?ref=local/web:latest").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_GATEWAY, Some("registry_unreachable")), "{}", answer.body);
    let page = world.get_with("/r/local/web:latest", &[("accept", "text/html")]).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert_eq!(world.get("/readyz").await.status, StatusCode::OK, "ready whatever the registries do");
}
