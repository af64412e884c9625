//! The whole as a file, and back: from either database into either.

mod crash;
mod refused;

use crate::kept::{done, job, plan, steps};
use crate::*;
use catalogue::kept::{ConsentRecord, LockRecord, NewJob, Outcome, PolicyRecord, PullRecord, StepState, StepUpdate, new_id};
use catalogue::store::backup::{self, BackupError, Contents};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, SqliteConnection, raw_sql};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

on_lasting_databases!(a_backup_is_of_one_instant, an_older_backup_is_brought_up_to_date, what_was_there_is_replaced);

pub(crate) async fn make(database: &Database, to: &Path) -> Contents {
    backup::make(&database.url, to, false, &|_, _| {}).await.unwrap()
}

pub(crate) async fn restore(database: &Database, from: &Path, replace: bool) -> Result<Contents, BackupError> {
    backup::restore(&database.url, from, replace, &|_, _| {}).await
}

/// Every row of a backup as text, by table.
pub(crate) async fn dump(file: &Path) -> BTreeMap<String, Vec<String>> {
    let mut connection = SqliteConnectOptions::new().filename(file).immutable(true).connect().await.unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'supercargo_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(&mut connection).await.unwrap();
        let row = columns.iter().map(|column| format!("quote(\"{column}\")")).collect::<Vec<_>>().join(" || ' ' || ");
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("SELECT {row} FROM {table} ORDER BY 1"))).fetch_all(&mut connection);
        all.insert(table.clone(), rows.await.unwrap());
    }
    all
}

/// Something in each table, and what is hard to carry.
async fn fill(store: &Store) {
    let odd = "\\N \\\\ \t tab \r\n line 'quote' \"double\" ünïcode \u{1F980} \u{7f}\u{1}";
    let mut batch = vec![
        Write::Registry(RegistryRecord { crawled: Some(i64::MAX), capabilities: Some(odd.to_owned()), ..registry(R) }),
        Write::Repository(RepositoryRecord { crawled: None, first_seen: i64::MIN, ..repository("team/api") }),
        Write::Tag(TagRecord { problem: Some(odd.to_owned()), told: true, ..tag("team/api", "odd", None) }),
        Write::Tag(TagRecord { problem: Some(String::new()), ..tag("team/api", "empty", Some("sha256:aa")) }),
        Write::Referrers(referrers("team/api", "sha256:aa", -1)),
        Write::Held(HeldRecord { registry: R.to_owned(), repository: "team/api".to_owned(), digest: "sha256:bb".to_owned(), since: 0 }),
        Write::Manifest(ManifestRecord { summary: (0..=255).collect(), body: Vec::new(), config: None, ..manifest("sha256:aa") }),
    ];
    for number in 0..2_000 {
        let digest = format!("sha256:{number:064x}");
        batch.push(pushed("team/api", &format!("1.{number}"), &digest, 100));
        batch.push(Write::Manifest(ManifestRecord { body: vec![number as u8; 700], ..manifest(&digest) }));
    }
    store.save(&batch).await.unwrap();
    store.save(&[pushed("team/api", "1.7", "sha256:aa", 200), drop_tag("team/api", "1.8", 300)]).await.unwrap();

    let (kept, forgotten) = (plan(), plan());
    store.plans().add(&kept).await.unwrap();
    store.plans().add(&forgotten).await.unwrap();
    let first = NewJob { plan: Some(kept.id.clone()), steps: steps(3), ..job(&["team/api", "team/web"]) };
    store.jobs().begin(&first, 2_000).await.unwrap();
    store.jobs().claim_next("us", 100, 2_000).await.unwrap().unwrap();
    let step = StepUpdate { n: 1, state: StepState::Done, detail: Some(odd.to_owned()), undo: Some("{}".to_owned()) };
    store.jobs().progress((&first.id, "us"), 100, 2_001, 1, None, &[step]).await.unwrap();
    // The newest of the jobs is forgotten, so that its number is known from the sequence alone.
    let second = job(&["other"]);
    store.jobs().begin(&second, 2_000).await.unwrap();
    store.jobs().claim_next("us", 100, 2_000).await.unwrap().unwrap();
    let outcome = Outcome { state: catalogue::kept::JobState::Done, done: 3, problems: "[]", undo: None, undo_until: None };
    assert!(store.jobs().finish(&second.id, "us", &outcome, 3_000).await.unwrap());
    assert_eq!(store.jobs().forget_before(4_000).await.unwrap(), 1);

    let mut told = done(10, "push", "team/api", Some("1.1"));
    told.detail = Some(odd.to_owned());
    told.event = Some("event".to_owned());
    store.activity().append(&[told, done(11, "pull", "team/api", None)]).await.unwrap();
    let consent = ConsentRecord { registry: R.to_owned(), subject: "x".to_owned(), at: 1, actor: None, address: Some(String::new()) };
    store.consents().give(&consent).await.unwrap();
    let lock = LockRecord {
        registry: R.to_owned(),
        repository: "team/api".to_owned(),
        name: String::new(),
        at: 5,
        actor: Some("mira".to_owned()),
        note: Some(odd.to_owned()),
    };
    store.locks().put(&lock).await.unwrap();
    let policy = PolicyRecord { id: new_id(), name: "old".to_owned(), body: odd.to_owned(), enabled: true, ..PolicyRecord::default() };
    store.policies().save(&policy).await.unwrap();
    let pulls = PullRecord {
        registry: R.to_owned(),
        repository: "team/api".to_owned(),
        name: "1.1".to_owned(),
        last: 7,
        pulls: 9,
        days: BTreeMap::from([(3, 9)]),
    };
    store.pulls().add(&[pulls]).await.unwrap();
    store.schedules().claim("collect", R, 100, 100, 1).await.unwrap();
}

