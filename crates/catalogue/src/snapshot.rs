//! What plans are made from: a registry, or some of its repositories, as it is known now.
//!
//! [`Catalogue::guards`] reads what only the database knows, [`Catalogue::snapshot`] makes the [`plan::Snapshot`] from memory.
//! Whoever changes something has the repositories read anew before ([`Catalogue::read_again`]).

use crate::{
    catalogue::{Catalogue, now},
    evaluate::Evaluation,
    kept::LockRecord,
    model::{Bits, Model, NEVER, NONE, Repo},
    query::Query,
    store::Result,
};
use hashbrown::HashMap;
use oci::{Descriptor, Kind, RepositoryName};
use plan::{Blob, Machinery, Manifest, Referrer, Repository, Snapshot, Tag, Text, Ways};

/// Of what to make a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub registry: u16,
    /// Only these; all of the registry when absent. What is not known is left out.
    pub repositories: Option<Vec<RepositoryName>>,
    /// What a clean-up may take. Absent: nothing.
    pub candidates: Option<Query>,
    /// What never goes, and why, as the end of a sentence.
    pub protected: Vec<(Query, Text)>,
    /// What can be done there.
    pub ways: Ways,
}

/// What memory alone does not tell.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Of the registry.
    pub locks: Vec<LockRecord>,
    /// Since when the registry tells of pulls; none where it does not.
    pub pulls_since: Option<i64>,
}

/// A tag that a query matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub repository: String,
    pub tag: String,
    /// What it names, where that is known.
    pub digest: Option<String>,
}

/// Queries made ready, for marks.
#[derive(Default)]
pub struct Marks<'e, 'm> {
    /// What a clean-up may take. Absent: nothing.
    pub candidates: Option<&'e Evaluation<'m>>,
    /// What never goes, and why.
    pub protected: Vec<(&'e Evaluation<'m>, Text)>,
}

impl Catalogue {
    /// Reads the locks of a registry and what other processes have heard of pulls.
    pub async fn guards(&self, registry: u16) -> Result<Guards> {
        let Some(watched) = self.watched(registry) else { return Ok(Guards::default()) };
        let mut locks = self.locks().all().await?;
        locks.retain(|lock| lock.registry == watched.source.name);
        let pulls_since = crate::told::catch_up(self, watched).await?;
        Ok(Guards { locks, pulls_since })
    }

    /// The registry as it is known now. For 10,000 tags of a million it takes some tens of milliseconds, for all of a million
    /// most of a second, in which nobody learns anything: call it where threads may be kept busy.
    pub fn snapshot(&self, wanted: &Wanted, guards: &Guards) -> Snapshot {
        let model = self.model();
        let at = now();
        let candidates = wanted.candidates.as_ref().map(|query| Evaluation::new(&model, query, at));
        let protected: Vec<(Evaluation<'_>, &Text)> =
            wanted.protected.iter().map(|(query, why)| (Evaluation::new(&model, query, at), why)).collect();
        let marks = Marks {
            candidates: candidates.as_ref(),
            protected: protected.iter().map(|(evaluation, why)| (evaluation, Text::clone(why))).collect(),
        };
        let repositories: Option<Vec<u32>> = wanted
            .repositories
            .as_ref()
            .map(|names| names.iter().filter_map(|name| model.find_repo(wanted.registry, name.as_str())).collect());
        of(&model, wanted.registry, repositories.as_deref(), &marks, guards, wanted.ways)
    }

    /// Every tag of a registry that a query matches, by repository; those that are only machinery are left out.
    pub fn matching(&self, query: &Query, registry: u16) -> Vec<Match> {
        let model = self.model();
        let evaluation = Evaluation::new(&model, query, now());
        let within = evaluation.within();
        let mut matches = Vec::new();
        for (id, repo) in model.repos().filter(|(_, repo)| repo.registry == registry) {
            if within.as_ref().is_some_and(|within| !within.has(id)) {
                continue;
            }
            evaluation.each(id, repo, |i| {
                matches.push(Match {
                    repository: repo.name.to_string(),
                    tag: model.names.text(repo.names[i]).to_owned(),
                    digest: model.digest(repo.manifests[i]),
                });
            });
        }
        matches.sort_by(|a, b| a.repository.cmp(&b.repository));
        matches
    }
}

/// The snapshot of some repositories of a registry, or of all.
pub fn of(model: &Model, registry: u16, repositories: Option<&[u32]>, marks: &Marks<'_, '_>, guards: &Guards, ways: Ways) -> Snapshot {
    let mut wanted: Vec<(u32, &Repo)> = match repositories {
        Some(ids) => ids.iter().filter_map(|&id| Some((id, model.repo(id)?))).filter(|(_, repo)| repo.registry == registry).collect(),
        None => model.repos().filter(|(_, repo)| repo.registry == registry).collect(),
    };
    wanted.sort_by_key(|(id, _)| *id);
    wanted.dedup_by_key(|(id, _)| *id);
    let mut making = Making::new(model, wanted.iter().map(|(_, repo)| repo.reached().len()).sum());
    let mut made: Vec<Repository> = wanted.iter().map(|&(id, repo)| making.repository(id, repo, marks, guards)).collect();
    making.fill();
    for ((_, repo), repository) in wanted.iter().zip(&mut made) {
        making.attach(repo, repository);
    }
    making.fill();
    making.relate();
    for ((_, repo), repository) in wanted.iter().zip(&mut made) {
        making.subjects(repo, repository);
    }
    if repositories.is_some() {
        let inside = |id: u32| wanted.binary_search_by_key(&id, |(id, _)| *id).is_ok();
        making.look_outside(model.repos().filter(|&(id, repo)| repo.registry == registry && !inside(id)).map(|(_, repo)| repo));
    }
    Snapshot {
        registry: model.registries.get(usize::from(registry)).map_or("", String::as_str).into(),
        ways,
        pulls_since: guards.pulls_since,
        manifests: making.manifests,
        blobs: making.blobs,
        repositories: made,
    }
}

/// A snapshot being made.
struct Making<'m> {
    model: &'m Model,
    manifests: Vec<Manifest>,
    /// The model's number of each; [`NONE`] for one that the model does not have.
    numbers: Vec<u32>,
    /// How many of them have their content.
    filled: usize,
    blobs: Vec<Blob>,
    /// By the model's number, the snapshot's; or [`NONE`].
    manifest_of: Vec<u32>,
    blob_of: Vec<u32>,
    /// Of what the model does not have.
    strangers: HashMap<Box<str>, u32>,
    media_types: HashMap<u32, Text>,
    nothing: Text,
}

