//! A registry as the catalogue sees it: where names come from, how it stands, what is under way.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use registry::{Capability, Registry};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, mpsc};

/// A registry to keep a catalogue of.
pub struct Source {
    pub name: String,
    pub registry: Arc<dyn Registry>,
    /// Globs over repository names; all when empty. `*` stays within a component, `**` crosses slashes.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Names where the registry has no catalogue.
    pub repositories: Vec<oci::RepositoryName>,
    /// Between two crawls.
    pub crawl: Duration,
}

/// How a registry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Every name is known and the digest of each is fetched.
    Fresh,
    /// A crawl is bringing in what is not known yet.
    Crawling,
    /// The last crawl is longer ago than it should be.
    Stale,
    /// The registry does not answer.
    Unreachable,
}

/// How far a crawl is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Repositories done, and known so far.
    pub done: u64,
    pub total: u64,
    /// Manifests fetched.
    pub manifests: u64,
    /// Milliseconds since 1970.
    pub started: i64,
}

/// What is known of a registry as a whole.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// When it was last asked and answered.
    pub checked: Option<i64>,
    /// When a crawl last came to its end with every name read.
    pub crawled: Option<i64>,
    /// The crawl under way.
    pub progress: Option<Progress>,
    pub capabilities: Vec<Capability>,
    /// When they were found. Not while it was empty: much can be told by an image only.
    pub probed: Option<i64>,
    /// Why the last crawl could not read it, or not all of it.
    pub problem: Option<registry::Error>,
    /// It did not answer when last asked.
    pub down: bool,
    /// It was down, and no crawl has come to its end since.
    pub behind: bool,
    /// Names that are not well-formed, left out of the last crawl.
    pub dropped: usize,
}

/// What an event says changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    pub repository: oci::RepositoryName,
    pub tag: Option<oci::Tag>,
    pub digest: Option<oci::Digest>,
    pub deleted: bool,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// A source with all that is in motion around it.
pub(crate) struct Watched {
    pub source: Source,
    pub number: u16,
    include: GlobSet,
    exclude: GlobSet,
    status: Mutex<Status>,
    /// Held while it is asked what it can do.
    pub probing: tokio::sync::Mutex<()>,
    /// A crawl is asked for now.
    pub refresh: Notify,
    pub dirty: mpsc::Sender<Dirty>,
    pub dirt: Mutex<Option<mpsc::Receiver<Dirty>>>,
}

/// Events that wait to be looked at, at most; more are answered by a crawl.
const WAITING: usize = 10_000;

impl Watched {
    /// The error names the glob that is none.
    pub(crate) fn new(source: Source, number: u16) -> Result<Self, String> {
        let set = |globs: &[String]| {
            let mut set = GlobSetBuilder::new();
            for glob in globs {
                let glob = GlobBuilder::new(glob)
                    .literal_separator(true)
                    .build()
                    .map_err(|e| format!("registry “{}”: “{glob}” is not a pattern: {e}", source.name))?;
                set.add(glob);
            }
            set.build().map_err(|e| format!("registry “{}”: {e}", source.name))
        };
        let (include, exclude) = (set(&source.include)?, set(&source.exclude)?);
        let (dirty, dirt) = mpsc::channel(WAITING);
        Ok(Self {
            source,
            number,
            include,
            exclude,
            status: Mutex::default(),
            probing: tokio::sync::Mutex::default(),
            refresh: Notify::new(),
            dirty,
            dirt: Mutex::new(Some(dirt)),
        })
    }

    /// Whether a repository is to be seen at all.
    pub(crate) fn wants(&self, repository: &str) -> bool {
        (self.include.is_empty() || self.include.is_match(repository)) && !self.exclude.is_match(repository)
    }

    /// Whether the registry is known to have a capability.
    pub(crate) fn can(&self, capability: &str) -> bool {
        self.status().capabilities.iter().any(|c| c.name == capability && c.can == Some(true))
    }

    /// What came of asking it for someone. Where it did not answer it is crawled at once, so that everyone sees that it is away, and when it
    /// is back, without waiting for the next crawl.
    pub(crate) fn asked<T>(&self, result: Result<T, registry::Error>) -> Result<T, registry::Error> {
        if result.as_ref().is_err_and(registry::Error::is_outage) && !self.status().down {
            self.refresh.notify_one();
        }
        result
    }

    pub(crate) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Status {
    /// The state in a word; `unfetched`: whether any tag's digest is not known.
    pub fn state(&self, crawl: Duration, unfetched: bool, now: i64) -> State {
        let late = i64::try_from(crawl.as_millis()).unwrap_or(i64::MAX / 4).saturating_mul(3).max(60_000);
        if self.down {
            State::Unreachable
        } else if self.crawled.is_none() || self.behind || unfetched {
            State::Crawling
        } else if self.crawled.is_some_and(|c| now - c > late) {
            State::Stale
        } else {
            State::Fresh
        }
    }
}
