use super::*;
use crate::*;
use catalogue::kept::{ActivityFilter, Begun, JobState, Logged, Outcome};
use futures::StreamExt;

on_every_database!(
    activity_is_listed_newest_first,
    activity_is_found_by_each_of_its_facts,
    an_event_is_there_once,
    an_entry_says_whether_its_job_can_be_undone,
    all_of_it_is_exported_in_order,
    old_activity_is_forgotten,
);

fn ids(rows: &[Logged]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

async fn activity_is_listed_newest_first(database: &Database) {
    let store = database.open().await;
    let activity = store.activity();
    let full = ActivityRecord {
        agent: Some("docker/29".to_owned()),
        before: Some("sha256:bb".to_owned()),
        failed: true,
        detail: Some("It answered 500.".to_owned()),
        event: Some("e1".to_owned()),
        source: ActivitySource::Registry,
        ..done(5, "push", "a", Some("1"))
    };
    assert_eq!(activity.append(&[full.clone(), done(3, "delete", "a", None)]).await.unwrap(), 2);
    assert_eq!(activity.append(&[]).await.unwrap(), 0);
    let rows = activity.page(&ActivityFilter::default(), None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.record.clone()).collect::<Vec<_>>(), [done(3, "delete", "a", None), full]);
    assert!(rows[0].id > rows[1].id);

    // More than one statement's worth.
    let many: Vec<ActivityRecord> = (0..600).map(|n| done(n, "pull", "b", None)).collect();
    activity.append(&many).await.unwrap();
    let first = activity.page(&ActivityFilter::default(), None, 3).await.unwrap();
    let second = activity.page(&ActivityFilter::default(), Some(first[2].id), 3).await.unwrap();
    assert_eq!(first.iter().chain(&second).map(|r| r.record.at).collect::<Vec<_>>(), [599, 598, 597, 596, 595, 594]);
    assert!(first[2].id > second[0].id);
}

async fn activity_is_found_by_each_of_its_facts(database: &Database) {
    let store = database.open().await;
    let base = done(10, "push", "team/api", Some("v1.2_x"));
    let rows = [
        base.clone(),
        ActivityRecord { registry: "other".to_owned(), ..base.clone() },
        ActivityRecord { repository: "team/web".to_owned(), tag: None, ..base.clone() },
        ActivityRecord { actor: Some("Tom".to_owned()), ..base.clone() },
        ActivityRecord { actor: None, source: ActivitySource::Registry, ..base.clone() },
        ActivityRecord { at: 20, action: "delete".to_owned(), ..base.clone() },
        ActivityRecord { detail: Some("100% gone".to_owned()), job: Some("job7".to_owned()), ..base.clone() },
    ];
    store.activity().append(&rows).await.unwrap();
    let all = store.activity().page(&ActivityFilter::default(), None, 10).await.unwrap();
    let first = all.last().unwrap().id;
    let find = async |filter: ActivityFilter| {
        let mut found: Vec<i64> = store.activity().page(&filter, None, 10).await.unwrap().iter().map(|row| row.id - first).collect();
        found.reverse();
        found
    };
    let any = ActivityFilter::default;
    let text = |words: &str| ActivityFilter { text: words.to_owned(), ..any() };
    assert_eq!(find(ActivityFilter { registry: Some("other".to_owned()), ..any() }).await, [1]);
    assert_eq!(find(ActivityFilter { repository: Some("team/web".to_owned()), ..any() }).await, [2]);
    let tag = ActivityFilter { registry: Some(R.to_owned()), tag: Some("v1.2_x".to_owned()), ..any() };
    assert_eq!(find(tag).await, [0, 3, 4, 5, 6]);
    assert_eq!(find(ActivityFilter { actor: Some("Tom".to_owned()), ..any() }).await, [3]);
    assert_eq!(find(ActivityFilter { source: Some(ActivitySource::Registry), ..any() }).await, [4]);
    assert_eq!(find(ActivityFilter { action: Some("delete".to_owned()), ..any() }).await, [5]);
    assert_eq!(find(ActivityFilter { since: Some(11), ..any() }).await, [5]);
    assert_eq!(find(ActivityFilter { since: Some(10), until: Some(20), ..any() }).await, [0, 1, 2, 3, 4, 6]);
    assert_eq!(find(ActivityFilter { job: Some("job7".to_owned()), ..any() }).await, [6]);
    assert_eq!(find(text("tOM")).await, [3]);
    assert_eq!(find(text("team/web")).await, [2]);
    assert_eq!(find(text("api:V1")).await, [0, 1, 3, 4, 5, 6]);
    assert_eq!(find(text("100% api")).await, [6], "a word is a word, and all must be there");
    assert_eq!(find(text("2_x")).await.len(), 6);
    assert_eq!(find(text("v1_2")).await, Vec::<i64>::new(), "no wildcards");
    assert_eq!(find(text("'; DROP TABLE activity; --")).await, Vec::<i64>::new());
    assert_eq!(find(text("sha256:aa")).await.len(), 7);
}

