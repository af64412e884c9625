//! `/api/v1`, as programs read it.

use crate::support::World;
use http::{Method, StatusCode};
use registry::fake::content;
use serde_json::json;

#[tokio::test]
async fn lists_have_the_shape_of_the_contract() {
    let world = World::new().await;
    let list = world.get("/api/v1/repositories").await;
    assert_eq!((list.status, list.header("content-type")), (StatusCode::OK, "application/json"));
    let list = list.json();
    assert_eq!((&list["total"], &list["next"]), (&json!(2), &json!(null)));
    assert_eq!(list["freshness"]["state"], "fresh");
    let first = &list["items"][0];
    assert_eq!((&first["registry"], &first["repository"], &first["tags"]), (&json!("local"), &json!("team/api"), &json!(2)));

    let tags = world.get("/api/v1/tags?ref=local/team/api").await.json();
    let names: Vec<_> = tags["items"].as_array().unwrap().iter().map(|t| t["tag"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["1.1.0", "1.0.0"], "the newest version first");

    let hits = world.get("/api/v1/search?q=web").await.json();
    assert_eq!(hits["items"][0]["reference"], "local/web");

    let registries = world.get("/api/v1/registries").await.json();
    assert_eq!(registries[0]["name"], "local");
    let one = world.get("/api/v1/registries/local").await.json();
    assert_eq!(one["tags"], 3);
}

#[tokio::test]
async fn pages_of_a_list_follow_one_another() {
    let world = World::new().await;
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.get(&format!("/api/v1/repositories?sort=name&limit=1{after}")).await.json();
        names.extend(page["items"].as_array().unwrap().iter().map(|r| r["repository"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(names, ["team/api", "web"]);
}

#[tokio::test]
async fn two_images_are_compared() {
    let world = World::new().await;
    let told = world.get("/api/v1/compare?from=local/team/api:1.0.0&to=local/web:latest").await.json();
    assert_eq!((&told["same"], &told["from"]["reference"]), (&json!(false), &json!("local/team/api:1.0.0")));
    let label = told["differences"].as_array().unwrap().iter().find(|one| one["group"] == "label" && one["name"] == "team").unwrap();
    assert_eq!((&label["from"], &label["to"]), (&json!("blue"), &json!(null)));
    let same = world.get("/api/v1/compare?from=local/team/api:1.0.0&to=local/team/api:1.0.0").await.json();
    assert_eq!((&same["same"], &same["differences"], &same["added"]), (&json!(true), &json!([]), &json!(0)));

    for (address, status, code) in [
        ("from=local/team/api:1.0.0", StatusCode::BAD_REQUEST, "bad_query"),
        ("from=local/team/api:1.0.0&to=local/team/api:9", StatusCode::NOT_FOUND, "tag_not_found"),
        ("from=local/team/api:1.0.0&to=x", StatusCode::BAD_REQUEST, "not_a_reference"),
        ("from=local/team/api:1.0.0&to=local/team/api:1.1.0&platform=plan9/mips", StatusCode::NOT_FOUND, "platform_not_found"),
    ] {
        let answer = world.get(&format!("/api/v1/compare?{address}")).await;
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{address}");
    }
    let page = world.get("/compare?from=local/team/api:1.0.0&to=local/web:latest").await;
    assert!(page.status == StatusCode::OK && page.body.contains("What it runs and says"), "{}", page.body);
    let page = world.get("/compare?from=local/team/api:1.0.0&to=local/team/api:9").await;
    assert!(page.status == StatusCode::NOT_FOUND && page.body.contains("has no tag 9"), "{}", page.body);
}

#[tokio::test]
async fn a_manifest_is_sent_to_the_byte() {
    let world = World::new().await;
    let image = content::Image::new("one").label("team", "blue");
    for reference in ["local/team/api:1.0.0".to_owned(), format!("local/team/api@{}", image.digest())] {
        let answer = world.get_with(&format!("/api/v1/manifest?ref={reference}"), &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.body.as_bytes(), image.manifest());
        assert_eq!(answer.header("content-type"), "application/vnd.oci.image.manifest.v1+json");
        assert_eq!(answer.header("docker-content-digest"), image.digest().to_string());
        assert_eq!(answer.header("etag"), format!("\"{}\"", image.digest()));
        assert!(!answer.headers.contains_key("content-encoding"));
    }
}

#[tokio::test]
async fn an_image_tells_its_labels_and_a_warm_one_asks_nobody() {
    let world = World::new().await;
    world.get("/api/v1/image?ref=local/team/api:1.1.0").await;
    let before = world.fake.requests();
    let image = world.get("/api/v1/image?ref=local/team/api:1.1.0").await.json();
    assert_eq!(image["labels"]["team"], "blue");
    assert_eq!(image["platform"], "linux/amd64");
    for path in ["/", "/r/local/team/api", "/r/local/team/api:1.1.0", "/search?q=api", "/api/v1/tags?ref=local/web"] {
        assert_eq!(world.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(world.fake.requests(), before, "warm pages ask the registry nothing");
}

#[tokio::test]
async fn what_the_asker_has_is_not_sent_again() {
    let world = World::new().await;
    for path in ["/api/v1/tags?ref=local/team/api", "/api/v1/manifest?ref=local/web:latest", "/api/v1/openapi.json"] {
        let first = world.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(!tag.is_empty(), "{path}");
        let again = world.get_with(path, &[("if-none-match", &format!("\"other\", {tag}"))]).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        assert_eq!(again.header("etag"), tag);
        let other = world.get_with(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_refresh_is_taken_and_told() {
    let world = World::new().await;
    let answer = world.ask(Method::POST, "/api/v1/registries/local/refresh", &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::ACCEPTED, ""));
    let answer = world.ask(Method::POST, "/api/v1/registries/other/refresh", &[], "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("registry_not_found")));
}

#[tokio::test]
async fn a_notification_wants_the_registrys_secret() {
    let world = World::told(&[("SUPERCARGO_REGISTRY_NOTIFICATION_SECRET", "s3cret")]).await;
    let path = "/api/v1/notifications/local";
    let kind = ("content-type", "application/vnd.docker.distribution.events.v1+json");
    let body = r#"{"events":[]}"#;
    for headers in [vec![kind], vec![kind, ("authorization", "Bearer wrong")], vec![kind, ("authorization", "Basic s3cret")]] {
        let refused = world.ask(Method::POST, path, &headers, body).await;
        assert!(matches!(refused.status.as_u16(), 401 | 403), "{}", refused.body);
    }
    let right = ("authorization", "Bearer s3cret");
    let taken = world.ask(Method::POST, path, &[kind, right], body).await;
    assert_eq!((taken.status, taken.json()), (StatusCode::OK, json!({"taken": 0})));
    let nonsense = world.ask(Method::POST, path, &[kind, right], "nonsense").await;
    assert_eq!((nonsense.status, nonsense.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")));
    let text = world.ask(Method::POST, path, &[("content-type", "text/plain"), right], body).await;
    assert_eq!((text.status, text.json()["code"].as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some("unsupported_media_type")));
    let huge = world.ask(Method::POST, path, &[kind, right], &"x".repeat(1024 * 1024 + 1)).await;
    assert_eq!((huge.status, huge.json()["code"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("body_too_large")));
}

#[tokio::test]
async fn the_description_names_every_route() {
    let world = World::told(&[("SUPERCARGO_PUBLIC_URL", "https://host.example/images")]).await;
    let document = world.get("/images/api/v1/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], "/images/api/v1");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        paths,
        [
            "/activity",
            "/activity/export",
            "/compare",
            "/configuration",
            "/events",
            "/image",
            "/jobs",
            "/jobs/{id}",
            "/jobs/{id}/events",
            "/jobs/{id}/items",
            "/jobs/{id}/undo",
            "/locks",
            "/manifest",
            "/notifications/{registry}",
            "/plans",
            "/plans/{id}",
            "/policies",
            "/policies/{id}",
            "/referrers",
            "/registries",
            "/registries/{registry}",
            "/registries/{registry}/collection",
            "/registries/{registry}/refresh",
            "/repositories",
            "/search",
            "/tags"
        ]
    );
    for schema in
        ["Repository", "Tag", "Image", "Hit", "Registry", "Problem", "Change", "Plan", "Job", "Items", "Activity", "Intent", "Policy"]
    {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

#[tokio::test]
async fn what_is_made_on_the_spot_is_compressed_when_asked() {
    let world = World::new().await;
    for (path, encoding) in [("/", "br"), ("/api/v1/image?ref=local/web:latest", "gzip"), ("/metrics", "br")] {
        let answer = world.get_with(path, &[("accept-encoding", encoding)]).await;
        assert_eq!(answer.header("content-encoding"), encoding, "{path}");
        assert!(answer.header("vary").to_lowercase().contains("accept-encoding"), "{path}");
        assert_eq!(world.get(path).await.header("content-encoding"), "", "{path}");
    }
}
