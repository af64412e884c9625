use oci::{Body, Descriptor, ImageConfig, Kind, Manifest, media_type};
use serde::{Deserialize, Serialize};

/// What lists and search need of a manifest; stored beside its bytes, so that a start need not parse them again.
///
/// Changing its shape needs a new [`Summary::VERSION`]; rows of another version are made anew from the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub kind: Kind,
    pub media_type: String,
    /// Bytes of the manifest itself.
    pub bytes: u32,
    pub artifact_type: Option<String>,
    /// Milliseconds since 1970; none where the image does not say or says what reproducible builds say.
    pub created: Option<i64>,
    /// `os/architecture[/variant]` of an image.
    pub platform: Option<String>,
    /// Entries of an index.
    pub children: Vec<Child>,
    /// The configuration (first, if there is one) and the layers, each once: digest and bytes.
    pub blobs: Vec<(String, u64)>,
    /// How many layers, repeated ones counted; of an index, none.
    pub layers: u32,
    /// Labels and annotations, annotations first and winning, as `key=value`; at most [`Summary::LABELS`].
    pub labels: Vec<String>,
    pub description: Option<String>,
    /// `org.opencontainers.image.base.name`.
    pub base: Option<String>,
    /// What it refers to.
    pub subject: Option<String>,
    /// Of an attestation: what its statements are, with their predicate type.
    pub statements: Vec<(Kind, String)>,
    /// Sizes are not known (schema 1).
    pub sizeless: bool,
}

/// An entry of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    pub digest: String,
    pub platform: Option<String>,
    /// Of which entry it is BuildKit's attestation, if it is one.
    pub attests: Option<String>,
    /// It is fetched: a manifest of a known type.
    pub manifest: bool,
}

/// A [`Summary`] whose texts lie where it was read from: at start a million are read, and each is looked at once. Field by
/// field as [`Summary`], since both are read from the same bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct SummaryView<'a> {
    pub kind: Kind,
    pub media_type: &'a str,
    pub bytes: u32,
    #[serde(borrow)]
    pub artifact_type: Option<&'a str>,
    pub created: Option<i64>,
    #[serde(borrow)]
    pub platform: Option<&'a str>,
    #[serde(borrow)]
    pub children: Vec<ChildView<'a>>,
    #[serde(borrow)]
    pub blobs: Vec<(&'a str, u64)>,
    pub layers: u32,
    #[serde(borrow)]
    pub labels: Vec<&'a str>,
    #[serde(borrow)]
    pub description: Option<&'a str>,
    #[serde(borrow)]
    pub base: Option<&'a str>,
    #[serde(borrow)]
    pub subject: Option<&'a str>,
    #[serde(borrow)]
    pub statements: Vec<(Kind, &'a str)>,
    pub sizeless: bool,
}

/// A [`Child`] likewise.
#[derive(Debug, Deserialize)]
pub(crate) struct ChildView<'a> {
    pub digest: &'a str,
    #[serde(borrow)]
    pub platform: Option<&'a str>,
    #[serde(borrow)]
    pub attests: Option<&'a str>,
    pub manifest: bool,
}

impl<'a> SummaryView<'a> {
    /// `None` for a summary of another version or a damaged one.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        if version == Summary::VERSION { postcard::from_bytes(rest).ok() } else { None }
    }

    /// Bytes of its distinct layers and configuration; none for an index and where layers have no sizes.
    pub(crate) fn size(&self) -> Option<u64> {
        if self.sizeless || !self.children.is_empty() || media_type::is_index(self.media_type) {
            return None;
        }
        Some(self.blobs.iter().fold(0u64, |sum, (_, size)| sum.saturating_add(*size)))
    }
}

impl Summary {
    /// The first byte of a stored summary.
    const VERSION: u8 = 1;
    /// Labels kept for search; the image page reads all of them from the configuration.
    pub const LABELS: usize = 64;
    /// Bytes of one label kept.
    const LABEL_LEN: usize = 512;

