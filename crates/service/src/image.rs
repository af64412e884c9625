//! One image in full, its exact manifest, and what is attached to it.

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Descriptor, HistoryStep, Image, Layer, List, PlatformImage, TagMoment};
use catalogue::{
    model::{NEVER, NONE},
    record::ManifestRecord,
};
use oci::{Body, Digest, ImageConfig, Manifest, Platform, Reference, Tag, Target};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long the registry's word on what is attached is good when someone looks.
const ATTACHED: Duration = Duration::from_mins(1);
/// How long a page waits for that word when there is none yet.
const PATIENCE: Duration = Duration::from_secs(3);
/// Changes of a tag shown with an image.
const MOMENTS: u32 = 20;

/// A manifest as stored.
#[derive(Debug, Clone)]
pub struct ManifestBytes {
    pub digest: String,
    pub media_type: String,
    pub bytes: bytes::Bytes,
}

/// What a reference came to.
struct Found {
    registry: u16,
    repository: u32,
    tag: Option<Tag>,
    digest: Digest,
    record: Arc<ManifestRecord>,
    manifest: Manifest,
}

impl Service {
    /// One image; of an index, the platform asked for or its default. Without tag and digest: the newest tag.
    pub async fn image(&self, _caller: &Caller, reference: &Reference, platform: Option<&str>) -> Result<Image> {
        let wanted = wanted(platform)?;
        let found = self.find(reference).await?;
        let (shown_digest, shown_record, shown) = self.platform(&found, reference, wanted.as_ref()).await?;
        self.ask_what_is_attached(&found, reference).await;
        let config_bytes = shown_record.config.as_deref();
        let config = config_bytes.and_then(ImageConfig::parse).or_else(|| match &shown.body {
            Body::Schema1 { config: Some(text), .. } => ImageConfig::parse(text.as_bytes()),
            _ => None,
        });
        let config = config.unwrap_or_default();
        if let Some(wanted) = &wanted
            && shown_digest == found.digest
            && config.platform.as_ref() != Some(wanted)
        {
            return Err(no_platform(reference, wanted, config.platform.iter().map(ToString::to_string).collect()));
        }
        let moments = match &found.tag {
            Some(tag) => {
                self.0.catalogue.moments(&reference.registry, reference.repository.as_str(), tag.as_str(), MOMENTS).await.unwrap_or_else(
                    |error| {
                        tracing::warn!(%error, "a tag's history could not be read");
                        Vec::new()
                    },
                )
            }
            None => Vec::new(),
        };
        let (_, settings) = self.registry_of(&reference.registry)?;
        let host = settings.pull_host();

        let model = self.0.catalogue.model();
        let repo = model.repo(found.repository).ok_or_else(|| crate::no_repository(reference))?;
        let (top, shown_id) =
            (model.find_manifest(found.digest.as_str()).unwrap_or(NONE), model.find_manifest(shown_digest.as_str()).unwrap_or(NONE));
        let tags: Vec<String> = repo.tags_of(top).map(|i| model.names.text(repo.names[i]).to_owned()).collect();
        let pushed = match &found.tag {
            Some(tag) => repo.position(&model, tag.as_str()).map(|i| repo.rows[i].pushed),
            None => repo.tags_of(top).map(|i| repo.rows[i].pushed).filter(|&p| p != NEVER).min(),
        };
        let mut annotations: BTreeMap<String, String> = found.manifest.annotations.clone();
        annotations.extend(shown.annotations.clone());
        let layers = layers(&model, &shown, &config);
        let name = found.tag.as_ref().map_or_else(|| format!("@{}", found.digest), |t| format!(":{t}"));
        Ok(Image {
            reference: reference.to_string(),
            registry: reference.registry.clone(),
            repository: reference.repository.to_string(),
            tag: found.tag.as_ref().map(ToString::to_string),
            digest: found.digest.to_string(),
            media_type: found.manifest.media_type.clone(),
            kind: oci::Kind::of(&found.manifest).as_str().to_owned(),
            size: model.size(shown_id),
            unpacked_size: None,
            platform: platform_of(&found.manifest, &shown_digest).or_else(|| config.platform.as_ref().map(ToString::to_string)),
            platforms: model
                .platform_manifests(top)
                .into_iter()
                .filter_map(|(platform, id)| {
                    Some(PlatformImage {
                        platform: model.platform_names.text(platform).to_owned(),
                        digest: model.digest(id)?,
                        size: model.size(id),
                    })
                })
                .collect(),
            tags,
            created: model.created(shown_id).map(show::time),
            pushed: pushed.filter(|&p| p != NEVER).map(show::time),
            config: config_bytes.and_then(|c| serde_json::from_slice(c).ok()).or_else(|| match &shown.body {
                Body::Schema1 { config: Some(text), .. } => serde_json::from_str(text).ok(),
                _ => None,
            }),
            labels: config.run.labels.clone(),
            annotations,
            history: history(&config, &layers),
            layers,
            attached: model.attached(repo, top).iter().map(attached).collect(),
            platform_media_type: Some(shown.media_type.clone()),
            platform_digest: Some(shown_digest.to_string()),
            tag_history: moments
                .into_iter()
                .map(|m| TagMoment { digest: m.digest, from: show::time(m.since), until: m.until.map(show::time) })
                .collect(),
            artifact_type: shown.artifact_type.clone(),
            pull_reference: format!("{host}/{}{name}", reference.repository),
            pull_reference_pinned: format!("{host}/{}@{}", reference.repository, found.digest),
        })
    }

