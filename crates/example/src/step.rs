//! What there is to do, one thing after the other.

use crate::{
    maker::{self, Store},
    series::Job,
};
use bytes::Bytes;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use std::collections::VecDeque;

/// One thing that was put into a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub repository: RepositoryName,
    /// When it was pushed; never before the step before.
    pub at: Timestamp,
    pub put: Put,
}

/// What is put. Everything that it names is in the same repository already: layers, configurations, children, subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// Content that no repository has yet.
    Blob { digest: Digest, bytes: Bytes },
    /// Content that was put into another repository earlier.
    Mount { digest: Digest, from: RepositoryName },
    /// A manifest, and the tags that name it from now on; a tag may have named another before.
    Manifest { digest: Digest, media_type: &'static str, bytes: Bytes, tags: Vec<Tag> },
}

/// Why the example cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the example lies outside of time: {0}")]
    Time(#[from] jiff::Error),
    #[error(transparent)]
    Name(#[from] oci::ParseError),
    #[error("a layer of the example cannot be written: {0}")]
    Archive(#[from] std::io::Error),
    #[error("a document of the example cannot be written: {0}")]
    Document(#[from] serde_json::Error),
}

/// The steps, made as they are asked for: at most one image is in memory.
pub struct Steps {
    now: Timestamp,
    store: Store,
    /// Oldest first.
    jobs: std::vec::IntoIter<Job>,
    ready: VecDeque<Step>,
}

impl Steps {
    pub(crate) fn new(now: Timestamp, mut jobs: Vec<Job>) -> Self {
        // Stable: of two pushes at the same time, the one that was written down first.
        jobs.sort_by(|a, b| b.days.total_cmp(&a.days));
        Self { now, store: Store::default(), jobs: jobs.into_iter(), ready: VecDeque::new() }
    }
}

impl Iterator for Steps {
    type Item = Result<Step, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Some(Ok(step));
            }
            let job = self.jobs.next()?;
            match maker::carry_out(job, self.now, &mut self.store) {
                Ok(steps) => self.ready = steps,
                Err(error) => {
                    self.jobs = Vec::new().into_iter();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl std::iter::FusedIterator for Steps {}