    /// Sums up a manifest of so many bytes and, where it has one, its configuration.
    pub fn of(manifest: &Manifest, bytes: usize, config: Option<&ImageConfig>) -> Self {
        let kind = Kind::of(manifest);
        let mut blobs: Vec<(String, u64)> = Vec::new();
        let mut children = Vec::new();
        let (mut layers, mut sizeless, mut statements) = (0, false, Vec::new());
        let mut platform = None;
        let schema1;
        let mut config = config;
        match &manifest.body {
            Body::Image { config: descriptor, layers: all } => {
                layers = all.len() as u32;
                let mut seen = hashbrown::HashSet::new();
                for d in descriptor.iter().chain(all) {
                    if seen.insert(d.digest.as_str()) {
                        blobs.push((d.digest.to_string(), d.size));
                    }
                }
                statements = all.iter().filter_map(statement).collect();
            }
            Body::Index { manifests } => {
                children = manifests
                    .iter()
                    .take(oci::limits::NODES)
                    .map(|d| Child {
                        digest: d.digest.to_string(),
                        platform: d.platform.as_ref().filter(|_| !d.is_attestation()).map(ToString::to_string),
                        attests: if d.is_attestation() { Some(d.attests().map(|a| a.to_string()).unwrap_or_default()) } else { None },
                        manifest: media_type::is_manifest(&d.media_type),
                    })
                    .collect();
            }
            Body::Schema1 { layers: all, config: text, architecture } => {
                sizeless = true;
                layers = all.len() as u32;
                blobs = all.iter().map(|d| (d.to_string(), 0)).collect();
                blobs.dedup();
                schema1 = text.as_ref().and_then(|t| ImageConfig::parse(t.as_bytes()));
                config = config.or(schema1.as_ref());
                platform = architecture.as_ref().and_then(|a| oci::Platform::new("linux", a, None)).map(|p| p.to_string());
            }
        }
        if matches!(kind, Kind::Image | Kind::Wasm) {
            platform = config.and_then(|c| c.platform.as_ref()).map(ToString::to_string).or(platform);
        }
        let annotation = |key: &str| {
            manifest.annotations.get(key).map(String::as_str).or_else(|| config.and_then(|c| c.label(key))).filter(|t| !t.trim().is_empty())
        };
        let mut labels: Vec<String> = Vec::new();
        let pairs = manifest
            .annotations
            .iter()
            .chain(config.iter().flat_map(|c| &c.run.labels).filter(|(k, _)| !manifest.annotations.contains_key(*k)));
        for (key, value) in pairs.take(Self::LABELS) {
            labels.push(clip(&format!("{key}={value}"), Self::LABEL_LEN));
        }
        Self {
            kind,
            media_type: manifest.media_type.clone(),
            bytes: bytes as u32,
            artifact_type: manifest.artifact_type.clone(),
            created: config
                .and_then(|c| c.created.as_deref())
                .or_else(|| manifest.annotations.get("org.opencontainers.image.created").map(String::as_str))
                .and_then(built),
            platform,
            children,
            blobs,
            layers,
            labels,
            description: annotation("org.opencontainers.image.description")
                .or_else(|| annotation("org.label-schema.description"))
                .map(|t| clip(t.trim(), 300)),
            base: annotation("org.opencontainers.image.base.name").map(|t| clip(t, 300)),
            subject: manifest.subject.as_ref().map(|s| s.digest.to_string()),
            statements,
            sizeless,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![Self::VERSION]).unwrap_or_default()
    }

