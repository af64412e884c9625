//! Copying images: what belongs to one, and how it gets to the other side.
//!
//! Nothing is written anew: manifests keep their bytes and digests, blobs are mounted where both sides are one registry and streamed
//! otherwise. Children come before the index that lists them, what is attached comes after its subject, the tag comes last: at no instant does a
//! tag name something that is not whole.

use super::{
    carry::{Carrying, Stop, Waiting},
    step::{Came, resolved},
};
use crate::{Error, Service};
use api::Code;
use bytes::Bytes;
use catalogue::kept::{StepState, StepUpdate};
use futures::{StreamExt, TryStreamExt};
use oci::{Body, Digest, Manifest, Platform, RepositoryName, Tag, Target, limits, media_type};
use plan::Step;
use registry::{BlobOf, Error as Fault, Registry};
use sha2::Digest as _;
use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Images at a time.
const IMAGES: usize = 3;
/// Blobs of an image at a time.
const BLOBS: usize = 4;
/// Levels of things attached to things attached.
const ATTACHED: usize = 2;

/// One side of a copy.
#[derive(Clone)]
struct Side {
    number: u16,
    name: String,
    registry: Arc<dyn Registry>,
    repository: RepositoryName,
}

/// What is to be brought over.
#[derive(Default)]
struct Load {
    /// Children before those that list them, subjects before what refers to them.
    manifests: Vec<Piece>,
    /// With the bytes that each has.
    blobs: BTreeMap<Digest, u64>,
    /// Tags of signatures and the like, and what they name.
    machinery: Vec<(Tag, Digest)>,
    seen: HashSet<Digest>,
}

struct Piece {
    digest: Digest,
    media_type: String,
    bytes: Bytes,
    subject: Option<Digest>,
}

impl Carrying<'_> {
    /// All images of a job, a few at a time.
    pub(super) async fn copy_all(&mut self, mut waiting: Vec<Waiting>) -> Result<(), Stop> {
        // What was promised is only the size of what is shown; what is found adds to it.
        while !waiting.is_empty() {
            self.may_go_on()?;
            let some = waiting.len().min(IMAGES * 4);
            let batch: Vec<Waiting> = waiting.drain(..some).collect();
            let this = &*self;
            let copies: Vec<_> = batch.iter().map(|w| this.service.copy_image(&w.kept.step, this)).collect();
            let outcomes: Vec<Result<Option<String>, Came>> = futures::stream::iter(copies).buffered(IMAGES).collect().await;
            let (mut updates, mut log, mut again, mut away) = (Vec::new(), Vec::new(), Vec::new(), None);
            for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                let (state, detail, undo) = match outcome {
                    Ok(digest) => (StepState::Done, None, digest),
                    Err(Came::Already(why)) => (StepState::Skipped, Some(why.to_owned()), None),
                    Err(Came::Away(fault)) => {
                        again.push(waiting);
                        away.get_or_insert(fault);
                        continue;
                    }
                    Err(Came::Stale(detail)) => {
                        let problem = api::Problem::new(Code::PlanStale, detail.clone());
                        self.problem(problem);
                        (StepState::Failed, Some(detail), None)
                    }
                    Err(Came::Failed(error)) => {
                        let problem = api::Problem::from(error);
                        let detail = problem.to_string();
                        self.problem(problem);
                        (StepState::Failed, Some(detail), None)
                    }
                    Err(Came::Done(_)) => (StepState::Done, None, None),
                };
                if state != StepState::Skipped {
                    log.extend(self.logged(&waiting.kept, state == StepState::Failed, detail.as_deref()));
                }
                updates.push(StepUpdate { n: waiting.n, state, detail, undo });
            }
            self.write(&updates).await?;
            if let Err(error) = self.service.0.catalogue.activity().append(&log).await {
                tracing::error!(%error, job = self.job.id, "what a job copied could not be added to the activity");
            }
            self.service.0.work.changed(&self.job.id);
            waiting.splice(0..0, again);
            match away {
                Some(fault) => self.wait_for_registry(fault).await?,
                None => self.is_here(),
            }
        }
        // What was there already, or failed, was promised and not moved.
        self.under.total.store(self.under.done.load(Ordering::Relaxed), Ordering::Relaxed);
        self.write(&[]).await
    }
}

