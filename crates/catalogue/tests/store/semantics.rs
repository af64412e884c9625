//! What each change means, on every database alike.

use crate::*;

on_every_database!(
    what_is_saved_is_loaded,
    a_later_row_replaces_an_earlier_one,
    a_manifest_is_never_changed,
    a_body_is_read_by_its_digest,
    a_tag_that_moves_begins_a_new_moment,
    a_tag_that_stays_keeps_its_moment,
    a_tag_without_digest_has_no_moment,
    each_value_within_a_batch_is_a_moment,
    moments_never_overlap,
    a_dropped_tag_ends_its_moment,
    a_dropped_repository_takes_everything_but_history,
    the_order_within_a_batch_counts,
    saving_again_changes_nothing,
    what_is_held_is_held_until_it_is_dropped,
    a_batch_with_a_failing_item_leaves_nothing,
    names_are_only_text,
    lists_come_in_the_order_of_their_bytes,
    moments_are_limited_to_the_newest,
    a_closed_store_says_so,
);

async fn what_is_saved_is_loaded(database: &Database) {
    let store = database.open().await;
    let known = RegistryRecord { crawled: Some(5), capabilities: Some("[]".to_owned()), ..registry(R) };
    let crawled = RepositoryRecord { crawled: Some(20), strikes: 1, ..repository("team/api") };
    let full = TagRecord {
        pushed: Some(-1),
        told: true,
        strikes: 2,
        problem: Some("It answers 500.".to_owned()),
        ..tag("team/api", "1", Some("sha256:a"))
    };
    let bare = tag("team/api", "2", None);
    let attached = referrers("team/api", "sha256:a", i64::MAX);
    store
        .save(&[
            Write::Registry(known.clone()),
            Write::Repository(crawled.clone()),
            Write::Tag(bare.clone()),
            Write::Tag(full.clone()),
            Write::Manifest(manifest("sha256:a")),
            Write::Referrers(attached.clone()),
        ])
        .await
        .unwrap();

    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.registries, [known]);
    assert_eq!(loaded.repositories, [crawled]);
    assert_eq!(loaded.tags, [full, bare]);
    assert_eq!(loaded.manifests, [("sha256:a".to_owned(), vec![0, 1, 255])]);
    assert_eq!(loaded.referrers, [attached]);
    store.ping().await.unwrap();
}

async fn a_later_row_replaces_an_earlier_one(database: &Database) {
    let store = database.open().await;
    let first = [Write::Registry(registry(R)), Write::Repository(repository("a")), Write::Referrers(referrers("a", "sha256:s", 1))];
    store.save(&first).await.unwrap();
    // In one batch too, where the last one counts.
    let later = RepositoryRecord { first_seen: 11, crawled: Some(12), strikes: 1, ..repository("a") };
    let known = RegistryRecord { crawled: Some(7), ..registry(R) };
    let batch = [
        Write::Repository(RepositoryRecord { strikes: 9, ..repository("a") }),
        Write::Registry(known.clone()),
        Write::Repository(later.clone()),
        Write::Referrers(referrers("a", "sha256:s", 2)),
        Write::Referrers(referrers("a", "sha256:s", 3)),
    ];
    store.save(&batch).await.unwrap();

    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.registries, [known]);
    assert_eq!(loaded.repositories, [later]);
    assert_eq!(loaded.referrers, [referrers("a", "sha256:s", 3)]);
}

async fn a_manifest_is_never_changed(database: &Database) {
    let store = database.open().await;
    let other = ManifestRecord { summary: vec![9], body: b"other".to_vec(), config: None, ..manifest("sha256:a") };
    store.save(&[Write::Manifest(manifest("sha256:a")), Write::Manifest(other.clone())]).await.unwrap();
    store.save(&[Write::Manifest(other)]).await.unwrap();
    assert_eq!(store.manifest("sha256:a").await.unwrap(), Some(manifest("sha256:a")));
    assert_eq!(store.load().await.unwrap().manifests.len(), 1);
}