    /// `None` for a summary of another version or a damaged one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        if version == Self::VERSION { postcard::from_bytes(rest).ok() } else { None }
    }

    /// Bytes of its distinct layers and configuration; none for an index and where layers have no sizes.
    pub fn size(&self) -> Option<u64> {
        self.view().size()
    }

    pub(crate) fn view(&self) -> SummaryView<'_> {
        SummaryView {
            kind: self.kind,
            media_type: &self.media_type,
            bytes: self.bytes,
            artifact_type: self.artifact_type.as_deref(),
            created: self.created,
            platform: self.platform.as_deref(),
            children: self
                .children
                .iter()
                .map(|c| ChildView {
                    digest: &c.digest,
                    platform: c.platform.as_deref(),
                    attests: c.attests.as_deref(),
                    manifest: c.manifest,
                })
                .collect(),
            blobs: self.blobs.iter().map(|(digest, size)| (digest.as_str(), *size)).collect(),
            layers: self.layers,
            labels: self.labels.iter().map(String::as_str).collect(),
            description: self.description.as_deref(),
            base: self.base.as_deref(),
            subject: self.subject.as_deref(),
            statements: self.statements.iter().map(|(kind, predicate)| (*kind, predicate.as_str())).collect(),
            sizeless: self.sizeless,
        }
    }
}

/// What BuildKit or cosign put into a layer of statements.
fn statement(layer: &Descriptor) -> Option<(Kind, String)> {
    if layer.media_type != "application/vnd.in-toto+json" {
        return None;
    }
    let predicate = layer.annotations.get("in-toto.io/predicate-type").cloned().unwrap_or_default();
    let kind = if predicate.contains("spdx") || predicate.contains("cyclonedx") { Kind::Sbom } else { Kind::Provenance };
    Some((kind, clip(&predicate, 200)))
}

/// The time of a build, as milliseconds. Reproducible builds write the year 1, 1970 or 1980: no time at all.
pub fn built(text: &str) -> Option<i64> {
    let at = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    // 1981-01-01
    (at > 347_155_200_000).then_some(at)
}

/// At most `max` bytes, cut between characters, control characters out.
pub(crate) fn clip(text: &str, max: usize) -> String {
    let mut short = String::with_capacity(text.len().min(max));
    for c in text.chars() {
        if short.len() + c.len_utf8() > max {
            break;
        }
        short.push(if c.is_control() { ' ' } else { c });
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn d(c: char, size: u64, kind: &str) -> serde_json::Value {
        json!({"mediaType": kind, "digest": format!("sha256:{}", c.to_string().repeat(64)), "size": size})
    }

    #[test]
    fn a_layer_used_twice_counts_once() {
        let m = json!({"config": d('c', 10, media_type::OCI_CONFIG), "layers": [d('a', 100, "x"), d('b', 50, "x"), d('a', 100, "x")]});
        let m = Manifest::parse(m.to_string().as_bytes(), None).unwrap();
        let c = ImageConfig::parse(br#"{"os":"linux","architecture":"amd64","created":"2026-01-02T03:04:05Z","config":{"Labels":{"team":"payments","org.opencontainers.image.description":" Pays "}}}"#);
        let s = Summary::of(&m, 500, c.as_ref());
        assert_eq!((s.size(), s.layers, s.kind), (Some(160), 3, Kind::Image));
        assert_eq!(s.description.as_deref(), Some("Pays"));
        assert_eq!(s.platform.as_deref(), Some("linux/amd64"));
        assert!(s.labels.contains(&"team=payments".to_owned()));
        let encoded = s.encode();
        assert_eq!(format!("{:?}", SummaryView::decode(&encoded)), format!("{:?}", Some(s.view())));
        assert_eq!(Summary::decode(&encoded), Some(s));
    }

    #[test]
    fn times_of_reproducible_builds_are_unknown() {
        for text in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "yesterday", ""] {
            assert_eq!(built(text), None, "{text}");
        }
        assert_eq!(built("2026-11-23T21:00:00.123456789+01:00"), Some(1_795_464_000_123));
    }

    #[test]
    fn a_damaged_summary_is_made_anew() {
        assert_eq!(Summary::decode(&[]), None);
        assert_eq!(Summary::decode(&[9, 1, 2]), None);
        assert_eq!(Summary::decode(&[Summary::VERSION, 1, 2]), None);
    }
}
