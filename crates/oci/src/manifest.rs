use crate::{Digest, Platform, media_type, value};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bounds on what a registry may make us read.
pub mod limits {
    /// Bytes of one manifest (distribution-spec 1.1 asks registries to take at least 4 MiB).
    pub const MANIFEST: usize = 4 << 20;
    /// Bytes of one image configuration.
    pub const CONFIG: usize = 8 << 20;
    /// Descriptors read of one manifest, index or referrers list.
    pub const DESCRIPTORS: usize = 10_000;
    /// Levels of indexes inside indexes that are followed.
    pub const DEPTH: usize = 4;
    /// Manifests followed from one index, over all levels.
    pub const NODES: usize = 1_000;
}

/// Why a document cannot be shown as a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest has {0} bytes, more than the {max} that are read", max = limits::MANIFEST)]
    TooLarge(usize),
    #[error("the manifest is not JSON: {0}")]
    NotJson(String),
    #[error("the manifest is no JSON object")]
    NotAnObject,
    #[error("the manifest is an image and an index at once")]
    Ambiguous,
    #[error("the manifest calls itself {body} but was sent as {header}")]
    TypeConflict { header: String, body: String },
    #[error("the manifest has neither layers nor manifests, and its type “{0}” is not known")]
    Unknown(String),
    #[error("the manifest lists {0} items, more than the {max} that are read", max = limits::DESCRIPTORS)]
    TooMany(usize),
}

/// A reference to content by digest (image-spec 1.1, descriptor.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    pub media_type: String,
    pub digest: Digest,
    /// Bytes; what the writer claims.
    pub size: u64,
    pub artifact_type: Option<String>,
    pub platform: Option<Platform>,
    /// A platform was written, whatever it says (`unknown/unknown` for attestations).
    #[serde(default)]
    pub has_platform: bool,
    pub annotations: BTreeMap<String, String>,
}

/// A manifest as read, whatever its generation. The bytes stay with whoever holds them: they are the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub media_type: String,
    /// As written, else the configuration's type where that is no image's.
    pub artifact_type: Option<String>,
    pub subject: Option<Descriptor>,
    pub annotations: BTreeMap<String, String>,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An OCI or Docker image manifest, or an artifact in its form.
    Image { config: Option<Descriptor>, layers: Vec<Descriptor> },
    /// An OCI index or Docker manifest list.
    Index { manifests: Vec<Descriptor> },
    /// Docker schema 1: layers oldest first, without sizes; the configuration of the newest, as text.
    Schema1 { layers: Vec<Digest>, config: Option<String>, architecture: Option<String> },
}

