//! Manifests and tags: what a tag names, putting, deleting.

use super::{
    Store,
    blobs::{link, linking},
};
use crate::{
    document::{Document, reference, stored_type},
    driver::Step,
    error::{Code, Error, Result, refuse},
    hash::Algorithm,
    layout,
    locks::Key,
};
use bytes::Bytes;
use http::HeaderValue;
use oci::{Digest, RepositoryName, Tag, Target, limits};
use serde_json::json;
use std::{io, sync::Arc, time::SystemTime};

/// A manifest in storage, with the headers its answers carry.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
    pub(crate) headers: Headers,
}

#[derive(Debug)]
pub(crate) struct Headers {
    pub(crate) content_type: HeaderValue,
    pub(crate) digest: HeaderValue,
    pub(crate) etag: HeaderValue,
}

/// A manifest that was put.
pub(crate) struct Put {
    pub(crate) stored: Arc<Stored>,
    pub(crate) subject: Option<Digest>,
}

impl Stored {
    fn new(digest: Digest, media_type: String, bytes: Bytes) -> Self {
        // Made of checked text: none of them fails.
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        let headers = Headers { content_type: value(&media_type), digest: value(digest.as_str()), etag: value(&format!("\"{digest}\"")) };
        Self { digest, media_type, bytes, headers }
    }
}

impl Store {
    /// What a tag names.
    pub(crate) fn resolve(&self, name: &RepositoryName, tag: &Tag) -> Result<Digest> {
        let path = format!("{}/{}", layout::tag(name, tag), layout::CURRENT);
        self.link(&path)?.map_or_else(|| unknown(name, &Target::Tag(tag.clone())), Ok)
    }

    /// Sets when a tag came to name what it does; `false` where there is none.
    pub(crate) fn date(&self, name: &RepositoryName, tag: &Tag, at: SystemTime) -> Result<bool> {
        Ok(self.driver.date(&format!("{}/{}", layout::tag(name, tag), layout::CURRENT), at)?)
    }

    /// When a tag came to name what it does; `None` where there is none.
    pub(crate) fn tagged(&self, name: &RepositoryName, tag: &Tag) -> Result<Option<SystemTime>> {
        let link = format!("{}/{}", layout::tag(name, tag), layout::CURRENT);
        Ok(self.driver.modified(&link)?)
    }

    /// A manifest of a repository, by tag or digest.
    pub(crate) fn manifest(&self, name: &RepositoryName, target: &Target) -> Result<Arc<Stored>> {
        let tagged;
        let digest = match target {
            Target::Digest(digest) => digest,
            Target::Tag(tag) => {
                tagged = self.resolve(name, tag)?;
                &tagged
            }
        };
        if self.linked(&layout::revision(name, digest))?
            && let Some(stored) = self.stored(digest)?
        {
            return Ok(stored);
        }
        unknown(name, target)
    }

    /// The same where it is known and takes no wait for a disk; `None` says nothing.
    pub(crate) fn manifest_now(&self, name: &RepositoryName, target: &Target) -> Option<Arc<Stored>> {
        let tagged;
        let digest = match target {
            Target::Digest(digest) => digest,
            Target::Tag(tag) => {
                tagged = self.link_now(&format!("{}/{}", layout::tag(name, tag), layout::CURRENT))?;
                &tagged
            }
        };
        self.link_now(&format!("{}/{}", layout::revision(name, digest), layout::LINK))?;
        self.manifests.get(digest)
    }

