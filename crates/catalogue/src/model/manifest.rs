use super::{
    Model, NEVER, NONE,
    columns::{Fixed, Reader, Writer, next},
    summary::SummaryView,
};
use crate::model::Summary;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use oci::Kind;
use serde::{Deserialize, Serialize};
use std::{
    hash::BuildHasher,
    io::{Read, Result, Write},
};

/// A manifest, as far as lists need it. A view: it is kept in fewer bytes than it has here.
#[derive(Clone, Copy)]
pub struct Info<'m> {
    model: &'m Model,
    own: &'m Own,
    keys: &'m [u32],
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
    /// Bytes of the manifest itself.
    pub bytes: u32,
    pub layers: u32,
    pub children: &'m [ChildInfo],
    /// In [`Model::texts`], or [`NONE`].
    pub description: u32,
    /// In [`Model::texts`], or [`NONE`].
    pub base: u32,
    /// Of an attestation: what its statements are.
    pub statements: &'m [(Kind, u32)],
}

impl<'m> Info<'m> {
    /// Labels and annotations, key and value.
    pub fn labels(&self) -> impl Iterator<Item = (&'m str, &'m str)> + use<'m> {
        let model = self.model;
        self.keys.iter().zip(model.manifests.values_of(self.own, self.keys.len())).map(|(&k, &v)| (model.said.key(k), model.value(v)))
    }
}

/// An entry of an index.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ChildInfo {
    pub manifest: u32,
    /// In [`Model::platform_names`], or [`NONE`].
    pub platform: u32,
    /// BuildKit's attestation of another entry.
    pub attestation: bool,
}

/// Manifests by number, in columns and pools: there may be a million, and most differ in little.
#[derive(Default)]
pub(super) struct Manifests {
    own: Vec<Own>,
    /// In `commons`; [`NONE`] until fetched. A column of its own, so that all can be asked for a kind, a platform or a
    /// label's key by reading four bytes each.
    common: Vec<u32>,
    commons: Vec<Common>,
    common_table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Blobs of all manifests, the configuration first.
    blobs: Vec<u32>,
    /// Values of all manifests' labels, in the order of their keys.
    values: Vec<u32>,
    extras: Vec<Extra>,
    /// Indexes and the manifest shown for each, where that is another.
    shows: Vec<(u32, u32)>,
    /// What a manifest says it is attached to; few say so.
    subjects: HashMap<u32, u32>,
}

/// What a manifest has for itself: 40 bytes.
#[derive(Debug, Clone)]
pub(super) struct Own {
    created: i64,
    /// Bytes, or `u64::MAX` for unknown; of an index always unknown.
    size: u64,
    blobs: u32,
    values: u32,
    blob_count: u16,
    layers: u16,
    bytes: u32,
    description: u32,
    /// In `extras`, or [`NONE`].
    extra: u32,
}

/// What images of one making have in common, so that it is kept once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Common {
    pub kind: Kind,
    media_type: u32,
    artifact_type: u32,
    pub platform: u32,
    base: u32,
    /// It has entries, as an index has.
    pub entries: bool,
    /// Keys of labels, in their order.
    pub keys: Vec<u32>,
}

/// What only indexes and attestations have.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    children: Box<[ChildInfo]>,
    statements: Box<[(Kind, u32)]>,
    /// The manifest of the default platform.
    shown: u32,
}

impl Fixed for Own {
    const SIZE: usize = 40;

    fn put(&self, to: &mut Vec<u8>) {
        let Self { created, size, blobs, values, blob_count, layers, bytes, description, extra } = self;
        created.put(to);
        size.put(to);
        [blobs, values].iter().for_each(|n| n.put(to));
        [blob_count, layers].iter().for_each(|n| n.put(to));
        [bytes, description, extra].iter().for_each(|n| n.put(to));
    }

    fn get(mut from: &[u8]) -> Self {
        let from = &mut from;
        // In the order in which they are written.
        Self {
            created: next(from),
            size: next(from),
            blobs: next(from),
            values: next(from),
            blob_count: next(from),
            layers: next(from),
            bytes: next(from),
            description: next(from),
            extra: next(from),
        }
    }
}

const UNKNOWN: Own =
    Own { created: NEVER, size: u64::MAX, blobs: 0, values: 0, blob_count: 0, layers: 0, bytes: 0, description: NONE, extra: NONE };