async fn a_body_is_read_by_its_digest(database: &Database) {
    let store = database.open().await;
    // As large as manifests get: several of them do not fit into one statement.
    let large = |digest: &str, byte: u8| ManifestRecord { body: vec![byte; 3 << 20], config: None, ..manifest(digest) };
    let batch: Vec<Write> = ["sha256:a", "sha256:b", "sha256:c"].iter().zip(0..).map(|(d, i)| Write::Manifest(large(d, i))).collect();
    store.save(&batch).await.unwrap();
    assert_eq!(store.manifest("sha256:b").await.unwrap(), Some(large("sha256:b", 1)));
    assert_eq!(store.manifest("sha256:d").await.unwrap(), None);
}

async fn a_tag_that_moves_begins_a_new_moment(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), Write::Tag(tag("a", "latest", Some("sha256:1")))]).await.unwrap();
    assert_eq!(history(&store, "a", "latest").await, spans(&[("sha256:1", 100, None)]), "from first_seen where nobody told");
    store.save(&[pushed("a", "latest", "sha256:2", 200)]).await.unwrap();
    store.save(&[pushed("a", "latest", "sha256:1", 300)]).await.unwrap();
    let moved = spans(&[("sha256:1", 100, Some(200)), ("sha256:2", 200, Some(300)), ("sha256:1", 300, None)]);
    assert_eq!(history(&store, "a", "latest").await, moved);
    assert_eq!(history(&store, "a", "other").await, spans(&[]));
}

async fn a_tag_that_stays_keeps_its_moment(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), pushed("a", "1", "sha256:1", 150)]).await.unwrap();
    store.save(&[pushed("a", "1", "sha256:1", 170)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 150, None)]));
    assert_eq!(store.load().await.unwrap().tags[0].pushed, Some(170), "the row itself is the new one");
}

async fn a_tag_without_digest_has_no_moment(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), Write::Tag(tag("a", "1", None))]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[]));
    store.save(&[pushed("a", "1", "sha256:1", 150)]).await.unwrap();
    let lost = TagRecord { pushed: Some(180), ..tag("a", "1", None) };
    store.save(&[Write::Tag(lost)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 150, Some(180))]));
}

async fn each_value_within_a_batch_is_a_moment(database: &Database) {
    let store = database.open().await;
    let batch = [
        Write::Repository(repository("a")),
        pushed("a", "1", "sha256:1", 100),
        pushed("a", "2", "sha256:9", 100),
        pushed("a", "1", "sha256:2", 200),
        pushed("a", "1", "sha256:3", 300),
    ];
    store.save(&batch).await.unwrap();
    let moved = spans(&[("sha256:1", 100, Some(200)), ("sha256:2", 200, Some(300)), ("sha256:3", 300, None)]);
    assert_eq!(history(&store, "a", "1").await, moved);
    assert_eq!(history(&store, "a", "2").await, spans(&[("sha256:9", 100, None)]));
}

async fn moments_never_overlap(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), pushed("a", "1", "sha256:1", 500)]).await.unwrap();
    // A registry whose clock is behind ours tells of a push before the moment we know began.
    store.save(&[pushed("a", "1", "sha256:2", 400)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 500, Some(501)), ("sha256:2", 501, None)]));
    // The same, of a tag that was gone in between.
    store.save(&[drop_tag("a", "1", 600)]).await.unwrap();
    store.save(&[pushed("a", "1", "sha256:3", 550)]).await.unwrap();
    let apart = spans(&[("sha256:1", 500, Some(501)), ("sha256:2", 501, Some(600)), ("sha256:3", 600, None)]);
    assert_eq!(history(&store, "a", "1").await, apart);
}

async fn a_dropped_tag_ends_its_moment(database: &Database) {
    let store = database.open().await;
    let tags = ["1", "2", "3"].map(|name| pushed("a", name, "sha256:1", 100));
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
    store.save(&tags).await.unwrap();
    store.save(&[drop_tag("a", "1", 200), drop_tag("a", "3", 50), drop_tag("a", "1", 999), drop_tag("a", "no", 1)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, Some(200))]));
    assert_eq!(history(&store, "a", "2").await, spans(&[("sha256:1", 100, None)]));
    assert_eq!(history(&store, "a", "3").await, spans(&[("sha256:1", 100, Some(101))]));
    let left: Vec<String> = store.load().await.unwrap().tags.into_iter().map(|tag| tag.tag).collect();
    assert_eq!(left, ["2"]);
}

