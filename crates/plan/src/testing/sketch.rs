use super::digest;
use crate::{Blob, Machinery, Manifest, Referrer, Repository, Snapshot, Tag, Ways};
use oci::{Kind, media_type};

/// A small registry, drawn by hand. It deletes by digest and single tags by name, and everything in it was read.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// As drawn so far.
    pub snapshot: Snapshot,
    names: Vec<String>,
}

impl Default for Sketch {
    fn default() -> Self {
        let ways = Ways { delete: Some(true), delete_tag: Some(true), placeholder: true, read_only: false };
        Self { snapshot: Snapshot { registry: "local".into(), ways, ..Snapshot::default() }, names: Vec::new() }
    }
}

impl Sketch {
    /// An empty repository. Its number.
    pub fn repository(&mut self, name: &str) -> u32 {
        self.snapshot.repositories.push(Repository { name: name.into(), whole: true, candidate: true, ..Repository::default() });
        self.snapshot.repositories.len() as u32 - 1
    }

    /// A layer of so many bytes. Its number.
    pub fn blob(&mut self, size: u64) -> u32 {
        self.snapshot.blobs.push(Blob { size: Some(size), ..Blob::default() });
        self.snapshot.blobs.len() as u32 - 1
    }

    /// Any manifest; its digest is that of its name. Its number.
    pub fn manifest(&mut self, name: &str, kind: Kind, children: &[u32], blobs: &[u32]) -> u32 {
        self.names.push(name.to_owned());
        let media_type = if kind == Kind::Index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
        self.snapshot.manifests.push(Manifest {
            digest: digest(name),
            media_type: media_type.into(),
            kind,
            known: true,
            bytes: 500,
            children: children.into(),
            blobs: blobs.into(),
            subject: None,
        });
        self.snapshot.manifests.len() as u32 - 1
    }

    /// An image of one layer that nothing else has.
    pub fn image(&mut self, name: &str) -> u32 {
        let layer = self.blob(100);
        self.manifest(name, Kind::Image, &[], &[layer])
    }

    /// An index.
    pub fn index(&mut self, name: &str, children: &[u32]) -> u32 {
        self.manifest(name, Kind::Index, children, &[])
    }

    /// A tag. Its number.
    pub fn tag(&mut self, repository: u32, name: &str, manifest: u32) -> u32 {
        let tags = &mut self.snapshot.repositories[repository as usize].tags;
        tags.push(Tag { name: name.into(), manifest: Some(manifest), candidate: true, ..Tag::default() });
        tags.len() as u32 - 1
    }

    /// The tag of that number.
    pub fn tag_mut(&mut self, repository: u32, tag: u32) -> &mut Tag {
        &mut self.snapshot.repositories[repository as usize].tags[tag as usize]
    }

    /// The manifest of that number.
    pub fn manifest_mut(&mut self, manifest: u32) -> &mut Manifest {
        &mut self.snapshot.manifests[manifest as usize]
    }

    /// `sha256-<subject><suffix>` names a manifest.
    pub fn machinery(&mut self, repository: u32, subject: u32, suffix: &str, manifest: u32) {
        let stem = self.snapshot.manifests[subject as usize].digest.replacen(':', "-", 1);
        let machinery = Machinery { tag: format!("{stem}{suffix}").into(), manifest: Some(manifest), subject: Some(subject) };
        self.snapshot.repositories[repository as usize].machinery.push(machinery);
    }

    /// What the API says is attached.
    pub fn attach(&mut self, repository: u32, subject: u32, manifest: u32) {
        self.snapshot.manifests[manifest as usize].subject = Some(subject);
        self.snapshot.repositories[repository as usize].referrers.push(Referrer { subject, manifest });
    }

    /// It is there, and no tag reaches it.
    pub fn untagged(&mut self, repository: u32, manifest: u32) {
        self.snapshot.repositories[repository as usize].untagged.push(manifest);
    }

    /// A text about this registry, with the name of each manifest in the place of its digest, short or whole.
    pub fn with_names(&self, text: &str) -> String {
        let mut told = text.to_owned();
        for (name, manifest) in self.names.iter().zip(&self.snapshot.manifests) {
            let short = oci::Digest::parse(&manifest.digest).map(|d| d.short()).unwrap_or_default();
            told = told.replace(&*manifest.digest, name).replace(&manifest.digest.replacen(':', "-", 1), &format!("sha256-{name}"));
            told = told.replace(&short, name);
        }
        told
    }
}
