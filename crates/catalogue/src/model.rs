//! The catalogue as it stands in memory: every list, sort, filter and search is answered from here.
//!
//! [`Model`] holds repositories ([`Repo`]), manifests ([`Info`]) and blobs by small numbers; texts are kept once in a
//! [`Dictionary`]. It is a cache of the database, which is an index of the registries: nothing here is the truth.
//! Changes are made repository by repository and followed by [`Model::settle`], which derives what lists show.

mod dictionary;
mod repo;
mod summary;

pub use dictionary::{Bits, Dictionary};
pub use repo::{Attachment, Facts, Referrers, Repo, Row};
pub use summary::{Child, Summary, built};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use oci::Kind;
use std::hash::BuildHasher;

/// No number: unknown, absent.
pub const NONE: u32 = u32::MAX;
/// No time.
pub const NEVER: i64 = i64::MIN;

/// A digest in few bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Sha256([u8; 32]),
    Other(Box<str>),
}

impl Key {
    fn new(digest: &str) -> Self {
        fn hex(digit: u8) -> Option<u8> {
            match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            }
        }
        let parse = || {
            let text = digest.strip_prefix("sha256:")?.as_bytes();
            let mut bytes = [0; 32];
            if text.len() != 64 {
                return None;
            }
            for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                *byte = hex(pair[0])? << 4 | hex(pair[1])?;
            }
            Some(Self::Sha256(bytes))
        };
        parse().unwrap_or_else(|| Self::Other(digest.into()))
    }

    fn text(&self) -> String {
        match self {
            Self::Sha256(bytes) => oci::Digest::sha256(bytes).to_string(),
            Self::Other(text) => text.to_string(),
        }
    }
}

/// A manifest, as far as lists need it.
#[derive(Debug)]
pub struct Info {
    key: Key,
    /// Its bytes were fetched; until then only its digest is known.
    pub known: bool,
    pub kind: Kind,
    /// In [`Model::texts`].
    pub media_type: u32,
    /// In [`Model::texts`], or [`NONE`].
    pub artifact_type: u32,
    /// Milliseconds since 1970, or [`NEVER`].
    pub created: i64,
    /// In [`Model::platform_names`], or [`NONE`].
    pub platform: u32,
    /// Of an index, the manifest of its default platform; else itself.
    shown: u32,
    /// Bytes, or `u64::MAX` for unknown; of an index always unknown: ask [`Model::size`].
    size: u64,
    /// Bytes of the manifest itself.
    pub bytes: u32,
    pub layers: u32,
    pub children: Box<[ChildInfo]>,
    /// In [`Model::blobs`]; the configuration first.
    pub blobs: Box<[u32]>,
    /// `key=value` in [`Model::texts`].
    pub labels: Box<[u32]>,
    /// In [`Model::texts`], or [`NONE`].
    pub description: u32,
    /// In [`Model::texts`], or [`NONE`].
    pub base: u32,
    /// Of an attestation: what its statements are.
    pub statements: Box<[(Kind, u32)]>,
    /// Repositories in which a tag reaches it.
    reached: u32,
}

/// An entry of an index.
#[derive(Debug, Clone, Copy)]
pub struct ChildInfo {
    pub manifest: u32,
    /// In [`Model::platform_names`], or [`NONE`].
    pub platform: u32,
    /// BuildKit's attestation of another entry.
    pub attestation: bool,
}

/// Most labels are one image's own, so that a list for each would cost more than it holds.
#[derive(Debug, Default)]
enum Sayers {
    #[default]
    Nobody,
    One(u32),
    Many(Vec<u32>),
}

impl Sayers {
    fn add(&mut self, manifest: u32) {
        match self {
            Self::Nobody => *self = Self::One(manifest),
            Self::One(first) if *first == manifest => {}
            Self::One(first) => *self = Self::Many(vec![*first, manifest]),
            Self::Many(all) => all.push(manifest),
        }
    }
}

/// A layer or configuration.
#[derive(Debug)]
pub struct Blob {
    key: Key,
    /// Bytes.
    pub size: u64,
    /// Images known here that hold it.
    pub images: u32,
}

