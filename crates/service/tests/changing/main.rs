//! Changing a real docker-registry 2.8: what is deleted, tagged, copied and put back, and what never is.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod support;

use api::{Code, Fate, Intent, ItemState, Job, JobState, Plan, Policy};
use service::{ActivityQuery, JobsQuery, RegistrySettings, Service, Settings, TagsQuery};
use std::time::Duration;
use support::{Docker, beside, caller, opened, registry};

fn delete(refs: &[&str]) -> Intent {
    Intent::Delete { refs: refs.iter().map(|r| (*r).to_owned()).collect(), query: None }
}

async fn planned(service: &Service, intent: &Intent) -> Plan {
    service.plan(&caller(), intent).await.unwrap()
}

/// Plans, confirms, and waits for the end.
async fn done(service: &Service, intent: &Intent) -> Job {
    let plan = planned(service, intent).await;
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    ended(service, &job.id).await
}

async fn ended(service: &Service, id: &str) -> Job {
    let caller = caller();
    let wait = service.wait_for_job(&caller, id, |_| {});
    tokio::time::timeout(Duration::from_mins(2), wait).await.expect("the job does not end").unwrap()
}

async fn undone(service: &Service, job: &Job) -> Job {
    let undo = service.undo(&caller(), &job.id).await.unwrap();
    ended(service, &undo.id).await
}

