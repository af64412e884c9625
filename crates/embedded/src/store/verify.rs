//! Reading everything that is stored, to find what is not what it says.

use super::{Store, blobs::hash};
use crate::{
    document::{Names, stored_names},
    driver::Step,
    error::Result,
    hash::Algorithm,
    layout,
};
use oci::{Digest, RepositoryName, Tag};

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// A blob whose bytes are what its digest says.
    Whole { digest: Digest, size: u64 },
    /// One whose bytes are not; they have another digest. It was put aside where that was asked for.
    Damaged { digest: Digest, size: u64, is: Digest, aside: bool },
    /// A blob's folder without bytes.
    Empty { digest: Digest },
    /// A manifest, or a blob or child that a manifest names, is not in the storage or not in its repository.
    Missing { repository: RepositoryName, manifest: Digest, digest: Digest },
    /// A tag that names no manifest of its repository.
    Dangling { repository: RepositoryName, tag: Tag },
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Whole { .. })
    }
}

impl Store {
    /// Reads every blob, then looks in every repository whether what its manifests name is there. Goes on until the end, or until
    /// `visit` says `false`. A blob found damaged is taken as missing from now on. With `quarantine` it is put aside, below `_quarantine`
    /// in the storage: then no other registry on the storage, and no client's check before a push, takes it for whole. Else nothing is
    /// changed.
    pub fn verify(&self, quarantine: bool, visit: &mut dyn FnMut(Checked) -> bool) -> Result<()> {
        if self.verify_blobs(quarantine, visit)? {
            self.verify_repositories(visit)?;
        }
        Ok(())
    }

    /// The digests of all blobs' folders, in order.
    pub(super) fn blobs(&self) -> Result<Vec<Digest>> {
        let mut all = Vec::new();
        for algorithm in self.driver.list(layout::BLOBS)?.unwrap_or_default() {
            let folder = format!("{}/{}", layout::BLOBS, algorithm.name);
            for part in self.driver.list(&folder)?.unwrap_or_default() {
                for encoded in self.driver.list(&format!("{folder}/{}", part.name))?.unwrap_or_default() {
                    all.extend(Digest::parse(&format!("{}:{}", algorithm.name, encoded.name)));
                }
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    fn verify_blobs(&self, quarantine: bool, visit: &mut dyn FnMut(Checked) -> bool) -> Result<bool> {
        for digest in self.blobs()? {
            let checked = match self.driver.open(&layout::blob(&digest))? {
                // It was deleted meanwhile.
                None if self.driver.list(&layout::blob_folder(&digest))?.is_none() => continue,
                None => Checked::Empty { digest },
                Some(content) => {
                    let size = content.size();
                    // Of an algorithm that is not known here nothing can be said.
                    let Some(algorithm) = Algorithm::of(&digest) else { continue };
                    let is = hash(&*content, algorithm)?;
                    if is == digest {
                        self.verified.add(&digest);
                        Checked::Whole { digest, size }
                    } else {
                        self.verified.forget(&digest);
                        let aside = quarantine && self.put_aside(&digest, algorithm)?;
                        Checked::Damaged { digest, size, is, aside }
                    }
                }
            };
            if !visit(checked) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts a damaged blob aside, unless it was pushed again meanwhile.
    fn put_aside(&self, digest: &Digest, algorithm: Algorithm) -> Result<bool> {
        let _closed = self.locks.close()?;
        let Some(content) = self.driver.open(&layout::blob(digest))? else { return Ok(false) };
        if hash(&*content, algorithm)? == *digest {
            return Ok(false);
        }
        let to = layout::quarantined(digest);
        self.driver.commit(&[Step::Remove { path: to.clone() }, Step::Move { from: layout::blob_folder(digest), to }])?;
        self.manifests.invalidate(digest);
        tracing::warn!(%digest, "a damaged blob was put aside");
        Ok(true)
    }

    fn verify_repositories(&self, visit: &mut dyn FnMut(Checked) -> bool) -> Result<bool> {
        for name in self.repositories()? {
            for digest in self.pairs(&layout::revisions(&name))? {
                let Some(stored) = self.stored(&digest)? else {
                    if !visit(Checked::Missing { repository: name.clone(), manifest: digest.clone(), digest }) {
                        return Ok(false);
                    }
                    continue;
                };
                let Names { blobs, children, .. } = stored_names(&stored.bytes).unwrap_or_default();
                let missing_blobs = blobs.into_iter().map(|blob| (layout::layer(&name, &blob), blob));
                // Where they need not be there, their absence says nothing.
                let children = if self.settings.sparse { Vec::new() } else { children };
                let missing_children = children.into_iter().map(|child| (layout::revision(&name, &child), child));
                for (link, named) in missing_blobs.chain(missing_children) {
                    if self.linked(&link)? && self.driver.stat(&layout::blob(&named))?.is_some() {
                        continue;
                    }
                    if !visit(Checked::Missing { repository: name.clone(), manifest: digest.clone(), digest: named }) {
                        return Ok(false);
                    }
                }
            }
            for entry in self.driver.list(&layout::tags(&name))?.unwrap_or_default() {
                let Ok(tag) = Tag::parse(&entry.name) else { continue };
                if !self.is_whole(&name, &tag)? && !visit(Checked::Dangling { repository: name.clone(), tag }) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
