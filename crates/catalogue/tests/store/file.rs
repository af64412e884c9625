//! What can be wrong with a file.

use crate::*;
use catalogue::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection, raw_sql};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn path(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite:").unwrap())
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn sentence(url: &str) -> String {
    let error = Store::open_within(url, Duration::from_millis(200)).await.unwrap_err();
    let sentence = error.to_string();
    assert!(sentence.contains(url.strip_prefix("sqlite:").unwrap()), "it names the file: {sentence}");
    sentence
}

#[tokio::test]
async fn the_folder_and_the_file_are_made_for_us_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/of ours/catalogue 100%.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&file.with_file_name("catalogue 100%.db-wal")), 0o600);
    store.close().await;
    assert!(!file.with_file_name("catalogue 100%.db-wal").exists(), "closing folds the log into the file");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let database = Database::file();
    database.open().await.close().await;
    let mut connection = connect(&path(&database)).await;
    raw_sql("INSERT INTO supercargo_migrations VALUES (7, 0)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let before = fs::read(path(&database)).unwrap();

    let error = Store::open(&database.url).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 7, known: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("written by a newer Supercargo"), "{error}");
    assert!(fs::read(path(&database)).unwrap() == before);
}

#[tokio::test]
async fn a_locked_file_is_waited_for_and_then_told() {
    let database = Database::file();
    let store = Store::open_within(&database.url, Duration::from_millis(50)).await.unwrap();
    let mut other = connect(&path(&database)).await;
    raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = store.save(&[Write::Repository(repository("a"))]).await.unwrap_err();
    assert!(error.to_string().contains("another process has locked it"), "{error}");
    assert!(error.is_passing());
    store.load().await.unwrap();

    raw_sql("COMMIT").execute(&mut other).await.unwrap();
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
}

#[tokio::test]
async fn a_file_locked_by_somebody_else_from_the_start_is_told() {
    let database = Database::file();
    let mut other = connect_new(&path(&database)).await;
    raw_sql("CREATE TABLE theirs (x); BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    assert!(sentence(&database.url).await.contains("another process has locked it"));
}

#[tokio::test]
async fn what_is_no_database_is_told() {
    let database = Database::file();
    fs::write(path(&database), "This is a letter, and a long one at that. ".repeat(100)).unwrap();
    assert!(sentence(&database.url).await.contains("is damaged, or is no database; move it away"));
}

#[tokio::test]
async fn a_damaged_page_is_told_when_it_is_read() {
    let database = Database::file();
    let store = database.open().await;
    let manifests: Vec<Write> =
        (0..500).map(|i| Write::Manifest(ManifestRecord { summary: vec![1; 150], ..manifest(&format!("sha256:{i:064}")) })).collect();
    store.save(&manifests).await.unwrap();
    store.close().await;
    let mut bytes = fs::read(path(&database)).unwrap();
    // Behind the schema, everything.
    let behind = 2 * 4096..;
    bytes[behind].chunks_mut(4096).for_each(|page| page[..16].fill(0xa5));
    fs::write(path(&database), bytes).unwrap();

    // The table of versions may be among what is damaged.
    let error = match Store::open(&database.url).await {
        Ok(store) => store.load().await.map(|loaded| loaded.manifests.len()).unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("is damaged, or is no database"), "{error}");
    assert!(!error.is_passing());
}

#[tokio::test]
async fn a_folder_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(sentence(&format!("sqlite:{}", folder.path().display())).await.contains("it is a folder"));
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(sentence(&format!("sqlite:{}/file/catalogue.db", folder.path().display())).await.contains("cannot be created"));
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_told() {
    let database = Database::file();
    fs::write(path(&database), []).unwrap();
    fs::set_permissions(path(&database), fs::Permissions::from_mode(0o444)).unwrap();
    if fs::OpenOptions::new().write(true).open(path(&database)).is_ok() {
        eprintln!("note: this user may write everywhere; files that may not be written are not tested");
        return;
    }
    assert!(sentence(&database.url).await.contains("may not be written to"));
}

#[tokio::test]
async fn tables_of_another_program_are_not_touched() {
    let database = Database::file();
    let mut other = connect_new(&path(&database)).await;
    raw_sql("CREATE TABLE tags (name TEXT); INSERT INTO tags VALUES ('theirs')").execute(&mut other).await.unwrap();
    assert!(sentence(&database.url).await.contains("table tags already exists"));
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'").fetch_one(&mut other).await.unwrap();
    assert_eq!(tables, 1, "nothing of ours is left in it");
}

async fn connect_new(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}