impl Manifest {
    /// Reads a manifest of at most [`limits::MANIFEST`] bytes. `header` is the Content-Type it was sent with, if any.
    ///
    /// Fields that are null, absent or of the wrong type are taken as absent; descriptors without a valid digest
    /// are left out. A body that is image and index at once (CVE-2021-41190), or whose type contradicts the
    /// header, is an error: a guess could show something else than what a client would run.
    pub fn parse(bytes: &[u8], header: Option<&str>) -> Result<Self, ManifestError> {
        if bytes.len() > limits::MANIFEST {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        let json: Value = serde_json::from_slice(bytes).map_err(|e| ManifestError::NotJson(e.to_string()))?;
        if !json.is_object() {
            return Err(ManifestError::NotAnObject);
        }
        let header = header
            .map(media_type::bare)
            .filter(|h| !h.is_empty() && h != "application/json" && h != "text/plain" && h != "application/octet-stream");
        let written = value::text(&json, "mediaType").map(|m| media_type::bare(&m));
        if let (Some(header), Some(body)) = (&header, &written)
            && header != body
            && !(schema1(header) && schema1(body))
        {
            return Err(ManifestError::TypeConflict { header: header.clone(), body: body.clone() });
        }
        let declared = written.or(header);
        let has = |name: &str| !value::field(&json, name).is_null();
        if has("manifests") && (has("layers") || has("config")) {
            return Err(ManifestError::Ambiguous);
        }
        if declared.as_deref().is_some_and(schema1) || (declared.is_none() && has("fsLayers")) {
            return Ok(Self::schema1(&json, declared.unwrap_or_else(|| media_type::DOCKER_SCHEMA1_SIGNED.to_owned())));
        }
        // The type decides where it is known; a contradiction with the fields is ambiguous, too.
        let index = match declared.as_deref() {
            Some(t) if media_type::is_index(t) => {
                if has("layers") {
                    return Err(ManifestError::Ambiguous);
                }
                true
            }
            Some(t) if media_type::is_manifest(t) => {
                if has("manifests") {
                    return Err(ManifestError::Ambiguous);
                }
                false
            }
            _ if has("manifests") => true,
            _ if has("layers") || has("config") || has("blobs") => false,
            other => return Err(ManifestError::Unknown(other.unwrap_or("none").to_owned())),
        };
        let items = |name: &str| {
            let list = value::list(&json, name);
            if list.len() > limits::DESCRIPTORS {
                Err(ManifestError::TooMany(list.len()))
            } else {
                Ok(list.iter().filter_map(Descriptor::read).collect::<Vec<_>>())
            }
        };
        let body = if index {
            Body::Index { manifests: items("manifests")? }
        } else {
            let mut layers = items("layers")?;
            if layers.is_empty() {
                layers = items("blobs")?;
            }
            Body::Image { config: Descriptor::read(value::field(&json, "config")), layers }
        };
        let fallback = if index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
        let artifact_type = value::text(&json, "artifactType").or_else(|| match &body {
            Body::Image { config: Some(c), .. } if !media_type::is_image_config(&c.media_type) && c.media_type != media_type::OCI_EMPTY => {
                Some(c.media_type.clone())
            }
            _ => None,
        });
        Ok(Self {
            media_type: declared.unwrap_or_else(|| fallback.to_owned()),
            artifact_type,
            subject: Descriptor::read(value::field(&json, "subject")),
            annotations: value::pairs(&json, "annotations"),
            body,
        })
    }

    fn schema1(json: &Value, media_type: String) -> Self {
        let layers = value::list(json, "fsLayers")
            .iter()
            .rev()
            .take(limits::DESCRIPTORS)
            .filter_map(|l| Digest::parse(&value::text(l, "blobSum")?).ok())
            .collect();
        let config = value::list(json, "history").first().and_then(|h| value::text(h, "v1Compatibility"));
        Self {
            media_type,
            artifact_type: None,
            subject: None,
            annotations: BTreeMap::new(),
            body: Body::Schema1 { layers, config, architecture: value::text(json, "architecture") },
        }
    }

    /// The manifests of an index that can be run somewhere: with a real platform and of a manifest's type.
    pub fn platforms(&self) -> impl Iterator<Item = (&Platform, &Descriptor)> {
        let items: &[Descriptor] = match &self.body {
            Body::Index { manifests } => manifests,
            _ => &[],
        };
        items
            .iter()
            .filter(|d| media_type::is_manifest(&d.media_type) && !d.is_attestation())
            .filter_map(|d| d.platform.as_ref().map(|p| (p, d)))
    }

    /// The default of an index: `linux/amd64`, else the first platform.
    pub fn default_platform(&self) -> Option<(&Platform, &Descriptor)> {
        self.platforms().find(|(p, _)| p.os == "linux" && p.architecture == "amd64").or_else(|| self.platforms().next())
    }
}

fn schema1(media_type: &str) -> bool {
    matches!(media_type, media_type::DOCKER_SCHEMA1 | media_type::DOCKER_SCHEMA1_SIGNED)
}

impl Descriptor {
    /// Reads a descriptor; `None` without a valid digest. Negative, huge and missing sizes are 0.
    pub fn read(json: &Value) -> Option<Self> {
        let digest = Digest::parse(value::field(json, "digest").as_str()?).ok()?;
        let platform = value::field(json, "platform");
        let part = |name| value::text(platform, name).unwrap_or_default();
        Some(Self {
            media_type: media_type::bare(&value::text(json, "mediaType").unwrap_or_default()),
            digest,
            size: value::field(json, "size").as_u64().filter(|&s| i64::try_from(s).is_ok()).unwrap_or(0),
            artifact_type: value::text(json, "artifactType"),
            platform: Platform::new(&part("os"), &part("architecture"), value::text(platform, "variant").as_deref()),
            has_platform: platform.is_object(),
            annotations: value::pairs(json, "annotations"),
        })
    }

    /// Whether this entry of an index is BuildKit's attestation of another entry.
    pub fn is_attestation(&self) -> bool {
        self.annotations.get("vnd.docker.reference.type").is_some_and(|t| t == "attestation-manifest")
            || self.artifact_type.as_deref() == Some("application/vnd.docker.attestation.manifest.v1+json")
    }