static NOTHING: Common =
    Common { kind: Kind::Unknown, media_type: NONE, artifact_type: NONE, platform: NONE, base: NONE, entries: false, keys: Vec::new() };

impl Manifests {
    pub(super) fn add(&mut self) {
        self.own.push(UNKNOWN);
        self.common.push(NONE);
    }

    pub(super) fn known(&self, id: u32) -> bool {
        self.common.get(id as usize).is_some_and(|&c| c != NONE)
    }

    fn extra(&self, own: &Own) -> Option<&Extra> {
        self.extras.get(own.extra as usize)
    }

    pub(super) fn children(&self, id: u32) -> &[ChildInfo] {
        self.own.get(id as usize).and_then(|own| self.extra(own)).map_or(&[], |e| &e.children)
    }

    pub(super) fn subject(&self, id: u32) -> Option<u32> {
        self.subjects.get(&id).copied()
    }

    pub(super) fn blobs(&self, id: u32) -> &[u32] {
        self.own.get(id as usize).map_or(&[], |own| &self.blobs[own.blobs as usize..][..own.blob_count.into()])
    }

    pub(super) fn shown(&self, id: u32) -> u32 {
        self.own.get(id as usize).filter(|own| own.extra != NONE).and_then(|own| self.extra(own)).map_or(id, |e| e.shown)
    }

    fn values_of(&self, own: &Own, count: usize) -> &[u32] {
        &self.values[own.values as usize..][..count]
    }

    /// What it has in common with others; none until it is fetched.
    #[inline]
    pub(super) fn common(&self, id: u32) -> Option<u32> {
        self.common.get(id as usize).copied().filter(|&c| c != NONE)
    }

    pub(super) fn commons(&self) -> &[Common] {
        &self.commons
    }

    /// Keys and values of a manifest's labels.
    pub(super) fn label_numbers(&self, id: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.common(id).into_iter().flat_map(move |c| {
            let keys = &self.commons[c as usize].keys;
            keys.iter().copied().zip(self.values_of(&self.own[id as usize], keys.len()).iter().copied())
        })
    }

    /// Indexes and the manifest shown for each, where that is another.
    pub(super) fn shows(&self) -> &[(u32, u32)] {
        &self.shows
    }

    fn common_number(&mut self, common: Common) -> u32 {
        let hash = self.hasher.hash_one(&common);
        let (commons, hasher) = (&self.commons, &self.hasher);
        if let Some(&id) = self.common_table.find(hash, |&id| commons[id as usize] == common) {
            return id;
        }
        let id = commons.len() as u32;
        self.common_table.insert_unique(hash, id, |&id| hasher.hash_one(&commons[id as usize]));
        self.commons.push(common);
        id
    }

    /// Room for so many more.
    pub(super) fn reserve(&mut self, manifests: usize) {
        self.own.reserve_exact(manifests);
        self.common.reserve_exact(manifests);
    }

    pub(super) fn count_known(&self) -> usize {
        self.common.iter().filter(|&&c| c != NONE).count()
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        // The table is made anew.
        let Self { own, common, commons, common_table: _, hasher: _, blobs, values, extras, shows, subjects } = self;
        to.column(own)?;
        to.column(common)?;
        to.value(commons)?;
        to.column(blobs)?;
        to.column(values)?;
        to.value(extras)?;
        to.value(shows)?;
        to.value(&subjects.iter().map(|(manifest, subject)| (*manifest, *subject)).collect::<Vec<_>>())
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let (own, common) = (from.column()?, from.column()?);
        let commons: Vec<Common> = from.value()?;
        let (hasher, mut common_table) = (DefaultHashBuilder::default(), HashTable::new());
        for (id, one) in (0..).zip(&commons) {
            common_table.insert_unique(hasher.hash_one(one), id, |&id: &u32| hasher.hash_one(&commons[id as usize]));
        }
        let (blobs, values) = (from.column()?, from.column()?);
        let (extras, shows) = (from.value()?, from.value()?);
        let subjects = from.value::<Vec<(u32, u32)>>()?.into_iter().collect();
        Ok(Self { own, common, commons, common_table, hasher, blobs, values, extras, shows, subjects })
    }

    pub(super) fn shrink(&mut self) {
        self.own.shrink_to_fit();
        self.common.shrink_to_fit();
        self.blobs.shrink_to_fit();
        self.values.shrink_to_fit();
        self.extras.shrink_to_fit();
        self.shows.shrink_to_fit();
        self.subjects.shrink_to_fit();
    }
}

