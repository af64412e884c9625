//! The catalogue as it stands in memory: every list, sort, filter and search is answered from here.
//!
//! [`Model`] holds repositories ([`Repo`]), manifests ([`Info`]) and blobs by small numbers, in columns; texts are kept once
//! in a [`Dictionary`]. It is a cache of the database, which is an index of the registries: nothing here is the truth.
//! Changes are made repository by repository and followed by [`Model::settle`], which derives what lists show.
//!
//! `docs/decisions/004-search.md` says why it is in memory, what it costs and what was measured.

mod arena;
mod attached;
mod bits;
mod blobs;
mod columns;
mod dictionary;
mod digests;
mod imprint;
mod manifest;
mod places;
mod postings;
mod pulled;
mod reach;
mod repo;
mod said;
mod summary;

pub use attached::Attachment;
pub use bits::Bits;
pub use dictionary::Dictionary;
pub(crate) use imprint::Mark;
pub use manifest::{ChildInfo, Info};
pub use repo::{Facts, Referrers, Repo, Row};
pub use summary::{Child, Summary, built};
pub(crate) use summary::{SummaryView, clip};

use crate::lists::Orders;
use blobs::Blobs;
use digests::Digests;
use manifest::Manifests;
use places::Places;
use postings::Postings;
use pulled::Pulled;
use said::Said;

/// No number: unknown, absent.
pub const NONE: u32 = u32::MAX;
/// No time.
pub const NEVER: i64 = i64::MIN;

