//! What the model knows of a manifest, and how it learns it.

use super::{ChildInfo, Common, Extra, Info, NOTHING, Own};
use crate::model::{Model, NEVER, NONE, Summary, summary::SummaryView};
use oci::Kind;

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
