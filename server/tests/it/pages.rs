//! Pages: their status, their addresses, their place below a path.

use crate::support::World;
use http::StatusCode;

#[tokio::test]
async fn every_page_is_there_and_is_whole() {
    let world = World::new().await;
    for path in [
        "/",
        "/?q=api&sort=-size&registry=local&namespace=team",
        "/r/local",
        "/r/local?refreshing=1",
        "/r/local/team/api",
        "/r/local/team/api?q=1.*&sort=name&flat=1",
        "/r/local/team/api:1.0.0",
        "/r/local/team/api:1.0.0?platform=linux/amd64&tab=layers",
        "/r/local/team/api:1.0.0?tab=configuration",
        "/r/local/team/api:1.0.0?tab=manifest",
        "/r/local/team/api:1.0.0?tab=attached",
        "/search",
        "/search?q=blue",
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "private, no-cache", "{path}");
        assert!(page.body.starts_with("<!DOCTYPE html>"), "{path}");
        assert!(page.body.contains("</html>"), "{path}");
        assert_eq!(page.header("content-length"), page.body.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn an_address_is_read_as_it_is_written() {
    let world = World::new().await;
    for (path, status) in [
        ("/r/local/team%2Fapi%3A1.0.0", 200),
        ("/r/local/team/api%253A1.0.0", 400),
        ("/r/local/team/api:9.9.9", 404),
        ("/r/other", 404),
        ("/r/other/team/api", 404),
        ("/r/local/none", 404),
        ("/r/local/team/api@sha256:abc", 400),
        ("/r/local/%FF", 400),
        ("/r/local/../etc/passwd", 400),
        ("/r/local/team/api:1.0.0?tab=nonsense", 400),
        ("/r/local/team/api:1.0.0?platform=nonsense", 400),
        ("/r/local/team/api?sort=colour", 400),
        ("/?sort=colour", 400),
        ("/?limit=0", 400),
        ("/?q=size:big", 400),
        ("/search?q=size:big", 400),
        ("/r/local/team/api?q=size:big", 400),
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status.as_u16(), status, "{path}: {}", page.body);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    let slash = world.get("/r/local/team/api/?q=x").await;
    assert_eq!((slash.status, slash.header("location")), (StatusCode::PERMANENT_REDIRECT, "/r/local/team/api?q=x"));
    let slash = world.get("/r/local/").await;
    assert_eq!((slash.status, slash.header("location")), (StatusCode::PERMANENT_REDIRECT, "/r/local"));
}

#[tokio::test]
async fn a_repository_may_be_called_refresh() {
    let world = World::new().await;
    world.fake.push("refresh", "1", &registry::fake::Image::new("x"));
    world.read().await;
    assert_eq!(world.get("/r/local/refresh").await.status, StatusCode::OK);
}

#[tokio::test]
async fn all_of_it_can_stand_below_a_path() {
    let world = World::told(&[("SUPERCARGO_PUBLIC_URL", "http://host.example/deep/images")]).await;
    for (path, status) in [
        ("/deep/images", 200),
        ("/deep/images/", 200),
        ("/deep/images/r/local/team/api:1.0.0", 200),
        ("/deep/images/api/v1/registries", 200),
        ("/deep/images/search?q=x", 200),
        ("/deep/images/healthz", 200),
        ("/deep/images/nothing", 404),
        ("/deep/imagesque", 404),
        ("/deep", 404),
        ("/", 404),
        ("/r/local", 404),
        ("/api/v1/registries", 404),
        // Asked for at our own port by those who know nothing of the public path.
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
    ] {
        assert_eq!(world.get(path).await.status.as_u16(), status, "{path}");
    }
    let page = world.get("/deep/images/").await;
    assert!(page.headers["set-cookie"].to_str().unwrap().contains("; Path=/deep/images;"));
    for link in ["href=\"/", "src=\"/", "action=\"/"] {
        for at in page.body.match_indices(link) {
            let target = &page.body[at.0 + link.len() - 1..];
            assert!(target.starts_with("/deep/images"), "a link that leaves our path: {}", &target[..target.len().min(60)]);
        }
    }
    let slash = world.get("/deep/images/r/local/").await;
    assert_eq!(slash.header("location"), "/deep/images/r/local");
    let body = format!("csrf_token={}&to=dark&back=/r/local", page.csrf_token());
    let form = [("content-type", "application/x-www-form-urlencoded"), ("cookie", &page.cookies())];
    let done = world.ask(http::Method::POST, "/deep/images/theme", &form, &body).await;
    assert_eq!(done.header("location"), "/deep/images/r/local");
}

#[tokio::test]
async fn what_a_registry_writes_is_text() {
    let world = World::new().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    world.fake.push(
        "team/api",
        "2.0.0",
        &registry::fake::Image::new("evil").label("org.opencontainers.image.description", evil).label(evil, evil),
    );
    world.read().await;
    for path in ["/", "/r/local/team/api", "/r/local/team/api:2.0.0", "/r/local/team/api:2.0.0?tab=configuration", "/search?q=alert"] {
        let page = world.get(path).await;
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{path}");
    }
    let echoed = world.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!echoed.body.contains("<script>alert"));
}

#[tokio::test]
async fn with_nothing_configured_the_catalogue_still_opens() {
    use server::{AppState, metrics, router::router, settings};
    use tower::ServiceExt;
    let settings = settings::load(&crate::support::sources(&[("SUPERCARGO_DATABASE", "sqlite::memory:")])).unwrap();
    let service = service::Service::open(settings.service()).await.unwrap();
    let state = AppState::new(&settings, service, metrics::install().unwrap(), tokio_util::sync::CancellationToken::new());
    let request = http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = router(state).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}