async fn a_dropped_repository_takes_everything_but_history(database: &Database) {
    let store = database.open().await;
    let both = |name: &str| {
        [Write::Repository(repository(name)), pushed(name, "1", "sha256:1", 100), Write::Referrers(referrers(name, "sha256:1", 1))]
    };
    // A name that begins with the other's.
    store.save(&[both("a"), both("a/b")].concat()).await.unwrap();
    store.save(&[drop_repository("a", 300)]).await.unwrap();

    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.repositories, [repository("a/b")]);
    assert_eq!(loaded.tags.iter().map(|tag| &*tag.repository).collect::<Vec<_>>(), ["a/b"]);
    assert_eq!(loaded.referrers, [referrers("a/b", "sha256:1", 1)]);
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, Some(300))]));
    assert_eq!(history(&store, "a/b", "1").await, spans(&[("sha256:1", 100, None)]));

    store.save(&both("a")).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, Some(300)), ("sha256:1", 300, None)]), "back again");
}

async fn the_order_within_a_batch_counts(database: &Database) {
    let store = database.open().await;
    let batch = [
        Write::Repository(repository("a")),
        pushed("a", "1", "sha256:1", 100),
        drop_tag("a", "1", 200),
        pushed("a", "1", "sha256:2", 300),
        drop_repository("a", 400),
        drop_tag("a", "1", 450),
        Write::Repository(repository("a")),
        pushed("a", "2", "sha256:3", 500),
    ];
    store.save(&batch).await.unwrap();
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, Some(200)), ("sha256:2", 300, Some(400))]));
    let tags = store.load().await.unwrap().tags;
    assert_eq!(tags.iter().map(|tag| &*tag.tag).collect::<Vec<_>>(), ["2"]);
}

async fn saving_again_changes_nothing(database: &Database) {
    let store = database.open().await;
    let batch = [
        Write::Registry(registry(R)),
        Write::Repository(repository("a")),
        pushed("a", "1", "sha256:1", 100),
        Write::Manifest(manifest("sha256:1")),
        Write::Referrers(referrers("a", "sha256:1", 1)),
        drop_tag("a", "gone", 100),
    ];
    store.save(&batch).await.unwrap();
    let once = format!("{:?}", store.load().await.unwrap());
    store.save(&batch).await.unwrap();
    store.save(&[]).await.unwrap();
    assert_eq!(format!("{:?}", store.load().await.unwrap()), once);
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, None)]));
}

async fn what_is_held_is_held_until_it_is_dropped(database: &Database) {
    let store = database.open().await;
    let held = |repository: &str, digest: &str, since| HeldRecord {
        registry: R.to_owned(),
        repository: repository.to_owned(),
        digest: digest.to_owned(),
        since,
    };
    let drop = |repository: &str, digest: &str| Write::DropHeld {
        registry: R.to_owned(),
        repository: repository.to_owned(),
        digest: digest.to_owned(),
    };
    // It needs no repository that is known.
    let batch = [Write::Held(held("a", "sha256:1", 5)), Write::Held(held("a", "sha256:2", 6)), Write::Held(held("a/b", "sha256:1", 7))];
    store.save(&batch).await.unwrap();
    store.save(&batch).await.unwrap();
    assert_eq!(store.held().await.unwrap(), [held("a", "sha256:1", 5), held("a", "sha256:2", 6), held("a/b", "sha256:1", 7)]);
    // The last word within a batch counts.
    let batch = [
        Write::Held(held("a", "sha256:3", 8)),
        drop("a", "sha256:3"),
        drop("a", "sha256:2"),
        Write::Held(held("a", "sha256:2", 9)),
        drop("a", "sha256:1"),
        drop("a", "unknown"),
    ];
    store.save(&batch).await.unwrap();
    assert_eq!(store.held().await.unwrap(), [held("a", "sha256:2", 9), held("a/b", "sha256:1", 7)]);
    store.save(&[drop_repository("a", 10), Write::Held(held("a", "sha256:4", 11))]).await.unwrap();
    assert_eq!(store.held().await.unwrap(), [held("a", "sha256:4", 11), held("a/b", "sha256:1", 7)]);
}