    /// A manifest's exact bytes.
    pub async fn manifest(&self, _caller: &Caller, reference: &Reference) -> Result<ManifestBytes> {
        let found = self.find(reference).await?;
        Ok(ManifestBytes {
            digest: found.digest.to_string(),
            media_type: found.record.media_type.clone(),
            bytes: bytes::Bytes::copy_from_slice(&found.record.body),
        })
    }

    /// The configuration's exact bytes, of an index that of the platform asked for or its default; none where there is
    /// none of interest.
    pub async fn configuration(&self, _caller: &Caller, reference: &Reference, platform: Option<&str>) -> Result<Option<ManifestBytes>> {
        let wanted = wanted(platform)?;
        let found = self.find(reference).await?;
        let (_, record, manifest) = self.platform(&found, reference, wanted.as_ref()).await?;
        let Body::Image { config: Some(descriptor), .. } = manifest.body else { return Ok(None) };
        Ok(record.config.as_deref().map(|bytes| ManifestBytes {
            digest: descriptor.digest.to_string(),
            media_type: descriptor.media_type,
            bytes: bytes::Bytes::copy_from_slice(bytes),
        }))
    }

    /// Labels and annotations of a repository's newest tag, as far as the catalogue knows them; annotations win.
    pub fn labels(&self, _caller: &Caller, reference: &Reference) -> Result<BTreeMap<String, String>> {
        let (registry, _) = self.registry_of(&reference.registry)?;
        let model = self.0.catalogue.model();
        let repo = model.find_repo(registry, reference.repository.as_str()).and_then(|id| model.repo(id));
        let newest = repo.and_then(|r| r.manifests.get(r.facts.newest? as usize).copied());
        Ok(newest.map(|m| show::labels(&model, m)).unwrap_or_default())
    }

    /// What is attached to what a reference names.
    pub async fn referrers(&self, _caller: &Caller, reference: &Reference) -> Result<List<Descriptor>> {
        let found = self.find(reference).await?;
        self.ask_what_is_attached(&found, reference).await;
        let freshness = self.freshness(Some(found.registry));
        let model = self.0.catalogue.model();
        let repo = model.repo(found.repository).ok_or_else(|| crate::no_repository(reference))?;
        let items: Vec<Descriptor> =
            model.find_manifest(found.digest.as_str()).map(|m| model.attached(repo, m).iter().map(attached).collect()).unwrap_or_default();
        Ok(List { total: items.len() as u64, items, next: None, freshness })
    }

    /// Digest, media type and size of what a reference names.
    pub(crate) async fn facts(&self, reference: &Reference) -> Result<(Digest, String, Option<u64>)> {
        let found = self.find(reference).await?;
        let model = self.0.catalogue.model();
        let size = model.find_manifest(found.digest.as_str()).and_then(|m| model.size(m));
        Ok((found.digest, found.manifest.media_type, size))
    }