/// Everything known.
#[derive(Default)]
pub struct Model {
    /// Names of tags.
    pub names: Dictionary,
    /// Labels' values, descriptions, media types.
    pub texts: Dictionary,
    /// Platforms, as `os/architecture[/variant]`.
    pub platform_names: Dictionary,
    said: Said,
    /// Names of registries, by their number.
    pub registries: Vec<String>,
    repos: Vec<Option<Repo>>,
    places: Places,
    /// Repositories that have, or once had, a tag of a name, by its number.
    named: Postings,
    digests: Digests,
    manifests: Manifests,
    /// Repositories whose tags reach a manifest, by its number.
    reachers: Postings,
    blobs: Blobs,
    pulled: Pulled,
    /// Repositories and manifests that their tags no longer reach, until somebody looks whether they are still there.
    untagged: Vec<(u32, u32)>,
    totals: Totals,
    /// By registry, how many repositories are not wholly read.
    pending: Vec<u32>,
    /// Grows with every change; caches of lists are good for one value.
    generation: u64,
    pub(crate) orders: Orders,
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
        self.totals_where(|repo| repo.registry == registry)
    }

    /// The counts of the repositories that `counts` picks. Reads all of them; keep the answer a while.
    pub fn totals_where(&self, counts: impl Fn(&Repo) -> bool) -> Totals {
        let mut seen = Bits::new(self.blobs.len());
        let mut totals = Totals::default();
        for (_, repo) in self.repos().filter(|(_, r)| counts(r)) {
            totals.repositories += 1;
            totals.tags += repo.names.len() as u64;
            totals.unshared = totals.unshared.saturating_add(repo.facts.unshared);
            for &blob in repo.reached.iter().flat_map(|&id| self.manifests.blobs(id)) {
                if !seen.has(blob) {
                    seen.set(blob);
                    totals.size = totals.size.saturating_add(self.blobs.size(blob));
                }
            }
        }
        totals
    }

    /// Whether [`Model::take_untagged`] has something.
    pub(crate) fn has_untagged(&self) -> bool {
        !self.untagged.is_empty()
    }

    /// Takes what tags no longer reach since this was last asked: repositories with manifests that may still be there.
    pub(crate) fn take_untagged(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.untagged)
    }

    /// It is known what became of a manifest that tags no longer reach.
    pub(crate) fn settle_untagged(&mut self, repository: u32, manifest: u32) {
        self.untagged.retain(|&each| each != (repository, manifest));
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
        self.places.find(self.registries.get(usize::from(registry))?, name)
    }

    /// `registry/name` of a repository.
    pub(crate) fn place(&self, repo: &Repo) -> &str {
        self.places.text(repo.place)
    }

    /// The repository's number; made known now if it is not.
    pub fn add_repo(&mut self, registry: u16, name: &str, now: i64) -> u32 {
        let id = self.repos.len() as u32;
        let place = match self.places.add(self.registries.get(usize::from(registry)).map_or("", String::as_str), name, id) {
            Ok(place) => place,
            Err(known) => return known,
        };
        self.repos.push(Some(Repo::new(registry, name, place, now)));
        self.totals.repositories += 1;
        *self.pending_of(registry) += 1;
        self.generation += 1;
        id
    }

    pub fn drop_repo(&mut self, id: u32) {
        let Some(mut repo) = self.repos.get_mut(id as usize).and_then(Option::take) else { return };
        self.places.remove(repo.place);
        let reached = std::mem::take(&mut repo.reached);
        self.let_go(id, &reached);
        self.totals.repositories -= 1;
        self.totals.tags -= u64::from(repo.counted);
        self.totals.unshared -= repo.facts.unshared;
        *self.pending_of(repo.registry) -= u32::from(repo.pending);
        self.generation += 1;
    }

    fn pending_of(&mut self, registry: u16) -> &mut u32 {
        let registry = usize::from(registry);
        if self.pending.len() <= registry {
            self.pending.resize(registry + 1, 0);
        }
        &mut self.pending[registry]
    }

    /// Whether a registry has repositories whose tags were never read, or tags whose manifest was not fetched yet.
    pub fn is_pending(&self, registry: u16) -> bool {
        self.pending.get(usize::from(registry)).is_some_and(|&n| n > 0)
    }

    /// Grows when a repository becomes known or is dropped: then their order by name is another.
    pub(crate) fn names_generation(&self) -> u64 {
        self.places.generation()
    }

    /// Repositories with a text (in ASCII lower case) in `registry/name`.
    pub(crate) fn repos_called(&self, needle: &str) -> Bits {
        let mut repos = Bits::new(self.repos.len());
        self.places.each_containing(needle, |id| repos.set(id));
        repos
    }

    /// Repositories whose name may be meant by what the sieve was made of.
    pub(crate) fn repos_let_through(&self, sieve: crate::fuzzy::Sieve) -> impl Iterator<Item = (u32, &Repo)> {
        self.places.let_through(sieve).filter_map(|id| Some((id, self.repo(id)?)))
    }

    /// Repositories that have a tag of one of the names. There may be a few too many: names are never forgotten.
    pub(crate) fn repos_naming(&self, names: &Bits) -> Bits {
        self.lead(&self.named, names)
    }

    /// Repositories whose tags reach one of the manifests.
    pub(crate) fn repos_reaching(&self, manifests: &Bits) -> Bits {
        self.lead(&self.reachers, manifests)
    }

    fn lead(&self, postings: &Postings, from: &Bits) -> Bits {
        let mut repos = Bits::new(self.repos.len());
        for id in from.iter() {
            postings.get(id).iter().for_each(|&r| repos.set(r));
            if repos.count() == self.repos.len() {
                break;
            }
        }
        repos
    }

    /// Room for so many more manifests.
    pub(crate) fn reserve(&mut self, manifests: usize) {
        self.digests.reserve(manifests);
        self.manifests.reserve(manifests);
        self.said.reserve(manifests);
    }

    /// Room for as many more blobs as so many manifests more will have, judged by those known.
    pub(crate) fn reserve_blobs(&mut self, manifests: usize) {
        let known = self.digests.len().max(1);
        self.blobs.reserve(self.blobs.len().saturating_mul(manifests) / known);
    }

    /// Gives back what was kept for growing, after everything was loaded.
    pub(crate) fn shrink(&mut self) {
        self.names.shrink();
        self.texts.shrink();
        self.said.shrink();
        self.repos.shrink_to_fit();
        self.named.shrink();
        self.digests.shrink();
        self.manifests.shrink();
        self.reachers.shrink();
        self.blobs.shrink();
    }
}

#[cfg(test)]
mod tests;
