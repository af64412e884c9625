//! What is attached to images: signatures, lists of packages, provenance. The signatures themselves are made up.

use crate::{
    Error,
    document::{Config, Descriptor, Platform, RootFs, Run, Words, about, words},
    maker::{Artifact, Maker},
    packages, seed,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use oci::media_type;
use serde_json::{Value, json};

const SPDX: &str = "application/spdx+json";
const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
const SIGSTORE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// What an image was built from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) version: String,
    pub(crate) revision: String,
    /// The source's address.
    pub(crate) source: String,
    /// The base's name and digest.
    pub(crate) base: Option<(String, oci::Digest)>,
}

/// Cosign's signature before version 3: an image under the tag `sha256-….sig`.
pub(crate) fn cosign(maker: &mut Maker<'_>, subject: &Descriptor) -> Result<(), Error> {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": format!("registry.example.com/{}", maker.repository())},
            "image": {"docker-manifest-digest": subject.digest},
            "type": "cosign container image signature",
        },
        "optional": {"dev.sigstore.example/builder": "ci"},
    });
    let mut layer = maker.json("application/vnd.dev.cosign.simplesigning.v1+json", &payload)?;
    layer.annotations = words([("dev.cosignproject.cosign/signature", &made_up("signature", subject, 70))]);
    let config = Config {
        created: "0001-01-01T00:00:00Z",
        author: None,
        platform: &Platform::of(""),
        config: &Run::default(),
        rootfs: RootFs { r#type: "layers", diff_ids: vec![&layer.digest] },
        history: &[],
    };
    let config = Some(maker.json(media_type::OCI_CONFIG, &config)?);
    let tag = format!("{}.sig", subject.digest.referrers_tag());
    maker.artifact(Artifact { config, layers: vec![layer], ..Artifact::default() }, &[tag])?;
    Ok(())
}

