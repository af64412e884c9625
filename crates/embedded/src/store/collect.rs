//! Collecting what nothing holds any more, while the registry serves.
//!
//! What is live: what a tag names, what a live index names, what refers to a live subject, and what is younger than the grace period;
//! of blobs, what a live manifest names and what was linked within that period. The rest goes, in this order: repository by
//! repository the manifests, those first that name others, then the links of blobs; at last the bytes that nothing holds.
//!
//! Why nothing goes that is needed: who pushes dates all that a manifest names before looking whether it is there
//! ([`Store::put_manifest`], mounts, finished uploads), and passes the gate meanwhile ([`crate::locks::Locks::pass`]). A collection
//! closes the gate for each few things that it takes away, and looks at their dates again first. What was dated since is spared, with
//! all that it holds. Stopped at any instant it leaves nothing half: a link goes before what it links to.

mod graph;
mod repository;

use super::Store;
use crate::{error::Result, layout};
use oci::Digest;
use registry::collect::{Collected, Collection};
use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant, SystemTime},
};

/// The gate is closed no longer than this, but for one thing at least.
const CLOSED: Duration = Duration::from_millis(20);

/// What is live, as numbers that stand for digests: a million take some thirty megabytes.
struct Live {
    keys: (RandomState, RandomState),
    all: HashSet<u128>,
}

impl Live {
    fn key(&self, digest: &Digest) -> u128 {
        u128::from(self.keys.0.hash_one(digest)) << 64 | u128::from(self.keys.1.hash_one(digest))
    }

    fn add(&mut self, digest: &Digest) {
        let key = self.key(digest);
        self.all.insert(key);
    }

    fn has(&self, digest: &Digest) -> bool {
        self.all.contains(&self.key(digest))
    }
}

/// One collection.
struct Run<'a> {
    how: &'a Collection,
    /// What is older goes.
    before: SystemTime,
    live: Live,
    visit: &'a mut dyn FnMut(Collected) -> bool,
    stopped: bool,
}

impl Run<'_> {
    fn tell(&mut self, what: Collected) {
        if !self.stopped && !(self.visit)(what) {
            self.stopped = true;
        }
    }
}

impl Store {
    /// Takes away what nothing holds. Goes on until the end, or until `visit` says `false`: what is gone by then is gone, the rest goes
    /// the next time.
    pub fn collect(&self, how: &Collection, visit: &mut dyn FnMut(Collected) -> bool) -> Result<()> {
        // Who is passing the gate may have dated what it names a while ago: it is named before anything is looked at.
        if !how.dry_run {
            drop(self.locks.close()?);
        }
        // What is made from now on is dated by the storage, what is named by us: neither may look older than this.
        let now = SystemTime::now();
        let now = match self.driver.now() {
            Ok(theirs) => now.min(theirs),
            // A storage that cannot be written to can be looked at.
            Err(_) if how.dry_run => now,
            Err(error) => return Err(error.into()),
        };
        let before = now.checked_sub(how.grace).unwrap_or(SystemTime::UNIX_EPOCH);
        let live = Live { keys: (RandomState::new(), RandomState::new()), all: HashSet::new() };
        let mut run = Run { how, before, live, visit, stopped: false };
        // All that have any part: what has blobs but no manifest is pushed to just now, or forgotten.
        let mut names = Vec::new();
        self.walk(&mut |name, _| {
            names.push(name.clone());
            Ok(())
        })?;
        names.sort_unstable();
        for (at, name) in names.iter().enumerate() {
            self.collect_repository(&mut run, name)?;
            run.tell(Collected::Looked { repositories: at + 1, of: names.len() });
            if run.stopped {
                return Ok(());
            }
        }
        self.collect_blobs(&mut run)
    }

    /// Whether what a file stands for was made or named since.
    fn is_young(&self, run: &Run<'_>, path: &str) -> Result<bool> {
        Ok(self.driver.modified(path)?.is_some_and(|at| at >= run.before))
    }

    fn collect_blobs(&self, run: &mut Run<'_>) -> Result<()> {
        let mut going = self.blobs()?;
        going.retain(|digest| !run.live.has(digest));
        let mut going = going.into_iter().peekable();
        while going.peek().is_some() && !run.stopped {
            let mut gone = Vec::new();
            {
                let _closed = if run.how.dry_run { None } else { Some(self.locks.close()?) };
                let began = Instant::now();
                for digest in going.by_ref() {
                    gone.extend(self.collect_blob(run, &digest)?.map(|size| Collected::Blob { digest, size }));
                    if began.elapsed() >= CLOSED {
                        break;
                    }
                }
            }
            // Whoever listens is waited for with the gate open.
            gone.into_iter().for_each(|what| run.tell(what));
        }
        Ok(())
    }

    /// Takes a blob's bytes away, unless it was dated meanwhile. Returns how many they were.
    fn collect_blob(&self, run: &Run<'_>, digest: &Digest) -> Result<Option<u64>> {
        let path = layout::blob(digest);
        let folder = layout::blob_folder(digest);
        let size = match self.driver.stat(&path)? {
            // Without its bytes the folder has no date; what is being placed comes with them.
            None if self.driver.list(&folder)?.is_none() => return Ok(None),
            None => 0,
            Some(_) if self.is_young(run, &path)? => return Ok(None),
            Some(stat) => stat.size,
        };
        if !run.how.dry_run {
            self.driver.discard(&folder)?;
            self.verified.forget(digest);
            self.manifests.invalidate(digest);
        }
        Ok(Some(size))
    }
}
