//! Locks over several processes: each [`AdvisoryLocks`] stands for one.

use crate::*;
use catalogue::AdvisoryLocks;
use catalogue::testing::until_a_lock_is_waited_for;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, spawn_blocking};

const A: (i64, bool) = (i64::MIN, false);
const A_SHARED: (i64, bool) = (i64::MIN, true);
const B: (i64, bool) = (7, false);

fn process(database: &Database, patience: Duration) -> Arc<AdvisoryLocks> {
    Arc::new(AdvisoryLocks::within(&database.url, patience).unwrap().unwrap())
}

/// Holds keys on a thread of its own until the sender is dropped; returns once they are held.
async fn hold(locks: &Arc<AdvisoryLocks>, rank: usize, keys: &[(i64, bool)]) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (locks, keys) = (locks.clone(), keys.to_vec());
    let (release, released) = mpsc::channel::<()>();
    let (held, holding) = tokio::sync::oneshot::channel();
    let holder = spawn_blocking(move || {
        let guard = locks.hold(rank, &keys).unwrap();
        held.send(()).unwrap();
        // An error: the other end is gone.
        released.recv().unwrap_err();
        drop(guard);
    });
    holding.await.unwrap();
    (release, holder)
}

/// Asks for keys and gives them back at once.
fn ask(locks: &Arc<AdvisoryLocks>, keys: &[(i64, bool)]) -> JoinHandle<catalogue::store::Result<()>> {
    let (locks, keys) = (locks.clone(), keys.to_vec());
    spawn_blocking(move || locks.hold(0, &keys).map(drop))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_holds_another_waits_for() {
    let Some(database) = Database::postgresql().await else { return };
    let (one, other) = (process(&database, AdvisoryLocks::PATIENCE), process(&database, AdvisoryLocks::PATIENCE));
    let (release, _) = hold(&one, 0, &[B, A]).await;
    ask(&other, &[(8, false)]).await.unwrap().unwrap();
    let waiting = ask(&other, &[A, B]);
    until_a_lock_is_waited_for(&database.url).await.unwrap();
    assert!(!waiting.is_finished());
    drop(release);
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_ones_do_not_wait_for_each_other() {
    let Some(database) = Database::postgresql().await else { return };
    let (one, other) = (process(&database, AdvisoryLocks::PATIENCE), process(&database, AdvisoryLocks::PATIENCE));
    let (first, _) = hold(&one, 0, &[A_SHARED]).await;
    let (second, _) = hold(&other, 0, &[A_SHARED, B]).await;
    let alone = ask(&one, &[A_SHARED, A]);
    until_a_lock_is_waited_for(&database.url).await.unwrap();
    drop(first);
    assert!(!alone.is_finished());
    drop(second);
    alone.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_for_too_long_is_told() {
    let Some(database) = Database::postgresql().await else { return };
    let (one, hasty) = (process(&database, AdvisoryLocks::PATIENCE), process(&database, Duration::from_millis(200)));
    let (release, _) = hold(&one, 0, &[A]).await;
    let began = Instant::now();
    let error = ask(&hasty, &[A_SHARED]).await.unwrap().unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("was not free within 0.2 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(release);
    while ask(&hasty, &[A]).await.unwrap().is_err() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_frees_what_it_held() {
    let (Some(server), Some(database)) = (PostgreSql::shared().unwrap(), Database::postgresql().await) else { return };
    let (gone, other) = (process(&database, AdvisoryLocks::PATIENCE), process(&database, AdvisoryLocks::PATIENCE));
    let (release, holder) = hold(&gone, 0, &[A]).await;
    assert!(server.disconnect(&database.url).await.unwrap() > 0);
    ask(&other, &[A]).await.unwrap().unwrap();
    drop(release);
    holder.await.unwrap();
    // It takes a new one.
    ask(&gone, &[A]).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_hold_one_thing_and_want_another_come_to_an_end() {
    let Some(database) = Database::postgresql().await else { return };
    let locks = process(&database, AdvisoryLocks::PATIENCE);
    let all: Vec<_> = (0..40)
        .map(|number| {
            let locks = locks.clone();
            spawn_blocking(move || {
                let manifest = locks.hold(0, &[(number, false)]).unwrap();
                let tags = locks.hold(1, &[(100, false), (number + 200, false)]).unwrap();
                drop((manifest, tags));
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn a_file_has_none() {
    assert!(AdvisoryLocks::of(&Database::file().url).unwrap().is_none());
    assert!(AdvisoryLocks::of("nonsense").is_err());
}
