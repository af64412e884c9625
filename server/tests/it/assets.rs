//! Built and public files. What there is depends on whether the front end was built; what holds of it does not.

use crate::support::World;
use http::{Method, StatusCode};

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let world = World::new().await;
    for path in ["/pkg/nothing.js", "/assets.json", "/pkg/../Cargo.toml", "/pkg/%2e%2e/assets.json"] {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let robots = world.get("/robots.txt").await;
    assert_eq!((robots.status, robots.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
}

#[tokio::test]
async fn a_built_file_is_kept_for_ever_and_sent_compressed() {
    let world = World::new().await;
    let names = server::assets::names();
    for (path, kind) in
        [(names.css, "text/css; charset=utf-8"), (names.js, "text/javascript; charset=utf-8"), (names.wasm, "application/wasm")]
    {
        if path.is_empty() {
            // The front end was not built.
            continue;
        }
        let plain = world.get(&path).await;
        assert_eq!((plain.status, plain.header("content-type")), (StatusCode::OK, kind), "{path}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_eq!(plain.header("content-encoding"), "");
        let coded = world.get_with(&path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!((coded.status, coded.header("content-encoding"), coded.header("content-type")), (StatusCode::OK, "br", kind), "{path}");
        assert_ne!(coded.header("etag"), plain.header("etag"), "other bytes, another tag");
        let held = world.get_with(&path, &[("if-none-match", plain.header("etag"))]).await;
        assert_eq!((held.status, held.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        let head = world.ask(Method::HEAD, &path, &[], "").await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
        let posted = world.ask(Method::POST, &path, &[], "").await;
        assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    }
}
