//! What our own changes did to a registry, taken in as soon as a step is done: pages are right before the registry tells of
//! it. And what a change needs to know before: a repository read anew, the exact bytes of what is to go.

use crate::{
    catalogue::{Catalogue, now},
    crawler::{self, Pace, Reading},
    model::Model,
    record::{HeldRecord, ReferrersRecord, Write},
    store::Result as Stored,
    untagged,
};
use futures::StreamExt;
use oci::{Digest, RepositoryName, Tag};
use registry::Error;

/// Milliseconds after which a placeholder should be gone. What is there after that was left by a job that was cut off, and
/// should be seen.
const PASSING: i64 = 600_000;
/// Manifests asked for at once while someone waits.
const TOGETHER: usize = 16;

/// A manifest as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestBytes {
    pub media_type: String,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

impl Catalogue {
    /// A placeholder of ours (decision 006) is about to be pushed: whatever tells of this digest is not somebody's doing, and
    /// no list shows a tag that names it, unless it still does after some minutes. Those that were not told of are known by their
    /// content.
    pub fn expect(&self, digest: &Digest) {
        self.0.expected.get_with(digest.to_string(), now);
    }

    /// Whether a digest is that of a placeholder.
    pub(crate) fn is_placeholder(&self, digest: &str) -> bool {
        self.0.expected.contains_key(digest)
    }

    /// Whether it is one that will be gone in a moment.
    pub(crate) fn expects(&self, digest: &str) -> bool {
        self.0.expected.get(digest).is_some_and(|heard| now() - heard < PASSING)
    }

    /// A tag was taken away.
    pub async fn tag_went(&self, registry: u16, repository: &RepositoryName, tag: &Tag) {
        if let Some(watched) = self.watched(registry) {
            crawler::forget(self, watched, repository, tag).await;
        }
    }

    /// A tag names a digest since a time: it was retagged, restored or copied. What the digest stands for is read from
    /// the registry where it was never seen; should that fail, the next crawl reads it.
    pub async fn tag_names(&self, registry: u16, repository: &RepositoryName, tag: &Tag, digest: &Digest, at: i64) {
        let Some(watched) = self.watched(registry) else { return };
        crawler::name(self, watched, repository, tag, digest, at).await;
        match crawler::fetch(self, watched, repository, digest).await {
            Ok(_) => crawler::settle(self, watched, repository),
            Err(error) => {
                tracing::debug!(registry = %watched.source.name, %repository, %digest, %error, "what was just put there cannot be read");
            }
        }
    }

    /// A manifest was deleted by its digest: every tag that named it is gone with it, and nothing is attached to it or by it.
    pub async fn manifest_went(&self, registry: u16, repository: &RepositoryName, digest: &Digest) {
        let Some(watched) = self.watched(registry) else { return };
        let (name, place) = (watched.source.name.clone(), repository.to_string());
        let writes = {
            let mut model = self.model_mut();
            let (Some(id), Some(manifest)) = (model.find_repo(registry, repository.as_str()), model.find_manifest(digest.as_str())) else {
                return;
            };
            let mut writes = vec![Write::DropHeld { registry: name.clone(), repository: place.clone(), digest: digest.to_string() }];
            for tag in drop_tags(&mut model, id, manifest) {
                writes.push(Write::DropTag { registry: name.clone(), repository: place.clone(), tag, at: now() });
            }
            for (subject, checked, descriptors) in detach(&mut model, id, manifest, digest) {
                let (registry, repository) = (name.clone(), place.clone());
                writes.push(Write::Referrers(ReferrersRecord { registry, repository, digest: subject, checked, descriptors }));
            }
            if let Some(repo) = model.repo_mut(id) {
                repo.held.retain(|(held, _)| *held != manifest);
            }
            model.settle(id);
            model.settle_untagged(id, manifest);
            self.0.untagged.settle(id, manifest);
            writes
        };
        self.changed(watched, Some(repository.as_str()));
        for write in writes {
            self.0.write(write).await;
        }
    }

    /// A manifest was put into a repository by its digest alone.
    pub async fn manifest_came(&self, registry: u16, repository: &RepositoryName, digest: &Digest) {
        let Some(watched) = self.watched(registry) else { return };
        if let Err(error) = crawler::fetch(self, watched, repository, digest).await {
            tracing::debug!(registry = %watched.source.name, %repository, %digest, %error, "what was just put there cannot be read");
        }
        let since = now();
        {
            let mut model = self.model_mut();
            let Some(id) = model.find_repo(registry, repository.as_str()) else { return };
            let manifest = model.manifest_number(digest.as_str());
            model.hold_untagged(id, manifest, since);
        }
        let (registry, repository, digest) = (watched.source.name.clone(), repository.to_string(), digest.to_string());
        self.0.write(Write::Held(HeldRecord { registry, repository, digest, since })).await;
    }

    /// Reads a repository anew, as whoever is about to change it must: its list of tags, what each names, whether what no
    /// tag reaches is still there, and the content of what was never read. The error says why not all of it could be told:
    /// then nothing in the repository may be deleted.
    pub async fn read_again(&self, registry: u16, repository: &RepositoryName) -> Result<Reading, Error> {
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        let reading = watched.asked(crawler::read_repository(self, watched, repository, Pace::Now).await)?;
        if let Some((_, error)) = reading.unread.first() {
            return Err(error.clone());
        }
        let held = self.of_repository(registry, repository, |model, id| {
            digests(model, model.repo(id).into_iter().flat_map(|repo| &repo.held).map(|&(manifest, _)| manifest))
        });
        let looks =
            futures::stream::iter(held).map(|digest| async move { untagged::still_there(self, registry, repository, &digest).await });
        let looks: Vec<Result<bool, Error>> = looks.buffer_unordered(TOGETHER).collect().await;
        looks.into_iter().collect::<Result<Vec<bool>, Error>>()?;
        self.fetch_unread(registry, repository).await?;
        Ok(reading)
    }