/// What no call of ours writes alone.
const LISTENING: &str = "INSERT INTO listening (registry, since, heard) VALUES ('prod', 1, 2)";

#[tokio::test]
async fn nothing_is_lost_between_the_databases_and_back() {
    let (folder, first, last) = (tempfile::tempdir().unwrap(), Database::file(), Database::file());
    let file = |name: &str| folder.path().join(name);
    let store = first.open().await;
    fill(&store).await;
    let mut beside = sqlite(&first).await;
    raw_sql(LISTENING).execute(&mut beside).await.unwrap();
    beside.close().await.unwrap();
    let made = make(&first, &file("1")).await;
    store.close().await;
    assert_eq!(
        (made.of("tags"), made.of("moments"), made.of("jobs"), made.bytes),
        (2_001, 2_002, 1, std::fs::metadata(file("1")).unwrap().len())
    );
    assert_eq!(std::fs::metadata(file("1")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!file("1.begun").exists());
    let before = dump(&file("1")).await;
    assert!(
        before.values().all(|rows| !rows.is_empty()),
        "each table has something: {:?}",
        before.iter().find(|(_, rows)| rows.is_empty())
    );
    assert!(before["sqlite_sequence"].contains(&"'jobs' 2".to_owned()), "{:?}", before["sqlite_sequence"]);

    // A server on its way there may have read it before.
    let known = path(&last).with_added_extension("known");
    std::fs::write(&known, "an imprint of something else").unwrap();
    if let Some(between) = Database::postgresql().await {
        assert_eq!(restore(&between, &file("1"), false).await.unwrap(), made);
        make(&between, &file("2")).await;
        restore(&last, &file("2"), false).await.unwrap();
        assert_eq!(dump(&file("2")).await, before);
        // Its numbers go on after those that were given.
        let store = between.open().await;
        store.jobs().begin(&job(&["a"]), 5_000).await.unwrap();
        assert_eq!(store.jobs().page(&catalogue::kept::JobFilter::default(), None, 1).await.unwrap()[0].number, 3);
        store.close().await;
    } else {
        restore(&last, &file("1"), false).await.unwrap();
    }
    assert!(!known.exists(), "it would be believed");
    make(&last, &file("3")).await;
    assert_eq!(dump(&file("3")).await, before);
    let store = last.open().await;
    store.jobs().begin(&job(&["a"]), 5_000).await.unwrap();
    assert_eq!(store.jobs().page(&catalogue::kept::JobFilter::default(), None, 1).await.unwrap()[0].number, 3);
    assert_eq!(history(&store, "team/api", "1.8").await.last().unwrap().2, Some(300));
}

fn path(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite:").unwrap())
}

async fn sqlite(database: &Database) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path(database)).create_if_missing(true).connect().await.unwrap()
}

