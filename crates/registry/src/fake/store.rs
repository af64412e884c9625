//! What lies in the fake: pushed content in maps, generated content as numbers.

use super::{FakeSettings, content};
use bytes::Bytes;
use oci::Digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Generated digests remembered at most; beyond, they are computed again.
const REMEMBERED: usize = 200_000;

#[derive(Clone)]
pub(super) struct Manifest {
    pub(super) digest: String,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

#[derive(Default)]
struct Repository {
    /// The number of a generated one.
    generated: Option<usize>,
    tags: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
    manifests: HashMap<String, Manifest>,
    blobs: HashMap<String, Bytes>,
    /// Blobs that are there by name only: pushed manifests' own.
    named: HashSet<String>,
    /// Generated manifests that were deleted, and blobs that were collected.
    gone: HashSet<String>,
}

#[derive(Clone, Copy)]
enum Part {
    Top,
    Child(&'static str),
    Config(&'static str),
}

pub(super) struct Store {
    repositories: BTreeMap<String, Repository>,
    tags: usize,
    index_every: usize,
    /// Digests of generated things that were asked for: repository, tag, what.
    known: HashMap<String, (usize, usize, Part)>,
}

impl Store {
    pub(super) fn new(settings: &FakeSettings) -> Self {
        let repositories = (0..settings.repositories)
            .map(|n| (content::repository_name(n), Repository { generated: Some(n), ..Repository::default() }))
            .collect();
        Self { repositories, tags: settings.tags, index_every: settings.index_every, known: HashMap::new() }
    }

    pub(super) fn put_manifest(&mut self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) -> Digest {
        let digest = content::sha256(bytes);
        self.put_manifest_as(repository, tag, media_type, bytes, digest.as_str());
        // Its layers count as there, though nobody pushed them.
        if let Some(repository) = self.repositories.get_mut(repository)
            && let Ok(json) = serde_json::from_slice(bytes)
        {
            repository.named.extend(blobs_of(&json));
        }
        digest
    }

    pub(super) fn put_manifest_as(&mut self, repository: &str, tag: &str, media_type: &str, bytes: &[u8], digest: &str) {
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        repository.gone.remove(digest);
        let manifest = Manifest { digest: digest.to_owned(), media_type: media_type.to_owned(), bytes: Bytes::copy_from_slice(bytes) };
        repository.manifests.insert(digest.to_owned(), manifest);
        if !tag.is_empty() {
            repository.deleted.remove(tag);
            repository.tags.insert(tag.to_owned(), digest.to_owned());
        }
    }

    pub(super) fn put_blob(&mut self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = content::sha256(bytes);
        self.put_blob_as(repository, &Bytes::copy_from_slice(bytes), digest.as_str());
        digest
    }

    pub(super) fn put_blob_as(&mut self, repository: &str, bytes: &Bytes, digest: &str) {
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        repository.gone.remove(digest);
        repository.blobs.insert(digest.to_owned(), bytes.clone());
    }

    /// Takes a blob away, as garbage collection does.
    pub(super) fn delete_blob(&mut self, repository: &str, digest: &str) {
        if let Some(repository) = self.repositories.get_mut(repository) {
            repository.blobs.remove(digest);
            repository.named.remove(digest);
            repository.gone.insert(digest.to_owned());
        }
    }

    /// Takes a manifest away, and every tag that names it.
    pub(super) fn delete_manifest(&mut self, name: &str, digest: &str) {
        let generated = self.repositories.get(name).and_then(|r| r.generated).and_then(|number| self.find(number, digest));
        let Some(repository) = self.repositories.get_mut(name) else { return };
        let tags: Vec<String> = repository.tags.iter().filter(|(_, d)| *d == digest).map(|(t, _)| t.clone()).collect();
        for tag in tags {
            repository.tags.remove(&tag);
            repository.deleted.insert(tag);
        }
        repository.manifests.remove(digest);
        repository.gone.insert(digest.to_owned());
        if let Some((_, tag, Part::Top)) = generated {
            let tag = content::tag_name(tag);
            // It may name something else by now.
            if !repository.tags.contains_key(&tag) {
                repository.deleted.insert(tag);
            }
        }
    }

    /// The digests that a manifest names and the repository lacks: blobs, or children of an index.
    pub(super) fn lacking(&mut self, name: &str, manifest: &Value) -> Vec<String> {
        let children: Vec<String> = digests(&manifest["manifests"]);
        let mut missing: Vec<String> = blobs_of(manifest).into_iter().filter(|d| !self.has_blob(name, d)).collect();
        missing.extend(children.into_iter().filter(|d| self.manifest(name, d).is_none()));
        missing
    }

    fn has_blob(&mut self, name: &str, digest: &str) -> bool {
        if self.blob(name, digest).is_some() {
            return true;
        }
        let Some(repository) = self.repositories.get(name) else { return false };
        if repository.named.contains(digest) {
            return true;
        }
        let Some(number) = repository.generated.filter(|_| !repository.gone.contains(digest)) else { return false };
        (0..self.tags).any(|tag| {
            let layers = ["amd64", "arm64"].into_iter().flat_map(|a| content::generated(number, tag, a).layers);
            layers.into_iter().any(|(layer, _)| content::sha256(layer.as_bytes()).as_str() == digest)
        })
    }

    pub(super) fn delete_tag(&mut self, repository: &str, tag: &str) {
        if let Some(repository) = self.repositories.get_mut(repository) {
            repository.tags.remove(tag);
            repository.deleted.insert(tag.to_owned());
        }
    }

    pub(super) fn delete_repository(&mut self, repository: &str) {
        self.repositories.remove(repository);
    }

    /// Names after `last`, at most `n`, and whether there are more.
    pub(super) fn names(&self, last: &str, n: usize) -> (Vec<String>, bool) {
        let after = (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded);
        let mut names: Vec<String> = self.repositories.range::<str, _>(after).take(n.saturating_add(1)).map(|(k, _)| k.clone()).collect();
        let more = names.len() > n;
        names.truncate(n);
        (names, more)
    }

    pub(super) fn has(&self, repository: &str) -> bool {
        self.repositories.contains_key(repository)
    }

    /// All tags in order; `None` for an unknown repository.
    pub(super) fn tags(&self, repository: &str) -> Option<Vec<String>> {
        let repository = self.repositories.get(repository)?;
        let mut tags: BTreeSet<String> = repository.tags.keys().cloned().collect();
        if repository.generated.is_some() {
            tags.extend((0..self.tags).map(content::tag_name).filter(|t| !repository.deleted.contains(t)));
        }
        Some(tags.into_iter().collect())
    }

    /// A manifest by tag or digest.
    pub(super) fn manifest(&mut self, name: &str, reference: &str) -> Option<Manifest> {
        let repository = self.repositories.get(name)?;
        if reference.contains(':') {
            if let Some(manifest) = repository.manifests.get(reference) {
                return Some(manifest.clone());
            }
            if repository.gone.contains(reference) {
                return None;
            }
            let (r, t, part) = self.find(repository.generated?, reference)?;
            return match part {
                Part::Top => Some(self.top(r, t)),
                Part::Child(architecture) => Some(child(r, t, architecture)),
                Part::Config(_) => None,
            };
        }
        if let Some(digest) = repository.tags.get(reference) {
            return repository.manifests.get(digest).cloned();
        }
        let (number, tag) = (repository.generated?, content::tag_number(reference)?);
        if tag >= self.tags || repository.deleted.contains(reference) {
            return None;
        }
        Some(self.top(number, tag))
    }

    pub(super) fn blob(&mut self, name: &str, digest: &str) -> Option<Bytes> {
        let repository = self.repositories.get(name)?;
        if let Some(blob) = repository.blobs.get(digest) {
            return Some(blob.clone());
        }
        if repository.gone.contains(digest) {
            return None;
        }
        match self.find(repository.generated?, digest)? {
            (r, t, Part::Config(architecture)) => Some(content::generated(r, t, architecture).config().into()),
            _ => None,
        }
    }

    /// Manifests of a repository whose subject is the digest, pushed ones only.
    pub(super) fn referrers(&self, name: &str, subject: &str) -> Vec<serde_json::Value> {
        let Some(repository) = self.repositories.get(name) else { return Vec::new() };
        let mut found: Vec<_> = repository
            .manifests
            .values()
            .filter_map(|m| {
                let json: serde_json::Value = serde_json::from_slice(&m.bytes).ok()?;
                (json["subject"]["digest"].as_str() == Some(subject)).then(|| {
                    serde_json::json!({"mediaType": m.media_type, "digest": m.digest, "size": m.bytes.len(),
                                       "artifactType": json["artifactType"], "annotations": json["annotations"]})
                })
            })
            .collect();
        found.sort_by_key(|d| d["digest"].to_string());
        found
    }

    fn find(&mut self, repository: usize, digest: &str) -> Option<(usize, usize, Part)> {
        if let Some(&known) = self.known.get(digest).filter(|k| k.0 == repository) {
            return Some(known);
        }
        for tag in 0..self.tags {
            self.top(repository, tag);
            if let Some(&known) = self.known.get(digest).filter(|k| k.0 == repository) {
                return Some(known);
            }
        }
        None
    }

    /// The manifest a generated tag names; remembers what can be asked for by digest next.
    fn top(&mut self, repository: usize, tag: usize) -> Manifest {
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        let mut know = |digest: String, part| {
            self.known.insert(digest, (repository, tag, part));
        };
        if self.index_every > 0 && repository.is_multiple_of(self.index_every) {
            let images = ["amd64", "arm64"].map(|a| content::generated(repository, tag, a));
            for (image, architecture) in images.iter().zip(["amd64", "arm64"]) {
                know(image.digest().into(), Part::Child(architecture));
                know(content::sha256(&image.config()).into(), Part::Config(architecture));
            }
            let bytes = content::index(&images);
            let digest = content::sha256(&bytes).to_string();
            know(digest.clone(), Part::Top);
            return Manifest { digest, media_type: oci::media_type::OCI_INDEX.to_owned(), bytes: bytes.into() };
        }
        let image = content::generated(repository, tag, "amd64");
        know(content::sha256(&image.config()).into(), Part::Config("amd64"));
        let manifest = child(repository, tag, "amd64");
        know(manifest.digest.clone(), Part::Top);
        manifest
    }
}

/// The blobs that a manifest names, those that lie elsewhere left out.
fn blobs_of(manifest: &Value) -> Vec<String> {
    let mut blobs = digests(&manifest["layers"]);
    blobs.extend(manifest["config"]["digest"].as_str().map(str::to_owned));
    blobs
}

fn digests(list: &Value) -> Vec<String> {
    let own = |d: &&Value| d["urls"].as_array().is_none_or(Vec::is_empty);
    list.as_array().into_iter().flatten().filter(own).filter_map(|d| d["digest"].as_str().map(str::to_owned)).collect()
}

fn child(repository: usize, tag: usize, architecture: &str) -> Manifest {
    let bytes = content::generated(repository, tag, architecture).manifest();
    Manifest { digest: content::sha256(&bytes).into(), media_type: oci::media_type::OCI_MANIFEST.to_owned(), bytes: bytes.into() }
}
