//! Makes what is described and puts it out as steps, each thing once in a repository.

use crate::{
    Error, Put, Step,
    build::{Build, Recipe},
    document::{self, Descriptor, Dialect, History, Index, Manifest, RootFs, Run, Words},
    layer::{self, Packing},
    series::Job,
};
use bytes::Bytes;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag, media_type};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Seconds from a build's time to its push: what was built nine minutes ago came two minutes ago.
const BUILD_TO_PUSH: i64 = 390;

/// A made image, as what others stand on: no bytes.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) run: Run,
    pub(crate) descriptor: Descriptor,
    history: Vec<History>,
    layers: Vec<Layer>,
}

#[derive(Debug, Clone)]
struct Layer {
    diff_id: Digest,
    packing: Packing,
    descriptor: Descriptor,
}

/// The newest release of something that others stand on.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// `docker.io/library/debian:12.10`
    pub(crate) name: String,
    pub(crate) digest: Digest,
    images: BTreeMap<String, Image>,
}

impl Base {
    pub(crate) fn image(&self, platform: &str) -> Option<Image> {
        self.images.get(platform).cloned()
    }
}

/// What is known of everything that was put: digests, no bytes.
#[derive(Default)]
pub(crate) struct Store {
    /// Where a blob was put first.
    homes: HashMap<Digest, RepositoryName>,
    /// What each repository has.
    present: HashSet<(RepositoryName, Digest)>,
    /// By the name of their recipe.
    layers: HashMap<String, Layer>,
    bases: HashMap<&'static str, Base>,
}

/// One push, and what it may rely on.
pub(crate) struct Maker<'a> {
    store: &'a mut Store,
    ready: VecDeque<Step>,
    repository: RepositoryName,
    at: Timestamp,
    /// RFC 3339, of what is being built.
    created: String,
}

/// A tag's manifest that is no image: a chart, a signature, a list of packages.
#[derive(Default)]
pub(crate) struct Artifact {
    pub(crate) artifact_type: Option<&'static str>,
    /// `{}` of the empty type where there is none.
    pub(crate) config: Option<Descriptor>,
    pub(crate) layers: Vec<Descriptor>,
    pub(crate) subject: Option<Descriptor>,
    pub(crate) annotations: Words,
}

/// The steps of one push.
pub(crate) fn carry_out(job: Job, now: Timestamp, store: &mut Store) -> Result<VecDeque<Step>, Error> {
    let built = now.as_second() - (job.days * 86_400.0) as i64;
    let mut maker = Maker {
        store,
        ready: VecDeque::new(),
        repository: RepositoryName::parse(job.repository)?,
        at: Timestamp::from_second(built + BUILD_TO_PUSH)?.min(now),
        created: Timestamp::from_second(built)?.to_string(),
    };
    (job.make)(&mut maker)?;
    Ok(maker.ready)
}

