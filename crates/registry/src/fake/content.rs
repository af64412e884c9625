//! What the fake registry holds: images made from a few words or from numbers.

use oci::{Digest, media_type};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// An image to push. Equal settings give equal bytes, and so equal digests.
#[derive(Debug, Clone)]
pub struct Image {
    /// Whatever tells it from others; stands in its configuration.
    pub seed: String,
    pub os: String,
    pub architecture: String,
    /// RFC 3339.
    pub created: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// Name and size of each layer; equal names are equal layers.
    pub layers: Vec<(String, u64)>,
    /// What it refers to, with an artifact type.
    pub subject: Option<(Digest, String)>,
}

impl Image {
    /// An image of linux/amd64 with two layers, of which the lower is the same for all.
    pub fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            created: "2026-01-02T03:04:05Z".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            layers: vec![("base".to_owned(), 3_400_000), (format!("layer of {seed}"), 1_200_000)],
            subject: None,
        }
    }

    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn architecture(mut self, architecture: &str) -> Self {
        architecture.clone_into(&mut self.architecture);
        self
    }

    #[must_use]
    pub fn created(mut self, time: &str) -> Self {
        time.clone_into(&mut self.created);
        self
    }

    /// Makes it refer to a digest.
    #[must_use]
    pub fn subject(mut self, digest: &Digest, artifact_type: &str) -> Self {
        self.subject = Some((digest.clone(), artifact_type.to_owned()));
        self
    }

    /// The configuration's bytes.
    pub fn config(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(|(name, _)| sha256(format!("unpacked {name}").as_bytes()).to_string()).collect();
        let history: Vec<Value> = self
            .layers
            .iter()
            .map(|(name, _)| json!({"created": self.created, "created_by": format!("COPY {name} / # buildkit")}))
            .collect();
        json!({
            "created": self.created, "architecture": self.architecture, "os": self.os, "author": self.seed,
            "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["/usr/bin/serve"], "Labels": self.labels},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        })
        .to_string()
        .into_bytes()
    }

    /// The manifest's bytes.
    pub fn manifest(&self) -> Vec<u8> {
        let config = self.config();
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|(name, size)| {
                json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": sha256(name.as_bytes()), "size": size})
            })
            .collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": media_type::OCI_CONFIG, "digest": sha256(&config), "size": config.len()},
            "layers": layers,
        });
        if !self.annotations.is_empty() {
            manifest["annotations"] = json!(self.annotations);
        }
        if let Some((digest, artifact_type)) = &self.subject {
            manifest["subject"] = json!({"mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 1});
            manifest["artifactType"] = json!(artifact_type);
        }
        manifest.to_string().into_bytes()
    }

    /// The manifest's digest.
    pub fn digest(&self) -> Digest {
        sha256(&self.manifest())
    }
}

/// An index of images, to be pushed with [`super::Fake::push_manifest`].
pub fn index(images: &[Image]) -> Vec<u8> {
    let manifests: Vec<Value> = images
        .iter()
        .map(|i| {
            let bytes = i.manifest();
            json!({"mediaType": media_type::OCI_MANIFEST, "digest": sha256(&bytes), "size": bytes.len(),
                   "platform": {"os": i.os, "architecture": i.architecture}})
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests}).to_string().into_bytes()
}

/// The sha256 digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// The digest of some bytes by the algorithm of another; none where it is neither sha256 nor sha512.
pub(super) fn digest_like(like: &str, bytes: &[u8]) -> Option<String> {
    use std::fmt::Write;
    if like.starts_with("sha256:") {
        return Some(sha256(bytes).to_string());
    }
    like.strip_prefix("sha512:")?;
    let mut text = "sha512:".to_owned();
    for byte in sha2::Sha512::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

const TEAMS: [&str; 12] =
    ["platform", "payments", "search", "mobile", "data", "identity", "billing", "edge", "media", "growth", "security", "research"];
const NOUNS: [&str; 16] = [
    "api",
    "worker",
    "gateway",
    "frontend",
    "scheduler",
    "exporter",
    "proxy",
    "migrator",
    "indexer",
    "notifier",
    "ledger",
    "cache",
    "agent",
    "console",
    "importer",
    "router",
];

/// The name of a generated repository.
pub fn repository_name(number: usize) -> String {
    format!("{}/{}-{number:05}", TEAMS[number % TEAMS.len()], NOUNS[(number / TEAMS.len()) % NOUNS.len()])
}

/// The name of a generated tag: 1.0.0, 1.0.1, … 1.1.0, …
pub fn tag_name(number: usize) -> String {
    format!("{}.{}.{}", 1 + number / 100, number / 10 % 10, number % 10)
}

/// The number of a generated tag.
pub fn tag_number(name: &str) -> Option<usize> {
    let mut parts = name.split('.').map(|p| p.parse::<usize>().ok());
    let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
    let number = major.checked_sub(1)? * 100 + minor * 10 + patch;
    (tag_name(number) == name).then_some(number)
}

/// The image of a generated tag; `architecture` is amd64 or arm64.
pub fn generated(repository: usize, tag: usize, architecture: &str) -> Image {
    let created = format!(
        "20{:02}-{:02}-{:02}T{:02}:{:02}:00Z",
        20 + (repository + tag) % 6,
        1 + (repository / 7 + tag) % 12,
        1 + (repository + tag * 3) % 28,
        tag % 24,
        repository % 60
    );
    let mut image = Image::new(&format!("generated {repository} {tag}")).architecture(architecture).created(&created);
    let name = repository_name(repository);
    image.layers = vec![
        (format!("base {} {architecture}", repository % 10), 28_000_000 + (repository % 10) as u64 * 1_000),
        (format!("runtime {} {architecture}", repository % 100), 9_000_000 + (repository % 100) as u64 * 1_000),
        (format!("app {repository} {tag} {architecture}"), 1_000_000 + ((repository * 31 + tag * 17) % 9_000_000) as u64),
    ];
    image
        .label("org.opencontainers.image.title", &name)
        .label("org.opencontainers.image.version", &tag_name(tag))
        .label(
            "org.opencontainers.image.description",
            &format!("The {} of the {} team", NOUNS[(repository / TEAMS.len()) % NOUNS.len()], TEAMS[repository % TEAMS.len()]),
        )
        .label("com.example.team", TEAMS[repository % TEAMS.len()])
}