fn well(job: &Job) {
    assert_eq!(job.state, JobState::Done, "{job:#?}");
    assert!(job.problems.is_empty(), "{job:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_tags_goes_and_its_sibling_lives() {
    let Some(docker) = Docker::start(true).await else { return };
    let digest = docker.push("team/api", "one", &["v1", "latest"]).await;
    docker.push("team/api", "two", &["v2"]).await;
    let service = beside(&[("local", &docker.url)]).await;

    let plan = planned(&service, &delete(&["local/team/api:v1"])).await;
    let fate = |reference: &str| plan.effects.iter().find(|e| e.reference == reference).map(|e| e.effect);
    assert_eq!(fate("local/team/api:v1"), Some(Fate::Goes), "{plan:#?}");
    assert_eq!(fate(&format!("local/team/api@{digest}")), Some(Fate::Stays), "{plan:#?}");
    assert_eq!((plan.frees, plan.wide), (Some(0), false));

    // Only where the registry cannot delete a tag by its name is there something to agree to, once.
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    let job = ended(&service, &job.id).await;
    well(&job);
    let by_placeholder = job.items.iter().any(|i| i.detail.as_deref().is_some_and(|d| d.contains("placeholder")));
    assert_eq!(plan.consent.is_some(), by_placeholder, "{plan:#?} {job:#?}");
    docker.push("team/api", "two", &["v2b"]).await;
    assert_eq!(planned(&service, &delete(&["local/team/api:v2b"])).await.consent, None);
    well(&done(&service, &delete(&["local/team/api:v2b"])).await);
    assert_eq!(docker.tags("team/api").await, ["latest", "v2"]);
    assert_eq!(docker.names("team/api", "latest").await, Some(digest.to_string()));

    let undo = undone(&service, &job).await;
    well(&undo);
    assert_eq!(docker.tags("team/api").await, ["latest", "v1", "v2"]);
    assert_eq!(docker.names("team/api", "v1").await, Some(digest.to_string()));
    // What was undone is not undone again.
    assert_eq!(service.undo(&caller(), &job.id).await.unwrap_err().code(), Code::Busy);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_tag_takes_its_image_and_undo_brings_it_back() {
    let Some(docker) = Docker::start(true).await else { return };
    let (index, children) = docker.push_index("team/api", "multi", &["v1"]).await;
    docker.push("team/api", "other", &["v2", "v3"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let job = done(&service, &delete(&["local/team/api:v1"])).await;
    well(&job);
    assert_eq!(docker.tags("team/api").await, ["v2", "v3"]);
    for gone in [&index, &children[0], &children[1]] {
        assert_eq!(docker.names("team/api", gone.as_str()).await, None, "{gone}");
    }
    let undo = undone(&service, &job).await;
    well(&undo);
    assert_eq!(docker.names("team/api", "v1").await, Some(index.to_string()));
    for back in &children {
        assert_eq!(docker.names("team/api", back.as_str()).await, Some(back.to_string()));
    }
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_of_a_living_index_is_never_deleted() {
    let Some(docker) = Docker::start(true).await else { return };
    let (_, children) = docker.push_index("team/api", "multi", &["v1"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &delete(&[&format!("local/team/api@{}", children[0])])).await;
    assert_eq!(plan.steps, 0, "{plan:#?}");
    assert!(plan.problems.iter().any(|p| p.code == "index_child"), "{plan:#?}");
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moved_makes_the_plan_stale_and_nothing_is_done() {
    let Some(docker) = Docker::start(true).await else { return };
    docker.push("team/api", "one", &["v1"]).await;
    docker.push("team/api", "two", &["v2"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &delete(&["local/team/api:v1", "local/team/api:v2"])).await;
    let moved = docker.push("team/api", "three", &["v1"]).await;
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    let job = ended(&service, &job.id).await;
    assert_eq!(job.state, JobState::Failed, "{job:#?}");
    assert!(job.problems.iter().any(|p| p.code == Code::PlanStale), "{job:#?}");
    assert_eq!(docker.names("team/api", "v1").await, Some(moved.to_string()));
    assert!(docker.names("team/api", "v2").await.is_some());
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_came_meanwhile_saves_its_image() {
    let Some(docker) = Docker::start(true).await else { return };
    let digest = docker.push("team/api", "one", &["v1"]).await;
    docker.push("team/api", "two", &["v2"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &delete(&["local/team/api:v1"])).await;
    docker.push("team/api", "one", &["stable"]).await;
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    let job = ended(&service, &job.id).await;
    assert_eq!(job.state, JobState::Failed, "{job:#?}");
    assert_eq!(docker.names("team/api", "stable").await, Some(digest.to_string()));
    assert_eq!(docker.names("team/api", "v1").await, Some(digest.to_string()));
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_delete_the_same_tag_both_end_well() {
    let Some(docker) = Docker::start(true).await else { return };
    docker.push("team/api", "one", &["v1"]).await;
    docker.push("team/api", "two", &["v2", "v3"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let (first, second) =
        (planned(&service, &delete(&["local/team/api:v1"])).await, planned(&service, &delete(&["local/team/api:v1"])).await);
    let one = service.carry_out(&caller(), &first.id, &first.confirm).await.unwrap();
    let two = service.carry_out(&caller(), &second.id, &second.confirm).await.unwrap();
    well(&ended(&service, &one.id).await);
    let two = ended(&service, &two.id).await;
    well(&two);
    assert!(two.items.iter().all(|i| i.state == ItemState::Skipped), "{two:#?}");
    assert_eq!(docker.tags("team/api").await, ["v2", "v3"]);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_wants_its_words_and_is_carried_out_once() {
    let Some(docker) = Docker::start(true).await else { return };
    docker.push("team/api", "one", &["v1"]).await;
    docker.push("team/api", "two", &["v2", "v3"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &delete(&["local/team/api:v1"])).await;
    let refused = service.carry_out(&caller(), &plan.id, "yes").await.unwrap_err();
    assert_eq!(refused.code(), Code::PlanUnconfirmed);
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    well(&ended(&service, &job.id).await);
    assert_eq!(service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap_err().code(), Code::Busy);
    assert_eq!(service.carry_out(&caller(), "nonsense", "x").await.unwrap_err().code(), Code::PlanNotFound);
    assert_eq!(service.job(&caller(), "nonsense").await.unwrap_err().code(), Code::JobNotFound);
    // Two of the two images left would go: the name is to be typed.
    let wide = planned(&service, &delete(&["local/team/api:v2", "local/team/api:v3"])).await;
    assert!(wide.wide, "{wide:#?}");
    assert_eq!(wide.confirm, "team/api");
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let Some(docker) = Docker::start(true).await else { return };
    docker.push("team/api", "one", &["v1"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let code = async |refs: &str| service.plan(&caller(), &delete(&[refs])).await.unwrap_err().code();
    assert_eq!(code("local/team/api:v9").await, Code::TagNotFound);
    assert_eq!(code("local/team/none:v1").await, Code::RepositoryNotFound);
    assert_eq!(code("other/team/api:v1").await, Code::RegistryNotFound);
    assert_eq!(code("local/Team/api:v1").await, Code::NotAReference);
    assert_eq!(code(&format!("local/team/api@sha256:{}", "0".repeat(64))).await, Code::ManifestNotFound);
    let nothing = Intent::Delete { refs: vec![], query: None };
    assert_eq!(service.plan(&caller(), &nothing).await.unwrap_err().code(), Code::BadRequest);
    let wrong = Intent::Delete { refs: vec![], query: Some("age:>".into()) };
    assert_eq!(service.plan(&caller(), &wrong).await.unwrap_err().code(), Code::BadQuery);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_deletes_are_off_the_plan_says_what_turns_them_on() {
    let Some(docker) = Docker::start(false).await else { return };
    docker.push("team/api", "one", &["v1", "latest"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &delete(&["local/team/api:v1"])).await;
    let problem = plan.problems.iter().find(|p| p.code == "delete_disabled").expect("a problem");
    assert!(problem.hint.as_ref().unwrap().contains("REGISTRY_STORAGE_DELETE_ENABLED"), "{problem:?}");
    assert_eq!(service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap_err().code(), Code::DeleteDisabled);
    assert_eq!(docker.tags("team/api").await, ["latest", "v1"]);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_refuses_every_change() {
    let Some(docker) = Docker::start(true).await else { return };
    docker.push("team/api", "one", &["v1"]).await;
    let mut only = registry("local", &docker.url);
    only.read_only = true;
    let service = opened(Settings { registries: vec![only], ..Settings::default() }).await;
    for intent in [
        delete(&["local/team/api:v1"]),
        Intent::Retag { r#ref: "local/team/api:v1".into(), tag: "v2".into() },
        Intent::Copy { from: "local/team/api:v1".into(), to: "local/team/copy:v1".into(), platforms: None },
        Intent::CleanUp { policy: Policy { registry: Some("local".into()), keep: Some(1), ..Policy::default() } },
        Intent::Delete { refs: vec![], query: Some("repo:team/*".into()) },
    ] {
        assert_eq!(service.plan(&caller(), &intent).await.unwrap_err().code(), Code::ReadOnly, "{intent:?}");
    }
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_put_on_another_image_and_back() {
    let Some(docker) = Docker::start(true).await else { return };
    let one = docker.push("team/api", "one", &["v1"]).await;
    let two = docker.push("team/api", "two", &["v2"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let new = done(&service, &Intent::Retag { r#ref: "local/team/api:v1".into(), tag: "stable".into() }).await;
    well(&new);
    assert_eq!(docker.names("team/api", "stable").await, Some(one.to_string()));
    let over = done(&service, &Intent::Retag { r#ref: format!("local/team/api@{two}"), tag: "stable".into() }).await;
    well(&over);
    assert_eq!(docker.names("team/api", "stable").await, Some(two.to_string()));
    well(&undone(&service, &over).await);
    assert_eq!(docker.names("team/api", "stable").await, Some(one.to_string()));
    well(&undone(&service, &new).await);
    assert_eq!(docker.names("team/api", "stable").await, None);
    assert_eq!(docker.tags("team/api").await, ["v1", "v2"]);
    let log = service.activity(&caller(), &ActivityQuery { tag: Some("stable".into()), ..ActivityQuery::default() }).await.unwrap();
    let told: Vec<(&str, &str)> = log.items.iter().map(|a| (a.action.as_str(), a.result.as_str())).collect();
    assert_eq!(told, [("delete", "done"), ("restore", "done"), ("tag", "done"), ("tag", "done")], "{:#?}", log.items);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_copied_within_and_between_registries() {
    let (Some(docker), Some(other)) = (Docker::start(true).await, Docker::start(true).await) else { return };
    let (index, children) = docker.push_index("team/api", "multi", &["v1"]).await;
    let two = docker.push("team/api", "two", &["v2"]).await;
    docker.push("team/web", "web", &["v1", "v2"]).await;
    let service = beside(&[("hub", &docker.url), ("prod", &other.url)]).await;
    let copy = |from: &str, to: &str| Intent::Copy { from: from.into(), to: to.into(), platforms: None };

    well(&done(&service, &copy("hub/team/api:v1", "hub/backup/api:old")).await);
    assert_eq!(docker.names("backup/api", "old").await, Some(index.to_string()));
    let job = done(&service, &copy("hub/team/api:v1", "prod/team/api:v1")).await;
    well(&job);
    assert!(job.done > 0 && job.done == job.total && job.unit == "bytes", "{job:#?}");
    assert_eq!(other.names("team/api", "v1").await, Some(index.to_string()));
    for child in &children {
        assert_eq!(other.names("team/api", child.as_str()).await, Some(child.to_string()));
    }
    well(&done(&service, &copy("hub/team/*:v2", "prod/mirror/*")).await);
    assert_eq!(other.names("mirror/api", "v2").await, Some(two.to_string()));
    assert_eq!(other.tags("mirror/web").await, ["v2"]);
    // What is there already is no work.
    let again = planned(&service, &copy("hub/team/*:v2", "prod/mirror/*")).await;
    assert_eq!(again.steps, 0, "{again:#?}");
    // One platform of several.
    let one = Intent::Copy { from: "hub/team/api:v1".into(), to: "prod/team/api:arm".into(), platforms: Some(vec!["linux/arm64".into()]) };
    well(&done(&service, &one).await);
    assert_eq!(other.names("team/api", "arm").await, Some(children[1].to_string()));
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_keeps_the_newest_and_what_is_protected() {
    let Some(docker) = Docker::start(true).await else { return };
    for version in 1..=8 {
        docker.push("team/api", &format!("v{version}"), &[&format!("v{version}.0.0")]).await;
    }
    docker.push("team/api", "v2", &["pinned"]).await;
    docker.push("team/other", "x", &["v1.0.0"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let policy = Policy { r#match: "repo:team/api tag:v*".into(), protect: "tag:v3.*".into(), keep: Some(3), ..Policy::default() };
    let job = done(&service, &Intent::CleanUp { policy: policy.clone() }).await;
    well(&job);
    assert_eq!(docker.tags("team/api").await, ["pinned", "v3.0.0", "v6.0.0", "v7.0.0", "v8.0.0"]);
    assert_eq!(docker.tags("team/other").await, ["v1.0.0"]);
    // A second time there is nothing to do.
    assert_eq!(planned(&service, &Intent::CleanUp { policy }).await.steps, 0);
    // A policy that narrows nothing takes nothing.
    let plan = planned(&service, &Intent::CleanUp { policy: Policy::default() }).await;
    assert_eq!(plan.steps, 0, "{plan:#?}");
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_killed_half_way_and_started_again_ends_right() {
    let Some(mut docker) = Docker::start(true).await else { return };
    let mut refs = Vec::new();
    for n in 0..200 {
        docker.push("team/big", &format!("image {n}"), &[&format!("t{n:03}")]).await;
        refs.push(format!("local/team/big:t{n:03}"));
    }
    docker.push("team/big", "kept", &["keep"]).await;
    let service = beside(&[("local", &docker.url)]).await;
    let plan = planned(&service, &Intent::Delete { refs, query: None }).await;
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    let mut half = false;
    while !half {
        let now = service.job(&caller(), &job.id).await.unwrap();
        assert!(!now.state.is_over(), "it ended before it could be cut off: {now:#?}");
        half = now.done >= 60;
    }
    docker.kill();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    docker.start_again().await;
    let job = ended(&service, &job.id).await;
    well(&job);
    assert_eq!((job.done, job.total), (200, 200));
    assert_eq!(docker.tags("team/big").await, ["keep"]);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_after_a_restart_of_ours_and_stops_when_told() {
    let Some(docker) = Docker::start(true).await else { return };
    let mut refs = Vec::new();
    for n in 0..150 {
        docker.push("team/big", &format!("image {n}"), &[&format!("t{n:03}")]).await;
        refs.push(format!("local/team/big:t{n:03}"));
    }
    docker.push("team/big", "kept", &["keep"]).await;
    let folder = tempfile::tempdir().unwrap();
    let database = registry::Secret::new(format!("sqlite:{}", folder.path().join("c.db").display()));
    let settings = || Settings { database: database.clone(), registries: vec![registry("local", &docker.url)], ..Settings::default() };
    let service = opened(settings()).await;
    let plan = planned(&service, &Intent::Delete { refs: refs.clone(), query: None }).await;
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    while service.job(&caller(), &job.id).await.unwrap().done < 40 {}
    service.close().await;
    let service = opened(settings()).await;
    let job = ended(&service, &job.id).await;
    well(&job);
    assert_eq!(docker.tags("team/big").await, ["keep"]);
    // Putting it back is stopped half way: what is back stays.
    let undo = service.undo(&caller(), &job.id).await.unwrap();
    while service.job(&caller(), &undo.id).await.unwrap().done < 10 {}
    service.cancel(&caller(), &undo.id).await.unwrap();
    let undo = ended(&service, &undo.id).await;
    assert_eq!(undo.state, JobState::Cancelled, "{undo:#?}");
    // And can be asked for again.
    let again = service.undo(&caller(), &job.id).await.unwrap();
    well(&ended(&service, &again.id).await);
    assert_eq!(docker.tags("team/big").await.len(), 151);
    let list = service.jobs(&caller(), &JobsQuery { registry: Some("local".into()), ..JobsQuery::default() }).await.unwrap();
    assert_eq!(list.total, 3);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trash_keeps_what_was_deleted_for_its_time() {
    let Some(docker) = Docker::start(true).await else { return };
    let (index, children) = docker.push_index("team/api", "multi", &["v1", "v1b"]).await;
    docker.push("team/api", "other", &["v2", "v3"]).await;
    let kept = RegistrySettings { trash: Some(Duration::from_secs(6)), ..registry("local", &docker.url) };
    let service = opened(Settings { registries: vec![kept], ..Settings::default() }).await;
    let intent = delete(&["local/team/api:v1", "local/team/api:v1b"]);
    let plan = planned(&service, &intent).await;
    assert_eq!(plan.frees, Some(0), "{plan:#?}");
    let job = service.carry_out(&caller(), &plan.id, &plan.confirm).await.unwrap();
    well(&ended(&service, &job.id).await);
    // Gone for people, there for the registry.
    let tags = docker.tags("team/api").await;
    assert_eq!(tags.len(), 3, "{tags:?}");
    assert!(tags.iter().any(|t| t.starts_with("supercargo-trash-")), "{tags:?}");
    for still in [&index, &children[0], &children[1]] {
        assert!(docker.names("team/api", still.as_str()).await.is_some(), "{still}");
    }
    let shown = service.tags(&caller(), &oci::Reference::parse("local/team/api").unwrap(), &TagsQuery::default()).await.unwrap();
    assert_eq!(shown.items.iter().map(|t| t.tag.as_str()).collect::<Vec<_>>(), ["v3", "v2"]);
    // Its time over, it is emptied.
    let began = std::time::Instant::now();
    while docker.names("team/api", index.as_str()).await.is_some() {
        assert!(began.elapsed() < Duration::from_mins(1), "the trash is not emptied: {:?}", docker.tags("team/api").await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(docker.tags("team/api").await, ["v2", "v3"]);
    service.close().await;
}
