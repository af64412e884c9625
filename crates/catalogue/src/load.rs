//! From the database to the model, at start, and the imprint that makes the next start short. Rows are taken in as they are read, so
//! that neither all of them nor their texts are ever held beside the model.

use crate::{
    catalogue::Catalogue,
    model::{Mark, Model, NEVER, NONE, Referrers, Row, SummaryView},
    record::{Piece, TagRow},
    source::Watched,
    store::{Store, StoreError},
};
use oci::Tag;
use std::{
    io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// Manifests after which room is made for the blobs of all the others.
const SAMPLE: usize = 10_000;

/// Manifests that are not in the imprint yet for which it is worth to be written anew: reading these takes some milliseconds.
const WORTH_IT: i64 = 1_000;

/// Builds the model from the imprint, where there is one that fits, and the database. Registries no longer configured stay in the
/// database, unseen. Returns the last row that was in the imprint.
pub(crate) async fn model(store: &Store, watched: &[Watched]) -> Result<(Model, i64), StoreError> {
    let registries: Vec<String> = watched.iter().map(|w| w.source.name.clone()).collect();
    let (model, after) = match read_imprint(store, registries.clone()).await {
        Some((model, mark)) if store.is_manifest(mark.row, &mark.digest).await? => (model, mark.row),
        _ => (Model::new(registries), 0),
    };
    let mut loading = Loading { model, watched, expected: 0, read: 0, last: None };
    store.read(after, &mut |piece| loading.take(piece)).await?;
    let mut model = loading.model;
    for id in 0..model.repo_bound() as u32 {
        model.settle(id);
    }
    model.shrink();
    Ok((model, after))
}

/// Where the imprint lies: beside the database, where that is a file.
fn place(store: &Store) -> Option<PathBuf> {
    store.file().map(imprint_of)
}

/// The same, of a file of SQLite's.
pub(crate) fn imprint_of(file: &Path) -> PathBuf {
    file.with_added_extension("known")
}

async fn read_imprint(store: &Store, registries: Vec<String>) -> Option<(Model, Mark)> {
    let path = place(store)?;
    match spawn_blocking(move || Model::read_imprint(&path, registries)).await {
        Ok(Ok(read)) => Some(read),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Ok(Err(error)) => {
            tracing::info!(%error, "the imprint of what is known cannot be used; the database is read instead");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "the imprint of what is known could not be read");
            None
        }
    }
}

/// Writes the imprint, where enough has come since `after`, the last row of the one that is there. Called when all that was
/// learned is written and nothing more is learned.
pub(crate) async fn keep_imprint(catalogue: &Catalogue, after: i64) {
    let store = &catalogue.0.store;
    let Some(path) = place(store) else { return };
    let (row, digest, rows) = match store.last_manifest().await {
        Ok(Some(last)) if last.0 - after >= WORTH_IT => last,
        Ok(_) => return,
        Err(error) => {
            tracing::debug!(%error, "no imprint is written");
            return;
        }
    };
    let catalogue = catalogue.clone();
    let written = spawn_blocking(move || {
        let model = catalogue.model();
        // Another process may have written rows that are not known here, or a row of ours could not be written.
        if i64::try_from(model.known_manifests()) != Ok(rows) {
            return Ok(false);
        }
        model.write_imprint(&path, &Mark { row, digest }).map(|()| true)
    });
    match written.await {
        Ok(Ok(true)) => tracing::debug!(manifests = rows, "an imprint for the next start is written"),
        Ok(Ok(false)) => tracing::debug!("the database has other manifests than are known here; no imprint is written"),
        Ok(Err(error)) => tracing::warn!(%error, "the imprint for the next start could not be written; it will read the database"),
        Err(error) => tracing::warn!(%error, "the imprint for the next start could not be written; it will read the database"),
    }
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
