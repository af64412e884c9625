//! Manifests as they are taken in: strictly. What is ambiguous is refused here, so that no client has to guess later.
//!
//! [`oci::Manifest`] reads leniently what others already hold; this reads what we are about to promise.

use crate::error::{Code, Error, Result, refuse};
use oci::{Digest, limits, media_type};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// What the registry needs to know of a manifest.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) media_type: String,
    pub(crate) subject: Option<Digest>,
    /// Blobs that must be there.
    pub(crate) blobs: Vec<Named>,
    /// Manifests that must be there.
    pub(crate) children: Vec<Named>,
}

/// Content that a manifest names.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u64>,
    media_type: Option<String>,
    #[serde(rename = "artifactType")]
    _artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
    subject: Option<RawDescriptor>,
    #[serde(rename = "annotations")]
    _annotations: Option<BTreeMap<String, String>>,
    fs_layers: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    media_type: Option<String>,
    digest: String,
    size: u64,
}

/// Fields whose spelling in other cases Go's readers would take for them (and ours not).
const FIELDS: [&str; 8] = ["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];

/// Any value, read to the end: what is skipped unread may hold text that other readers stumble over.
struct Whole;

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_str<E>(self, _: &str) -> Result<Whole, E> {
                Ok(Whole)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Whole, A::Error> {
                while items.next_element::<Whole>()?.is_some() {}
                Ok(Whole)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
                while map.next_entry::<Whole, Whole>()?.is_some() {}
                Ok(Whole)
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// Only looks at a document's top names.
struct TopNames;

impl<'de> Deserialize<'de> for TopNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = TopNames;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopNames, A::Error> {
                while let Some(name) = map.next_key::<String>()? {
                    if let Some(field) = FIELDS.iter().find(|field| **field != name && field.eq_ignore_ascii_case(&name)) {
                        return Err(serde::de::Error::custom(format_args!("“{field}” is written in other capitals")));
                    }
                    map.next_value::<Whole>()?;
                }
                Ok(TopNames)
            }
        }
        deserializer.deserialize_map(Look)
    }
}

/// How deep others read, serde_json among them; what we do not look into is skipped however deep it is.
const DEPTH: usize = 127;

/// How deep arrays and objects are nested.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut most, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    refuse(Code::ManifestInvalid, message)
}

impl Document {
    /// Reads a manifest that is being put; `header` is its Content-Type.
    pub(crate) fn read(bytes: &[u8], header: Option<&str>) -> Result<Self> {
        let malformed = |error: serde_json::Error| Error::new(Code::ManifestInvalid, format!("the manifest is not well-formed: {error}"));
        if depth(bytes) > DEPTH {
            return invalid(format!("the manifest is nested more than {DEPTH} deep"));
        }
        serde_json::from_slice::<TopNames>(bytes).map_err(malformed)?;
        let raw: Raw = serde_json::from_slice(bytes).map_err(malformed)?;
        let header = header.map(media_type::bare).filter(|h| oci::media_type::is_manifest(h));
        let written = raw.media_type.as_deref().map(media_type::bare);
        if raw.schema_version == Some(1)
            || raw.fs_layers.is_some()
            || written
                .as_deref()
                .or(header.as_deref())
                .is_some_and(|t| matches!(t, media_type::DOCKER_SCHEMA1 | media_type::DOCKER_SCHEMA1_SIGNED))
        {
            return invalid("Docker's schema 1 manifests are not taken: push the image with a client of this decade");
        }
        if raw.schema_version != Some(2) {
            return invalid("the manifest's schemaVersion is not 2");
        }
        let image = raw.layers.is_some() || raw.config.is_some();
        let index = raw.manifests.is_some();
        if image && index {
            return invalid("the manifest is an image and an index at once");
        }
        if !image && !index {
            return invalid("the manifest has neither layers nor manifests");
        }
        let by_shape = if index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
        // As it is written, since others compare it so.
        let media_type = raw.media_type.unwrap_or_else(|| by_shape.to_owned());
        if let Some(header) = header
            && header != media_type
        {
            return invalid(format!("the manifest is {media_type}, but was sent as {header}"));
        }
        match media_type.as_str() {
            media_type::OCI_INDEX | media_type::DOCKER_LIST if index => {}
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST if image => {}
            media_type::OCI_INDEX | media_type::DOCKER_LIST | media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => {
                return invalid(format!("the manifest calls itself {media_type}, but has not its fields"));
            }
            other => return invalid(format!("manifests of the type {other} are not taken")),
        }
        let config_type = raw.config.as_ref().and_then(|config| config.media_type.clone());
        let mut blobs = named(raw.layers.unwrap_or_default(), |kind| !elsewhere(kind))?;
        blobs.extend(named(raw.config.into_iter().collect(), |_| true)?);
        if image && config_type.is_none() {
            return invalid("the manifest has no config, or its config no mediaType");
        }
        Ok(Self {
            media_type,
            subject: named(raw.subject.into_iter().collect(), |_| true)?.into_iter().next().map(|named| named.digest),
            blobs,
            children: named(raw.manifests.unwrap_or_default(), |_| true)?,
        })
    }
}

