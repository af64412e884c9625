use super::{Model, NEVER, NONE};
use hashbrown::HashMap;
use oci::{Descriptor, Kind, VersionKey};

/// A repository. Its tags lie in columns, newest version first; search reads one column only.
#[derive(Debug)]
pub struct Repo {
    /// In [`Model::registries`].
    pub registry: u16,
    pub name: Box<str>,
    /// Tags, in [`Model::names`].
    pub names: Vec<u32>,
    /// What each names; [`NONE`] until fetched.
    pub manifests: Vec<u32>,
    pub rows: Vec<Row>,
    /// Tags that are only machinery, and what they name.
    pub machinery: Vec<(oci::Tag, u32)>,
    /// What the registry's API said is attached, by subject.
    pub referrers: HashMap<u32, Referrers>,
    /// Milliseconds since 1970.
    pub first_seen: i64,
    /// When its tags were last all read, or [`NEVER`].
    pub crawled: i64,
    /// Crawls in a row in which the registry did not list it.
    pub strikes: u8,
    pub facts: Facts,
    /// Grows with every change of this repository.
    pub generation: u32,
    /// Manifests that no tag reaches, found here by digest when they came to be so, and when that was.
    pub held: Vec<(u32, i64)>,
    /// Every manifest its tags reach, in order of number.
    pub(super) reached: Vec<u32>,
    /// Tags counted in the totals.
    pub(super) counted: u32,
    /// In the model's places.
    pub(super) place: u32,
    /// Counted among those that are not wholly read.
    pub(super) pending: bool,
}

/// The rest of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// When it came to name what it names: told by an event or seen by us; [`NEVER`] where it was there when we came.
    pub pushed: i64,
    pub first_seen: i64,
    /// `pushed` was told by an event.
    pub told: bool,
    /// The registry lists it and has nothing under it: its digest was deleted beneath it. Not known over a restart.
    pub dangling: bool,
    pub strikes: u8,
    /// In [`Model::texts`], or [`NONE`]: why its manifest cannot be read.
    pub problem: u32,
}

/// What the API said is attached to a subject.
#[derive(Debug)]
pub struct Referrers {
    /// Milliseconds since 1970.
    pub checked: i64,
    pub descriptors: Box<[Descriptor]>,
}

/// What lists show of a repository.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Bytes of all distinct blobs.
    pub size: u64,
    /// Bytes before sharing.
    pub unshared: u64,
    /// Distinct digests among the tags.
    pub images: u32,
    /// When a tag last changed; else when the newest image was built.
    pub updated: Option<i64>,
    /// Position of the newest tag: the highest release, else the highest version, else the one changed last.
    pub newest: Option<u32>,
    /// Bit `Kind as u16`.
    pub kinds: u16,
    /// Platforms among the tags: the bit of each number's remainder by 64.
    pub platforms: u64,
    /// The smallest and the largest size of what a tag names; the wrong way round where none is known.
    pub sizes: (u64, u64),
    /// Kinds, platforms and sizes are those of all tags: no other can come to be known before a tag changes.
    pub whole: bool,
    /// Tags whose manifest was not fetched yet.
    pub unfetched: u32,
    /// Attached things by subject, where there are any: how many, signed, with an SBOM.
    pub attached: HashMap<u32, (u16, bool, bool)>,
}

impl Repo {
    pub(super) fn new(registry: u16, name: &str, place: u32, now: i64) -> Self {
        Self {
            registry,
            name: name.into(),
            names: Vec::new(),
            manifests: Vec::new(),
            rows: Vec::new(),
            machinery: Vec::new(),
            referrers: HashMap::new(),
            first_seen: now,
            crawled: NEVER,
            strikes: 0,
            facts: Facts::default(),
            generation: 0,
            held: Vec::new(),
            reached: Vec::new(),
            counted: 0,
            place,
            pending: true,
        }
    }

