//! What changes a registry by forms, as a browser without scripts sends them, and by the same forms as fragments.

use crate::support::{Answer, World};
use http::{Method, StatusCode};

const FORM: &str = "application/x-www-form-urlencoded";

/// A browser: it keeps its cookie, and sends the token of the page that it is on.
struct Browser<'w> {
    world: &'w World,
    cookie: String,
    token: String,
}

impl<'w> Browser<'w> {
    /// On a page.
    async fn on(world: &'w World, path: &str) -> Self {
        let page = world.get(path).await;
        Self { world, cookie: page.cookies(), token: page.csrf_token() }
    }

    async fn send(&self, path: &str, fields: &str) -> Answer {
        let body = format!("csrf_token={}&{fields}", self.token);
        self.world.ask(Method::POST, path, &[("content-type", FORM), ("cookie", &self.cookie)], &body).await
    }

    /// Sends a form that leads on, and follows.
    async fn follow(&self, path: &str, fields: &str, to: &str) -> (String, Answer) {
        let sent = self.send(path, fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}: {}", sent.body);
        let address = sent.header("location").to_owned();
        assert!(address.starts_with(to), "{path}: {address}");
        let page = self.world.get_with(&address, &[("cookie", &self.cookie)]).await;
        (address, page)
    }

    /// Follows a job to its end.
    async fn end(&self, job: &str) -> Answer {
        self.world.get(&format!("/api/v1{job}/events")).await;
        self.world.get_with(job, &[("cookie", &self.cookie)]).await
    }
}

/// A value that a page's form holds.
fn value(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let at = page.body.find(&start).unwrap_or_else(|| panic!("{name}: {}", page.body)) + start.len();
    page.body[at..].split('"').next().unwrap().to_owned()
}

async fn ready() -> World {
    let world = World::new().await;
    world.service.start();
    world
}

#[tokio::test]
async fn every_page_of_changes_is_there() {
    let world = World::new().await;
    for path in [
        "/activity",
        "/activity?tab=jobs&state=active",
        "/activity?registry=local&repository=team/api&tag=1.0.0&action=delete&actor=ci&source=us&since=7d&until=1h&q=api",
        "/clean-up",
        "/clean-up?match=tag:1.*&protect=tag:latest&keep=1&keep_by=pushed&keep_of=old&older_than=1d&clock=created&untagged=1",
        "/retag?ref=local/team/api:1.0.0",
        "/copy?ref=local/team/api:1.0.0",
        "/copy?ref=local/team/api:1.0.0&ref=local/team/api:1.1.0",
        "/copy?ref=local/team/api",
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        assert!(page.body.starts_with("<!DOCTYPE html>") && page.body.contains("</html>"), "{path}");
    }
    for (path, status) in [
        ("/activity?tab=people", 400),
        ("/activity?since=yesterdayish", 400),
        ("/activity?tab=jobs&state=happy", 400),
        ("/clean-up?keep=ten", 400),
        ("/clean-up?match=size:%3E5xx", 400),
        ("/retag", 400),
        ("/retag?ref=local/team/api", 400),
        ("/copy", 400),
        ("/copy?ref=nonsense", 400),
        ("/copy?ref=local/team/api:9.9.9", 404),
        ("/plans/none", 404),
        ("/jobs/none", 404),
    ] {
        let page = world.get(path).await;
        assert_eq!(page.status.as_u16(), status, "{path}: {}", page.body);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn a_form_becomes_a_plan_a_plan_a_job_and_the_job_is_undone() {
    let world = ready().await;
    let browser = Browser::on(&world, "/r/local/team/api").await;
    let (plan, page) = browser.follow("/delete", "place=local/team/api&q=&ref=local/team/api:1.0.0", "/plans/").await;
    assert!(page.body.contains("Delete tag 1.0.0 from team/api?"), "{}", page.body);
    let confirm = value(&page, "confirm").replace(' ', "+");

    let wrong = browser.send(&plan, "confirm=no").await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    assert!(wrong.body.contains("Delete tag 1.0.0 from team/api?") && wrong.body.contains("role=\"alert\""), "the plan again, and why not");

    let (job, _) = browser.follow(&plan, &format!("confirm={confirm}"), "/jobs/").await;
    let page = browser.end(&job).await;
    assert!(page.body.contains("done") && page.body.contains(&format!("action=\"{job}/undo\"")), "{}", page.body);
    assert_eq!(world.get("/r/local/team/api:1.0.0").await.status, StatusCode::NOT_FOUND);
    // Once is once: the plan now only tells which job it was.
    let page = world.get(&plan).await;
    assert!(page.body.contains(&format!("href=\"{job}\"")) && !page.body.contains("data-act"), "{}", page.body);

    let (undoing, _) = browser.follow(&format!("{job}/undo"), "", "/jobs/").await;
    let page = browser.end(&undoing).await;
    assert!(page.body.contains(&format!("href=\"{job}\"")), "it says what it undoes");
    assert_eq!(world.get("/r/local/team/api:1.0.0").await.status, StatusCode::OK);
    let again = browser.send(&format!("{job}/undo"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("undone before"), "{}", again.body);
    world.service.close().await;
}

#[tokio::test]
async fn retagging_and_copying_ask_for_what_is_missing() {
    let world = ready().await;
    let browser = Browser::on(&world, "/retag?ref=local/team/api:1.0.0").await;
    let wrong = browser.send("/retag", "ref=local/team/api:1.0.0&tag=not+a+tag").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.body.contains("value=\"not a tag\"") && wrong.body.contains("aria-invalid=\"true\""), "what was typed is there still");
    let (_, page) = browser.follow("/retag", "ref=local/team/api:1.0.0&tag=stable", "/plans/").await;
    assert!(page.body.contains("Set tag stable in team/api?"), "{}", page.body);

    // A selection says what, the form then asks where to.
    let page = browser.send("/copy", "ref=local/team/api:1.0.0&ref=local/team/api:1.1.0&place=local/team/api").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Copy 2 images") && page.body.contains("name=\"repository\""), "{}", page.body);
    let wrong = browser.send("/copy", "ref=local/team/api:1.0.0&registry=local&repository=Not+Good&tag=x").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.body.contains("value=\"Not Good\""), "{}", wrong.body);
    let fields = "ref=local/team/api:1.0.0&ref=local/team/api:1.1.0&registry=local&repository=copies/api";
    let (_, page) = browser.follow("/copy", fields, "/plans/").await;
    assert!(page.body.contains("Copy 2 tags to local/copies/api?"), "{}", page.body);
    let all = browser.send("/copy", "place=local/team/api&q=tag:1.*&all=1").await;
    assert!(all.body.contains("value=\"local/team/api:1.1.0\""), "those that match, by name: {}", all.body);
    let none = browser.send("/copy", "place=local/team/api").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_policy_becomes_a_plan() {
    let world = World::new().await;
    let browser = Browser::on(&world, "/clean-up?match=tag:1.0.*").await;
    let (_, page) = browser.follow("/clean-up", "match=tag:1.0.*", "/plans/").await;
    assert!(page.body.contains("Clean up tag 1.0.0 in team/api?"), "{}", page.body);
    assert!(world.get("/activity?tab=jobs").await.body.contains("No jobs yet"), "a plan does nothing");
}

