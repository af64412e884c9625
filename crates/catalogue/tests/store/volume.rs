//! Many rows, several writers, restarts.

use crate::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

on_every_database!(ten_thousand_rows_are_one_batch, writers_and_readers_do_not_disturb_each_other);
on_lasting_databases!(everything_is_there_after_a_restart, two_stores_write_one_database, stores_that_open_together_migrate_once);

fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

async fn ten_thousand_rows_are_one_batch(database: &Database) {
    let store = database.open().await;
    let mut batch = vec![Write::Registry(registry(R))];
    for number in 0..5000 {
        let name = format!("team/service-{}", number / 50);
        if number % 50 == 0 {
            batch.push(Write::Repository(repository(&name)));
        }
        batch.push(pushed(&name, &format!("1.{number}"), &digest(number), 100));
        batch.push(Write::Manifest(ManifestRecord { summary: vec![7; 150], body: vec![b' '; 1000], ..manifest(&digest(number)) }));
    }
    let began = Instant::now();
    store.save(&batch).await.unwrap();
    // Unoptimised, beside other tests: far from what is measured, near enough to notice row-by-row work.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.repositories.len(), loaded.tags.len(), loaded.manifests.len()), (100, 5000, 5000));
    assert_eq!(loaded.manifests.iter().map(|(digest, _)| digest).collect::<BTreeSet<_>>().len(), 5000);
    assert!(loaded.tags.is_sorted_by(|a, b| (&a.repository, &a.tag) < (&b.repository, &b.tag)));
    assert_eq!(history(&store, "team/service-99", "1.4999").await, spans(&[(&digest(4999), 100, None)]));

    // All tags move, most are dropped: more than one statement's worth of each.
    let moved: Vec<Write> = loaded.tags.iter().map(|tag| pushed(&tag.repository, &tag.tag, "sha256:new", 200)).collect();
    store.save(&moved).await.unwrap();
    let dropped: Vec<Write> = loaded.tags[1..].iter().map(|tag| drop_tag(&tag.repository, &tag.tag, 300)).collect();
    store.save(&dropped).await.unwrap();
    assert_eq!(store.load().await.unwrap().tags.len(), 1);
    let ended = spans(&[(&digest(4999), 100, Some(200)), ("sha256:new", 200, Some(300))]);
    assert_eq!(history(&store, "team/service-99", "1.4999").await, ended);
}

async fn everything_is_there_after_a_restart(database: &Database) {
    let store = database.open().await;
    let batch = [
        Write::Registry(registry(R)),
        Write::Repository(repository("a")),
        pushed("a", "1", "sha256:1", 100),
        Write::Manifest(manifest("sha256:1")),
        Write::Referrers(referrers("a", "sha256:1", 1)),
    ];
    store.save(&batch).await.unwrap();
    let before = format!("{:?}", store.load().await.unwrap());
    store.close().await;

    let store = database.open().await;
    assert_eq!(format!("{:?}", store.load().await.unwrap()), before);
    assert_eq!(store.manifest("sha256:1").await.unwrap(), Some(manifest("sha256:1")));
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, None)]));
    store.save(&[pushed("a", "1", "sha256:2", 200)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, Some(200)), ("sha256:2", 200, None)]));
}

/// Saves `rounds` times, each time moving the tags that all writers share and adding one of its own.
async fn write(store: Store, writer: i64, rounds: i64) {
    for round in 0..rounds {
        // Each in another order, so that waiting for each other's rows would show.
        let mut shared: Vec<Write> = (0..20)
            .map(|name| pushed("a", &format!("shared-{name}"), &format!("sha256:{writer}-{round}"), 1000 * round + writer))
            .collect();
        if writer % 2 == 0 {
            shared.reverse();
        }
        shared.push(pushed("a", &format!("own-{writer}-{round}"), "sha256:own", 100));
        store.save(&shared).await.unwrap();
    }
}

async fn check(store: &Store, writers: i64, rounds: i64) {
    let tags = store.load().await.unwrap().tags;
    assert_eq!(tags.len() as i64, 20 + writers * rounds);
    for tag in tags.iter().filter(|tag| tag.tag.starts_with("shared")) {
        let history = history(store, "a", &tag.tag).await;
        assert_eq!(history.len() as i64, writers * rounds, "each save moved it");
        assert!(history.windows(2).all(|pair| pair[0].2 == Some(pair[1].1)), "{history:?}");
        let (digest, _, until) = history.last().unwrap();
        assert_eq!((Some(digest), *until), (tag.digest.as_ref(), None));
    }
}

async fn two_stores_write_one_database(database: &Database) {
    let stores = [database.open().await, database.open().await];
    stores[0].save(&[Write::Repository(repository("a"))]).await.unwrap();
    let writers: Vec<_> = (0..4).map(|writer| tokio::spawn(write(stores[writer as usize % 2].clone(), writer, 5))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    check(&stores[0], 4, 5).await;
    check(&stores[1], 4, 5).await;
}

async fn writers_and_readers_do_not_disturb_each_other(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
    let writers: Vec<_> = (0..3).map(|writer| tokio::spawn(write(store.clone(), writer, 4))).collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        // The first save makes 21 tags, each further one adds one: a load never sees half of one.
        let loaded = store.load().await.unwrap().tags.len();
        assert!(loaded == 0 || loaded >= 21, "{loaded}");
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    check(&store, 3, 4).await;
}

async fn stores_that_open_together_migrate_once(database: &Database) {
    let opened: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move { Store::open(&url).await.unwrap() })
        })
        .collect();
    for store in opened {
        store.await.unwrap().save(&[Write::Repository(repository("a"))]).await.unwrap();
    }
    assert_eq!(database.open().await.load().await.unwrap().repositories, [repository("a")]);
}
