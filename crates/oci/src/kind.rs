use crate::{Body, Descriptor, Manifest, media_type};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a manifest is to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Kind {
    /// Something that runs, for one platform.
    Image,
    /// The same for several platforms.
    Index,
    Helm,
    /// Files of a type we have no word for.
    Artifact,
    Signature,
    Sbom,
    Provenance,
    Wasm,
    Model,
    Unknown,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Image,
        Self::Index,
        Self::Helm,
        Self::Artifact,
        Self::Signature,
        Self::Sbom,
        Self::Provenance,
        Self::Wasm,
        Self::Model,
        Self::Unknown,
    ];

    /// The word in addresses, queries and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Index => "index",
            Self::Helm => "helm",
            Self::Artifact => "artifact",
            Self::Signature => "signature",
            Self::Sbom => "sbom",
            Self::Provenance => "provenance",
            Self::Wasm => "wasm",
            Self::Model => "model",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }

    /// What people read: `Helm chart`, `SBOM`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Index => "Multi-platform image",
            Self::Helm => "Helm chart",
            Self::Artifact => "Artifact",
            Self::Signature => "Signature",
            Self::Sbom => "SBOM",
            Self::Provenance => "Provenance",
            Self::Wasm => "WASM module",
            Self::Model => "Model",
            Self::Unknown => "Unknown",
        }
    }

    /// The kind of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        match &manifest.body {
            Body::Schema1 { .. } => Self::Image,
            Body::Index { .. } => match manifest.artifact_type.as_deref().and_then(by_type) {
                Some(kind) => kind,
                // An index of artifacts only (no entry has a platform or a runnable type) is no image.
                None if manifest.platforms().next().is_some() => Self::Index,
                None => Self::of_platformless(manifest),
            },
            Body::Image { config, layers } => {
                let types = manifest.artifact_type.as_deref().into_iter().chain(config.as_ref().map(|c| c.media_type.as_str()));
                if let Some(kind) = types.clone().find_map(by_type).or_else(|| layers.iter().find_map(by_layer)) {
                    return kind;
                }
                match config {
                    Some(c) if media_type::is_image_config(&c.media_type) && manifest.artifact_type.is_none() => Self::Image,
                    None => Self::Unknown,
                    Some(_) => Self::Artifact,
                }
            }
        }
    }

    fn of_platformless(index: &Manifest) -> Self {
        let Body::Index { manifests } = &index.body else { return Self::Unknown };
        let runnable =
            |d: &Descriptor| media_type::is_manifest(&d.media_type) && d.artifact_type.is_none() && !d.has_platform && !d.is_attestation();
        match manifests.as_slice() {
            [] => Self::Index,
            entries if entries.iter().any(runnable) => Self::Index,
            _ => Self::Artifact,
        }
    }

    /// The kind that a descriptor in a referrers list promises.
    pub fn of_referrer(descriptor: &Descriptor) -> Self {
        if descriptor.is_attestation() {
            return Self::Provenance;
        }
        descriptor.artifact_type.as_deref().and_then(by_type).unwrap_or(if descriptor.artifact_type.is_some() {
            Self::Artifact
        } else {
            Self::Unknown
        })
    }
}

/// What an artifact's or configuration's media type says.
fn by_type(media_type: &str) -> Option<Kind> {
    let t = media_type;
    let has = |s: &str| t.contains(s);
    Some(match t {
        _ if has("cncf.helm.config") || has("cncf.helm.chart") => Kind::Helm,
        _ if has("dev.cosign.simplesigning")
            || has("cncf.notary.signature")
            || has("dev.sigstore.bundle")
            || has("dev.cosign.artifact.sig") =>
        {
            Kind::Signature
        }
        _ if has("spdx") || has("cyclonedx") || has("syft") || has("cosign.artifact.sbom") => Kind::Sbom,
        _ if has("in-toto") || has("slsa") || has("docker.attestation.manifest") => Kind::Provenance,
        _ if has("vnd.wasm.") || t == "application/wasm" => Kind::Wasm,
        _ if has("cncf.model.") || has("docker.ai.model") || has("ollama.image.model") => Kind::Model,
        _ => return None,
    })
}

fn by_layer(layer: &Descriptor) -> Option<Kind> {
    match layer.media_type.as_str() {
        "application/vnd.in-toto+json" => Some(match layer.annotations.get("in-toto.io/predicate-type") {
            Some(p) if p.contains("spdx") || p.contains("cyclonedx") => Kind::Sbom,
            _ => Kind::Provenance,
        }),
        // A chart's archive may hide in an image by mistake; only signatures and modules are sure by their layer.
        t if t.contains("dev.cosign.simplesigning") || t.contains("dsse.envelope") => Some(Kind::Signature),
        t if t.contains("vnd.wasm.") || t == "application/wasm" => Some(Kind::Wasm),
        t if t.contains("spdx+json") || t.contains("cyclonedx") => Some(Kind::Sbom),
        _ => None,
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(v: serde_json::Value) -> Kind {
        Kind::of(&Manifest::parse(v.to_string().as_bytes(), None).unwrap())
    }

    fn d(t: &str) -> serde_json::Value {
        json!({"mediaType": t, "digest": format!("sha256:{}", "a".repeat(64)), "size": 3})
    }

    #[test]
    fn every_kind_is_known_by_its_types() {
        let image = |config: &str, layer: &str| kind(json!({"config": d(config), "layers": [d(layer)]}));
        assert_eq!(image(media_type::OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+gzip"), Kind::Image);
        assert_eq!(image(media_type::DOCKER_CONFIG, "x"), Kind::Image);
        assert_eq!(image("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"), Kind::Helm);
        assert_eq!(image(media_type::OCI_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json"), Kind::Signature);
        assert_eq!(image(media_type::OCI_CONFIG, "application/vnd.in-toto+json"), Kind::Provenance);
        assert_eq!(image("application/vnd.wasm.config.v0+json", "application/wasm"), Kind::Wasm);
        assert_eq!(image("application/vnd.cncf.model.config.v1+json", "x"), Kind::Model);
        assert_eq!(image(media_type::OCI_EMPTY, "text/plain"), Kind::Artifact);
        assert_eq!(kind(json!({"artifactType": "application/spdx+json", "config": d(media_type::OCI_EMPTY), "layers": []})), Kind::Sbom);
    }

    #[test]
    fn an_index_of_artifacts_is_no_image() {
        let mut entry = d(media_type::OCI_MANIFEST);
        assert_eq!(kind(json!({"manifests": [entry]})), Kind::Index);
        entry["artifactType"] = json!("application/example");
        assert_eq!(kind(json!({"manifests": [entry]})), Kind::Artifact);
        // BuildKit's cache lists layers.
        assert_eq!(kind(json!({"manifests": [d("application/vnd.oci.image.layer.v1.tar+gzip")]})), Kind::Artifact);
        assert_eq!(kind(json!({"mediaType": media_type::OCI_INDEX, "manifests": []})), Kind::Index);
    }
}