impl Service {
    /// Brings one image over. Returns its digest over there where that is another (only some platforms were wanted).
    async fn copy_image(&self, step: &Step, job: &Carrying<'_>) -> Result<Option<String>, Came> {
        let Step::Copy { from, to, digest, platforms, size, was, .. } = step else {
            return Err(Error::internal("a step of a copy that is none").into());
        };
        let (from, to_side) = (self.side(&from.registry, &from.repository)?, self.side(&to.registry, &to.repository)?);
        let tag = to.tag.as_deref().map(Tag::parse).transpose().map_err(Error::from)?;
        let digest = Digest::parse(digest).map_err(Error::from)?;
        let mut load = Load::default();
        let platforms: Vec<Platform> = platforms.iter().filter_map(|p| Platform::parse(p)).collect();
        let top = self.gather_image(&from, &digest, &platforms, &mut load).await?;
        let bytes: u64 = load.blobs.values().fold(0, |sum, size| sum.saturating_add(*size));
        let promised = size.unwrap_or(0);
        if bytes > promised {
            job.under.total.fetch_add(bytes - promised, Ordering::Relaxed);
        }
        if let Some(tag) = &tag {
            let now = resolved(to_side.registry.as_ref(), &to_side.repository, &Target::Tag(tag.clone())).await?;
            if now.as_ref() != Some(&top) && now.as_ref().map(Digest::as_str) != was.as_deref() {
                let place = format!("{}/{}:{tag}", to_side.name, to_side.repository);
                return Err(Came::Stale(match now {
                    Some(now) => format!("{place} names {now} by now; it was left."),
                    None => format!("{place} is not there any more; nothing was copied to it."),
                }));
            }
        }
        self.bring(&from, &to_side, &load, &top, job).await?;
        if let Some(tag) = &tag {
            let piece = load.manifests.iter().find(|p| p.digest == top).ok_or_else(|| Error::internal("an image without its manifest"))?;
            put(&to_side, &Target::Tag(tag.clone()), piece).await?;
            self.0.catalogue.tag_names(to_side.number, &to_side.repository, tag, &top, catalogue::now()).await;
        }
        Ok((top != digest).then(|| top.to_string()))
    }

    fn side(&self, registry: &str, repository: &str) -> Result<Side, Error> {
        let (number, _) = self.registry_of(registry)?;
        let connection = self.0.catalogue.registry(number).ok_or_else(|| Error::internal("a registry without a connection"))?;
        Ok(Side { number, name: registry.to_owned(), registry: connection, repository: RepositoryName::parse(repository)? })
    }

    /// All that belongs to an image, what is attached to it included. Returns the digest that its tag will name.
    async fn gather_image(&self, from: &Side, digest: &Digest, platforms: &[Platform], load: &mut Load) -> Result<Digest, Came> {
        let record = self.0.catalogue.manifest(from.number, &from.repository, digest).await?;
        let manifest = read(&record.body, &record.media_type)?;
        let top = match &manifest.body {
            Body::Index { manifests } if !platforms.is_empty() => {
                let wanted: Vec<_> = manifests
                    .iter()
                    .filter(|d| d.platform.as_ref().is_some_and(|p| platforms.contains(p)) && !d.is_attestation())
                    .collect();
                match wanted.as_slice() {
                    [] => {
                        let named: Vec<String> = platforms.iter().map(ToString::to_string).collect();
                        let text = format!("{}@{digest} has nothing for {}.", from.repository, named.join(", "));
                        return Err(Error::new(Code::PlatformNotFound, text).into());
                    }
                    [one] => one.digest.clone(),
                    several => {
                        let keep: HashSet<&Digest> = several.iter().map(|d| &d.digest).collect();
                        let bytes = narrowed(&record.body, &keep)?;
                        let narrow = Digest::sha256(&sha2::Sha256::digest(&bytes).into());
                        for child in several {
                            self.gather(from, &child.digest, load, 1).await?;
                        }
                        load.seen.insert(narrow.clone());
                        let media_type = record.media_type.clone();
                        load.manifests.push(Piece { digest: narrow.clone(), media_type, bytes: bytes.into(), subject: None });
                        return Ok(narrow);
                    }
                }
            }
            _ => digest.clone(),
        };
        self.gather(from, &top, load, 0).await?;
        self.gather_attached(from, &top, load, 0).await?;
        Ok(top)
    }