fn named(raw: Vec<RawDescriptor>, wanted: impl Fn(&str) -> bool) -> Result<Vec<Named>> {
    if raw.len() > limits::DESCRIPTORS {
        return invalid(format!("the manifest lists {} items, more than the {} that are taken", raw.len(), limits::DESCRIPTORS));
    }
    raw.into_iter()
        .filter(|descriptor| wanted(descriptor.media_type.as_deref().unwrap_or_default()))
        .map(|descriptor| {
            let digest =
                Digest::parse(&descriptor.digest).map_err(|error| Error::new(Code::ManifestInvalid, format!("in the manifest {error}")))?;
            if i64::try_from(descriptor.size).is_err() {
                return invalid(format!("the manifest gives {digest} an impossible size"));
            }
            Ok(Named { digest, size: descriptor.size })
        })
        .collect()
}

/// Layers that may lie at another place (image-spec 1.0, "Non-Distributable Layers"; Docker's foreign layers).
fn elsewhere(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar")
}

/// The type of a manifest that is in storage, whoever put it there: as written, else by its shape, as distribution tells it.
pub(crate) fn stored_type(bytes: &[u8]) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        #[serde(default)]
        schema_version: serde_json::Value,
        #[serde(default)]
        media_type: serde_json::Value,
        manifests: Option<IgnoredAny>,
    }
    let Ok(shape) = serde_json::from_slice::<Shape>(bytes) else { return media_type::OCI_MANIFEST.to_owned() };
    if let Some(written) = shape.media_type.as_str().filter(|t| !t.is_empty() && t.len() <= 255 && t.bytes().all(|b| b.is_ascii_graphic()))
    {
        return written.to_owned();
    }
    if shape.schema_version == 1 {
        return media_type::DOCKER_SCHEMA1_SIGNED.to_owned();
    }
    (if shape.manifests.is_some() { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST }).to_owned()
}

/// What a manifest in storage names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) blobs: Vec<Digest>,
    /// Layers that may lie at another place.
    pub(crate) elsewhere: Vec<Digest>,
    pub(crate) children: Vec<Digest>,
}

/// What a manifest in storage names, whoever put it there and of whatever type: Docker's schema 1 and OCI's former artifact manifest among
/// them. `None` where it cannot be read.
pub(crate) fn stored_names(bytes: &[u8]) -> Option<Names> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Loose {
        config: Option<LooseDescriptor>,
        layers: Option<Vec<LooseDescriptor>>,
        blobs: Option<Vec<LooseDescriptor>>,
        manifests: Option<Vec<LooseDescriptor>>,
        fs_layers: Option<Vec<FsLayer>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FsLayer {
        blob_sum: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct LooseDescriptor {
        media_type: Option<String>,
        digest: Option<String>,
    }
    let digest = |named: LooseDescriptor| Digest::parse(named.digest.as_deref()?).ok();
    let loose: Loose = serde_json::from_slice(bytes).ok()?;
    let layers = loose.layers.unwrap_or_default().into_iter().chain(loose.blobs.unwrap_or_default());
    let (away, here): (Vec<_>, Vec<_>) = layers.partition(|named| named.media_type.as_deref().is_some_and(elsewhere));
    let old = loose.fs_layers.unwrap_or_default().into_iter().filter_map(|layer| Digest::parse(layer.blob_sum.as_deref()?).ok());
    Some(Names {
        // A configuration is here, whatever it calls itself.
        blobs: loose.config.into_iter().chain(here).filter_map(digest).chain(old).collect(),
        elsewhere: away.into_iter().filter_map(digest).collect(),
        children: loose.manifests.unwrap_or_default().into_iter().filter_map(digest).collect(),
    })
}

/// What a manifest in storage refers to, and how the list of referrers shows it; `None` where it refers to nothing.
pub(crate) fn reference(bytes: &[u8]) -> Option<Reference> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Loose {
        artifact_type: Option<String>,
        config: Option<LooseConfig>,
        subject: Option<LooseSubject>,
        annotations: Option<BTreeMap<String, serde_json::Value>>,
    }
    #[derive(Deserialize)]
    struct LooseSubject {
        digest: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct LooseConfig {
        media_type: Option<String>,
    }
    // Most manifests have none: look before reading. A name may be written with escapes.
    if !bytes.windows(9).any(|window| window == b"\"subject\"" || window.starts_with(b"\\u")) {
        return None;
    }
    let loose: Loose = serde_json::from_slice(bytes).ok()?;
    Some(Reference {
        subject: Digest::parse(&loose.subject?.digest).ok()?,
        artifact_type: loose.artifact_type.filter(|t| !t.is_empty()).or_else(|| loose.config?.media_type),
        annotations: loose.annotations.unwrap_or_default(),
    })
}

pub(crate) struct Reference {
    pub(crate) subject: Digest,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: BTreeMap<String, serde_json::Value>,
}

#[cfg(test)]
#[path = "document/tests.rs"]
mod tests;