    /// Has it known what a registry can do, where it was never asked.
    pub async fn ensure_probed(&self, registry: u16) {
        if let Some(watched) = self.watched(registry)
            && watched.status().probed.is_none()
        {
            crawler::probe(self, watched).await;
        }
    }

    /// Reads the content of what a repository has and was never read: entries of indexes, what is attached, what no tag
    /// reaches. What cannot be had is left as it is; the error is an outage.
    pub async fn fetch_unread(&self, registry: u16, repository: &RepositoryName) -> Result<(), Error> {
        let watched = self.watched(registry).ok_or_else(|| Error::NotFound("this registry is not configured".into()))?;
        let unread = self.of_repository(registry, repository, unread);
        let fetches = futures::stream::iter(unread).map(|digest| async move { crawler::fetch(self, watched, repository, &digest).await });
        let fetched: Vec<Result<u32, Error>> = fetches.buffer_unordered(TOGETHER).collect().await;
        if fetched.iter().any(Result::is_ok) {
            crawler::settle(self, watched, repository);
        }
        fetched.into_iter().find_map(|result| result.err().filter(Error::is_outage)).map_or(Ok(()), Err)
    }

    /// The exact bytes of a manifest, once they are in the database: what an undo puts back. None where it was never read.
    pub async fn manifest_bytes(&self, digest: &Digest) -> Stored<Option<ManifestBytes>> {
        let record = if let Some(record) = self.0.store.manifest(digest.as_str()).await? {
            record
        } else {
            // Just read, and on its way to the database; whoever deletes it next must not be the only one to have it.
            let Some(record) = self.0.recent.get(digest.as_str()) else { return Ok(None) };
            self.0.store.save(&[Write::Manifest((*record).clone())]).await?;
            (*record).clone()
        };
        Ok(Some(ManifestBytes { media_type: record.media_type, bytes: record.body }))
    }

    /// What `which` finds in a repository; nothing where that is not known.
    fn of_repository(&self, registry: u16, repository: &RepositoryName, which: impl Fn(&Model, u32) -> Vec<Digest>) -> Vec<Digest> {
        let model = self.model();
        model.find_repo(registry, repository.as_str()).map(|id| which(&model, id)).unwrap_or_default()
    }
}

/// Drops all tags of a manifest, those that are only machinery too; their names.
fn drop_tags(model: &mut Model, id: u32, manifest: u32) -> Vec<String> {
    let Some(repo) = model.repo(id) else { return Vec::new() };
    let names: Vec<u32> = repo.tags_of(manifest).map(|position| repo.names[position]).collect();
    let mut tags: Vec<String> = names.iter().map(|&name| model.names.text(name).to_owned()).collect();
    tags.extend(repo.machinery.iter().filter(|(_, m)| *m == manifest).map(|(tag, _)| tag.to_string()));
    if let Some(repo) = model.repo_mut(id) {
        names.into_iter().for_each(|name| repo.remove(name));
        repo.machinery.retain(|(_, m)| *m != manifest);
    }
    tags
}

/// Forgets what was attached to a manifest, and the manifest among what is attached to others. Returns the subjects whose
/// list changed, each with the time it was read and its list as JSON.
fn detach(model: &mut Model, id: u32, manifest: u32, digest: &Digest) -> Vec<(String, i64, String)> {
    let Some(repo) = model.repo_mut(id) else { return Vec::new() };
    let mut changed = Vec::new();
    for (&subject, referrers) in &mut repo.referrers {
        let left: Box<[_]> = referrers.descriptors.iter().filter(|d| subject != manifest && d.digest != *digest).cloned().collect();
        if left.len() < referrers.descriptors.len() {
            let json = serde_json::to_string(&left).unwrap_or_else(|_| "[]".to_owned());
            referrers.descriptors = left;
            changed.push((subject, referrers.checked, json));
        }
    }
    changed.into_iter().filter_map(|(subject, checked, json)| Some((model.digest(subject)?, checked, json))).collect()
}

/// Manifests of a repository whose content was never read.
fn unread(model: &Model, id: u32) -> Vec<Digest> {
    let Some(repo) = model.repo(id) else { return Vec::new() };
    let is_known = |manifest: u32| model.manifest(manifest).is_some_and(|m| m.known);
    let reached = repo.reached().iter().copied().chain(repo.held.iter().map(|&(manifest, _)| manifest));
    let mut unread = digests(model, reached.filter(|&m| !is_known(m)));
    let attached = repo.referrers.values().flat_map(|r| &r.descriptors).map(|d| &d.digest);
    unread.extend(attached.filter(|d| !model.find_manifest(d.as_str()).is_some_and(is_known)).cloned());
    unread.sort_unstable();
    unread.dedup();
    unread
}

fn digests(model: &Model, manifests: impl Iterator<Item = u32>) -> Vec<Digest> {
    manifests.filter_map(|m| Digest::parse(&model.digest(m)?).ok()).collect()
}