async fn a_backup_is_of_one_instant(database: &Database) {
    let (folder, store) = (tempfile::tempdir().unwrap(), database.open().await);
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for round in 1.. {
                let digest = format!("sha256:{round}");
                let batch: Vec<Write> = (0..50).map(|name| pushed("a", &format!("t{name}"), &digest, round)).collect();
                store.save(&batch).await.unwrap();
            }
        }
    });
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let file = folder.path().join(seen.len().to_string());
        make(database, &file).await;
        let rows = dump(&file).await;
        let named = |row: &String| row.split(' ').nth(3).unwrap().to_owned();
        let digests: std::collections::BTreeSet<String> = rows["tags"].iter().map(named).collect();
        assert!(digests.len() <= 1, "of one batch: {digests:?}");
        let open = rows["moments"].iter().filter(|row| row.ends_with("NULL")).count();
        assert_eq!(open, rows["tags"].len(), "tags and their history are of one instant");
        // The writer goes on meanwhile.
        if !digests.is_empty() && seen.last() != Some(&digests) {
            seen.push(digests);
        } else {
            std::fs::remove_file(file).unwrap();
        }
    }
    writer.abort();
}

async fn what_was_there_is_replaced(database: &Database) {
    let (folder, other) = (tempfile::tempdir().unwrap(), Database::file());
    let store = other.open().await;
    fill(&store).await;
    let file = folder.path().join("backup");
    make(&other, &file).await;

    let store = database.open().await;
    store.save(&[Write::Repository(repository("a")), pushed("a", "1", "sha256:1", 100)]).await.unwrap();
    store.plans().add(&plan()).await.unwrap();
    assert!(matches!(restore(database, &file, true).await, Err(BackupError::InUse(_))), "a server has it");
    store.close().await;
    let refused = restore(database, &file, false).await.unwrap_err();
    assert!(refused.to_string().contains("holds a catalogue already: 1 repository, 1 tag,"), "{refused}");

    restore(database, &file, true).await.unwrap();
    if database.url.starts_with("sqlite:") {
        let log = path(database).with_file_name("catalogue.db-wal");
        assert!(std::fs::metadata(log).map_or(0, |log| log.len()) == 0, "nothing is left to be folded in by the next start");
    }
    let store = database.open().await;
    assert_eq!(store.load().await.unwrap().repositories.len(), 1);
    assert_eq!(history(&store, "a", "1").await, []);
    store.save(&[pushed("team/api", "1.1", "sha256:new", 400)]).await.unwrap();
    store.close().await;
    // And again, in place of itself.
    restore(database, &file, true).await.unwrap();
    let again = folder.path().join("again");
    make(database, &again).await;
    assert_eq!(dump(&again).await, dump(&file).await);
}

/// As the first version made it, with a row of its own.
async fn an_older_backup_is_brought_up_to_date(database: &Database) {
    let folder = tempfile::tempdir().unwrap();
    let versions = "CREATE TABLE supercargo_migrations (version BIGINT NOT NULL PRIMARY KEY, applied BIGINT NOT NULL);
        INSERT INTO supercargo_migrations VALUES (1, 0); INSERT INTO registries VALUES ('prod', 5, NULL)";
    if database.url.starts_with("sqlite:") {
        let mut old = sqlite(database).await;
        raw_sql(include_str!("../../migrations/sqlite/0001_catalogue.sql")).execute(&mut old).await.unwrap();
        raw_sql(versions).execute(&mut old).await.unwrap();
        old.close().await.unwrap();
    } else {
        let mut old = PgConnection::connect(&database.url).await.unwrap();
        raw_sql(include_str!("../../migrations/postgres/0001_catalogue.sql")).execute(&mut old).await.unwrap();
        raw_sql(versions).execute(&mut old).await.unwrap();
        old.close().await.unwrap();
    }
    let file = folder.path().join("backup");
    let made = make(database, &file).await;
    assert_eq!(made.rows.len(), 7, "it has the tables of its version: {made:?}");
    // In place of a database of that version, and of nothing.
    for target in [database, &Database::file()] {
        restore(target, &file, true).await.unwrap();
        let store = target.open().await;
        assert_eq!(store.load().await.unwrap().registries[0].crawled, Some(5));
        store.plans().add(&plan()).await.unwrap();
        store.close().await;
    }
    let mut made = SqliteConnectOptions::new().filename(&file).immutable(true).connect().await.unwrap();
    let version: i64 = sqlx::query("SELECT MAX(version) FROM supercargo_migrations").fetch_one(&mut made).await.unwrap().get(0);
    assert_eq!(version, 1, "making it migrates nothing");
}
