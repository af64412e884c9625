//! Consents, locks, policies, pulls.

use crate::*;
use catalogue::kept::{ConsentRecord, PolicyRecord, PullRecord, Pulls, new_id};
use std::collections::BTreeMap;

on_every_database!(
    a_consent_is_given_once_and_taken_back,
    a_policy_keeps_what_came_of_its_last_run,
    a_due_run_is_claimed_once,
    what_happens_by_the_clock_happens_once,
    pulls_add_up,
);

async fn a_consent_is_given_once_and_taken_back(database: &Database) {
    let store = database.open().await;
    let consent = |actor: &str, at| ConsentRecord {
        registry: R.to_owned(),
        subject: "placeholder".to_owned(),
        at,
        actor: Some(actor.to_owned()),
        address: None,
    };
    assert_eq!(store.consents().get(R, "placeholder").await.unwrap(), None);
    store.consents().give(&consent("mira", 1)).await.unwrap();
    store.consents().give(&consent("tom", 2)).await.unwrap();
    assert_eq!(store.consents().get(R, "placeholder").await.unwrap(), Some(consent("mira", 1)));
    assert_eq!(store.consents().get("other", "placeholder").await.unwrap(), None);
    assert!(store.consents().withdraw(R, "placeholder").await.unwrap());
    assert!(!store.consents().withdraw(R, "placeholder").await.unwrap());
    assert_eq!(store.consents().get(R, "placeholder").await.unwrap(), None);
}

fn policy(name: &str, next: Option<i64>) -> PolicyRecord {
    PolicyRecord {
        id: new_id(),
        name: name.to_owned(),
        body: "{}".to_owned(),
        schedule: Some("0 3 * * *".to_owned()),
        zone: Some("Europe/Berlin".to_owned()),
        enabled: true,
        created: 1,
        changed: 1,
        next,
        ..PolicyRecord::default()
    }
}

async fn a_policy_keeps_what_came_of_its_last_run(database: &Database) {
    let store = database.open().await;
    let policies = store.policies();
    let (first, second) = (policy("b", Some(100)), policy("a", None));
    policies.save(&first).await.unwrap();
    policies.save(&second).await.unwrap();
    assert_eq!(policies.all().await.unwrap(), [second.clone(), first.clone()]);
    assert!(policies.claim(&first.id, 100, Some(200), 101).await.unwrap());
    policies.ran(&first.id, Some("plan"), Some("job"), Some("3 tags went.")).await.unwrap();

    let changed =
        PolicyRecord { name: "c".to_owned(), created: 7, changed: 8, next: Some(300), registry: Some(R.to_owned()), ..first.clone() };
    policies.save(&changed).await.unwrap();
    let kept = PolicyRecord {
        created: 1,
        last: Some(101),
        plan: Some("plan".to_owned()),
        job: Some("job".to_owned()),
        result: Some("3 tags went.".to_owned()),
        ..changed
    };
    assert_eq!(policies.get(&first.id).await.unwrap(), Some(kept));
    assert!(policies.remove(&first.id).await.unwrap());
    assert!(!policies.remove(&first.id).await.unwrap());
    assert_eq!(policies.all().await.unwrap(), [second]);
}

async fn a_due_run_is_claimed_once(database: &Database) {
    let store = database.open().await;
    let policies = store.policies();
    let (late, later) = (policy("x", Some(100)), policy("a", Some(150)));
    let off = PolicyRecord { enabled: false, ..policy("off", Some(1)) };
    for policy in [&late, &later, &off, &policy("never", None)] {
        policies.save(policy).await.unwrap();
    }
    assert_eq!(policies.due(99).await.unwrap(), []);
    assert_eq!(policies.due(150).await.unwrap(), [late.clone(), later.clone()]);

    let claims = futures::future::join_all((0..6).map(|_| {
        let (store, id) = (store.clone(), late.id.clone());
        async move { store.policies().claim(&id, 100, Some(1_100), 160).await.unwrap() }
    }));
    assert_eq!(claims.await.iter().filter(|claimed| **claimed).count(), 1);
    assert_eq!(policies.due(150).await.unwrap(), std::slice::from_ref(&later));
    assert_eq!(policies.get(&late.id).await.unwrap().unwrap().last, Some(160));
    assert!(!policies.claim(&off.id, 1, None, 160).await.unwrap(), "it was switched off");
    policies.save(&PolicyRecord { next: Some(500), ..later.clone() }).await.unwrap();
    assert!(!policies.claim(&later.id, 150, None, 160).await.unwrap(), "it was moved meanwhile");
}

