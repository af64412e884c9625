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

/// A job once it is over, by the events that tell of it.
async fn ended(world: &World, job: &Value) -> Value {
    let events = world.get(&format!("/api/v1/jobs/{}/events", job["id"].as_str().unwrap())).await;
    assert_eq!(events.header("content-type"), "text/event-stream", "{}", events.body);
    let told: Vec<Value> = events.body.lines().filter_map(|l| l.strip_prefix("data: ")).map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(events.body.contains("\nid: over\n") || events.body.starts_with("id: over\n"), "{}", events.body);
    assert!(told.iter().all(|j| j["items"] == json!([])), "steps are asked for by themselves");
    told.last().unwrap().clone()
}

async fn tags(world: &World) -> Vec<String> {
    let list = world.get("/api/v1/tags?ref=local/team/api&sort=name").await.json();
    list["items"].as_array().unwrap().iter().map(|t| t["tag"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_plan_is_made_confirmed_carried_out_told_of_and_undone() {
    let world = World::new().await;
    world.service.start_jobs();
    let made = post(&world, "/api/v1/plans", &json!({"action": "delete", "refs": ["local/team/api:1.0.0"]})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let plan = made.json();
    assert_eq!(made.header("location"), format!("/api/v1/plans/{}", plan["id"].as_str().unwrap()));
    assert_eq!(world.get(made.header("location")).await.json(), plan);
    assert_eq!(
        (plan["effects"][0]["reference"].as_str(), plan["effects"][0]["effect"].as_str()),
        (Some("local/team/api:1.0.0"), Some("goes"))
    );

    for confirm in [json!({"plan": plan["id"]}), json!({"plan": plan["id"], "confirm": "something else"})] {
        let refused = post(&world, "/api/v1/jobs", &confirm).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::CONFLICT, Some("plan_unconfirmed")), "{confirm}");
    }
    assert_eq!(tags(&world).await, ["1.0.0", "1.1.0"]);
    let begun = post(&world, "/api/v1/jobs", &json!({"plan": plan["id"], "confirm": plan["confirm"]})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    let location = begun.header("location").to_owned();
    assert_eq!(location, format!("/api/v1/jobs/{}", begun.json()["id"].as_str().unwrap()));
    let job = ended(&world, &begun.json()).await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(tags(&world).await, ["1.1.0"]);
    let twice = post(&world, "/api/v1/jobs", &json!({"plan": plan["id"], "confirm": plan["confirm"]})).await;
    assert_eq!((twice.status, twice.json()["code"].as_str()), (StatusCode::CONFLICT, Some("busy")));

    let again = world.get_with(&format!("{location}/events"), &[("last-event-id", "over")]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NO_CONTENT, ""), "a browser that comes back stays away");
    let items = world.get(&format!("{location}/items?limit=1")).await.json();
    assert_eq!((items["items"][0]["state"].as_str(), items["next"].clone()), (Some("done"), Value::Null));
    assert_eq!(world.get(&format!("{location}/items?after=1")).await.json(), json!({"items": [], "next": null}));
    let file = world.get(&format!("{location}/items?as=csv")).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").ends_with(".csv\""), "{:?}", file.headers);
    assert!(file.body.starts_with("step,reference,state,detail\r\n") && file.body.lines().count() == 2, "{}", file.body);
    let listed = world.get("/api/v1/jobs?registry=local&repository=team/api&state=done").await.json();
    assert_eq!((listed["total"].as_u64(), listed["items"][0]["id"].clone()), (Some(1), job["id"].clone()));
    assert_eq!(world.get("/api/v1/jobs?state=active").await.json()["total"], 0);
    let over = world.ask(Method::DELETE, &location, &[], "").await;
    assert_eq!((over.status, over.json()["state"].as_str()), (StatusCode::ACCEPTED, Some("done")));

    let undone = world.ask(Method::POST, &format!("{location}/undo"), &[], "").await;
    assert_eq!(undone.status, StatusCode::ACCEPTED, "{}", undone.body);
    assert_eq!(undone.header("location"), format!("/api/v1/jobs/{}", undone.json()["id"].as_str().unwrap()));
    let back = ended(&world, &undone.json()).await;
    assert_eq!((back["state"].as_str(), back["undoes"].clone()), (Some("done"), job["id"].clone()), "{back}");
    assert_eq!(tags(&world).await, ["1.0.0", "1.1.0"]);
}

