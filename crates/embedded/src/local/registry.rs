//! [`registry::Registry`], in process.

use super::Local;
use crate::{
    body::{BlobBody, small},
    error::{Code, Error},
    hash::{Algorithm, Hasher},
    store::blobs::Readable,
};
use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use oci::{Descriptor, Digest, RepositoryName, Tag, Target};
use registry::{
    BlobSource, BlobStream, Capability, Cursor, Error as Failed, Health, Page, RawManifest, Registry, Resolved, Result, Untagged,
    collect::{Collection, Collector, SharedCollector, Told},
};
use std::{sync::Arc, time::SystemTime};

/// Items of a page.
const PAGE: usize = 1000;

/// Bytes gathered before they are written.
const BATCH: usize = 256 << 10;

/// As any registry says it.
fn failed(error: Error) -> Failed {
    let message = error.message;
    match error.code {
        Code::BlobUnknown | Code::BlobUploadUnknown | Code::ManifestUnknown | Code::NameUnknown | Code::NoRoute => {
            Failed::NotFound(message)
        }
        Code::Unsupported => Failed::Unsupported(message),
        Code::TooManyRequests | Code::BlobUploadBusy => Failed::Busy { message, retry_after_ms: 1000 },
        Code::ManifestTooLarge | Code::UriTooLong => Failed::TooLarge(message),
        Code::ManifestBlobUnknown => {
            let named = error.detail.as_ref().and_then(|detail| detail.as_array()).into_iter().flatten();
            let missing = named.filter_map(|item| Digest::parse(item["digest"].as_str()?).ok()).collect();
            Failed::Incomplete { message, missing }
        }
        Code::Storage | Code::StorageFull => Failed::Unreachable(message),
        _ => Failed::Misbehaved(message),
    }
}

/// The registry, to share: what its routes and its trait have in common needs the whole.
#[derive(Clone)]
pub struct InProcess(pub Arc<Local>);

#[async_trait]
impl Registry for InProcess {
    async fn repositories(&self, after: Option<&Cursor>) -> Result<Page<RepositoryName>> {
        let items = self.0.repository_names(after.map(|after| after.0.as_str()), PAGE, &|_| true).await.map_err(failed)?;
        let next = items.last().filter(|_| items.len() == PAGE).map(|last| Cursor(last.to_string()));
        Ok(Page { items, next, dropped: 0 })
    }

    async fn tags(&self, repository: &RepositoryName, _after: Option<&Cursor>) -> Result<Page<Tag>> {
        let name = repository.clone();
        let tags = self.0.run(move |store| store.tag_names(&name)).await.map_err(failed)?;
        let Some(tags) = tags else { return Err(Failed::NotFound(format!("there is no repository {repository}"))) };
        Ok(Page { items: tags.iter().filter_map(|tag| Tag::parse(tag).ok()).collect(), next: None, dropped: 0 })
    }