async fn an_event_is_there_once(database: &Database) {
    let store = database.open().await;
    let event = |id: &str| ActivityRecord { event: Some(id.to_owned()), ..done(1, "push", "a", Some("1")) };
    let other = ActivityRecord { registry: "other".to_owned(), ..event("x") };
    assert_eq!(store.activity().append(&[event("x"), event("y"), event("x")]).await.unwrap(), 2);
    assert_eq!(store.activity().append(&[event("x"), other, done(1, "push", "a", None), done(1, "push", "a", None)]).await.unwrap(), 3);
}

async fn an_entry_says_whether_its_job_can_be_undone(database: &Database) {
    let store = database.open().await;
    let new = job(&["a"]);
    assert_eq!(store.jobs().begin(&new, 1).await.unwrap(), Begun::Queued);
    store.activity().append(&[ActivityRecord { job: Some(new.id.clone()), ..done(1, "delete", "a", Some("1")) }]).await.unwrap();
    let until = async || store.activity().page(&ActivityFilter::default(), None, 1).await.unwrap()[0].undo_until;
    assert_eq!(until().await, None);
    store.jobs().claim_next("one", 100, 2).await.unwrap().unwrap();
    let outcome = Outcome { state: JobState::Done, done: 1, problems: "[]", undo: None, undo_until: Some(99) };
    store.jobs().finish(&new.id, "one", &outcome, 3).await.unwrap();
    assert_eq!(until().await, Some(99));
    let undo = NewJob { undoes: Some(new.id.clone()), ..job(&["a"]) };
    store.jobs().begin(&undo, 4).await.unwrap();
    assert_eq!(until().await, None, "it is being undone");
}

async fn all_of_it_is_exported_in_order(database: &Database) {
    let store = database.open().await;
    let rows: Vec<ActivityRecord> = (0..2_500).map(|n| done(n, if n % 2 == 0 { "push" } else { "pull" }, "a", None)).collect();
    store.activity().append(&rows).await.unwrap();
    let exported: Vec<Logged> = store.activity().export(ActivityFilter::default()).map(Result::unwrap).collect().await;
    assert_eq!(exported.len(), 2_500);
    assert!(ids(&exported).is_sorted_by(|a, b| a < b));
    let pushes = ActivityFilter { action: Some("push".to_owned()), ..ActivityFilter::default() };
    assert_eq!(store.activity().export(pushes).count().await, 1_250);
    let stream = store.activity().export(ActivityFilter::default());
    store.close().await;
    let rows: Vec<_> = stream.collect().await;
    assert!(rows.len() == 1 && rows[0].is_err(), "a failure ends it and is told");
}

async fn old_activity_is_forgotten(database: &Database) {
    let store = database.open().await;
    let rows: Vec<ActivityRecord> = (0..12_000).map(|n| done(n, "pull", "a", None)).collect();
    store.activity().append(&rows).await.unwrap();
    assert_eq!(store.activity().forget_before(11_998).await.unwrap(), 11_998);
    let left = store.activity().page(&ActivityFilter::default(), None, 10).await.unwrap();
    assert_eq!(left.iter().map(|r| r.record.at).collect::<Vec<_>>(), [11_999, 11_998]);
    // What comes after has a greater id than all that ever were.
    store.activity().forget_before(i64::MAX).await.unwrap();
    store.activity().append(&[done(1, "push", "a", None)]).await.unwrap();
    assert!(store.activity().page(&ActivityFilter::default(), None, 1).await.unwrap()[0].id > left[0].id);
}