    /// Which entry of the same index an attestation speaks of.
    pub fn attests(&self) -> Option<Digest> {
        Digest::parse(self.annotations.get("vnd.docker.reference.digest")?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn hex(c: char) -> String {
        format!("sha256:{}", c.to_string().repeat(64))
    }

    fn parse(v: &Value) -> Result<Manifest, ManifestError> {
        Manifest::parse(v.to_string().as_bytes(), None)
    }

    #[test]
    fn nulls_and_wrong_types_are_absent() {
        let m =
            parse(&json!({"schemaVersion": 2, "config": null, "layers": null, "annotations": {"a": 1, "b": null, "c": []}})).unwrap_err();
        assert!(matches!(m, ManifestError::Unknown(_)));
        let m = parse(&json!({"mediaType": media_type::OCI_MANIFEST, "config": 7, "layers": [null, 3, {"digest": "x"}, {"digest": hex('a'), "size": -1}], "annotations": {"a": 1}})).unwrap();
        let Body::Image { config, layers } = m.body else { panic!() };
        assert!(config.is_none());
        assert_eq!((layers.len(), layers[0].size), (1, 0));
        assert_eq!(m.annotations["a"], "1");
    }

    #[test]
    fn what_is_image_and_index_at_once_is_refused() {
        let d = json!({"digest": hex('a'), "size": 1, "mediaType": media_type::OCI_MANIFEST});
        assert_eq!(parse(&json!({"layers": [d], "manifests": [d]})), Err(ManifestError::Ambiguous));
        assert_eq!(parse(&json!({"mediaType": media_type::OCI_INDEX, "layers": [d]})), Err(ManifestError::Ambiguous));
        assert_eq!(parse(&json!({"mediaType": media_type::OCI_MANIFEST, "manifests": [d]})), Err(ManifestError::Ambiguous));
        let index = json!({"mediaType": media_type::OCI_INDEX, "manifests": [d]}).to_string();
        assert!(matches!(Manifest::parse(index.as_bytes(), Some(media_type::OCI_MANIFEST)), Err(ManifestError::TypeConflict { .. })));
        assert!(Manifest::parse(index.as_bytes(), Some("application/vnd.oci.image.index.v1+json; charset=utf-8")).is_ok());
    }

    #[test]
    fn attestations_are_no_platforms() {
        let child = |c, arch: &str, more: Value| {
            let mut d = json!({"digest": hex(c), "size": 1, "mediaType": media_type::OCI_MANIFEST, "platform": {"os": if arch == "unknown" { "unknown" } else { "linux" }, "architecture": arch}});
            d["annotations"] = more;
            d
        };
        let m = parse(&json!({"manifests": [
            child('1', "arm64", json!({})), child('2', "amd64", json!({})),
            child('3', "unknown", json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": hex('2')}))]}))
        .unwrap();
        assert_eq!(m.platforms().map(|(p, _)| p.to_string()).collect::<Vec<_>>(), ["linux/arm64", "linux/amd64"]);
        assert_eq!(m.default_platform().unwrap().0.to_string(), "linux/amd64");
    }

    #[test]
    fn schema_1_is_read_newest_last() {
        let m = Manifest::parse(
            json!({"schemaVersion": 1, "architecture": "amd64", "fsLayers": [{"blobSum": hex('b')}, {"blobSum": hex('a')}], "history": [{"v1Compatibility": "{\"os\":\"linux\"}"}]}).to_string().as_bytes(),
            Some(media_type::DOCKER_SCHEMA1_SIGNED),
        )
        .unwrap();
        let Body::Schema1 { layers, config, .. } = m.body else { panic!() };
        assert_eq!(layers[0].as_str(), hex('a'));
        assert!(config.is_some());
    }

    #[test]
    fn depth_and_counts_are_bounded() {
        let deep = format!("{{\"layers\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(Manifest::parse(deep.as_bytes(), None), Err(ManifestError::NotJson(_))));
        let many = json!({"layers": vec![json!({}); limits::DESCRIPTORS + 1]});
        assert_eq!(parse(&many), Err(ManifestError::TooMany(limits::DESCRIPTORS + 1)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::parse(&bytes, None);
        }

        #[test]
        fn no_json_makes_it_panic(kind in 0..6usize, field in "mediaType|layers|manifests|config|subject|fsLayers|blobs", other in "mediaType|layers|manifests|config|annotations") {
            let d = json!({"digest": hex('a'), "size": u64::MAX, "platform": {"os": 1}});
            let values = [Value::Null, json!("x"), json!(1), json!([d]), json!({"a": d}), json!([[[]]])];
            let mut m = json!({});
            m[field] = values[kind].clone();
            m[other] = values[(kind + 3) % 6].clone();
            let _ = parse(&m);
        }
    }
}