/// Everything known.
#[derive(Default)]
pub struct Model {
    /// Names of tags.
    pub names: Dictionary,
    /// Labels, descriptions, media types.
    pub texts: Dictionary,
    /// Platforms, as `os/architecture[/variant]`.
    pub platform_names: Dictionary,
    /// Which manifests say a text, as a label or description, by the text's number.
    sayers: Vec<Sayers>,
    /// Names of registries, by their number.
    pub registries: Vec<String>,
    repos: Vec<Option<Repo>>,
    by_name: HashMap<(u16, Box<str>), u32>,
    manifests: Vec<Info>,
    manifest_table: HashTable<u32>,
    blobs: Vec<Blob>,
    blob_table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    totals: Totals,
    /// Grows with every change; caches of lists are good for one value.
    generation: u64,
}

/// Counts over everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub repositories: u64,
    pub tags: u64,
    /// Bytes of all distinct blobs.
    pub size: u64,
    /// Bytes before sharing: the sum over distinct images of each repository.
    pub unshared: u64,
}

impl Model {
    pub fn new(registries: Vec<String>) -> Self {
        Self { registries, ..Self::default() }
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The counts of one registry. Reads all its repositories; keep the answer a while.
    pub fn totals_of(&self, registry: u16) -> Totals {
        let mut seen = Bits::new(self.blobs.len());
        let mut totals = Totals::default();
        for (_, repo) in self.repos().filter(|(_, r)| r.registry == registry) {
            totals.repositories += 1;
            totals.tags += repo.names.len() as u64;
            totals.unshared = totals.unshared.saturating_add(repo.facts.unshared);
            for &id in &repo.reached {
                for &blob in &self.manifests[id as usize].blobs {
                    if !seen.has(blob) {
                        seen.set(blob);
                        totals.size = totals.size.saturating_add(self.blobs[blob as usize].size);
                    }
                }
            }
        }
        totals
    }

    pub fn registry_number(&self, name: &str) -> Option<u16> {
        self.registries.iter().position(|r| r == name).map(|n| n as u16)
    }

    /// All repositories with their numbers, in the order in which they became known.
    pub fn repos(&self) -> impl Iterator<Item = (u32, &Repo)> {
        self.repos.iter().enumerate().filter_map(|(i, r)| r.as_ref().map(|r| (i as u32, r)))
    }

    pub fn repo(&self, id: u32) -> Option<&Repo> {
        self.repos.get(id as usize)?.as_ref()
    }

    pub(crate) fn repo_mut(&mut self, id: u32) -> Option<&mut Repo> {
        self.repos.get_mut(id as usize)?.as_mut()
    }

    /// One more than the largest number of a repository.
    pub fn repo_bound(&self) -> usize {
        self.repos.len()
    }

    pub fn find_repo(&self, registry: u16, name: &str) -> Option<u32> {
        self.by_name.get(&(registry, Box::from(name))).copied()
    }

    /// The repository's number; made known now if it is not.
    pub fn add_repo(&mut self, registry: u16, name: &str, now: i64) -> u32 {
        if let Some(id) = self.find_repo(registry, name) {
            return id;
        }
        let id = self.repos.len() as u32;
        self.repos.push(Some(Repo::new(registry, name, now)));
        self.by_name.insert((registry, name.into()), id);
        self.totals.repositories += 1;
        self.generation += 1;
        id
    }

    pub fn drop_repo(&mut self, id: u32) {
        let Some(mut repo) = self.repos.get_mut(id as usize).and_then(Option::take) else { return };
        self.by_name.remove(&(repo.registry, repo.name.clone()));
        let reached = std::mem::take(&mut repo.reached);
        self.let_go(&reached);
        self.totals.repositories -= 1;
        self.totals.tags -= repo.counted as u64;
        self.totals.unshared -= repo.facts.unshared;
        self.generation += 1;
    }

    pub fn manifest(&self, id: u32) -> Option<&Info> {
        self.manifests.get(id as usize)
    }

    pub fn manifest_bound(&self) -> usize {
        self.manifests.len()
    }

    pub fn digest(&self, id: u32) -> Option<String> {
        self.manifest(id).map(|m| m.key.text())
    }

    /// Whether a manifest's digest begins with hexadecimal digits (sha256 only).
    pub fn digest_begins(&self, id: u32, hex: &str) -> bool {
        match self.manifest(id).map(|m| &m.key) {
            Some(Key::Sha256(bytes)) => {
                hex.len() <= 64 && hex.bytes().enumerate().all(|(i, c)| {
                    let nibble = if i % 2 == 0 { bytes[i / 2] >> 4 } else { bytes[i / 2] & 15 };
                    (c as char).to_digit(16).is_some_and(|d| d == u32::from(nibble))
                })
            }
            Some(Key::Other(text)) => text.split_once(':').is_some_and(|(_, e)| e.starts_with(hex)),
            None => false,
        }
    }

    pub fn find_manifest(&self, digest: &str) -> Option<u32> {
        let key = Key::new(digest);
        self.manifest_table.find(self.hasher.hash_one(&key), |&id| self.manifests[id as usize].key == key).copied()
    }

    /// The number of a digest, known or not.
    pub fn manifest_number(&mut self, digest: &str) -> u32 {
        let key = Key::new(digest);
        let hash = self.hasher.hash_one(&key);
        if let Some(&id) = self.manifest_table.find(hash, |&id| self.manifests[id as usize].key == key) {
            return id;
        }
        let id = self.manifests.len() as u32;
        self.manifests.push(Info {
            key,
            known: false,
            kind: Kind::Unknown,
            media_type: NONE,
            artifact_type: NONE,
            created: NEVER,
            platform: NONE,
            shown: id,
            size: u64::MAX,
            bytes: 0,
            layers: 0,
            children: Box::default(),
            blobs: Box::default(),
            labels: Box::default(),
            description: NONE,
            base: NONE,
            statements: Box::default(),
            reached: 0,
        });
        let (manifests, hasher) = (&self.manifests, &self.hasher);
        self.manifest_table.insert_unique(hash, id, |&id| hasher.hash_one(&manifests[id as usize].key));
        id
    }

    fn blob_number(&mut self, digest: &str, size: u64) -> u32 {
        let key = Key::new(digest);
        let hash = self.hasher.hash_one(&key);
        if let Some(&id) = self.blob_table.find(hash, |&id| self.blobs[id as usize].key == key) {
            return id;
        }
        let id = self.blobs.len() as u32;
        self.blobs.push(Blob { key, size, images: 0 });
        let (blobs, hasher) = (&self.blobs, &self.hasher);
        self.blob_table.insert_unique(hash, id, |&id| hasher.hash_one(&blobs[id as usize].key));
        id
    }

    pub fn find_blob(&self, digest: &str) -> Option<&Blob> {
        let key = Key::new(digest);
        self.blob_table.find(self.hasher.hash_one(&key), |&id| self.blobs[id as usize].key == key).map(|&id| &self.blobs[id as usize])
    }

    /// Takes in what a manifest says. Returns its number. Content never changes, so a second time does nothing.
    pub fn learn(&mut self, digest: &str, summary: &Summary) -> u32 {
        let id = self.manifest_number(digest);
        if self.manifests[id as usize].known {
            return id;
        }
        let blobs: Box<[u32]> = summary.blobs.iter().map(|(d, size)| self.blob_number(d, *size)).collect();
        let children: Box<[ChildInfo]> = summary
            .children
            .iter()
            .filter(|c| c.manifest)
            .map(|c| ChildInfo {
                manifest: self.manifest_number(&c.digest),
                platform: c.platform.as_ref().map_or(NONE, |p| self.platform_names.number(p)),
                attestation: c.attests.is_some(),
            })
            .collect();
        let with_platform = || children.iter().filter(|c| c.platform != NONE);
        let shown = with_platform().find(|c| self.platform_names.text(c.platform) == "linux/amd64").or_else(|| with_platform().next()).map_or(id, |c| c.manifest);
        let platform = summary.platform.as_ref().map_or(NONE, |p| self.platform_names.number(p));
        let texts = &mut self.texts;
        let mut text = |t: &Option<String>| t.as_ref().map_or(NONE, |t| texts.number(t));
        let (artifact_type, description, base) = (text(&summary.artifact_type), text(&summary.description), text(&summary.base));
        let media_type = self.texts.number(&summary.media_type);
        let labels: Box<[u32]> = summary.labels.iter().map(|l| self.texts.number(l)).collect();
        let statements = summary.statements.iter().map(|(k, p)| (*k, self.texts.number(p))).collect();
        self.sayers.resize_with(self.texts.len(), Sayers::default);
        for &said in labels.iter().chain((description != NONE).then_some(&description)) {
            self.sayers[said as usize].add(id);
        }
        let info = &mut self.manifests[id as usize];
        *info = Info {
            key: info.key.clone(),
            known: true,
            kind: summary.kind,
            media_type,
            artifact_type,
            created: summary.created.unwrap_or(NEVER),
            platform,
            shown,
            size: summary.size().unwrap_or(u64::MAX),
            bytes: summary.bytes,
            layers: summary.layers,
            children,
            blobs,
            labels,
            description,
            base,
            statements,
            reached: info.reached,
        };
        if info.reached > 0 {
            // A tag named it before its bytes came.
            self.count(id);
        }
        self.generation += 1;
        id
    }

    /// The manifest shown for an index: that of its default platform; any other manifest itself.
    pub fn shown(&self, id: u32) -> u32 {
        self.manifest(id).map_or(id, |m| m.shown)
    }

    /// The manifests that say one of the texts, as a label or description.
    pub fn saying(&self, texts: &Bits) -> Bits {
        let mut bits = Bits::new(self.manifests.len());
        for text in texts.iter() {
            match self.sayers.get(text as usize) {
                Some(Sayers::One(m)) => bits.set(*m),
                Some(Sayers::Many(all)) => all.iter().for_each(|&m| bits.set(m)),
                Some(Sayers::Nobody) | None => {}
            }
        }
        bits
    }

    /// Bytes: of an image its distinct layers and configuration, of an index those of its default platform.
    pub fn size(&self, id: u32) -> Option<u64> {
        let info = self.manifest(self.shown(id))?;
        (info.known && info.size != u64::MAX).then_some(info.size)
    }

    /// When built: of an index, its default platform.
    pub fn created(&self, id: u32) -> Option<i64> {
        let own = self.manifest(id)?.created;
        let at = if own == NEVER { self.manifest(self.shown(id))?.created } else { own };
        (at != NEVER).then_some(at)
    }

    /// `os/architecture[/variant]` of all platforms, in the index's order.
    pub fn platforms(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        let info = self.manifest(id);
        let own = info.map(|i| i.platform).filter(|&p| p != NONE);
        own.into_iter().chain(info.into_iter().flat_map(|i| i.children.iter().map(|c| c.platform).filter(|&p| p != NONE)))
    }

    /// The manifest and, of an index, the one shown for it: where labels and descriptions are looked for.
    pub fn faces(&self, id: u32) -> impl Iterator<Item = &Info> {
        let shown = self.shown(id);
        self.manifest(id).into_iter().chain(if shown == id { None } else { self.manifest(shown) })
    }

    /// The distinct blobs of a manifest and all its children.
    fn blobs_under(&self, id: u32, depth: usize, blobs: &mut Vec<u32>) {
        let Some(info) = self.manifest(id) else { return };
        blobs.extend_from_slice(&info.blobs);
        if depth < oci::limits::DEPTH {
            for child in &info.children {
                self.blobs_under(child.manifest, depth + 1, blobs);
            }
        }
    }

    /// The manifest and everything below it.
    fn reach(&self, id: u32, depth: usize, into: &mut Vec<u32>) {
        into.push(id);
        if depth < oci::limits::DEPTH
            && let Some(info) = self.manifest(id)
        {
            for child in &info.children {
                self.reach(child.manifest, depth + 1, into);
            }
        }
    }

    fn hold(&mut self, manifests: &[u32]) {
        for &id in manifests {
            let info = &mut self.manifests[id as usize];
            info.reached += 1;
            if info.reached == 1 {
                self.count(id);
            }
        }
    }

    /// Counts a manifest's blobs.
    fn count(&mut self, id: u32) {
        for &blob in &self.manifests[id as usize].blobs {
            let blob = &mut self.blobs[blob as usize];
            blob.images += 1;
            if blob.images == 1 {
                self.totals.size = self.totals.size.saturating_add(blob.size);
            }
        }
    }

    fn let_go(&mut self, manifests: &[u32]) {
        for &id in manifests {
            let info = &mut self.manifests[id as usize];
            info.reached -= 1;
            if info.reached == 0 {
                for &blob in &info.blobs {
                    let blob = &mut self.blobs[blob as usize];
                    blob.images -= 1;
                    if blob.images == 0 {
                        self.totals.size = self.totals.size.saturating_sub(blob.size);
                    }
                }
            }
        }
    }

    /// Images of which a manifest is one, for "in N images": those of a layer.
    pub fn images_with(&self, blob: &str) -> u32 {
        self.find_blob(blob).map_or(0, |b| b.images)
    }
}

#[cfg(test)]
mod tests;