async fn a_batch_with_a_failing_item_leaves_nothing(database: &Database) {
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), pushed("a", "1", "sha256:1", 100)]).await.unwrap();
    let before = format!("{:?}", store.load().await.unwrap());
    let error = store
        .save(&[
            Write::Manifest(manifest("sha256:2")),
            pushed("a", "1", "sha256:2", 200),
            drop_tag("a", "1", 300),
            Write::Repository(repository("b")),
            pushed("nowhere", "1", "sha256:2", 200),
        ])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("for a repository that is not in it"), "{error}");
    assert!(!error.is_passing(), "saving the same again would fail again");
    assert_eq!(format!("{:?}", store.load().await.unwrap()), before);
    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, None)]));
}

async fn names_are_only_text(database: &Database) {
    let store = database.open().await;
    let names = ["'; DROP TABLE tags; --", "\"a\"", "$1", "?", "{}", "a\\b", "%_", "été", "🦀", "\u{202e}x", "a\nb", ""];
    let mut batch = Vec::new();
    for name in names {
        batch.extend([Write::Repository(repository(name)), pushed(name, name, name, 100), Write::Referrers(referrers(name, name, 1))]);
        batch.push(Write::Manifest(manifest(name)));
    }
    store.save(&batch).await.unwrap();
    for name in names {
        assert_eq!(history(&store, name, name).await, spans(&[(name, 100, None)]));
        assert_eq!(store.manifest(name).await.unwrap(), Some(manifest(name)));
    }
    assert_eq!(store.load().await.unwrap().tags.len(), names.len());
    store.save(&names.map(|name| drop_tag(name, name, 200))).await.unwrap();
    assert_eq!(store.load().await.unwrap().tags, []);

    // PostgreSQL cannot hold NUL; without it two names may be one.
    let problem = TagRecord { problem: Some("a\0b".to_owned()), ..tag("n\0ul", "1\0", Some("sha256:\0a")) };
    let batch = [Write::Repository(repository("n\0ul")), Write::Repository(repository("nul")), Write::Tag(problem)];
    store.save(&[&batch[..], &[pushed("nul", "1", "sha256:b", 200)]].concat()).await.unwrap();
    let expected = spans(&[("sha256:a", 100, Some(200)), ("sha256:b", 200, None)]);
    assert_eq!(history(&store, "nul", "1").await, expected);
    assert_eq!(history(&store, "\0nul", "1\0").await, expected);
}

async fn lists_come_in_the_order_of_their_bytes(database: &Database) {
    let store = database.open().await;
    let names = ["b", "B", "a/b", "a-b", "a", "_", "é", "10", "9"];
    let mut batch: Vec<Write> = names.iter().map(|name| Write::Repository(repository(name))).collect();
    batch.extend(names.iter().map(|name| Write::Tag(tag("a", name, None))));
    store.save(&batch).await.unwrap();
    let mut sorted = names;
    sorted.sort_unstable();
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.repositories.iter().map(|row| &*row.repository).collect::<Vec<_>>(), sorted);
    assert_eq!(loaded.tags.iter().map(|row| &*row.tag).collect::<Vec<_>>(), sorted);
}

async fn moments_are_limited_to_the_newest(database: &Database) {
    let store = database.open().await;
    let mut batch = vec![Write::Repository(repository("a"))];
    batch.extend((1..=20).map(|i| pushed("a", "latest", &format!("sha256:{i}"), i * 100)));
    store.save(&batch).await.unwrap();
    let newest = store.moments(R, "a", "latest", 2).await.unwrap();
    assert_eq!(newest.iter().map(|m| m.since).collect::<Vec<_>>(), [2000, 1900]);
    assert_eq!((&*newest[0].registry, &*newest[0].repository, &*newest[0].tag), (R, "a", "latest"));
    assert_eq!(store.moments(R, "a", "latest", 0).await.unwrap(), []);
}

async fn a_closed_store_says_so(database: &Database) {
    let store = database.open().await;
    store.close().await;
    let error = store.load().await.unwrap_err();
    assert!(error.to_string().ends_with("does not work: it was closed."), "{error}");
}