    async fn resolve(&self, repository: &RepositoryName, target: &Target) -> Result<Resolved> {
        let (name, target) = (repository.clone(), target.clone());
        let work = move |store: &crate::Store| {
            let pushed = match &target {
                Target::Tag(tag) => store.tagged(&name, tag)?,
                Target::Digest(_) => None,
            };
            Ok((store.manifest(&name, &target)?, pushed))
        };
        let (stored, pushed) = self.0.run(work).await.map_err(failed)?;
        let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).ok();
        Ok(Resolved {
            digest: stored.digest.clone(),
            media_type: Some(stored.media_type.clone()),
            size: Some(stored.bytes.len() as u64),
            pushed: pushed.and_then(since).and_then(|since| i64::try_from(since.as_millis()).ok()),
        })
    }

    async fn manifest(&self, repository: &RepositoryName, target: &Target) -> Result<RawManifest> {
        let (name, target) = (repository.clone(), target.clone());
        let stored = self.0.run(move |store| store.manifest(&name, &target)).await.map_err(failed)?;
        Ok(RawManifest { digest: stored.digest.clone(), media_type: Some(stored.media_type.clone()), bytes: stored.bytes.clone() })
    }

    async fn blob(&self, repository: &RepositoryName, digest: &Digest, limit: usize) -> Result<Bytes> {
        let (name, digest) = (repository.clone(), digest.clone());
        let work = move |store: &crate::Store| {
            let bytes = small(&*store.open_blob(&name, &digest)?.content, limit)?;
            match Algorithm::of(&digest) {
                Some(algorithm) if algorithm.digest(&bytes) != digest => {
                    Err(Error::new(Code::DigestInvalid, format!("{digest} is damaged in the storage")))
                }
                _ => Ok(bytes),
            }
        };
        self.0
            .run(work)
            .await
            .map_err(|error| if error.code == Code::SizeInvalid { Failed::TooLarge(error.message) } else { failed(error) })
    }

    async fn referrers(&self, repository: &RepositoryName, digest: &Digest) -> Result<Vec<Descriptor>> {
        let (name, digest) = (repository.clone(), digest.clone());
        let all = self.0.run(move |store| store.referrers(&name, &digest)).await.map_err(failed)?;
        Ok(all.iter().take(oci::limits::DESCRIPTORS).filter_map(Descriptor::read).collect())
    }

    async fn probe(&self) -> Result<Vec<Capability>> {
        let can = |name: &str, can, hint: Option<&str>| Capability { name: name.into(), can: Some(can), hint: hint.map(str::to_owned) };
        let delete = self.0.store.settings.delete;
        let off = (!delete).then_some("Deleting is switched off in this registry's settings.");
        Ok(vec![
            can("auth", true, Some("It asks nobody who they are: whoever reaches this address may pull and push.")),
            can("catalog", true, None),
            can("tag-paging", true, None),
            can("digest-header", true, None),
            can("etag", true, None),
            can("referrers", true, None),
            can("delete", delete, off),
            can("delete-tag", delete, off),
        ])
    }

    fn collector(&self) -> Option<SharedCollector> {
        Some(Arc::new(Self(self.0.clone())))
    }

    fn health(&self) -> Health {
        Health::default()
    }

    async fn put_manifest(&self, repository: &RepositoryName, target: &Target, media_type: &str, bytes: Bytes) -> Result<Digest> {
        let (name, media_type) = (repository.clone(), media_type.to_owned());
        let (digest, tags) = match target {
            Target::Digest(digest) => (Some(digest.clone()), Vec::new()),
            Target::Tag(tag) => (None, vec![tag.clone()]),
        };
        if bytes.len() > oci::limits::MANIFEST {
            return Err(Failed::TooLarge(format!("a manifest has at most {} bytes", oci::limits::MANIFEST)));
        }
        let put =
            self.0.run(move |store| store.put_manifest(&name, digest.as_ref(), &tags, Some(&media_type), bytes)).await.map_err(failed)?;
        Ok(put.stored.digest.clone())
    }

    async fn delete_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Result<()> {
        self.may_delete()?;
        let (name, digest) = (repository.clone(), digest.clone());
        self.0.run(move |store| store.delete_manifest(&name, &digest)).await.map(|_| ()).map_err(failed)
    }

    async fn delete_tag(&self, repository: &RepositoryName, tag: &Tag, _expected: &Digest) -> Result<Untagged> {
        self.may_delete()?;
        let (name, tag) = (repository.clone(), tag.clone());
        self.0.run(move |store| store.delete_tag(&name, &tag)).await.map(|_| Untagged::ByName).map_err(failed)
    }

    async fn untag_by_placeholder(&self, repository: &RepositoryName, tag: &Tag, expected: &Digest, _: registry::Family) -> Result<()> {
        // Never needed: tags go by their name.
        self.delete_tag(repository, tag, expected).await.map(|_| ())
    }

    async fn blob_size(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<u64>> {
        let (name, digest) = (repository.clone(), digest.clone());
        match self.0.run(move |store| store.blob_size(&name, &digest)).await {
            Ok(size) => Ok(Some(size)),
            Err(error) if error.code == Code::BlobUnknown => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    async fn mount_blob(&self, repository: &RepositoryName, digest: &Digest, from: &RepositoryName) -> Result<bool> {
        let (name, digest, from) = (repository.clone(), digest.clone(), from.clone());
        self.0.run(move |store| store.mount(&name, &digest, Some(&from), &Readable::All)).await.map(|size| size.is_some()).map_err(failed)
    }

    async fn read_blob(&self, repository: &RepositoryName, digest: &Digest, from: u64) -> Result<BlobStream> {
        let (name, digest) = (repository.clone(), digest.clone());
        let opened = self.0.run(move |store| store.open_blob(&name, &digest)).await.map_err(failed)?;
        let size = opened.content.size();
        let body = Body::new(BlobBody::new(opened.content, from.min(size), size, None, None));
        // Copied, as who reads may keep the pieces: a body's next one waits until the one before is let go.
        let copied =
            |piece: Result<Bytes, axum::Error>| piece.map(|p| Bytes::copy_from_slice(&p)).map_err(|e| Failed::Unreachable(e.to_string()));
        Ok(body.into_data_stream().map(copied).boxed())
    }

    async fn write_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
        source: &dyn BlobSource,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<()> {
        let Some(algorithm) = Algorithm::of(digest) else {
            return Err(Failed::Unsupported(format!("{digest} cannot be verified: its algorithm is not known here")));
        };
        let (id, turn) = self.0.store.sessions.begin(Hasher::new(algorithm)).map_err(failed)?;
        let name = repository.clone();
        let open = move |store: &crate::Store| {
            store.begin_upload(&name, id)?;
            store.open_upload(&name, id, turn, None)
        };
        let mut writer = self.0.run(open).await.map_err(failed)?;
        let mut failures = 0;
        while writer.size() < size {
            let begun = writer.size();
            let mut stream = source.open(begun).await?;
            loop {
                let mut batch = Vec::new();
                let mut gathered = 0;
                let mut end = None;
                while gathered < BATCH {
                    match stream.next().await {
                        Some(Ok(piece)) => {
                            gathered += piece.len();
                            batch.push(piece);
                        }
                        other => {
                            end = Some(other.map(Result::err));
                            break;
                        }
                    }
                }
                if writer.size() + gathered as u64 > size {
                    return self.given_up(writer, format!("the bytes of {digest} are more than {size}")).await;
                }
                writer =
                    self.0.run(move |_| batch.iter().try_for_each(|piece| writer.write(piece)).map(|()| writer)).await.map_err(failed)?;
                progress(writer.size());
                match end {
                    None => {}
                    Some(None) => {
                        if writer.size() < size {
                            let is = writer.size();
                            return self.given_up(writer, format!("the bytes of {digest} are {is}, not {size}")).await;
                        }
                        break;
                    }
                    Some(Some(error)) => {
                        failures = if writer.size() > begun { 0 } else { failures + 1 };
                        if failures > 3 {
                            let _ = self.given_up(writer, String::new()).await;
                            return Err(error.unwrap_or_else(|| Failed::Unreachable(format!("{digest} could not be read"))));
                        }
                        break;
                    }
                }
            }
        }
        let digest = digest.clone();
        self.0.run(move |store| store.finish_upload(writer, &digest)).await.map(|_| ()).map_err(failed)
    }
}

impl InProcess {
    fn may_delete(&self) -> Result<()> {
        if self.0.store.settings.delete {
            Ok(())
        } else {
            Err(Failed::Unsupported("deleting is switched off in this registry's settings".into()))
        }
    }

    async fn given_up(&self, writer: crate::store::uploads::Writer, why: String) -> Result<()> {
        self.0.run(move |store| store.give_up(writer)).await.map_err(failed)?;
        Err(Failed::Misbehaved(why))
    }
}

#[async_trait]
impl Collector for InProcess {
    async fn collect(&self, how: Collection, told: Told) -> Result<()> {
        self.0.collect(how, told).await.map_err(failed)
    }
}