    /// What stands before the last slash.
    pub fn namespace(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(n, _)| n)
    }

    pub fn position(&self, model: &Model, tag: &str) -> Option<usize> {
        let name = model.names.find(tag)?;
        self.names.iter().position(|&n| n == name)
    }

    /// Positions of all tags of a manifest, in order.
    pub fn tags_of(&self, manifest: u32) -> impl Iterator<Item = usize> + '_ {
        self.manifests.iter().enumerate().filter(move |&(_, &m)| m == manifest && m != NONE).map(|(i, _)| i)
    }

    /// Every manifest its tags reach, those that are only machinery too, in order of number.
    pub fn reached(&self) -> &[u32] {
        &self.reached
    }

    /// Whether a manifest belongs to this repository: a tag, a child of one, or something attached.
    pub fn holds(&self, manifest: u32) -> bool {
        self.reached.binary_search(&manifest).is_ok() || self.machinery.iter().any(|(_, m)| *m == manifest)
    }

    /// Puts or moves a tag. Its place in the order is found by [`Model::settle`].
    pub(crate) fn put(&mut self, name: u32, manifest: u32, row: Row) {
        match self.names.iter().position(|&n| n == name) {
            Some(i) => {
                self.manifests[i] = manifest;
                self.rows[i] = row;
            }
            None => self.push(name, manifest, row),
        }
    }

    /// Adds a tag that is not there yet.
    pub(crate) fn push(&mut self, name: u32, manifest: u32, row: Row) {
        self.names.push(name);
        self.manifests.push(manifest);
        self.rows.push(row);
    }

    /// Room for exactly so many more.
    pub(crate) fn reserve(&mut self, tags: usize) {
        self.names.reserve_exact(tags);
        self.manifests.reserve_exact(tags);
        self.rows.reserve_exact(tags);
    }

    pub(crate) fn remove(&mut self, name: u32) {
        if let Some(i) = self.names.iter().position(|&n| n == name) {
            self.names.remove(i);
            self.manifests.remove(i);
            self.rows.remove(i);
        }
    }
}

impl Model {
    /// Derives what lists show of a repository after its tags, manifests or attached things changed.
    pub fn settle(&mut self, id: u32) {
        let Some(mut repo) = self.repos.get_mut(id as usize).and_then(Option::take) else { return };
        self.order(&mut repo);
        let mut tagged: Vec<u32> = repo.manifests.iter().copied().filter(|&m| m != NONE).collect();
        tagged.sort_unstable();
        tagged.dedup();
        let mut reached = Vec::with_capacity(tagged.len() + repo.machinery.len());
        for &m in &tagged {
            self.reach(m, 0, &mut reached);
        }
        for &(_, m) in &repo.machinery {
            if m != NONE {
                self.reach(m, 0, &mut reached);
            }
        }
        reached.sort_unstable();
        reached.dedup();
        let before = std::mem::take(&mut repo.reached);
        self.change_holds(id, &before, &reached);
        repo.held.retain(|(manifest, _)| reached.binary_search(manifest).is_err());
        repo.reached = reached;
        for &name in &repo.names {
            self.named.insert(name, id);
        }

        let facts = self.derive(&repo, &tagged);
        self.totals.tags = self.totals.tags + repo.names.len() as u64 - u64::from(repo.counted);
        self.totals.unshared = self.totals.unshared - repo.facts.unshared + facts.unshared;
        repo.counted = repo.names.len() as u32;
        repo.facts = facts;
        let pending = repo.facts.unfetched > 0 || repo.crawled == NEVER;
        let of = self.pending_of(repo.registry);
        *of = *of + u32::from(pending) - u32::from(repo.pending);
        repo.pending = pending;
        repo.generation = repo.generation.wrapping_add(1);
        self.repos[id as usize] = Some(repo);
        self.generation += 1;
    }

    /// A repository reaches other manifests than before; both lists are in order. What stays is left alone.
    fn change_holds(&mut self, id: u32, before: &[u32], after: &[u32]) {
        let without = |these: &[u32], those: &[u32]| these.iter().copied().filter(|m| those.binary_search(m).is_err()).collect::<Vec<_>>();
        self.hold(id, &without(after, before));
        let gone = without(before, after);
        self.let_go(id, &gone);
        self.untagged.extend(gone.into_iter().map(|manifest| (id, manifest)));
    }