impl<'m> Making<'m> {
    /// `reached`: manifests to come, at most, but for a few.
    fn new(model: &'m Model, reached: usize) -> Self {
        let reached = reached.min(model.manifest_bound());
        Self {
            model,
            manifests: Vec::with_capacity(reached),
            numbers: Vec::with_capacity(reached),
            filled: 0,
            blobs: Vec::new(),
            manifest_of: vec![NONE; model.manifest_bound()],
            blob_of: vec![NONE; model.blob_bound()],
            strangers: HashMap::new(),
            media_types: HashMap::new(),
            nothing: Text::from(""),
        }
    }

    /// A manifest's number in the snapshot; given to it now if it has none.
    fn manifest(&mut self, id: u32) -> Option<u32> {
        let number = self.manifest_of.get_mut(id as usize)?;
        if *number == NONE {
            *number = self.manifests.len() as u32;
            let digest = self.model.with_digest(id, |text| Text::from(text)).unwrap_or_else(|| Text::clone(&self.nothing));
            self.manifests.push(unknown(digest, &self.nothing));
            self.numbers.push(id);
        }
        Some(*number)
    }

    fn known(&self, id: u32) -> Option<u32> {
        self.manifest_of.get(id as usize).copied().filter(|&number| number != NONE)
    }

    fn repository(&mut self, id: u32, repo: &Repo, marks: &Marks<'_, '_>, guards: &Guards) -> Repository {
        let model = self.model;
        let mut tags = Vec::with_capacity(repo.names.len());
        for (i, (&name, &manifest)) in repo.names.iter().zip(&repo.manifests).enumerate() {
            let row = &repo.rows[i];
            tags.push(Tag {
                name: model.names.text(name).into(),
                manifest: self.manifest(manifest),
                dangling: row.dangling,
                pushed: (row.pushed != NEVER).then_some(row.pushed),
                created: model.created(manifest),
                pulled: model.last_pull(repo, i),
                candidate: false,
                protected: None,
            });
        }
        if let Some(candidates) = marks.candidates {
            candidates.each(id, repo, |i| tags[i].candidate = true);
        }
        for (evaluation, why) in &marks.protected {
            evaluation.each(id, repo, |i| tags[i].protected = Some(Text::clone(why)));
        }
        for lock in guards.locks.iter().filter(|lock| *lock.repository == *repo.name) {
            let why: Text = lock.actor.as_ref().map_or("locked".to_owned(), |actor| format!("locked by {actor}")).into();
            let digest = model.find_manifest(&lock.name).unwrap_or(NONE);
            for (tag, &manifest) in tags.iter_mut().zip(&repo.manifests) {
                if lock.name.is_empty() || *lock.name == *tag.name || digest != NONE && digest == manifest {
                    tag.protected = Some(Text::clone(&why));
                }
            }
        }
        Repository {
            name: (*repo.name).into(),
            tags,
            machinery: repo
                .machinery
                .iter()
                .map(|(tag, manifest)| Machinery { tag: tag.as_str().into(), manifest: self.manifest(*manifest), subject: None })
                .collect(),
            referrers: Vec::new(),
            untagged: repo.held.iter().filter_map(|&(manifest, _)| self.manifest(manifest)).collect(),
            candidate: marks.candidates.is_some_and(|candidates| candidates.repository(id)),
            whole: repo.crawled != NEVER,
        }
    }

