//! The locks of our own registry where several processes write to one storage: those within the process, and then those of the
//! PostgreSQL that the processes share.

use catalogue::AdvisoryLocks;
use embedded::locks::{Held, Key, LocalLocks, Locks};
use sha2::{Digest as _, Sha256};
use std::io;

/// Locks over all processes with one database.
pub(super) struct Shared {
    /// Taken first: requests of one process wait for each other here, and need no connection for it.
    local: LocalLocks,
    database: AdvisoryLocks,
}

/// The first of our numbers within the database, away from those of the catalogue.
const FIRST: i64 = 7_310_579_643_200_000;
/// Numbers for each kind of key. PostgreSQL holds some thousand locks at a time, and a manifest may have as many tags.
const NUMBERS: u64 = 512;

impl Shared {
    pub(super) fn new(database: AdvisoryLocks) -> Self {
        Self { local: LocalLocks::default(), database }
    }
}

struct Both<'a> {
    _database: catalogue::AdvisoryGuard,
    _local: Box<dyn Held + 'a>,
}

impl Held for Both<'_> {}

impl Locks for Shared {
    fn hold<'a>(&'a self, keys: &[Key<'_>]) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.hold(keys)?;
        // Who holds one takes none that stands before it: the first tells how deep this is.
        let rank = keys.iter().map(kind).min().unwrap_or(0);
        let numbers: Vec<(i64, bool)> = keys.iter().map(|key| (number(key), false)).collect();
        let database = self.database.hold(rank, &numbers).map_err(io::Error::other)?;
        Ok(Box::new(Both { _database: database, _local: local }))
    }
}

/// In the order of [`Key`].
fn kind(key: &Key<'_>) -> usize {
    match key {
        Key::Manifest(..) => 0,
        Key::Tag(..) => 1,
        Key::Blob(_) => 2,
    }
}

/// The same in every process and version.
fn number(key: &Key<'_>) -> i64 {
    let text = match key {
        Key::Manifest(name, digest) => format!("{name}@{digest}"),
        Key::Tag(name, tag) => format!("{name}:{tag}"),
        Key::Blob(digest) => digest.to_string(),
    };
    let sum: [u8; 32] = Sha256::digest(text).into();
    let hash = u64::from_be_bytes([sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]]);
    FIRST + (kind(key) as u64 * NUMBERS + hash % NUMBERS) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalogue::testing::PostgreSql;
    use oci::{Digest, RepositoryName, Tag};
    use std::sync::Arc;
    use tokio::task::spawn_blocking;

    #[test]
    fn a_key_has_one_number_in_every_version() {
        let (name, tag, digest) = (RepositoryName::parse("team/api").unwrap(), Tag::parse("1").unwrap(), Digest::sha256(&[1; 32]));
        let numbers = [Key::Manifest(&name, &digest), Key::Tag(&name, &tag), Key::Blob(&digest)].map(|key| number(&key) - FIRST);
        // Were they others, a process of this version and one of the last would not see each other's locks.
        assert_eq!(numbers, [484, 882, 1420]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_one_process_changes_another_waits_for() {
        let Some(server) = PostgreSql::shared().unwrap() else { return };
        let url = server.database().await.unwrap();
        let process = || Arc::new(Shared::new(AdvisoryLocks::of(&url).unwrap().unwrap()));
        let (one, other) = (process(), process());
        let (name, digest) = (RepositoryName::parse("team/api").unwrap(), Digest::sha256(&[1; 32]));
        let (held, holding) = tokio::sync::oneshot::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let deleting = spawn_blocking({
            let (name, digest) = (name.clone(), digest.clone());
            move || {
                let manifest = one.hold(&[Key::Manifest(&name, &digest)]).unwrap();
                let tag = one.hold(&[Key::Tag(&name, &Tag::parse("1").unwrap())]).unwrap();
                held.send(()).unwrap();
                released.recv().unwrap_err();
                drop((manifest, tag));
            }
        });
        holding.await.unwrap();
        let pushing = spawn_blocking(move || {
            // Another repository's is free; this one's is not.
            drop(other.hold(&[Key::Manifest(&RepositoryName::parse("b").unwrap(), &digest)]).unwrap());
            drop(other.hold(&[Key::Manifest(&name, &digest), Key::Blob(&digest)]).unwrap());
        });
        let waiting = catalogue::testing::until_a_lock_is_waited_for(&url);
        waiting.await.unwrap();
        assert!(!pushing.is_finished());
        drop(release);
        deleting.await.unwrap();
        pushing.await.unwrap();
    }
}