    /// Puts the tags into version order.
    fn order(&self, repo: &mut Repo) {
        let key = |&name: &u32| VersionKey::new(self.names.text(name));
        if repo.names.is_sorted_by_key(key) {
            return;
        }
        let mut order: Vec<(VersionKey<'_>, u32)> = repo.names.iter().enumerate().map(|(i, n)| (key(n), i as u32)).collect();
        order.sort_unstable();
        repo.names = order.iter().map(|&(_, i)| repo.names[i as usize]).collect::<Vec<_>>();
        repo.manifests = order.iter().map(|&(_, i)| repo.manifests[i as usize]).collect();
        repo.rows = order.iter().map(|&(_, i)| repo.rows[i as usize]).collect();
    }

    fn derive(&self, repo: &Repo, tagged: &[u32]) -> Facts {
        let mut facts = Facts { images: tagged.len() as u32, sizes: (u64::MAX, 0), whole: true, ..Facts::default() };
        let mut all = Vec::new();
        for &m in tagged {
            let from = all.len();
            self.blobs_under(m, 0, &mut all);
            facts.unshared = facts.unshared.saturating_add(self.bytes_of(&mut all[from..]));
            if let Some(info) = self.manifest(m).filter(|i| i.known) {
                facts.kinds |= 1 << info.kind as u16;
            }
            facts.platforms |= self.platforms(m).fold(0, |all, platform| all | 1 << (platform % 64));
            if let Some(size) = self.size(m) {
                facts.sizes = (facts.sizes.0.min(size), facts.sizes.1.max(size));
            }
            let nested = |c: &&super::ChildInfo| !c.attestation && c.platform == NONE;
            let known = |m: u32| self.manifests.known(m);
            facts.whole &= known(m) && known(self.shown(m)) && self.children(m).iter().filter(nested).all(|c| known(c.manifest));
        }
        facts.size = self.bytes_of(&mut all);
        facts.unfetched =
            repo.manifests.iter().zip(&repo.rows).filter(|&(&m, row)| row.problem == NONE && !self.manifests.known(m)).count() as u32;
        facts.updated = (0..repo.names.len()).filter_map(|i| self.changed(repo, i)).max();
        facts.newest = self.newest(repo);
        let machinery = self.machinery_by_subject(repo);
        for &m in tagged {
            let (mut n, mut signed, mut sbom) = (0u16, false, false);
            for a in self.attached_with(repo, m, machinery.get(&m).map_or(&[], Vec::as_slice)) {
                n = n.saturating_add(1);
                signed |= a.kind == Kind::Signature;
                sbom |= a.kind == Kind::Sbom;
            }
            if n > 0 {
                facts.attached.insert(m, (n, signed, sbom));
            }
        }
        facts
    }

    /// Bytes of blobs, each counted once; puts them into order.
    fn bytes_of(&self, blobs: &mut [u32]) -> u64 {
        blobs.sort_unstable();
        blobs.chunk_by(|a, b| a == b).fold(0, |sum: u64, same| sum.saturating_add(self.blobs.size(same[0])))
    }

    /// When a tag last changed: when it was pushed, else when its image was built; unknown where the image says that it
    /// was built after we saw it.
    pub fn changed(&self, repo: &Repo, position: usize) -> Option<i64> {
        let row = repo.rows.get(position)?;
        if row.pushed != NEVER {
            return Some(row.pushed);
        }
        self.created(*repo.manifests.get(position)?).filter(|&c| c <= row.first_seen)
    }

    fn newest(&self, repo: &Repo) -> Option<u32> {
        let key = |i: &usize| VersionKey::new(self.names.text(repo.names[*i]));
        let versions = || (0..repo.names.len()).take_while(|i| key(i).is_version());
        versions()
            .find(|i| key(i).is_release())
            .or_else(|| versions().find(|i| !key(i).is_prerelease()))
            .or_else(|| versions().next())
            .or_else(|| (0..repo.names.len()).max_by_key(|&i| (self.changed(repo, i), std::cmp::Reverse(i))))
            .map(|i| i as u32)
    }

    /// A manifest that no tag reaches is there nevertheless, since a time. Nothing happens where a tag does reach it.
    pub(crate) fn hold_untagged(&mut self, id: u32, manifest: u32, since: i64) {
        let Some(repo) = self.repo_mut(id) else { return };
        if repo.reached.binary_search(&manifest).is_err() && !repo.held.iter().any(|(held, _)| *held == manifest) {
            repo.held.push((manifest, since));
        }
    }
}
