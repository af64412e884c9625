//! The locks of our own registry where several processes write to one storage: those within the process, and then those of the
//! PostgreSQL that the processes share.

use catalogue::AdvisoryLocks;
use embedded::locks::{Held, Key, LocalLocks, Locks};
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
/// The gate's number, after those of the keys; and its rank, since whoever passes it goes on to hold keys.
const GATE: i64 = FIRST + 3 * NUMBERS as i64;
const GATE_RANK: usize = 3;

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
        let rank = keys.iter().map(Key::kind).min().unwrap_or(0);
        let numbers: Vec<(i64, bool)> = keys.iter().map(|key| (number(key), false)).collect();
        let database = self.database.hold(rank, &numbers).map_err(io::Error::other)?;
        Ok(Box::new(Both { _database: database, _local: local }))
    }

    fn pass<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.pass()?;
        let database = self.database.hold(GATE_RANK, &[(GATE, true)]).map_err(io::Error::other)?;
        Ok(Box::new(Both { _database: database, _local: local }))
    }

    fn close<'a>(&'a self) -> io::Result<Box<dyn Held + 'a>> {
        let local = self.local.close()?;
        let database = self.database.hold(GATE_RANK, &[(GATE, false)]).map_err(io::Error::other)?;
        Ok(Box::new(Both { _database: database, _local: local }))
    }
}

/// The same in every process and version.
fn number(key: &Key<'_>) -> i64 {
    FIRST + (key.kind() as u64 * NUMBERS + key.number() % NUMBERS) as i64
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
        assert_eq!(numbers, [279, 526, 1227]);
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
