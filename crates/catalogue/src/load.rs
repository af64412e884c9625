//! From the database to the model, at start. Rows are taken in as they are read, so that neither all of them nor their
//! texts are ever held beside the model.

use crate::{
    model::{Model, NEVER, NONE, Referrers, Row, SummaryView},
    record::{Piece, TagRow},
    source::Watched,
    store::{Store, StoreError},
};
use oci::Tag;

/// Manifests after which room is made for the blobs of all the others.
const SAMPLE: usize = 10_000;

/// Builds the model from the database. Registries no longer configured stay in the database, unseen.
pub(crate) async fn model(store: &Store, watched: &[Watched]) -> Result<Model, StoreError> {
    let mut loading =
        Loading { model: Model::new(watched.iter().map(|w| w.source.name.clone()).collect()), watched, expected: 0, read: 0, last: None };
    store.read(&mut |piece| loading.take(piece)).await?;
    let mut model = loading.model;
    for id in 0..model.repo_bound() as u32 {
        model.settle(id);
    }
    model.shrink();
    Ok(model)
}

struct Loading<'a> {
    model: Model,
    watched: &'a [Watched],
    /// Manifests to come, at most; about right.
    expected: usize,
    read: usize,
    /// The repository of the last tags: those of PostgreSQL come one by one.
    last: Option<(String, String, Option<u32>)>,
}

impl Loading<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Manifests(expected) => {
                self.expected = expected;
                self.model.reserve(expected);
            }
            Piece::Registry(record) => {
                if let Some(watched) = self.watched.iter().find(|w| w.source.name == record.registry) {
                    let mut status = watched.status();
                    status.crawled = record.crawled;
                    status.checked = record.crawled;
                    status.behind = record.crawled.is_some();
                    status.capabilities = record.capabilities.and_then(|c| serde_json::from_str(&c).ok()).unwrap_or_default();
                }
            }
            Piece::Manifest { digest, summary } => {
                // A summary of another version is fetched anew when a tag leads to it.
                if let Some(summary) = SummaryView::decode(summary) {
                    self.model.take_in(digest, &summary);
                }
                self.read += 1;
                if self.read == SAMPLE {
                    self.model.reserve_blobs(self.expected.saturating_sub(self.read));
                }
            }
            Piece::Repository(record) => {
                let Some(registry) = self.model.registry_number(&record.registry) else { return };
                if !self.watched[usize::from(registry)].wants(&record.repository) {
                    return;
                }
                let id = self.model.add_repo(registry, &record.repository, record.first_seen);
                if let Some(repo) = self.model.repo_mut(id) {
                    repo.crawled = record.crawled.unwrap_or(NEVER);
                    repo.strikes = record.strikes.clamp(0, 255) as u8;
                }
            }
            Piece::Tags { registry, repository, tags } => {
                if let Some(id) = self.find(registry, repository) {
                    if let Some(repo) = self.model.repo_mut(id) {
                        repo.reserve(tags.len());
                    }
                    tags.iter().for_each(|tag| self.tag(id, tag));
                }
            }
            Piece::Referrers(record) => {
                let Some(id) = self.find(&record.registry, &record.repository) else { return };
                let manifest = self.model.manifest_number(&record.digest);
                let descriptors = serde_json::from_str(&record.descriptors).unwrap_or_default();
                if let Some(repo) = self.model.repo_mut(id) {
                    repo.referrers.insert(manifest, Referrers { checked: record.checked, descriptors });
                }
            }
        }
    }

    fn find(&mut self, registry: &str, repository: &str) -> Option<u32> {
        match &self.last {
            Some((r, n, id)) if r == registry && n == repository => *id,
            _ => {
                let id = self.model.registry_number(registry).and_then(|r| self.model.find_repo(r, repository));
                self.last = Some((registry.to_owned(), repository.to_owned(), id));
                id
            }
        }
    }

    fn tag(&mut self, id: u32, row: &TagRow<'_>) {
        let model = &mut self.model;
        let Ok(tag) = Tag::parse(&row.tag) else { return };
        let manifest = row.digest.as_deref().map_or(NONE, |d| model.manifest_number(d));
        let problem = row.problem.as_deref().map_or(NONE, |p| model.texts.number(p));
        let name = if tag.is_machinery() { NONE } else { model.names.number(tag.as_str()) };
        let Some(repo) = model.repo_mut(id) else { return };
        if name == NONE {
            repo.machinery.push((tag, manifest));
        } else {
            repo.push(
                name,
                manifest,
                Row {
                    pushed: row.pushed.unwrap_or(NEVER),
                    first_seen: row.first_seen,
                    told: row.told,
                    dangling: false,
                    strikes: row.strikes.clamp(0, 255) as u8,
                    problem,
                },
            );
        }
    }
}
