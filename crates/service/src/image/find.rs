//! Finding what a reference names, and the manifest of one of its platforms.

use crate::{Error, Result, Service, show};
use api::Code;
use catalogue::record::ManifestRecord;
use oci::{Body, Digest, Manifest, Platform, Reference, Tag, Target};
use std::sync::Arc;

/// What a reference came to.
pub(super) struct Found {
    pub registry: u16,
    pub repository: u32,
    pub tag: Option<Tag>,
    pub digest: Digest,
    pub record: Arc<ManifestRecord>,
    pub manifest: Manifest,
}

impl Service {
    /// What a reference names, from what is known, else from the registry.
    pub(super) async fn find(&self, reference: &Reference) -> Result<Found> {
        let (registry, repository) = self.repository_of(reference).await?;
        let (tag, digest) = match &reference.target {
            Some(Target::Digest(digest)) => {
                let held = {
                    let model = self.0.catalogue.model();
                    let id = model.find_manifest(digest.as_str());
                    id.zip(model.repo(repository)).is_some_and(|(id, r)| r.holds(id) && model.manifest(id).is_some_and(|m| m.known))
                };
                if !held {
                    self.0
                        .catalogue
                        .ensure_manifest(registry, &reference.repository, digest)
                        .await
                        .map_err(|e| not_found(e, Code::ManifestNotFound, reference))?;
                }
                (None, digest.clone())
            }
            target => {
                let tag = match target {
                    Some(Target::Tag(tag)) => tag.clone(),
                    _ => self.newest(repository).ok_or_else(|| {
                        Error::new(Code::TagNotFound, format!("{} has no tags.", reference.repository))
                            .hint("A repository whose last tag was deleted stays in the registry's list.")
                    })?,
                };
                let known = {
                    let model = self.0.catalogue.model();
                    model
                        .repo(repository)
                        .and_then(|r| r.position(&model, tag.as_str()).map(|i| r.manifests[i]))
                        .filter(|&m| model.manifest(m).is_some_and(|m| m.known))
                        .and_then(|m| model.digest(m))
                };
                let digest = match known.and_then(|d| Digest::parse(&d).ok()) {
                    Some(digest) => digest,
                    None => self
                        .0
                        .catalogue
                        .ensure_tag(registry, &reference.repository, &tag)
                        .await
                        .map_err(|e| not_found(e, Code::TagNotFound, reference))?,
                };
                (Some(tag), digest)
            }
        };
        let record = self
            .0
            .catalogue
            .manifest(registry, &reference.repository, &digest)
            .await
            .map_err(|e| not_found(e, Code::ManifestNotFound, reference))?;
        let manifest = parse(&record, reference)?;
        Ok(Found { registry, repository, tag, digest, record, manifest })
    }

    fn newest(&self, repository: u32) -> Option<Tag> {
        let model = self.0.catalogue.model();
        let repo = model.repo(repository)?;
        Tag::parse(model.names.text(*repo.names.get(repo.facts.newest? as usize)?)).ok()
    }

    /// The manifest of one platform, down through indexes in indexes; of what is no index, itself.
    pub(super) async fn platform(
        &self,
        found: &Found,
        reference: &Reference,
        wanted: Option<&Platform>,
    ) -> Result<(Digest, Arc<ManifestRecord>, Manifest)> {
        let (mut digest, mut record, mut manifest) = (found.digest.clone(), Arc::clone(&found.record), found.manifest.clone());
        for _ in 0..oci::limits::DEPTH {
            if !matches!(manifest.body, Body::Index { .. }) {
                break;
            }
            // An index of indexes tells no platforms itself: the entry that has the one asked for leads on, else the first.
            let direct = match wanted {
                Some(wanted) => manifest.platforms().find(|(p, _)| *p == wanted),
                None => manifest.default_platform(),
            };
            let Some(child) = direct.map(|(_, d)| d.digest.clone()).or_else(|| self.nested(&manifest, wanted)) else {
                let Some(wanted) = wanted else { break };
                return Err(no_platform(reference, wanted, self.platforms_of(&found.digest)));
            };
            match self.0.catalogue.manifest(found.registry, &reference.repository, &child).await {
                Ok(r) => {
                    manifest = parse(&r, reference)?;
                    record = r;
                    digest = child;
                }
                // A sparse index: what is there is shown, unless the missing platform itself was asked for.
                Err(registry::Error::NotFound(_)) if wanted.is_none() => break,
                Err(error) => return Err(not_found(error, Code::ManifestNotFound, reference)),
            }
        }
        Ok((digest, record, manifest))
    }

    /// The first index in an index that has a platform (any, where none is wanted).
    fn nested(&self, index: &Manifest, wanted: Option<&Platform>) -> Option<Digest> {
        let Body::Index { manifests } = &index.body else { return None };
        let model = self.0.catalogue.model();
        let wanted = wanted.map(ToString::to_string);
        let has = |d: &oci::Descriptor| {
            let id = model.find_manifest(d.digest.as_str())?;
            model.platforms(id).any(|p| wanted.as_deref().is_none_or(|w| model.platform_names.text(p) == w)).then_some(())
        };
        manifests.iter().filter(|d| oci::media_type::is_index(&d.media_type)).find(|d| has(d).is_some()).map(|d| d.digest.clone())
    }

    /// The platforms known of a manifest.
    fn platforms_of(&self, digest: &Digest) -> Vec<String> {
        let model = self.0.catalogue.model();
        model.find_manifest(digest.as_str()).map(|id| show::platforms(&model, id)).unwrap_or_default()
    }
}

fn parse(record: &ManifestRecord, reference: &Reference) -> Result<Manifest> {
    Manifest::parse(&record.body, Some(&record.media_type)).map_err(|e| Error::new(Code::UpstreamMisbehaved, format!("{reference}: {e}.")))
}

fn not_found(error: registry::Error, code: Code, reference: &Reference) -> Error {
    match error {
        registry::Error::NotFound(_) => {
            let what = match &reference.target {
                Some(Target::Digest(digest)) => format!("{} has no manifest {digest}.", reference.repository),
                Some(Target::Tag(tag)) => format!("{} has no tag {tag}.", reference.repository),
                None => format!("{} has no such manifest.", reference.repository),
            };
            Error::new(code, what)
        }
        other => other.into(),
    }
}

pub(super) fn no_platform(reference: &Reference, wanted: &Platform, there: Vec<String>) -> Error {
    let error = Error::new(Code::PlatformNotFound, format!("{reference} has nothing for {wanted}."));
    if there.is_empty() { error } else { error.hint(format!("There is {}.", there.join(", "))) }
}
