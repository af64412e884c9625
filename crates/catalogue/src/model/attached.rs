//! What is attached to the images of a repository.

use super::{Model, NONE, Repo};
use hashbrown::HashMap;
use oci::{Descriptor, Kind, Machinery};

/// One thing attached to an image.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub kind: Kind,
    pub descriptor: Descriptor,
}

impl Model {
    /// What is attached to a manifest in a repository: by the referrers API, by tags that are machinery, and by
    /// BuildKit inside the index. Each thing once.
    pub fn attached(&self, repo: &Repo, manifest: u32) -> Vec<Attachment> {
        let machinery = self.machinery_by_subject(repo).remove(&manifest).unwrap_or_default();
        self.attached_with(repo, manifest, &machinery)
    }

    /// Tags that are machinery, as what each is and what it names, by the manifest that it is about: gone through once
    /// for all, since every image of a repository may be signed.
    pub(super) fn machinery_by_subject(&self, repo: &Repo) -> HashMap<u32, Vec<(Machinery, u32)>> {
        let mut by_subject: HashMap<u32, Vec<(Machinery, u32)>> = HashMap::new();
        let mut cut: HashMap<&str, u32> = HashMap::new();
        for (tag, manifest) in &repo.machinery {
            match tag.machinery() {
                Some((subject, role)) => {
                    if let Some(subject) = self.find_manifest(subject.as_str()) {
                        by_subject.entry(subject).or_default().push((role, *manifest));
                    }
                }
                None => {
                    cut.insert(tag.as_str(), *manifest);
                }
            }
        }
        // A tag that holds only part of its subject's digest is found from there.
        if !cut.is_empty() {
            for &subject in &repo.reached {
                let digest = self.digest(subject).and_then(|d| oci::Digest::parse(&d).ok()).filter(|d| d.algorithm() != "sha256");
                if let Some(&manifest) = digest.and_then(|d| cut.get(d.referrers_tag().as_str())) {
                    by_subject.entry(subject).or_default().push((Machinery::Referrers, manifest));
                }
            }
        }
        by_subject
    }

    pub(super) fn attached_with(&self, repo: &Repo, manifest: u32, machinery: &[(Machinery, u32)]) -> Vec<Attachment> {
        let mut found: Vec<Attachment> = Vec::new();
        let mut add = |attachment: Attachment| {
            if !found.iter().any(|a| a.descriptor.digest == attachment.descriptor.digest && a.kind == attachment.kind) {
                found.push(attachment);
            }
        };
        if let Some(referrers) = repo.referrers.get(&manifest) {
            for d in &referrers.descriptors {
                add(Attachment { kind: Kind::of_referrer(d), descriptor: d.clone() });
            }
        }
        for &(role, tagged) in machinery {
            self.machinery(tagged, role, manifest, &mut add);
        }
        if let Some(info) = self.manifest(manifest) {
            for child in info.children.iter().filter(|c| c.attestation) {
                let Some(attestation) = self.manifest(child.manifest) else { continue };
                if attestation.statements.is_empty() {
                    add(Attachment { kind: Kind::Provenance, descriptor: self.descriptor(child.manifest, None) });
                }
                for &(kind, predicate) in attestation.statements {
                    add(Attachment { kind, descriptor: self.descriptor(child.manifest, Some(self.texts.text(predicate))) });
                }
            }
        }
        found
    }

    fn machinery(&self, manifest: u32, role: Machinery, subject: u32, add: &mut impl FnMut(Attachment)) {
        let Some(info) = self.manifest(manifest).filter(|i| i.known) else { return };
        let kind = match role {
            Machinery::Signature => Kind::Signature,
            Machinery::Attestation => Kind::Provenance,
            Machinery::Sbom => Kind::Sbom,
            Machinery::Referrers => {
                // GitLab answers this tag with the subject itself; its children are no referrers.
                for child in info.children.iter().filter(|c| c.platform == NONE) {
                    let Some(c) = self.manifest(child.manifest).filter(|c| c.known) else { continue };
                    if child.manifest != subject {
                        add(Attachment { kind: c.kind, descriptor: self.descriptor(child.manifest, None) });
                    }
                }
                return;
            }
        };
        add(Attachment { kind, descriptor: self.descriptor(manifest, None) });
    }

    /// A descriptor of a manifest from what we know.
    fn descriptor(&self, manifest: u32, predicate: Option<&str>) -> Descriptor {
        let info = self.manifest(manifest);
        let text = |id: u32| if id == NONE { None } else { Some(self.texts.text(id).to_owned()) };
        let mut annotations: std::collections::BTreeMap<String, String> =
            info.iter().flat_map(super::manifest::Info::labels).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        if let Some(predicate) = predicate.filter(|p| !p.is_empty()) {
            annotations.insert("in-toto.io/predicate-type".to_owned(), predicate.to_owned());
        }
        Descriptor {
            media_type: text(info.map_or(NONE, |i| i.media_type)).unwrap_or_default(),
            digest: self.digest(manifest).and_then(|d| oci::Digest::parse(&d).ok()).unwrap_or_else(|| oci::Digest::sha256(&[0; 32])),
            size: info.map_or(0, |i| i.bytes.into()),
            artifact_type: text(info.map_or(NONE, |i| i.artifact_type)),
            platform: None,
            has_platform: false,
            annotations,
        }
    }
}
