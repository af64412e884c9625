//! What is written as JSON: descriptors, manifests, indexes, configurations (image-spec 1.1), fields in the order people know.

use oci::{Digest, media_type};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Words = BTreeMap<String, String>;

/// Layers of a file system, as OCI and as Docker call them.
pub(crate) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
pub(crate) const LAYER_DOCKER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Platform {
    pub(crate) architecture: String,
    pub(crate) os: String,
    #[serde(rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub(crate) os_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
}

impl Platform {
    /// Of `linux/arm64/v8`.
    pub(crate) fn of(words: &str) -> Self {
        let mut parts = words.split('/').map(str::to_owned);
        let os = parts.next().unwrap_or_default();
        // Windows images say which Windows they are for.
        let os_version = (os == "windows").then_some("10.0.20348.2849");
        Self { os, architecture: parts.next().unwrap_or_default(), os_version, variant: parts.next() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: &'static str,
    pub(crate) digest: Digest,
    pub(crate) size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub(crate) annotations: Words,
}

impl Descriptor {
    /// Type, digest and size alone, as a subject is named.
    pub(crate) fn bare(&self) -> Self {
        Self { artifact_type: None, platform: None, annotations: Words::new(), ..self.clone() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u8,
    pub(crate) media_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<&'static str>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub(crate) annotations: Words,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    pub(crate) schema_version: u8,
    pub(crate) media_type: &'static str,
    pub(crate) manifests: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub(crate) annotations: Words,
}

#[derive(Serialize)]
pub(crate) struct Config<'a> {
    pub(crate) created: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) platform: &'a Platform,
    pub(crate) config: &'a Run,
    pub(crate) rootfs: RootFs<'a>,
    pub(crate) history: &'a [History],
}

#[derive(Serialize)]
pub(crate) struct RootFs<'a> {
    pub(crate) r#type: &'static str,
    pub(crate) diff_ids: Vec<&'a Digest>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct History {
    pub(crate) created: String,
    pub(crate) created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<&'static str>,
    /// The step made no layer.
    #[serde(rename = "empty_layer", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) empty: bool,
}

/// What is only named, as Docker writes it: `{"8080/tcp": {}}`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    pub(crate) fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|name| (name, serde_json::Map::new())))
    }
}

/// How a container runs.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Run {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) user: String,
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub(crate) exposed_ports: Names,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cmd: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthcheck: Option<Healthcheck>,
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub(crate) volumes: Names,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) working_dir: String,
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub(crate) labels: Words,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) stop_signal: String,
}

/// Docker's own: a test and, in nanoseconds, when it is made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Healthcheck {
    pub(crate) test: [String; 2],
    pub(crate) interval: u64,
    pub(crate) timeout: u64,
    pub(crate) start_period: u64,
    pub(crate) retries: u8,
}

/// Annotations and labels from pairs.
pub(crate) fn words<const N: usize>(pairs: [(&str, &str); N]) -> Words {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// `org.opencontainers.image.*`, without writing that out.
pub(crate) fn about<const N: usize>(pairs: [(&str, &str); N]) -> Words {
    pairs.into_iter().map(|(key, value)| (format!("org.opencontainers.image.{key}"), value.to_owned())).collect()
}

/// Which types a manifest and what it names have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Oci,
    /// Schema 2 and its manifest lists.
    Docker,
}

impl Dialect {
    pub(crate) fn manifest(self) -> &'static str {
        if self == Self::Docker { media_type::DOCKER_MANIFEST } else { media_type::OCI_MANIFEST }
    }

    pub(crate) fn index(self) -> &'static str {
        if self == Self::Docker { media_type::DOCKER_LIST } else { media_type::OCI_INDEX }
    }

    pub(crate) fn config(self) -> &'static str {
        if self == Self::Docker { media_type::DOCKER_CONFIG } else { media_type::OCI_CONFIG }
    }
}
