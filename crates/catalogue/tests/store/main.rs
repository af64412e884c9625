//! The store on every database it speaks: what holds on all of them (`semantics`, `volume`), what only a file or a
//! server can do to it (`file`, `server`), and the whole as a file (`backup`).
#![expect(clippy::unwrap_used, reason = "tests")]

mod advisory;
mod backup;
mod file;
mod kept;
mod semantics;
mod server;
mod volume;

use catalogue::record::{HeldRecord, ManifestRecord, MomentRecord, ReferrersRecord, RegistryRecord, RepositoryRecord, TagRecord, Write};
use catalogue::store::Store;
use catalogue::testing::PostgreSql;

/// A new database, gone at the end of the test.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    pub(crate) fn memory() -> Self {
        Self { url: "sqlite::memory:".to_owned(), _folder: None }
    }

    pub(crate) fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("catalogue.db").display()), _folder: Some(folder) }
    }

    /// None where PostgreSQL is not installed.
    pub(crate) async fn postgresql() -> Option<Self> {
        let server = PostgreSql::shared().unwrap()?;
        Some(Self { url: server.database().await.unwrap(), _folder: None })
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

/// One test body as tests on an SQLite file, on PostgreSQL, and in memory unless it opens the database twice.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => { $(
        mod $test {
            use crate::Database;

            #[tokio::test]
            async fn in_memory() {
                super::$test(&Database::memory()).await;
            }

            crate::on_lasting_databases!(@ $test);
        }
    )* };
}
macro_rules! on_lasting_databases {
    (@ $test:ident) => {
        #[tokio::test]
        async fn in_a_file() {
            super::$test(&Database::file()).await;
        }

        #[tokio::test]
        async fn on_postgresql() {
            if let Some(database) = Database::postgresql().await {
                super::$test(&database).await;
            }
        }
    };
    ($($test:ident),* $(,)?) => { $(
        mod $test {
            use crate::Database;
            crate::on_lasting_databases!(@ $test);
        }
    )* };
}
pub(crate) use {on_every_database, on_lasting_databases};

pub(crate) const R: &str = "prod";

pub(crate) fn registry(name: &str) -> RegistryRecord {
    RegistryRecord { registry: name.to_owned(), crawled: None, capabilities: None }
}

pub(crate) fn repository(name: &str) -> RepositoryRecord {
    RepositoryRecord { registry: R.to_owned(), repository: name.to_owned(), first_seen: 10, crawled: None, strikes: 0 }
}

/// Seen first at 100.
pub(crate) fn tag(repository: &str, tag: &str, digest: Option<&str>) -> TagRecord {
    TagRecord {
        registry: R.to_owned(),
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        digest: digest.map(str::to_owned),
        first_seen: 100,
        pushed: None,
        told: false,
        strikes: 0,
        problem: None,
    }
}

pub(crate) fn pushed(repository: &str, name: &str, digest: &str, pushed: i64) -> Write {
    Write::Tag(TagRecord { pushed: Some(pushed), ..tag(repository, name, Some(digest)) })
}

pub(crate) fn manifest(digest: &str) -> ManifestRecord {
    ManifestRecord {
        digest: digest.to_owned(),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        summary: vec![0, 1, 255],
        body: b"{\"schemaVersion\":2}".to_vec(),
        config: Some(b"{}".to_vec()),
    }
}

pub(crate) fn referrers(repository: &str, digest: &str, checked: i64) -> ReferrersRecord {
    ReferrersRecord {
        registry: R.to_owned(),
        repository: repository.to_owned(),
        digest: digest.to_owned(),
        checked,
        descriptors: "[]".to_owned(),
    }
}

pub(crate) fn drop_tag(repository: &str, tag: &str, at: i64) -> Write {
    Write::DropTag { registry: R.to_owned(), repository: repository.to_owned(), tag: tag.to_owned(), at }
}

pub(crate) fn drop_repository(repository: &str, at: i64) -> Write {
    Write::DropRepository { registry: R.to_owned(), repository: repository.to_owned(), at }
}

/// A tag's history, oldest first.
pub(crate) async fn history(store: &Store, repository: &str, tag: &str) -> Vec<(String, i64, Option<i64>)> {
    let mut moments = store.moments(R, repository, tag, 1000).await.unwrap();
    moments.reverse();
    moments.into_iter().map(|MomentRecord { digest, since, until, .. }| (digest, since, until)).collect()
}

/// As [`history`] gives it.
pub(crate) fn spans(spans: &[(&str, i64, Option<i64>)]) -> Vec<(String, i64, Option<i64>)> {
    spans.iter().map(|(digest, since, until)| ((*digest).to_owned(), *since, *until)).collect()
}