    /// Gives manifests their content, and those that they list theirs.
    fn fill(&mut self) {
        // Not by recursion: an index may lie in an index as deep as somebody cares to push.
        while let Some(&id) = self.numbers.get(self.filled) {
            let at = self.filled;
            self.filled += 1;
            let Some(info) = self.model.manifest(id) else { continue };
            let children = info.children.iter().filter_map(|child| self.manifest(child.manifest)).collect();
            let all = self.model.blobs_of(id);
            let mut blobs = Vec::with_capacity(all.len());
            blobs.extend(all.iter().filter_map(|&blob| self.blob(blob)));
            let media_type = if info.media_type == NONE {
                Text::clone(&self.nothing)
            } else {
                let text = || self.model.texts.text(info.media_type).into();
                Text::clone(self.media_types.entry(info.media_type).or_insert_with(text))
            };
            let manifest = &mut self.manifests[at];
            (manifest.children, manifest.blobs) = (children, blobs);
            (manifest.known, manifest.kind) = (info.known, info.kind);
            manifest.bytes = info.bytes.into();
            if !media_type.is_empty() {
                manifest.media_type = media_type;
            }
        }
    }

    fn blob(&mut self, blob: u32) -> Option<u32> {
        let number = self.blob_of.get_mut(blob as usize)?;
        if *number == NONE {
            *number = self.blobs.len() as u32;
            // Schema 1 tells no sizes; nothing else has none.
            let size = Some(self.model.blob_size(blob)).filter(|&size| size > 0);
            self.blobs.push(Blob { digest: None, size, outside: false });
        }
        Some(*number)
    }

    /// What the registry's API says is attached to what the repository has.
    fn attach(&mut self, repo: &Repo, repository: &mut Repository) {
        for (&subject, referrers) in repo.referrers.iter().filter(|(_, referrers)| !referrers.descriptors.is_empty()) {
            // What it was asked of before and no longer has, does not matter.
            let is_here = repo.reached().binary_search(&subject).is_ok() || repo.held.iter().any(|(held, _)| *held == subject);
            let Some(subject) = self.known(subject).filter(|_| is_here) else { continue };
            for descriptor in &referrers.descriptors {
                if let Some(manifest) = self.described(descriptor) {
                    repository.referrers.push(Referrer { subject, manifest });
                }
            }
        }
        repository.referrers.sort_unstable_by_key(|r| (r.subject, r.manifest));
        repository.referrers.dedup();
    }

    /// The manifest that a descriptor is of; what it says is all that may be known of it.
    fn described(&mut self, descriptor: &Descriptor) -> Option<u32> {
        let digest = descriptor.digest.as_str();
        let number = if let Some(id) = self.model.find_manifest(digest) {
            self.manifest(id)?
        } else if let Some(&number) = self.strangers.get(digest) {
            number
        } else {
            let number = self.manifests.len() as u32;
            self.strangers.insert(digest.into(), number);
            self.manifests.push(unknown(digest.into(), &self.nothing));
            self.numbers.push(NONE);
            number
        };
        let manifest = &mut self.manifests[number as usize];
        if manifest.media_type.is_empty() {
            manifest.media_type = descriptor.media_type.as_str().into();
            manifest.kind = Kind::of_referrer(descriptor);
            manifest.bytes = descriptor.size;
        }
        Some(number)
    }

    /// What manifests say they are attached to, where that is here.
    fn relate(&mut self) {
        for (manifest, &id) in self.manifests.iter_mut().zip(&self.numbers) {
            let subject = self.model.subject_of(id);
            manifest.subject = subject.and_then(|s| self.manifest_of.get(s as usize).copied()).filter(|&number| number != NONE);
        }
    }

    fn subjects(&self, repo: &Repo, repository: &mut Repository) {
        for ((tag, _), machinery) in repo.machinery.iter().zip(&mut repository.machinery) {
            let subject = tag.machinery().and_then(|(digest, _)| self.model.find_manifest(digest.as_str()));
            machinery.subject = subject.and_then(|id| self.known(id));
        }
    }

    /// Marks the blobs that other repositories have as well.
    fn look_outside<'r>(&mut self, others: impl Iterator<Item = &'r Repo>) {
        let mut seen = Bits::new(self.model.manifest_bound());
        for repo in others {
            let held = repo.held.iter().map(|&(manifest, _)| manifest);
            for manifest in repo.reached().iter().copied().chain(held) {
                if seen.has(manifest) {
                    continue;
                }
                seen.set(manifest);
                for &blob in self.model.blobs_of(manifest) {
                    if let Some(blob) = self.blobs.get_mut(self.blob_of[blob as usize] as usize) {
                        blob.outside = true;
                    }
                }
            }
        }
    }
}

/// A manifest of which only the digest is known.
fn unknown(digest: Text, nothing: &Text) -> Manifest {
    Manifest {
        digest,
        media_type: Text::clone(nothing),
        kind: Kind::Unknown,
        known: false,
        bytes: 0,
        children: Vec::new(),
        blobs: Vec::new(),
        subject: None,
    }
}

#[cfg(test)]
mod tests;
