//! What is no whole backup of ours, and what it leaves as it was.

use super::*;
use std::fs;
use std::os::unix::fs::FileExt;

/// A backup, and a database with something else in it.
async fn ready() -> (tempfile::TempDir, PathBuf, Database) {
    let (folder, from, database) = (tempfile::tempdir().unwrap(), Database::file(), Database::file());
    let store = from.open().await;
    store.save(&[Write::Registry(registry(R)), Write::Repository(repository("a"))]).await.unwrap();
    let file = folder.path().join("backup");
    make(&from, &file).await;
    let store = database.open().await;
    store.save(&[Write::Repository(repository("theirs"))]).await.unwrap();
    store.close().await;
    (folder, file, database)
}

#[tokio::test]
async fn what_is_not_whole_is_refused_and_nothing_is_touched() {
    let (folder, file, database) = ready().await;
    let whole = fs::read(&file).unwrap();
    let before = fs::read(path(&database)).unwrap();
    let end = whole.len();
    let line = String::from_utf8(whole[end - 110..].to_vec()).unwrap();
    let words = line.find("supercargo backup 1 ").unwrap() + end - 110;
    let edited = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        edit(&mut bytes);
        bytes
    };
    let text = |error: &BackupError| error.to_string();
    for (bytes, told) in [
        (Vec::new(), "no backup of Supercargo"),
        (b"supercargo backup".to_vec(), "no backup of Supercargo"),
        ("A letter, and a long one at that. ".repeat(100).into_bytes(), "no backup of Supercargo"),
        // A database as it lies is none.
        (before.clone(), "no backup of Supercargo"),
        (whole[..end / 2].to_vec(), "no backup of Supercargo"),
        (whole[..end - 1].to_vec(), "no backup of Supercargo"),
        (whole[..words].to_vec(), "no backup of Supercargo"),
        (edited(&|b| b[end / 2] ^= 1), "is damaged"),
        (edited(&|b| b[words - 1] ^= 1), "is damaged"),
        (edited(&|b| drop(b.drain(4096..8192))), "is damaged"),
        // The time it was made.
        (edited(&|b| b[words + 21] ^= 1), "is damaged"),
        (edited(&|b| b[end - 5] = if b[end - 5] == b'0' { b'1' } else { b'0' }), "is damaged"),
        (edited(&|b| b.extend_from_slice(b"more")), "no backup of Supercargo"),
        (edited(&|b| b[words + 18] = b'2'), "made by a newer Supercargo"),
    ] {
        let given = folder.path().join("given");
        fs::write(&given, &bytes).unwrap();
        let error = restore(&database, &given, true).await.unwrap_err();
        assert!(text(&error).contains(told) && text(&error).contains("given"), "{} bytes: {error}", bytes.len());
    }
    assert!(fs::read(path(&database)).unwrap() == before);
    let missing = restore(&database, &folder.path().join("missing"), true).await.unwrap_err();
    assert!(text(&missing).contains("missing cannot be read"), "{missing}");
    restore(&database, &file, true).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_on_either_side() {
    let (folder, file, database) = ready().await;
    let mut connection = sqlite(&database).await;
    raw_sql("INSERT INTO supercargo_migrations VALUES (7777, 0)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    for told in [
        restore(&database, &file, true).await.unwrap_err().to_string(),
        backup::make(&database.url, &folder.path().join("other"), false, &|_, _| {}).await.unwrap_err().to_string(),
    ] {
        assert!(told.contains("written by a newer Supercargo: its schema is 7777"), "{told}");
    }
    assert!(!folder.path().join("other").exists() && !folder.path().join("other.begun").exists());
}

#[tokio::test]
async fn a_file_that_is_there_is_not_written_over_unless_told() {
    let (folder, file, database) = ready().await;
    let before = fs::read(&file).unwrap();
    let error = backup::make(&database.url, &file, false, &|_, _| {}).await.unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert!(fs::read(&file).unwrap() == before);
    let itself = backup::make(&database.url, &path(&database), true, &|_, _| {}).await.unwrap_err();
    assert!(itself.to_string().contains("it is the database itself"), "{itself}");
    // What an earlier run left is no obstacle, and one that is under way is.
    fs::write(folder.path().join("backup.begun"), "a part of one").unwrap();
    backup::make(&database.url, &file, true, &|_, _| {}).await.unwrap();
    assert!(dump(&file).await["repositories"][0].contains("theirs"));
    let begun = fs::File::create(folder.path().join("backup.begun")).unwrap();
    begun.lock().unwrap();
    begun.write_all_at(b"theirs", 0).unwrap();
    let error = backup::make(&database.url, &file, true, &|_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("another backup is being written there"), "{error}");
    assert_eq!(fs::read(folder.path().join("backup.begun")).unwrap(), b"theirs");
}

#[tokio::test]
async fn where_there_is_no_catalogue_there_is_no_backup() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Database::file());
    let file = folder.path().join("backup");
    let none = backup::make(&database.url, &file, false, &|_, _| {}).await.unwrap_err();
    assert!(matches!(none, BackupError::Missing(_)) && !path(&database).exists(), "{none}");
    if let Some(database) = Database::postgresql().await {
        let none = backup::make(&database.url, &file, false, &|_, _| {}).await.unwrap_err();
        assert!(matches!(none, BackupError::Missing(_)), "{none}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