/// Cosign's signature since version 3: a referrer.
pub(crate) fn bundle(maker: &mut Maker<'_>, subject: &Descriptor) -> Result<(), Error> {
    let statement = statement(subject, "https://sigstore.dev/cosign/sign/v1", &json!({}));
    let document = json!({
        "mediaType": SIGSTORE,
        "verificationMaterial": {
            "certificate": {"rawBytes": made_up("certificate", subject, 420)},
            "tlogEntries": [{"logIndex": (seed::share(subject.digest.as_str()) * 1e8) as u64, "kindVersion": {"kind": "dsse", "version": "0.0.1"}}],
        },
        "dsseEnvelope": {
            "payload": BASE64.encode(statement.to_string()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": made_up("envelope", subject, 70)}],
        },
    });
    let mut annotations = created(maker);
    annotations.extend(words([
        ("dev.sigstore.bundle.content", "dsse-envelope"),
        ("dev.sigstore.bundle.predicateType", "https://sigstore.dev/cosign/sign/v1"),
    ]));
    let layer = maker.json(SIGSTORE, &document)?;
    refer(maker, SIGSTORE, subject, layer, annotations)
}

/// A signature of the Notary Project.
pub(crate) fn notation(maker: &mut Maker<'_>, subject: &Descriptor) -> Result<(), Error> {
    let config = Some(maker.blob(NOTATION, &b"{}"[..]));
    let envelope = json!({"payload": made_up("payload", subject, 60), "signature": made_up("notation", subject, 64)});
    let layers = vec![maker.json("application/jose+json", &envelope)?];
    let mut annotations = created(maker);
    let thumbprint = format!("[\"{}\"]", seed::hex("an example certificate", 64));
    annotations.extend(words([("io.cncf.notary.x509chain.thumbprint#S256", &thumbprint)]));
    let subject = Some(subject.clone());
    maker.artifact(Artifact { artifact_type: Some(NOTATION), config, layers, subject, annotations }, &[])?;
    Ok(())
}

pub(crate) fn spdx(maker: &mut Maker<'_>, subject: &Descriptor, version: &str) -> Result<(), Error> {
    let document = packages::spdx(maker.repository(), version, maker.created());
    let layer = maker.file("sbom.spdx.json", SPDX, document.to_string());
    let annotations = created(maker);
    refer(maker, SPDX, subject, layer, annotations)
}

pub(crate) fn cyclonedx(maker: &mut Maker<'_>, subject: &Descriptor, version: &str) -> Result<(), Error> {
    let document = packages::cyclonedx(maker.repository(), version, maker.created());
    let layer = maker.file("sbom.cdx.json", CYCLONEDX, document.to_string());
    let annotations = created(maker);
    refer(maker, CYCLONEDX, subject, layer, annotations)
}

/// SLSA provenance as a referrer of its own.
pub(crate) fn provenance(maker: &mut Maker<'_>, subject: &Descriptor, origin: &Origin) -> Result<(), Error> {
    let layer = in_toto(maker, subject, "https://slsa.dev/provenance/v1", &slsa(maker, origin))?;
    let annotations = created(maker);
    refer(maker, IN_TOTO, subject, layer, annotations)
}

/// BuildKit's entry beside one platform's image: SBOM and provenance, under the platform `unknown/unknown`.
pub(crate) fn attestation(maker: &mut Maker<'_>, image: &Descriptor, origin: &Origin) -> Result<Descriptor, Error> {
    let list = packages::spdx(maker.repository(), &origin.version, maker.created());
    let layers = vec![
        in_toto(maker, image, "https://spdx.dev/Document", &list)?,
        in_toto(maker, image, "https://slsa.dev/provenance/v1", &slsa(maker, origin))?,
    ];
    let platform = Platform::of("unknown/unknown");
    let config = Config {
        created: maker.created(),
        author: None,
        platform: &platform,
        config: &Run::default(),
        rootfs: RootFs { r#type: "layers", diff_ids: layers.iter().map(|layer| &layer.digest).collect() },
        history: &[],
    };
    let config = serde_json::to_vec(&config)?;
    let config = Some(maker.blob(media_type::OCI_CONFIG, config));
    let made = maker.artifact(Artifact { config, layers, ..Artifact::default() }, &[])?;
    let annotations =
        words([("vnd.docker.reference.digest", image.digest.as_str()), ("vnd.docker.reference.type", "attestation-manifest")]);
    Ok(Descriptor { platform: Some(platform), annotations, ..made })
}

fn refer(maker: &mut Maker<'_>, kind: &'static str, subject: &Descriptor, layer: Descriptor, annotations: Words) -> Result<(), Error> {
    let subject = Some(subject.clone());
    maker.artifact(Artifact { artifact_type: Some(kind), config: None, layers: vec![layer], subject, annotations }, &[])?;
    Ok(())
}

fn created(maker: &Maker<'_>) -> Words {
    about([("created", maker.created())])
}

fn made_up(what: &str, subject: &Descriptor, length: usize) -> String {
    BASE64.encode(seed::noise(&format!("{what} {}", subject.digest), length))
}

fn statement(subject: &Descriptor, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": predicate_type,
        "subject": [{"name": "pkg:docker/image", "digest": {"sha256": subject.digest.encoded()}}],
        "predicate": predicate,
    })
}

fn in_toto(maker: &mut Maker<'_>, subject: &Descriptor, predicate_type: &str, predicate: &Value) -> Result<Descriptor, Error> {
    let layer = maker.json(IN_TOTO, &statement(subject, predicate_type, predicate))?;
    Ok(Descriptor { annotations: words([("in-toto.io/predicate-type", predicate_type)]), ..layer })
}

fn slsa(maker: &Maker<'_>, origin: &Origin) -> Value {
    let materials: Vec<_> = origin
        .base
        .iter()
        .map(|(name, digest)| json!({"uri": format!("pkg:docker/{}", name.replace(':', "@")), "digest": {"sha256": digest.encoded()}}))
        .collect();
    let run = seed::hex(&format!("{} {}", maker.repository(), origin.revision), 4);
    json!({
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"uri": format!("{}.git", origin.source), "digest": {"sha1": origin.revision}, "path": "Containerfile"},
                "request": {"frontend": "dockerfile.v0", "args": {"target": "release"}},
            },
            "internalParameters": {"builderPlatform": "linux/amd64"},
            "resolvedDependencies": materials,
        },
        "runDetails": {
            "builder": {"id": format!("https://ci.example.com/runs/{run}")},
            "metadata": {"invocationId": seed::hex(&origin.revision, 40), "startedOn": maker.created(), "finishedOn": maker.created()},
        },
    })
}