impl Maker<'_> {
    /// When what is being made was built, in RFC 3339.
    pub(crate) fn created(&self) -> &str {
        &self.created
    }

    pub(crate) fn repository(&self) -> &str {
        self.repository.as_str()
    }

    fn step(&mut self, put: Put) {
        self.ready.push_back(Step { repository: self.repository.clone(), at: self.at, put });
    }

    /// Whether the repository had it not, which it has now.
    fn arrives(&mut self, digest: &Digest) -> bool {
        self.store.present.insert((self.repository.clone(), digest.clone()))
    }

    /// Content under its descriptor.
    pub(crate) fn blob(&mut self, media_type: &'static str, bytes: impl Into<Bytes>) -> Descriptor {
        let bytes = bytes.into();
        let (digest, size) = (layer::digest(&bytes), bytes.len());
        if self.arrives(&digest) {
            let home = self.store.homes.entry(digest.clone()).or_insert_with(|| self.repository.clone());
            let put = if *home == self.repository {
                Put::Blob { digest: digest.clone(), bytes }
            } else {
                Put::Mount { digest: digest.clone(), from: home.clone() }
            };
            self.step(put);
        }
        Descriptor { media_type, digest, size, artifact_type: None, platform: None, annotations: Words::new() }
    }

    /// The same of a JSON document.
    pub(crate) fn json(&mut self, media_type: &'static str, document: &impl Serialize) -> Result<Descriptor, Error> {
        Ok(self.blob(media_type, serde_json::to_vec(document)?))
    }

    /// Content that is a file to people: `org.opencontainers.image.title`.
    pub(crate) fn file(&mut self, name: &str, media_type: &'static str, bytes: impl Into<Bytes>) -> Descriptor {
        Descriptor { annotations: document::about([("title", name)]), ..self.blob(media_type, bytes) }
    }

    fn layer(&mut self, recipe: Recipe, dialect: Dialect) -> Result<Layer, Error> {
        if let Some(made) = self.store.layers.get(&recipe.name).cloned() {
            return Ok(self.bring(made, dialect));
        }
        let packed = layer::pack((recipe.files)(), recipe.packing)?;
        let descriptor = self.blob(layer_type(recipe.packing, dialect), packed.bytes);
        let made = Layer { diff_id: packed.diff_id, packing: recipe.packing, descriptor };
        self.store.layers.insert(recipe.name, made.clone());
        Ok(made)
    }

    /// A layer made earlier, into this repository.
    fn bring(&mut self, mut layer: Layer, dialect: Dialect) -> Layer {
        layer.descriptor.media_type = layer_type(layer.packing, dialect);
        let digest = layer.descriptor.digest.clone();
        if self.arrives(&digest)
            && let Some(from) = self.store.homes.get(&digest).cloned()
        {
            self.step(Put::Mount { digest, from });
        }
        layer
    }

    /// One image; the tags are those of a repository without indexes.
    pub(crate) fn image(&mut self, build: Build, tags: &[String]) -> Result<Image, Error> {
        let Build { platform, from, dialect, author, instructions, run, annotations, .. } = build;
        let (mut history, below) = from.map(|image| (image.history, image.layers)).unwrap_or_default();
        let mut layers: Vec<_> = below.into_iter().map(|layer| self.bring(layer, dialect)).collect();
        for instruction in instructions {
            let layer = instruction.layer.map(|recipe| self.layer(recipe, dialect)).transpose()?;
            let created = self.created.clone();
            history.push(History { created, created_by: instruction.created_by, comment: instruction.comment, empty: layer.is_none() });
            layers.extend(layer);
        }
        let rootfs = RootFs { r#type: "layers", diff_ids: layers.iter().map(|layer| &layer.diff_id).collect() };
        let created = self.created.clone();
        let config = document::Config { created: &created, author, platform: &platform, config: &run, rootfs, history: &history };
        let config = self.json(dialect.config(), &config)?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: dialect.manifest(),
            artifact_type: None,
            config,
            layers: layers.iter().map(|layer| layer.descriptor.clone()).collect(),
            subject: None,
            annotations,
        };
        let descriptor = Descriptor { platform: Some(platform), ..self.manifest(manifest.media_type, &manifest, tags)? };
        Ok(Image { run, descriptor, history, layers })
    }

    pub(crate) fn index(
        &mut self,
        manifests: Vec<Descriptor>,
        dialect: Dialect,
        annotations: Words,
        tags: &[String],
    ) -> Result<Descriptor, Error> {
        let index = Index { schema_version: 2, media_type: dialect.index(), manifests, annotations };
        self.manifest(index.media_type, &index, tags)
    }

    pub(crate) fn artifact(&mut self, artifact: Artifact, tags: &[String]) -> Result<Descriptor, Error> {
        let Artifact { artifact_type, config, layers, subject, annotations } = artifact;
        let config = config.unwrap_or_else(|| self.blob(media_type::OCI_EMPTY, &b"{}"[..]));
        let subject = subject.map(|subject| subject.bare());
        let media_type = media_type::OCI_MANIFEST;
        let manifest = Manifest { schema_version: 2, media_type, artifact_type, config, layers, subject, annotations };
        Ok(Descriptor { artifact_type, ..self.manifest(media_type, &manifest, tags)? })
    }

    fn manifest(&mut self, media_type: &'static str, document: &impl Serialize, tags: &[String]) -> Result<Descriptor, Error> {
        let bytes = Bytes::from(serde_json::to_vec(document)?);
        let (digest, size) = (layer::digest(&bytes), bytes.len());
        if self.arrives(&digest) || !tags.is_empty() {
            let tags = tags.iter().map(|tag| Tag::parse(tag)).collect::<Result<_, _>>()?;
            self.step(Put::Manifest { digest: digest.clone(), media_type, bytes, tags });
        }
        Ok(Descriptor { media_type, digest, size, artifact_type: None, platform: None, annotations: Words::new() })
    }

    /// What is built from now on stands on this release.
    pub(crate) fn set_base(&mut self, name: &'static str, version: &str, digest: Digest, images: BTreeMap<String, Image>) {
        self.store.bases.insert(name, Base { name: format!("docker.io/library/{name}:{version}"), digest, images });
    }

    pub(crate) fn base(&self, name: &str) -> Option<Base> {
        self.store.bases.get(name).cloned()
    }
}

fn layer_type(packing: Packing, dialect: Dialect) -> &'static str {
    match (packing, dialect) {
        (Packing::Gzip, Dialect::Docker) => document::LAYER_DOCKER,
        (Packing::Gzip, Dialect::Oci) => document::LAYER_GZIP,
        (Packing::Zstd, _) => document::LAYER_ZSTD,
    }
}