#[tokio::test]
async fn what_is_locked_is_left_alone_until_it_is_unlocked() {
    let world = World::new().await;
    world.service.start_jobs();
    let intent = json!({"action": "delete", "refs": ["local/team/api:1.0.0"]});
    let before = post(&world, "/api/v1/plans", &intent).await.json();
    let lock = post(&world, "/api/v1/locks", &json!({"reference": "local/team/api:1.0.0", "note": "it runs in prod"})).await;
    assert_eq!((lock.status, lock.json()["note"].as_str()), (StatusCode::CREATED, Some("it runs in prod")), "{}", lock.body);

    let refused = post(&world, "/api/v1/jobs", &json!({"plan": before["id"], "confirm": before["confirm"]})).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::CONFLICT, Some("plan_stale")), "{}", refused.body);
    let after = post(&world, "/api/v1/plans", &intent).await.json();
    assert_eq!(
        (after["problems"][0]["code"].as_str(), after["effects"][0]["effect"].as_str()),
        (Some("protected"), Some("stays")),
        "{after}"
    );
    let page = world.get("/r/local/team/api:1.0.0").await.body;
    assert!(page.contains("it runs in prod") && page.contains("Unlock"), "{page}");
    assert!(world.get("/r/local/team/api").await.body.contains("title=\"Locked\""));
    assert_eq!(tags(&world).await, ["1.0.0", "1.1.0"]);

    for (reference, code) in [("local/team/api:9", "tag_not_found"), ("local/none:1", "repository_not_found"), ("x", "not_a_reference")] {
        assert_eq!(post(&world, "/api/v1/locks", &json!({"reference": reference})).await.json()["code"], code);
    }
    let all = world.get("/api/v1/locks?registry=local").await.json();
    assert_eq!((all.as_array().map(Vec::len), all[0]["reference"].as_str()), (Some(1), Some("local/team/api:1.0.0")));
    let gone = world.ask(Method::DELETE, "/api/v1/locks?ref=local/team/api:1.0.0", &[], "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let gone = world.ask(Method::DELETE, "/api/v1/locks?ref=local/team/api:1.0.0", &[], "").await;
    assert_eq!((gone.status, gone.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
    let told = world.get("/api/v1/activity?action=lock").await.json();
    assert_eq!((told["total"].as_u64(), told["items"][0]["detail"].as_str()), (Some(1), Some("it runs in prod")));

    post(&world, "/api/v1/locks", &json!({"reference": "local/team/api"})).await;
    let whole = post(&world, "/api/v1/plans", &intent).await.json();
    assert_eq!(whole["problems"][0]["code"], "protected", "a lock on a repository is one on all its tags");
    world.ask(Method::DELETE, "/api/v1/locks?ref=local/team/api", &[], "").await;
    let plan = post(&world, "/api/v1/plans", &intent).await.json();
    let job = post(&world, "/api/v1/jobs", &json!({"plan": plan["id"], "confirm": plan["confirm"]})).await.json();
    assert_eq!(ended(&world, &job).await["state"], "done");
}

#[tokio::test]
async fn what_was_done_is_told_and_exported() {
    let world = World::new().await;
    world.service.start_jobs();
    let plan = post(&world, "/api/v1/plans", &json!({"action": "retag", "ref": "local/team/api:1.0.0", "tag": "stable"})).await.json();
    let job = post(&world, "/api/v1/jobs", &json!({"plan": plan["id"], "confirm": plan["confirm"]})).await.json();
    assert_eq!(ended(&world, &job).await["state"], "done");
    let list = world.get("/api/v1/activity?registry=local&repository=team/api&tag=stable&source=us").await.json();
    assert_eq!(list["total"], 1, "{list}");
    let entry = &list["items"][0];
    assert_eq!(
        (entry["action"].as_str(), entry["actor"].as_str(), entry["address"].as_str()),
        (Some("tag"), Some("anonymous"), Some("127.0.0.1"))
    );
    assert_eq!((entry["job"].clone(), entry["result"].as_str()), (job["id"].clone(), Some("done")));
    assert_eq!(world.get(&format!("/api/v1/activity?job={}", job["id"].as_str().unwrap())).await.json()["total"], 1);
    assert_eq!(world.get("/api/v1/activity?since=1h&until=2999-01-01&q=stable").await.json()["total"], 1);
    assert_eq!(world.get("/api/v1/activity?until=1h").await.json()["total"], 0);
    let lines = world.get("/api/v1/activity/export?as=jsonl&tag=stable").await;
    assert_eq!(lines.header("content-type"), "application/jsonl");
    assert_eq!(serde_json::from_str::<Value>(lines.body.trim_end()).unwrap(), *entry);
    let csv = world.get("/api/v1/activity/export?as=csv").await;
    assert!(csv.body.starts_with("id,at,action,actor,") && csv.body.contains(",team/api,stable,"), "{}", csv.body);
    for path in [
        "activity?source=them",
        "activity?since=soon",
        "activity?after=x",
        "activity/export?as=csv&since=soon",
        "jobs?state=odd",
        "jobs?limit=0",
    ] {
        let answer = world.get(&format!("/api/v1/{path}")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_query")), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_has_its_code() {
    let world = World::new().await;
    for (path, code) in [
        ("plans/none", "plan_not_found"),
        ("jobs/none", "job_not_found"),
        ("jobs/none/items", "job_not_found"),
        ("jobs/none/items?as=csv", "job_not_found"),
        ("jobs/none/events", "job_not_found"),
    ] {
        let answer = world.get(&format!("/api/v1/{path}")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some(code)), "{path}");
    }
    for (method, path) in [(Method::DELETE, "/api/v1/jobs/none"), (Method::POST, "/api/v1/jobs/none/undo")] {
        assert_eq!(world.ask(method, path, &[], "").await.json()["code"], "job_not_found", "{path}");
    }
    assert_eq!(post(&world, "/api/v1/jobs", &json!({"plan": "none", "confirm": "x"})).await.json()["code"], "plan_not_found");
    for (body, status, code) in [
        (json!({"action": "delete", "refs": ["other/a:1"]}), 404, "registry_not_found"),
        (json!({"action": "delete", "refs": ["local/none:1"]}), 404, "repository_not_found"),
        (json!({"action": "delete", "refs": ["local/team/api:9"]}), 404, "tag_not_found"),
        (json!({"action": "delete", "refs": ["local/A"]}), 400, "not_a_reference"),
        (json!({"action": "delete", "query": "size:big"}), 400, "bad_query"),
        (json!({"action": "retag", "ref": "local/web:latest", "tag": "a b"}), 400, "not_a_reference"),
        (json!({"action": "copy", "from": "local/web:9", "to": "local/site:1"}), 404, "tag_not_found"),
        (json!({"action": "clean-up", "policy": {"registry": "other", "keep": 1}}), 404, "registry_not_found"),
        (json!({"action": "clean-up", "policy": {"older_than": "long"}}), 400, "bad_request"),
    ] {
        let answer = post(&world, "/api/v1/plans", &body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{body}: {}", answer.body);
    }
    let read_only = World::told(&[("SUPERCARGO_READ_ONLY", "true")]).await;
    for body in [
        json!({"action": "delete", "refs": ["local/web:latest"]}),
        json!({"action": "retag", "ref": "local/web:latest", "tag": "x"}),
        json!({"action": "copy", "from": "local/web:latest", "to": "local/site:1"}),
        json!({"action": "clean-up", "policy": {"keep": 1}}),
    ] {
        let answer = post(&read_only, "/api/v1/plans", &body).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::CONFLICT, Some("read_only")), "{body}");
    }
}

#[tokio::test]
async fn a_policy_is_kept_replaced_and_let_go() {
    let world = World::new().await;
    let policy = json!({"name": "nightly", "policy": {"registry": "local", "keep": 3}, "schedule": "30 3 * * *", "zone": "Europe/Berlin", "enabled": true});
    let made = post(&world, "/api/v1/policies", &policy).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let kept = made.json();
    assert_eq!(made.header("location"), format!("/api/v1/policies/{}", kept["id"].as_str().unwrap()));
    assert!(kept["next"].is_string(), "{kept}");
    assert_eq!(world.get(made.header("location")).await.json(), kept);
    // As it came, with one thing changed.
    let mut other = kept.clone();
    other["policy"]["keep"] = json!(5);
    let replaced = post(&world, "/api/v1/policies", &other).await.json();
    assert_eq!((replaced["id"].clone(), replaced["policy"]["keep"].as_u64()), (kept["id"].clone(), Some(5)));
    assert_eq!(world.get("/api/v1/policies").await.json().as_array().unwrap().len(), 1);
    for (body, told) in [
        (json!({"policy": {}}), "“name” is missing."),
        (json!({"name": "x"}), "“policy” is missing."),
        (json!({"name": "x", "policy": {"keeep": 1}}), "There is no key “keeep” of “policy”; did you mean “keep”?"),
        (json!({"name": "x", "policy": {}, "scedule": "x"}), "There is no key “scedule”; did you mean “schedule”?"),
        (json!({"name": "x", "policy": {"keep": 1}, "schedule": "sometimes"}), "“sometimes” is no schedule"),
        (json!({"name": "x", "policy": {"keep": 1}, "schedule": "0 3 * * *", "zone": "Moon/Base"}), "“Moon/Base” is no time zone."),
    ] {
        let answer = post(&world, "/api/v1/policies", &body).await;
        assert_eq!(answer.json()["code"], "bad_request", "{body}: {}", answer.body);
        assert!(answer.json()["detail"].as_str().unwrap().contains(told), "{body}: {}", answer.body);
    }
    assert_eq!(world.ask(Method::DELETE, made.header("location"), &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(made.header("location")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/policies").await.json(), json!([]));
}