#[tokio::test]
async fn nothing_is_heard_without_the_token_and_nothing_changes_by_get() {
    let world = World::new().await;
    let browser = Browser::on(&world, "/r/local/team/api").await;
    let (plan, _) = browser.follow("/delete", "ref=local/team/api:1.0.0", "/plans/").await;
    let posts = ["/delete", "/retag", "/copy", "/clean-up", &plan, "/jobs/x/cancel", "/jobs/x/undo"];
    for path in posts {
        let fields = "ref=local/team/api:1.0.0&tag=x&repository=y&registry=local&match=tag:1.*&confirm=x";
        for (headers, told) in [
            (vec![("content-type", FORM)], "no cookie"),
            (vec![("content-type", FORM), ("cookie", browser.cookie.as_str())], "no token"),
            (vec![("content-type", FORM), ("cookie", browser.cookie.as_str()), ("origin", "http://evil.example")], "another site"),
        ] {
            let answer = world.ask(Method::POST, path, &headers, fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {told}");
        }
        let json = world.ask(Method::POST, path, &[("content-type", "application/json"), ("cookie", &browser.cookie)], "{}").await;
        assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
    for path in ["/delete", "/jobs/x/cancel", "/jobs/x/undo"] {
        assert_eq!(world.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(world.get("/r/local/team/api:1.0.0").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_fragment_is_the_content_of_the_same_page() {
    let world = World::new().await;
    let browser = Browser::on(&world, "/r/local/team/api").await;
    let (plan, whole) = browser.follow("/delete", "ref=local/team/api:1.0.0", "/plans/").await;
    assert!(whole.body.starts_with("<!DOCTYPE html>") && whole.header("cache-control") == "private, no-cache");
    for path in
        [plan.as_str(), "/retag?ref=local/team/api:1.0.0", "/copy?ref=local/team/api:1.0.0", "/clean-up?match=tag:1.*", "/plans/none"]
    {
        let part = world.get_with(path, &[("x-fragment", "1"), ("cookie", &browser.cookie)]).await;
        assert!(part.body.starts_with("<section data-fragment=\"dialog\""), "{path}: {}", part.body);
        assert!(!part.body.contains("<script") && !part.body.contains("<header"), "{path}");
        assert_eq!(part.header("cache-control"), "no-store", "{path}: the way back must not find it");
        assert_eq!(part.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
    let api = world.get_with("/api/v1/registries", &[("x-fragment", "1")]).await;
    assert_eq!(api.header("content-type"), "application/json");
}

#[tokio::test]
async fn what_is_read_only_is_refused_and_offered_nowhere() {
    let world = World::told(&[("SUPERCARGO_READ_ONLY", "true")]).await;
    let page = world.get("/r/local/team/api").await;
    assert!(!page.body.contains("type=\"checkbox\"") && !page.body.contains(">Clean-up<"), "{}", page.body);
    // Someone has such a form nevertheless.
    let browser = Browser::on(&world, "/").await;
    for (path, fields) in [
        ("/delete", "ref=local/team/api:1.0.0"),
        ("/retag", "ref=local/team/api:1.0.0&tag=x"),
        ("/copy", "ref=local/team/api:1.0.0&registry=local&repository=x"),
        ("/clean-up", "match=tag:1.*"),
    ] {
        let answer = browser.send(path, fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}: {}", answer.body);
        assert!(answer.body.contains("read_only") || answer.body.contains("read only"), "{path}: {}", answer.body);
    }
}
