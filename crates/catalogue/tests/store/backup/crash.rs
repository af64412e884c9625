//! A restore that is killed: what was there is there, or what was to come, and never some of each.

use super::*;
use std::process::{Child, Command, Stdio};

const TAGS: usize = 4_000;

/// Not a test of its own: the process that is killed.
#[tokio::test]
#[ignore = "run by the tests beside it"]
async fn restoring() {
    let (url, file) = (std::env::var("RESTORED").unwrap(), std::env::var("BACKUP").unwrap());
    backup::restore(&url, Path::new(&file), true, &|_, _| {}).await.unwrap();
}

fn begin(database: &Database, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "backup::crash::restoring", "--ignored", "--quiet"])
        .env("RESTORED", &database.url)
        .env("BACKUP", file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A database that holds so many tags, all of one digest and with a plan of that name.
async fn holding(database: &Database, digest: &str) {
    let store = database.open().await;
    let mut batch = vec![Write::Repository(repository("a"))];
    for number in 0..TAGS {
        batch.push(pushed("a", &format!("t{number}"), digest, 1));
        batch.push(Write::Manifest(ManifestRecord { body: vec![b' '; 8_000], ..manifest(&format!("{digest}{number}")) }));
    }
    store.save(&batch).await.unwrap();
    store.plans().add(&catalogue::kept::PlanRecord { id: digest.to_owned(), ..plan() }).await.unwrap();
    store.close().await;
}

/// The one digest that all of it is of.
async fn held_by(database: &Database) -> String {
    let store = database.open().await;
    let loaded = store.load().await.unwrap();
    let digest = loaded.tags[0].digest.clone().unwrap();
    assert_eq!((loaded.tags.len(), loaded.manifests.len()), (TAGS, TAGS));
    assert!(loaded.tags.iter().all(|tag| tag.digest.as_ref() == Some(&digest)));
    assert!(loaded.manifests.iter().all(|(of, _)| of.starts_with(&digest)));
    assert!(store.plans().get(&digest).await.unwrap().is_some());
    store.close().await;
    digest
}

/// Kills one restore after another, each when `far` says that it is a step further than the last came, until one ends by itself.
async fn kill_at_every_step(database: &Database, steps: &[u64], far: impl AsyncFn() -> u64) {
    let (folder, other) = (tempfile::tempdir().unwrap(), Database::file());
    holding(&other, "sha256:new").await;
    holding(database, "sha256:old").await;
    let file = folder.path().join("backup");
    make(&other, &file).await;
    let mut killed = Vec::new();
    for step in steps {
        let mut child = begin(database, &file);
        while far().await < *step && child.try_wait().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if held_by(database).await == "sha256:new" {
            // It had done all, whether it was killed after that or not.
            assert!(killed.len() > 1, "it was caught at work, more than once: {killed:?}, {status}");
            return;
        }
        killed.push(*step);
    }
    assert!(begin(database, &file).wait().unwrap().success());
    assert_eq!(held_by(database).await, "sha256:new");
}

#[tokio::test]
async fn in_a_file() {
    let database = Database::file();
    let log = path(&database).with_file_name("catalogue.db-wal");
    // What the transaction has written so far.
    let far = async || std::fs::metadata(&log).map_or(0, |log| log.len());
    kill_at_every_step(&database, &[1, 2_000_000, 8_000_000, 16_000_000, 24_000_000, 32_000_000], far).await;
}

#[tokio::test]
async fn on_postgresql() {
    let Some(database) = Database::postgresql().await else { return };
    let watching = PgConnection::connect(&database.url.replace("/test_", "/postgres?application_name=test_")).await;
    let watching = tokio::sync::Mutex::new(watching.unwrap());
    let name = database.url.rsplit('/').next().unwrap().to_owned();
    // Which of its statements it is at.
    let far = async || {
        let sql = "SELECT query FROM pg_stat_activity WHERE datname = $1 AND application_name = 'supercargo'";
        let queries: Vec<String> = sqlx::query_scalar(sql).bind(&name).fetch_all(&mut *watching.lock().await).await.unwrap();
        let of = |text: &str| queries.iter().any(|query| query.starts_with(text));
        match () {
            () if of("COPY bodies") || of("COPY moments") || of("ANALYZE") => 3,
            () if of("COPY tags") || of("COPY manifests") => 2,
            () if of("DROP") || of("COPY") || of("--") => 1,
            () => 0,
        }
    };
    kill_at_every_step(&database, &[1, 2, 3], far).await;
}
