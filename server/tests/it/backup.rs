//! `backup` and `restore`, as people run them.

use crate::program::Program;
use catalogue::{
    record::{RepositoryRecord, Write},
    store::Store,
};
use std::{fs, process::Stdio};

/// A catalogue in the program's directory that knows one repository.
async fn knowing(program: &Program, repository: &str) -> Store {
    let store = Store::open(&format!("sqlite:{}", program.directory.path().join("data/catalogue.db").display())).await.unwrap();
    let (registry, repository) = ("prod".to_owned(), repository.to_owned());
    store.save(&[Write::Repository(RepositoryRecord { registry, repository, first_seen: 1, crawled: None, strikes: 0 })]).await.unwrap();
    store
}

async fn known(program: &Program) -> Vec<String> {
    let store = Store::open(&format!("sqlite:{}", program.directory.path().join("data/catalogue.db").display())).await.unwrap();
    let loaded = store.load().await.unwrap();
    store.close().await;
    loaded.repositories.into_iter().map(|record| record.repository).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_beside_a_server_and_restored_without_one() {
    let program = Program::new();
    let none = program.run(&["backup", "b"]).await;
    assert!(none.status == 3 && none.err.contains("There is no catalogue in the database ./data/catalogue.db."), "{none:?}");
    let store = knowing(&program, "first").await;
    let made = program.run(&["backup", "b"]).await;
    assert_eq!((made.status, made.err.as_str()), (0, ""));
    assert!(made.out.starts_with("Backed up 1 repository, 0 tags, ") && made.out.contains("to b, "), "{}", made.out);
    let again = program.run(&["backup", "b"]).await;
    let told = "b is there already. Name another file, or give --force to write over it.\n";
    assert_eq!((again.status, again.out.as_str(), again.err.as_str()), (4, "", told));
    let json = program.run(&["backup", "b", "--force", "--json"]).await.json();
    assert_eq!(
        (json["rows"]["repositories"].as_u64(), json["bytes"].as_u64()),
        (Some(1), Some(fs::metadata(program.directory.path().join("b")).unwrap().len()))
    );

    let used = program.run(&["restore", "b", "--force"]).await;
    assert!(used.status == 4 && used.err.contains("is in use. Stop the server"), "{used:?}");
    store.close().await;
    let filled = program.run(&["restore", "b"]).await;
    assert!(filled.status == 4 && filled.err.contains("1 repository, 0 tags") && filled.err.contains("--force"), "{filled:?}");

    knowing(&program, "second").await.close().await;
    fs::write(program.directory.path().join("bad"), &fs::read(program.directory.path().join("b")).unwrap()[1..]).unwrap();
    let bad = program.run(&["restore", "bad", "--force"]).await;
    assert!(bad.status == 4 && bad.out.is_empty() && bad.err.contains("bad is damaged"), "{bad:?}");
    let missing = program.run(&["restore", "missing", "--force"]).await;
    assert!(missing.status == 3 && missing.err.contains("missing cannot be read"), "{missing:?}");
    assert_eq!(known(&program).await, ["first", "second"]);
    let restored = program.run(&["restore", "b", "--force"]).await;
    assert_eq!((restored.status, restored.err.as_str()), (0, ""));
    assert!(restored.out.starts_with("Restored 1 repository, 0 tags, ") && restored.out.contains(", as of 2"), "{}", restored.out);
    assert_eq!(known(&program).await, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_passes_through_pipes() {
    let (from, to) = (Program::new(), Program::new());
    knowing(&from, "first").await.close().await;
    let mut writing = from.command(&["backup", "-"]).stdout(Stdio::piped()).spawn().unwrap();
    let piped = Stdio::from(writing.stdout.take().unwrap());
    let mut reading = to.command(&["restore", "-"]).stdin(piped).stdout(Stdio::null()).spawn().unwrap();
    assert!(writing.wait().unwrap().success() && reading.wait().unwrap().success());
    assert_eq!(known(&to).await, ["first"]);
    for program in [from, to] {
        let left: Vec<_> = fs::read_dir(program.directory.path().join("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["catalogue.db"], "nothing lies about");
    }
}
