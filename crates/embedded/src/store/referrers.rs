//! The index of referrers: for each subject, links to the manifests that name it, kept beside what distribution keeps.
//!
//! A manifest that another registry put into the storage is in no index. A marker's time says up to when all of them are in it;
//! each process reads those that are younger, once for each repository, before its first answer or in the background.

use super::{Store, blobs::linking};
use crate::{document, driver::Step, error::Result, layout};
use bytes::Bytes;
use oci::{Digest, RepositoryName};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Clocks, and what was under way when the marker was set.
const SLACK: Duration = Duration::from_hours(1);

/// Links made at a time.
const BATCH: usize = 256;

impl Store {
    /// What refers to a digest, as descriptors in the order of their digests.
    pub(crate) fn referrers(&self, name: &RepositoryName, subject: &Digest) -> Result<Vec<Value>> {
        let folder = match self.index_referrers(name) {
            Ok(()) => layout::referrers(name, subject),
            // A storage that takes no index (read only, full) is read through.
            Err(error) => {
                tracing::warn!(%error, repository = %name, "the index of referrers could not be written");
                layout::revisions(name)
            }
        };
        let mut all = Vec::new();
        for digest in self.pairs(&folder)? {
            if !self.linked(&layout::revision(name, &digest))? {
                continue;
            }
            let Some(stored) = self.stored(&digest)? else { continue };
            let Some(reference) = document::reference(&stored.bytes).filter(|reference| reference.subject == *subject) else { continue };
            let mut descriptor = json!({"mediaType": stored.media_type, "digest": digest, "size": stored.bytes.len()});
            if let Some(artifact_type) = reference.artifact_type {
                descriptor["artifactType"] = artifact_type.into();
            }
            if !reference.annotations.is_empty() {
                descriptor["annotations"] = json!(reference.annotations);
            }
            all.push(descriptor);
        }
        Ok(all)
    }

    /// The digests whose folders are in a folder, in order.
    pub(super) fn pairs(&self, folder: &str) -> Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for algorithm in self.driver.list(folder)?.unwrap_or_default() {
            for encoded in self.driver.list(&format!("{folder}/{}", algorithm.name))?.unwrap_or_default() {
                digests.extend(Digest::parse(&format!("{}:{}", algorithm.name, encoded.name)));
            }
        }
        digests.sort_unstable();
        Ok(digests)
    }

    /// Brings a repository's index up to date, where this process has not seen to it yet.
    pub(crate) fn index_referrers(&self, name: &RepositoryName) -> Result<()> {
        if self.indexed.has(name) {
            return Ok(());
        }
        let marker = layout::referrers_marker(name);
        // A marker of the future was set while the clock was wrong, and says nothing.
        let marked = self.driver.stat(&marker)?.map(|stat| stat.modified).filter(|at| *at <= SystemTime::now() + SLACK);
        let since = marked.and_then(|at| at.checked_sub(SLACK));
        let mut steps = Vec::new();
        let mut any = false;
        for digest in self.pairs(&layout::revisions(name))? {
            any = true;
            let revision = layout::revision(name, &digest);
            if since.is_some()
                && let Some(link) = self.driver.stat(&format!("{revision}/{}", layout::LINK))?
                && Some(link.modified) < since
            {
                continue;
            }
            let Some(reference) = self.stored(&digest)?.and_then(|stored| document::reference(&stored.bytes)) else { continue };
            let folder = layout::referrer(name, &reference.subject, &digest);
            if !self.linked(&folder)? {
                steps.push(linking(folder, &digest));
            }
            if steps.len() >= BATCH {
                self.driver.commit(&std::mem::take(&mut steps))?;
            }
        }
        if any {
            steps.push(Step::Put { path: marker, bytes: Bytes::new() });
            self.driver.commit(&steps)?;
            self.indexed.add(name);
        }
        Ok(())
    }
}