    /// A manifest with what it lists.
    async fn gather(&self, from: &Side, digest: &Digest, load: &mut Load, depth: usize) -> Result<(), Came> {
        if !load.seen.insert(digest.clone()) {
            return Ok(());
        }
        if depth > limits::DEPTH || load.manifests.len() >= limits::NODES {
            return Err(Error::new(Code::TooLarge, format!("{} is an index of too many indexes.", from.repository)).into());
        }
        let record = self.0.catalogue.manifest(from.number, &from.repository, digest).await?;
        let manifest = read(&record.body, &record.media_type)?;
        match &manifest.body {
            Body::Index { manifests } => {
                for child in manifests {
                    if media_type::is_manifest(&child.media_type) {
                        Box::pin(self.gather(from, &child.digest, load, depth + 1)).await?;
                    } else {
                        // BuildKit's cache lists layers where others list manifests.
                        load.blobs.insert(child.digest.clone(), child.size);
                    }
                }
            }
            Body::Image { config, layers } => {
                let foreign = foreign(&record.body);
                for blob in config.iter().chain(layers).filter(|d| !foreign.contains(d.digest.as_str())) {
                    load.blobs.insert(blob.digest.clone(), blob.size);
                }
            }
            Body::Schema1 { .. } => {
                let text = format!("{}@{digest} is a schema 1 image, which no registry takes any more.", from.repository);
                return Err(Error::new(Code::UpstreamMisbehaved, text).hint("Pull it and push it again with a current client.").into());
            }
        }
        load.manifests.push(Piece {
            digest: digest.clone(),
            media_type: manifest.media_type.clone(),
            bytes: Bytes::from(record.body.clone()),
            subject: manifest.subject.map(|s| s.digest),
        });
        Ok(())
    }

    /// What is attached to a manifest: by the registry's word, and by the tags that cosign makes.
    async fn gather_attached(&self, from: &Side, subject: &Digest, load: &mut Load, depth: usize) -> Result<(), Came> {
        if depth >= ATTACHED {
            return Ok(());
        }
        let referrers = match from.registry.referrers(&from.repository, subject).await {
            Ok(referrers) => referrers,
            Err(fault) if fault.is_outage() => return Err(fault.into()),
            Err(_) => Vec::new(),
        };
        let machinery: Vec<(Tag, Digest)> = {
            let model = self.0.catalogue.model();
            let repo = model.find_repo(from.number, from.repository.as_str()).and_then(|id| model.repo(id));
            let tags = repo.map(|r| r.machinery.as_slice()).unwrap_or_default();
            let of_subject = tags
                .iter()
                .filter(|(tag, _)| tag.machinery().is_some_and(|(of, role)| of == *subject && role != oci::Machinery::Referrers));
            of_subject.filter_map(|(tag, id)| Some((tag.clone(), Digest::parse(&model.digest(*id)?).ok()?))).collect()
        };
        for digest in referrers.into_iter().map(|d| d.digest).chain(machinery.iter().map(|(_, d)| d.clone())) {
            if load.seen.contains(&digest) {
                continue;
            }
            match self.gather(from, &digest, load, 1).await {
                // Listed, but not there any more: nobody could have pulled it either.
                Err(Came::Failed(error)) if error.code() == Code::ManifestNotFound => continue,
                other => other?,
            }
            Box::pin(self.gather_attached(from, &digest, load, depth + 1)).await?;
        }
        load.machinery.extend(machinery);
        Ok(())
    }

    /// Blobs, then manifests, then the tags of what is attached.
    async fn bring(&self, from: &Side, to: &Side, load: &Load, top: &Digest, job: &Carrying<'_>) -> Result<(), Came> {
        let mut blobs = Vec::new();
        for (digest, size) in &load.blobs {
            blobs.push(async move {
                if job.may_go_on().is_err() {
                    return Err(Came::Away(Fault::Busy { message: "the job is to stop".to_owned(), retry_after_ms: 1 }));
                }
                bring_blob(from, to, digest, *size, &job.under.done).await
            });
        }
        futures::stream::iter(blobs).buffer_unordered(BLOBS).try_collect::<Vec<()>>().await?;
        let lists_referrers = self.0.catalogue.status(to.number).capabilities.iter().any(|c| c.name == "referrers" && c.can == Some(true));
        for piece in &load.manifests {
            // Twice named: what has only a tag to be found by comes under it below, all the same.
            put(to, &Target::Digest(piece.digest.clone()), piece).await?;
            if let Some(subject) = &piece.subject
                && !lists_referrers
                && piece.digest != *top
            {
                list_referrer(to, subject, piece).await?;
            }
        }
        for (tag, digest) in &load.machinery {
            if let Some(piece) = load.manifests.iter().find(|p| p.digest == *digest) {
                put(to, &Target::Tag(tag.clone()), piece).await?;
            }
        }
        Ok(())
    }
}