    /// What a reference names, from what is known, else from the registry.
    async fn find(&self, reference: &Reference) -> Result<Found> {
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
    async fn platform(
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

    /// Has the registry asked what is attached: waits a little where nothing is known yet, else does it behind.
    async fn ask_what_is_attached(&self, found: &Found, reference: &Reference) {
        if !self.0.catalogue.status(found.registry).capabilities.iter().any(|c| c.name == "referrers" && c.can == Some(true)) {
            return;
        }
        let never = {
            let model = self.0.catalogue.model();
            !model.find_manifest(found.digest.as_str()).zip(model.repo(found.repository)).is_some_and(|(m, r)| r.referrers.contains_key(&m))
        };
        let (catalogue, registry, repository, digest) =
            (self.0.catalogue.clone(), found.registry, reference.repository.clone(), found.digest.clone());
        let ask = tokio::spawn(async move {
            if let Err(error) = catalogue.refresh_referrers(registry, &repository, &digest, ATTACHED).await {
                tracing::debug!(%repository, %digest, %error, "the registry could not be asked what is attached");
            }
        });
        if never && tokio::time::timeout(PATIENCE, ask).await.is_err() {
            tracing::debug!(reference = %reference, "what is attached comes later");
        }
    }
}

fn wanted(platform: Option<&str>) -> Result<Option<Platform>> {
    platform
        .map(|text| {
            Platform::parse(text).ok_or_else(|| {
                Error::new(Code::BadQuery, format!("“{}” is not a platform.", text.chars().take(80).collect::<String>()))
                    .hint("A platform is os/architecture, such as linux/arm64.")
            })
        })
        .transpose()
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

fn no_platform(reference: &Reference, wanted: &Platform, there: Vec<String>) -> Error {
    let error = Error::new(Code::PlatformNotFound, format!("{reference} has nothing for {wanted}."));
    if there.is_empty() { error } else { error.hint(format!("There is {}.", there.join(", "))) }
}

fn platform_of(index: &Manifest, child: &Digest) -> Option<String> {
    index.platforms().find(|(_, d)| d.digest == *child).map(|(p, _)| p.to_string())
}

fn attached(attachment: &catalogue::model::Attachment) -> Descriptor {
    let d = &attachment.descriptor;
    Descriptor {
        media_type: d.media_type.clone(),
        digest: d.digest.to_string(),
        size: d.size,
        artifact_type: d.artifact_type.clone(),
        annotations: d.annotations.clone(),
        kind: attachment.kind.as_str().to_owned(),
    }
}

fn layers(model: &catalogue::model::Model, manifest: &Manifest, config: &ImageConfig) -> Vec<Layer> {
    let images = |digest: &Digest| u64::from(model.images_with(digest.as_str()));
    match &manifest.body {
        Body::Image { layers, .. } => {
            let pairs = config.pair_history(layers.len()).unwrap_or_default();
            let step = |i: usize| pairs.iter().position(|p| *p == Some(i)).and_then(|h| config.history[h].created_by.clone());
            layers
                .iter()
                .enumerate()
                .map(|(i, d)| Layer {
                    digest: d.digest.to_string(),
                    size: Some(d.size),
                    media_type: d.media_type.clone(),
                    created_by: step(i),
                    images: images(&d.digest),
                    annotations: d.annotations.clone(),
                })
                .collect()
        }
        Body::Schema1 { layers, .. } => layers
            .iter()
            .map(|d| Layer {
                digest: d.to_string(),
                size: None,
                media_type: "application/vnd.docker.image.rootfs.diff.tar.gzip".to_owned(),
                created_by: None,
                images: images(d),
                annotations: BTreeMap::new(),
            })
            .collect(),
        Body::Index { .. } => Vec::new(),
    }
}

fn history(config: &ImageConfig, layers: &[Layer]) -> Vec<HistoryStep> {
    let pairs = config.pair_history(layers.len());
    config
        .history
        .iter()
        .enumerate()
        .map(|(i, h)| HistoryStep {
            created_by: h.created_by.clone(),
            created: h.created.clone(),
            empty: h.empty,
            comment: h.comment.clone(),
            layer: pairs.as_ref().and_then(|p| p.get(i).copied().flatten()).and_then(|l| layers.get(l)).map(|l| l.digest.clone()),
        })
        .collect()
}