async fn what_happens_by_the_clock_happens_once(database: &Database) {
    let store = database.open().await;
    let schedules = store.schedules();
    assert_eq!(schedules.next("collect", R).await.unwrap(), None);
    schedules.postpone("collect", R, 10).await.unwrap();
    assert!(!schedules.claim("collect", R, 100, 300, 1_000).await.unwrap(), "it is due after its time");
    assert!(!schedules.claim("collect", R, 100, 300, 1_099).await.unwrap());
    let claims = futures::future::join_all((0..6).map(|_| {
        let store = store.clone();
        async move { store.schedules().claim("collect", R, 100, 300, 1_100).await.unwrap() }
    }));
    assert_eq!(claims.await.iter().filter(|claimed| **claimed).count(), 1);
    assert_eq!(schedules.next("collect", R).await.unwrap(), Some(1_200));

    // It waits longer, and a shorter wait does not cut that.
    schedules.postpone("collect", R, 1_400).await.unwrap();
    schedules.postpone("collect", R, 1_300).await.unwrap();
    assert!(!schedules.claim("collect", R, 100, 300, 1_200).await.unwrap());
    assert_eq!(schedules.next("collect", R).await.unwrap(), Some(1_400));
    // Asked for more often, it does not wait for what was to be.
    assert!(!schedules.claim("collect", R, 50, 50, 1_200).await.unwrap());
    assert_eq!(schedules.next("collect", R).await.unwrap(), Some(1_250));
    assert!(schedules.claim("collect", R, 50, 50, 9_000).await.unwrap(), "what was due long ago is due once");
    assert!(!schedules.claim("collect", R, 50, 50, 9_000).await.unwrap());
    assert_eq!(schedules.next("collect", "another").await.unwrap(), None);
}

async fn pulls_add_up(database: &Database) {
    const DAY: i64 = 86_400_000;
    let store = database.open().await;
    let pulls = |name: &str, last: i64, days: &[(i64, u64)]| PullRecord {
        registry: R.to_owned(),
        repository: "a".to_owned(),
        name: name.to_owned(),
        last,
        pulls: days.iter().map(|(_, n)| n).sum(),
        days: days.iter().copied().collect(),
    };
    store.pulls().add(&[pulls("v1", 2 * DAY, &[(1, 5), (2, 1)]), pulls("sha256:aa", 5, &[(0, 1)])]).await.unwrap();
    // What is told late does not turn the time back.
    store.pulls().add(&[pulls("v1", DAY, &[(1, 2)])]).await.unwrap();
    store.pulls().add(&[]).await.unwrap();
    let expected = PullRecord { pulls: 8, days: BTreeMap::from([(1, 7), (2, 1)]), ..pulls("v1", 2 * DAY, &[]) };
    assert_eq!(store.pulls().of(R, "a").await.unwrap(), [pulls("sha256:aa", 5, &[(0, 1)]), expected.clone()]);
    assert_eq!(store.pulls().of(R, "b").await.unwrap(), []);

    let many: Vec<PullRecord> = (0..3_000).map(|n| pulls(&format!("t{n}"), 1, &[(9, 1)])).collect();
    store.pulls().add(&many).await.unwrap();
    assert_eq!(store.pulls().of(R, "a").await.unwrap().len(), 3_002);
    assert_eq!((Pulls::day(-1), Pulls::day(0), Pulls::day(DAY)), (-1, 0, 1));
    assert_eq!(store.pulls().forget_days((1 + Pulls::DAYS) * DAY).await.unwrap(), 2);
    let kept = store.pulls().of(R, "a").await.unwrap().pop().unwrap();
    assert_eq!((kept.pulls, kept.days), (8, BTreeMap::from([(2, 1)])));
}