impl Model {
    pub fn manifest(&self, id: u32) -> Option<Info<'_>> {
        let manifests = &self.manifests;
        let own = manifests.own.get(id as usize)?;
        let known = manifests.common(id);
        let common = known.map_or(&NOTHING, |c| &manifests.commons[c as usize]);
        let extra = manifests.extra(own);
        Some(Info {
            model: self,
            own,
            keys: &common.keys,
            known: known.is_some(),
            kind: common.kind,
            media_type: common.media_type,
            artifact_type: common.artifact_type,
            created: own.created,
            platform: common.platform,
            bytes: own.bytes,
            layers: own.layers.into(),
            children: extra.map_or(&[], |e| &e.children),
            description: own.description,
            base: common.base,
            statements: extra.map_or(&[], |e| &e.statements),
        })
    }

    pub fn manifest_bound(&self) -> usize {
        self.digests.len()
    }

    pub fn digest(&self, id: u32) -> Option<String> {
        self.digests.text(id)
    }

    /// What `take` makes of a digest's text, which it only borrows.
    pub(crate) fn with_digest<T>(&self, id: u32, take: impl FnOnce(&str) -> T) -> Option<T> {
        self.digests.with_text(id, take)
    }

    /// Layers and configuration of a manifest.
    pub(crate) fn blobs_of(&self, id: u32) -> &[u32] {
        self.manifests.blobs(id)
    }

    /// What a manifest says it is attached to.
    pub(crate) fn subject_of(&self, id: u32) -> Option<u32> {
        self.manifests.subject(id)
    }

    /// One more than the largest number of a blob.
    pub(crate) fn blob_bound(&self) -> usize {
        self.blobs.len()
    }

    /// Bytes of a blob; 0 where nobody says.
    pub(crate) fn blob_size(&self, blob: u32) -> u64 {
        self.blobs.size(blob)
    }

    pub fn find_manifest(&self, digest: &str) -> Option<u32> {
        self.digests.find(digest)
    }

    /// The number of a digest, known or not.
    pub fn manifest_number(&mut self, digest: &str) -> u32 {
        let (id, new) = self.digests.number(digest);
        if new {
            self.manifests.add();
        }
        id
    }

    /// Takes in what a manifest says. Returns its number. Content never changes, so a second time does nothing.
    pub fn learn(&mut self, digest: &str, summary: &Summary) -> u32 {
        self.take_in(digest, &summary.view())
    }

    pub(crate) fn take_in(&mut self, digest: &str, summary: &SummaryView<'_>) -> u32 {
        let id = self.manifest_number(digest);
        if self.manifests.known(id) {
            return id;
        }
        let children: Box<[ChildInfo]> = summary
            .children
            .iter()
            .filter(|c| c.manifest)
            .map(|c| ChildInfo {
                manifest: self.manifest_number(c.digest),
                platform: c.platform.map_or(NONE, |p| self.platform_names.number(p)),
                attestation: c.attests.is_some(),
            })
            .collect();
        if let Some(subject) = summary.subject {
            let subject = self.manifest_number(subject);
            self.manifests.subjects.insert(id, subject);
        }
        let with_platform = || children.iter().filter(|c| c.platform != NONE);
        // An index of indexes tells no platforms itself: the first entry leads on to them.
        let shown = with_platform()
            .find(|c| self.platform_names.text(c.platform) == "linux/amd64")
            .or_else(|| with_platform().next())
            .or_else(|| children.iter().find(|c| !c.attestation))
            .map_or(id, |c| c.manifest);
        let mut text = |t: Option<&str>| t.map_or(NONE, |t| self.texts.number(t));
        let (media_type, artifact_type, description, base) =
            (text(Some(summary.media_type)), text(summary.artifact_type), text(summary.description), text(summary.base));
        let statements: Box<[(Kind, u32)]> = summary.statements.iter().map(|&(k, p)| (k, self.texts.number(p))).collect();
        let first_value = self.manifests.values.len() as u32;
        let mut keys = Vec::with_capacity(summary.labels.len());
        for (key, value) in summary.labels.iter().filter_map(|l| l.split_once('=')) {
            let (key, value) = self.say(id, key, value);
            keys.push(key);
            self.manifests.values.push(value);
        }
        if description != NONE {
            self.said.text(description, id);
        }
        let platform = summary.platform.map_or(NONE, |p| self.platform_names.number(p));
        let manifests = &mut self.manifests;
        let first_blob = manifests.blobs.len() as u32;
        // A manifest of 4 MiB at most has fewer.
        let blobs = &summary.blobs[..summary.blobs.len().min(u16::MAX.into())];
        for &(digest, size) in blobs {
            manifests.blobs.push(self.blobs.number(digest, size));
        }
        let entries = !children.is_empty();
        let extra = if children.is_empty() && statements.is_empty() {
            NONE
        } else {
            manifests.extras.push(Extra { children, statements, shown });
            manifests.extras.len() as u32 - 1
        };
        if shown != id {
            manifests.shows.push((id, shown));
        }
        manifests.own[id as usize] = Own {
            created: summary.created.unwrap_or(NEVER),
            size: summary.size().unwrap_or(u64::MAX),
            blobs: first_blob,
            values: first_value,
            blob_count: blobs.len() as u16,
            layers: u16::try_from(summary.layers).unwrap_or(u16::MAX),
            bytes: summary.bytes,
            description,
            extra,
        };
        let common = manifests.common_number(Common { kind: summary.kind, media_type, artifact_type, platform, base, entries, keys });
        manifests.common[id as usize] = common;
        if !self.reachers.get(id).is_empty() {
            // A tag named it before its bytes came.
            self.count(id);
        }
        self.generation += 1;
        id
    }

    /// The manifest shown for an index: that of its default platform, through indexes in indexes; any other manifest itself.
    #[inline]
    pub fn shown(&self, id: u32) -> u32 {
        let mut shown = self.manifests.shown(id);
        for _ in 1..oci::limits::DEPTH {
            let next = self.manifests.shown(shown);
            if next == shown {
                break;
            }
            shown = next;
        }
        shown
    }

    /// Bytes: of an image its distinct layers and configuration, of an index those of its default platform.
    pub fn size(&self, id: u32) -> Option<u64> {
        let shown = self.shown(id);
        let size = self.manifests.own.get(shown as usize)?.size;
        (self.manifests.known(shown) && size != u64::MAX).then_some(size)
    }

    /// When built: of an index, its default platform.
    pub fn created(&self, id: u32) -> Option<i64> {
        let own = self.manifests.own.get(id as usize)?.created;
        let at = if own == NEVER { self.manifests.own.get(self.shown(id) as usize)?.created } else { own };
        (at != NEVER).then_some(at)
    }

    /// Layers of what is shown of it; none until that is fetched.
    pub fn layers(&self, id: u32) -> Option<u32> {
        let shown = self.shown(id);
        self.manifests.known(shown).then(|| self.manifests.own[shown as usize].layers.into())
    }

    /// `os/architecture[/variant]` of all platforms, in the index's order; of an index of indexes, those of its entries.
    pub fn platforms(&self, id: u32) -> impl Iterator<Item = u32> + '_ {
        let own = self.manifests.common(id).map(|c| self.manifests.commons[c as usize].platform).filter(|&p| p != NONE);
        let children = self.manifests.children(id);
        let nested: &[ChildInfo] = if children.iter().any(|c| c.platform != NONE) { &[] } else { children };
        let within = nested.iter().filter(|c| !c.attestation).flat_map(|c| self.manifests.children(c.manifest)).map(|c| c.platform);
        own.into_iter().chain(children.iter().map(|c| c.platform).chain(within).filter(|&p| p != NONE))
    }

    /// The platforms of an index with their manifests, in its order; of an index of indexes, those of its entries.
    pub fn platform_manifests(&self, id: u32) -> Vec<(u32, u32)> {
        let children = self.manifests.children(id);
        let direct: Vec<(u32, u32)> = children.iter().filter(|c| c.platform != NONE).map(|c| (c.platform, c.manifest)).collect();
        if !direct.is_empty() {
            return direct;
        }
        let within = children.iter().filter(|c| !c.attestation).flat_map(|c| self.manifests.children(c.manifest));
        within.filter(|c| c.platform != NONE).map(|c| (c.platform, c.manifest)).collect()
    }

    /// The manifest and, of an index, the one shown for it: where labels and descriptions are looked for.
    pub fn faces(&self, id: u32) -> impl Iterator<Item = Info<'_>> {
        let shown = self.shown(id);
        self.manifest(id).into_iter().chain(if shown == id { None } else { self.manifest(shown) })
    }
}