    /// A manifest's bytes, whatever the repository; `None` where they are not there, or not what the digest says.
    pub(super) fn stored(&self, digest: &Digest) -> Result<Option<Arc<Stored>>> {
        if let Some(stored) = self.manifests.get(digest) {
            return Ok(Some(stored));
        }
        let Some(algorithm) = Algorithm::of(digest) else { return Ok(None) };
        let bytes = match self.driver.read(&layout::blob(digest), limits::MANIFEST) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            // Larger than any manifest.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if algorithm.digest(&bytes) != *digest {
            tracing::error!(%digest, "a manifest in the storage is not what its digest says; it is taken as missing");
            return Ok(None);
        }
        let stored = Arc::new(Stored::new(digest.clone(), stored_type(&bytes), bytes.into()));
        self.manifests.insert(digest.clone(), stored.clone());
        Ok(Some(stored))
    }

    /// Puts a manifest under its digest and the tags. `digest` is what the client says of it.
    pub(crate) fn put_manifest(
        &self,
        name: &RepositoryName,
        digest: Option<&Digest>,
        tags: &[Tag],
        content_type: Option<&str>,
        bytes: Bytes,
    ) -> Result<Put> {
        let document = Document::read(&bytes, content_type)?;
        let algorithm = match digest {
            None => Algorithm::Sha256,
            Some(digest) => Algorithm::of(digest).ok_or_else(|| {
                Error::new(Code::DigestInvalid, format!("digests by {} are not taken: sha256 and sha512 are", digest.algorithm()))
            })?,
        };
        let is = algorithm.digest(&bytes);
        if digest.is_some_and(|digest| *digest != is) {
            return refuse(Code::DigestInvalid, format!("the manifest's digest is {is}"))
                .map_err(|e: Error| e.about(json!({"digest": is})));
        }
        let _passing = self.locks.pass()?;
        self.complete(name, &document)?;

        let mut keys = vec![Key::Manifest(name, &is), Key::Blob(&is)];
        keys.extend(tags.iter().map(|tag| Key::Tag(name, tag)));
        let _held = self.locks.hold(&keys)?;
        let mut steps = Vec::new();
        let new = self.preparation(name, &mut steps)?;
        // The bytes are compared, not believed: they may be another registry's half write.
        if self.driver.read(&layout::blob(&is), limits::MANIFEST).ok().flatten().is_some_and(|there| there == bytes) {
            self.keep(&layout::blob(&is))?;
        } else {
            steps.push(match self.driver.stat(&layout::blob(&is))? {
                None => Step::Folder { path: layout::blob_folder(&is), files: vec![(layout::DATA.to_owned(), bytes.clone())] },
                Some(_) => Step::Put { path: layout::blob(&is), bytes: bytes.clone() },
            });
        }
        if let Some(subject) = &document.subject {
            let folder = layout::referrer(name, subject, &is);
            if !self.linked(&folder)? {
                steps.push(linking(folder, &is));
            }
        }
        let revision = layout::revision(name, &is);
        if !self.keep_link(&revision)? {
            steps.push(linking(revision, &is));
        }
        for tag in tags {
            self.tagging(name, tag, &is, &mut steps)?;
        }
        if !steps.is_empty() {
            self.driver.commit(&steps)?;
        }
        self.prepared.add(name);
        if new {
            self.indexed.add(name);
        }
        self.catalogue.added(name);
        let stored = Arc::new(Stored::new(is.clone(), document.media_type, bytes));
        self.manifests.insert(is, stored.clone());
        Ok(Put { stored, subject: document.subject })
    }

    /// What a repository needs besides: docker-registry 2.x knows one by its `_layers` folder, and the index of referrers of a new
    /// one is complete. Returns whether it is new.
    fn preparation(&self, name: &RepositoryName, steps: &mut Vec<Step>) -> Result<bool> {
        if self.prepared.has(name) {
            return Ok(false);
        }
        steps.push(Step::Ensure { path: layout::layers(name) });
        let new = self.driver.list(&layout::revisions(name))?.is_none();
        if new {
            steps.push(Step::Put { path: layout::referrers_marker(name), bytes: Bytes::new() });
        }
        Ok(new)
    }

    /// A new tag's folder appears whole. One that is there keeps its history, and moves last.
    fn tagging(&self, name: &RepositoryName, tag: &Tag, digest: &Digest, steps: &mut Vec<Step>) -> Result<()> {
        let folder = layout::tag(name, tag);
        let current = format!("{folder}/{}", layout::CURRENT);
        let index = layout::tag_index(digest);
        match self.link(&current)? {
            None => steps.push(Step::Folder {
                path: folder,
                files: vec![(format!("{index}/{}", layout::LINK), link(digest)), (layout::CURRENT.to_owned(), link(digest))],
            }),
            Some(named) => {
                let folder = format!("{folder}/{index}");
                if !self.linked(&folder)? {
                    steps.push(linking(folder, digest));
                }
                if named != *digest {
                    // From now on it may have no tag: its time of grace begins.
                    self.keep_link(&layout::revision(name, &named))?;
                    steps.push(Step::Put { path: current, bytes: link(digest) });
                }
            }
        }
        Ok(())
    }

    /// Takes a tag away; its manifest stays.
    pub(crate) fn delete_tag(&self, name: &RepositoryName, tag: &Tag) -> Result<Option<Digest>> {
        let _held = self.locks.hold(&[Key::Tag(name, tag)])?;
        let folder = layout::tag(name, tag);
        let named = self.link(&format!("{folder}/{}", layout::CURRENT))?;
        let Some(digest) = &named else { return unknown(name, &Target::Tag(tag.clone())) };
        self.keep_link(&layout::revision(name, digest))?;
        self.driver.commit(&[Step::Remove { path: folder }])?;
        Ok(named)
    }

    /// Takes a manifest out of a repository, with all the tags that name it. Returns those.
    pub(crate) fn delete_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<Vec<Tag>> {
        // No new tag comes to it while this is held.
        let _held = self.locks.hold(&[Key::Manifest(name, digest)])?;
        let revision = layout::revision(name, digest);
        if !self.linked(&revision)? {
            return unknown(name, &Target::Digest(digest.clone()));
        }
        let named =
            |tag: &Tag| Ok::<_, Error>(self.link(&format!("{}/{}", layout::tag(name, tag), layout::CURRENT))?.as_ref() == Some(digest));
        let mut tags = Vec::new();
        for tag in self.tag_names(name)?.unwrap_or_default().iter() {
            if let Ok(tag) = Tag::parse(tag)
                && named(&tag)?
            {
                tags.push(tag);
            }
        }
        let _tags = self.locks.hold(&tags.iter().map(|tag| Key::Tag(name, tag)).collect::<Vec<_>>())?;
        let mut steps = Vec::new();
        for tag in &tags {
            // It may have moved on meanwhile.
            if named(tag)? {
                steps.push(Step::Remove { path: layout::tag(name, tag) });
            }
        }
        steps.push(Step::Remove { path: revision });
        if let Some(reference) = self.stored(digest)?.and_then(|stored| reference(&stored.bytes)) {
            steps.push(Step::Remove { path: layout::referrer(name, &reference.subject, digest) });
        }
        self.driver.commit(&steps)?;
        if !self.has_manifests(name)? {
            self.catalogue.removed(name);
        }
        Ok(tags)
    }

    /// Whether a repository has any manifest.
    pub(super) fn has_manifests(&self, name: &RepositoryName) -> Result<bool> {
        let revisions = layout::revisions(name);
        for algorithm in self.driver.list(&revisions)?.unwrap_or_default() {
            if self.driver.list(&format!("{revisions}/{}", algorithm.name))?.is_some_and(|manifests| !manifests.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn unknown<T>(name: &RepositoryName, target: &Target) -> Result<T> {
    let what = match target {
        Target::Tag(tag) => format!("{name} has no tag {tag}"),
        Target::Digest(digest) => format!("{name} has no manifest {digest}"),
    };
    refuse(Code::ManifestUnknown, what)
}
