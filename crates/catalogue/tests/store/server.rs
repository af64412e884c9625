//! What can be wrong with a server.

use crate::*;
use catalogue::store::StoreError;
use sqlx::{Connection, PgConnection, raw_sql};
use std::net::TcpListener;
use std::time::Duration;

async fn sentence(url: &str) -> String {
    let sentence = Store::open_within(url, Duration::from_millis(300)).await.unwrap_err().to_string();
    assert!(!sentence.contains("correct-horse") && !sentence.contains("wrong-horse"), "{sentence}");
    sentence
}

#[tokio::test]
async fn a_lost_connection_is_told_and_the_next_call_makes_a_new_one() {
    let (Some(server), Some(database)) = (PostgreSql::shared().unwrap(), Database::postgresql().await) else { return };
    let store = database.open().await;
    store.save(&[Write::Repository(repository("a"))]).await.unwrap();
    assert!(server.disconnect(&database.url).await.unwrap() > 0);
    store.save(&[pushed("a", "1", "sha256:1", 100)]).await.unwrap();

    // In the midst of a save: it waits for the lock that another transaction holds, then loses its connection.
    let mut other = PgConnection::connect(&database.url).await.unwrap();
    raw_sql("BEGIN; LOCK TABLE tags").execute(&mut other).await.unwrap();
    let saving = tokio::spawn({
        let store = store.clone();
        async move { store.save(&[pushed("a", "1", "sha256:2", 200)]).await }
    });
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut other).await.unwrap() == 0 {
        assert!(!saving.is_finished());
    }
    // Not the one that holds the lock, or the save might go on before its turn to be ended comes.
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(!sqlx::query(end).fetch_all(&mut other).await.unwrap().is_empty());
    let error = saving.await.unwrap().unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();

    assert_eq!(history(&store, "a", "1").await, spans(&[("sha256:1", 100, None)]), "nothing of it was written");
    store.save(&[pushed("a", "1", "sha256:2", 200)]).await.unwrap();
    assert_eq!(history(&store, "a", "1").await.len(), 2);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(database) = Database::postgresql().await else { return };
    database.open().await.close().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    raw_sql("INSERT INTO supercargo_migrations VALUES (7, 0)").execute(&mut connection).await.unwrap();
    let error = Store::open(&database.url).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 7, known: 3, .. }), "{error:?}");
}

#[tokio::test]
async fn a_refused_password_and_a_missing_database_are_told() {
    let Some(server) = PostgreSql::shared().unwrap() else { return };
    let url = server.address("nowhere");
    assert!(sentence(&url).await.contains("has no such database"));
    let wrong = url.replace("correct-horse", "wrong-horse");
    assert!(sentence(&wrong).await.contains("refused the user or the password"));
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let told = sentence(&format!("postgres://me:wrong-horse@{address}/cargo")).await;
    assert!(told.contains(&format!("cargo at {address} is not available")), "{told}");
    assert!(told.contains("did not answer"), "{told}");
    drop(silent);
    let told = sentence(&format!("postgres://me:wrong-horse@{address}/cargo")).await;
    assert!(told.contains("refused"), "{told}");
}

#[tokio::test]
async fn a_standby_is_told() {
    let Some(database) = Database::postgresql().await else { return };
    let told = sentence(&format!("{}?options[default_transaction_read_only]=on", database.url)).await;
    assert!(told.contains("only accepts reading"), "{told}");
}