async fn bring_blob(from: &Side, to: &Side, digest: &Digest, size: u64, done: &AtomicU64) -> Result<(), Came> {
    if to.registry.blob_size(&to.repository, digest).await?.is_some() {
        done.fetch_add(size, Ordering::Relaxed);
        return Ok(());
    }
    if from.number == to.number && to.registry.mount_blob(&to.repository, digest, &from.repository).await? {
        done.fetch_add(size, Ordering::Relaxed);
        return Ok(());
    }
    // What is sent again is not counted again.
    let told = Mutex::new(0u64);
    let progress = |now: u64| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *told, now);
        if now >= before {
            done.fetch_add(now - before, Ordering::Relaxed);
        } else {
            done.fetch_sub(before - now, Ordering::Relaxed);
        }
    };
    let source = BlobOf { registry: from.registry.as_ref(), repository: &from.repository, digest };
    let written = to.registry.write_blob(&to.repository, digest, size, &source, &progress).await;
    if let Err(fault) = written {
        progress(0);
        return Err(fault.into());
    }
    progress(size);
    Ok(())
}

/// Puts a manifest, unless it is there.
async fn put(to: &Side, target: &Target, piece: &Piece) -> Result<(), Came> {
    if resolved(to.registry.as_ref(), &to.repository, target).await?.as_ref() == Some(&piece.digest) {
        return Ok(());
    }
    let put = to.registry.put_manifest(&to.repository, target, &piece.media_type, piece.bytes.clone()).await?;
    if put == piece.digest {
        return Ok(());
    }
    let text = format!("{} has {put} where {} was put.", to.name, piece.digest);
    Err(Error::new(Code::UpstreamMisbehaved, text).into())
}

/// Adds something attached to its subject's list, where the registry keeps none itself (distribution-spec 1.1, “Referrers tag schema”).
async fn list_referrer(to: &Side, subject: &Digest, piece: &Piece) -> Result<(), Came> {
    let tag = Tag::parse(&subject.referrers_tag()).map_err(Error::from)?;
    let target = Target::Tag(tag);
    let mut index = match to.registry.manifest(&to.repository, &target).await {
        Ok(raw) => serde_json::from_slice(&raw.bytes).unwrap_or(serde_json::Value::Null),
        Err(Fault::NotFound(_)) => serde_json::Value::Null,
        Err(fault) => return Err(fault.into()),
    };
    if !index.get("manifests").is_some_and(serde_json::Value::is_array) {
        index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []});
    }
    let Some(entries) = index.get_mut("manifests").and_then(serde_json::Value::as_array_mut) else { return Ok(()) };
    if entries.iter().any(|e| e.get("digest").and_then(serde_json::Value::as_str) == Some(piece.digest.as_str())) {
        return Ok(());
    }
    let manifest = read(&piece.bytes, &piece.media_type)?;
    let mut entry = serde_json::json!({"mediaType": piece.media_type, "digest": piece.digest, "size": piece.bytes.len()});
    if let (Some(artifact), Some(entry)) = (&manifest.artifact_type, entry.as_object_mut()) {
        entry.insert("artifactType".to_owned(), artifact.clone().into());
    }
    if let (false, Some(entry)) = (manifest.annotations.is_empty(), entry.as_object_mut()) {
        entry.insert("annotations".to_owned(), serde_json::json!(manifest.annotations));
    }
    entries.push(entry);
    let bytes = Bytes::from(serde_json::to_vec(&index).map_err(|e| Error::internal(e.to_string()))?);
    to.registry.put_manifest(&to.repository, &target, media_type::OCI_INDEX, bytes).await?;
    Ok(())
}

fn read(bytes: &[u8], media_type: &str) -> Result<Manifest, Error> {
    Manifest::parse(bytes, Some(media_type)).map_err(|e| Error::new(Code::UpstreamMisbehaved, format!("A manifest cannot be read: {e}.")))
}

/// Layers that lie elsewhere and are never fetched (`urls`, image-spec 1.1 descriptor.md).
fn foreign(manifest: &[u8]) -> HashSet<String> {
    let json: serde_json::Value = serde_json::from_slice(manifest).unwrap_or_default();
    let layers = json.get("layers").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let elsewhere = layers.iter().filter(|l| {
        let kind = l.get("mediaType").and_then(serde_json::Value::as_str).unwrap_or_default();
        kind.contains("nondistributable") || kind.contains("foreign")
    });
    elsewhere.filter_map(|l| l.get("digest")?.as_str().map(str::to_owned)).collect()
}

/// An index with some of its entries only, each as it stands.
fn narrowed(index: &[u8], keep: &HashSet<&Digest>) -> Result<Vec<u8>, Error> {
    let mut json: serde_json::Value = serde_json::from_slice(index).map_err(|e| Error::internal(e.to_string()))?;
    if let Some(entries) = json.get_mut("manifests").and_then(serde_json::Value::as_array_mut) {
        entries.retain(|e| {
            let digest = e.get("digest").and_then(serde_json::Value::as_str);
            keep.iter().any(|k| Some(k.as_str()) == digest)
        });
    }
    serde_json::to_vec(&json).map_err(|e| Error::internal(e.to_string()))
}
