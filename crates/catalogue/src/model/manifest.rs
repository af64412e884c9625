//! Manifests by number, in columns.

mod answers;

use super::{
    Model, NEVER, NONE,
    columns::{Fixed, Reader, Writer, next},
};
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
