//! One image in full, its exact manifest, and what is attached to it.

mod find;

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Descriptor, HistoryStep, Image, Layer, List, PlatformImage, TagMoment};
use catalogue::model::{NEVER, NONE};
use find::{Found, no_platform};
use oci::{Body, Digest, ImageConfig, Manifest, Platform, Reference};
use std::{collections::BTreeMap, time::Duration};

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
