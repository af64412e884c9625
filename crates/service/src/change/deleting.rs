//! Planning a deletion: what was named or matches is found in the registry as it is now; and looking again, before a job acts on it.

use super::{carry::Waiting, step::Came, stored::Stored, trash};
use crate::{Error, Result, Service};
use api::Code;
use oci::{Digest, Reference, RepositoryName, Tag, Target};
use plan::{DeleteIn, Plan, Snapshot, Step};
use std::collections::{BTreeMap, BTreeSet};

/// References that one request may name.
const REFERENCES: usize = 10_000;
/// Repositories that are read anew before a plan; in larger ones only what is named, since a job reads them anyway before it acts.
const READ_ANEW: usize = 50;
/// Tags up to which a repository is read anew before a plan.
const SMALL: usize = 1_000;

/// What is to go from one repository, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub tags: BTreeSet<Tag>,
    pub digests: BTreeSet<Digest>,
    pub everything: bool,
}

/// By registry, then repository.
type Names = BTreeMap<String, BTreeMap<RepositoryName, Named>>;

impl Service {
    /// What goes when references are deleted, or all tags that a query finds: one of the two is given.
    pub(super) async fn plan_delete(&self, refs: &[String], query: Option<&str>) -> Result<Stored> {
        let names = match (refs, query.map(str::trim).filter(|q| !q.is_empty())) {
            ([], None) => return Err(Error::new(Code::BadRequest, "Nothing is named: give refs or a query.")),
            ([_, ..], Some(_)) => return Err(Error::new(Code::BadRequest, "There are refs and a query; give one of them.")),
            (refs, None) => self.named(refs).await?,
            ([], Some(query)) => self.matching(query)?,
        };
        let mut stored = Stored::default();
        for (registry, repositories) in &names {
            let part = self.plan_delete_in(registry, repositories).await?;
            stored.parts.push(self.advised(registry, part)?);
        }
        stored.summary = summary("Delete", &names);
        self.ask_consent(&mut stored).await?;
        Ok(stored)
    }

    /// The names of references, each found in its registry as it is now.
    async fn named(&self, refs: &[String]) -> Result<Names> {
        if refs.len() > REFERENCES {
            return Err(Error::new(Code::BadRequest, format!("At most {REFERENCES} references can be named at once."))
                .hint("Name a repository, or give a query."));
        }
        let mut names = Names::new();
        for text in refs {
            let reference = Reference::parse(text)?;
            self.may_change(&reference.registry)?;
            let named = names.entry(reference.registry.clone()).or_default().entry(reference.repository.clone()).or_default();
            match reference.target {
                None => named.everything = true,
                Some(Target::Tag(tag)) => drop(named.tags.insert(tag)),
                Some(Target::Digest(digest)) => drop(named.digests.insert(digest)),
            }
        }
        let many = names.values().map(BTreeMap::len).sum::<usize>() > READ_ANEW;
        for (registry, repositories) in &names {
            for (repository, named) in repositories {
                self.read_anew(registry, repository, named, many).await?;
            }
        }
        Ok(names)
    }

    /// Has the catalogue know a repository as it is now, and everything that is named in it.
    pub(super) async fn read_anew(&self, registry: &str, repository: &RepositoryName, named: &Named, many: bool) -> Result<()> {
        let place = |target| Reference { registry: registry.to_owned(), repository: repository.clone(), target };
        let (number, id) = self.repository_of(&place(None)).await?;
        self.0.catalogue.ensure_probed(number).await;
        let tags = self.0.catalogue.model().repo(id).map_or(0, |r| r.names.len());
        let small = tags <= SMALL && !many;
        if small {
            self.0.catalogue.read_again(number, repository).await?;
        }
        for tag in &named.tags {
            if small && self.holds_tag(number, repository, tag) {
                continue;
            }
            self.0.catalogue.ensure_tag(number, repository, tag).await.map_err(|e| match e {
                registry::Error::NotFound(_) => Error::new(Code::TagNotFound, format!("{registry}/{repository} has no tag {tag}.")),
                other => other.into(),
            })?;
        }
        for digest in &named.digests {
            self.0.catalogue.ensure_manifest(number, repository, digest).await.map_err(|e| match e {
                registry::Error::NotFound(_) => {
                    Error::new(Code::ManifestNotFound, format!("{registry}/{repository} has no manifest {digest}."))
                }
                other => other.into(),
            })?;
        }
        Ok(())
    }

    /// Every tag that a query matches, as the catalogue has it.
    fn matching(&self, query: &str) -> Result<Names> {
        let parsed = crate::lists::parse(query)?;
        if parsed.is_empty() {
            return Err(Error::new(Code::BadQuery, "An empty query would take everything.").hint("Say which: repo:team/* age:>90d"));
        }
        let mut names = Names::new();
        for (number, settings) in (0u16..).zip(&self.0.settings.registries) {
            for found in self.0.catalogue.matching(&parsed, number) {
                let (Ok(repository), Ok(tag)) = (RepositoryName::parse(&found.repository), Tag::parse(&found.tag)) else { continue };
                names.entry(settings.name.clone()).or_default().entry(repository).or_default().tags.insert(tag);
            }
        }
        for registry in names.keys() {
            self.may_change(registry)?;
        }
        Ok(names)
    }

    async fn plan_delete_in(&self, registry: &str, repositories: &BTreeMap<RepositoryName, Named>) -> Result<Plan> {
        let (number, settings) = self.registry_of(registry)?;
        let snapshot = self.snapshot(number, repositories.keys().cloned().collect()).await?;
        let mut part = plan::plan(&snapshot, &plan::Intent::Delete(found(&snapshot, repositories)), catalogue::now());
        if let Some(keep) = settings.trash {
            trash::fill(&mut part, &snapshot, keep, catalogue::now());
        }
        Ok(part)
    }

    /// Whether a repository has a tag, those that are only machinery among them.
    fn holds_tag(&self, number: u16, repository: &RepositoryName, tag: &Tag) -> bool {
        let model = self.0.catalogue.model();
        let repo = model.find_repo(number, repository.as_str()).and_then(|id| model.repo(id));
        repo.is_some_and(|repo| repo.position(&model, tag.as_str()).is_some() || repo.machinery.iter().any(|(t, _)| t == tag))
    }

    /// Whether what is left to be done in a repository is still what the plan says: its tags are read anew, and the plan is made again for what
    /// is not done yet. What is gone already leaves the comparison.
    pub(super) async fn recheck(&self, registry: &str, repository: &str, waiting: &[Waiting]) -> std::result::Result<(), Came> {
        let (number, _) = self.registry_of(registry)?;
        let name = RepositoryName::parse(repository).map_err(Error::from)?;
        self.0.catalogue.read_again(number, &name).await?;
        let (mut named, mut left) = (Named::default(), Vec::new());
        let connection = self.0.catalogue.registry(number).ok_or_else(|| Error::internal("a registry without a connection"))?;
        for waiting in waiting {
            let step = &waiting.kept.step;
            match step {
                Step::Untag { tag, .. } => {
                    let tag = Tag::parse(tag).map_err(Error::from)?;
                    if self.holds_tag(number, &name, &tag) {
                        named.tags.insert(tag);
                        left.push(step.clone());
                    }
                }
                Step::DeleteManifest { digest, tags, media_type, .. } => {
                    let digest = Digest::parse(digest).map_err(Error::from)?;
                    let still: Vec<plan::Text> =
                        tags.iter().filter(|t| Tag::parse(t).is_ok_and(|t| self.holds_tag(number, &name, &t))).cloned().collect();
                    // A name of it is a sign of life that costs no request.
                    let there = !still.is_empty()
                        || super::step::resolved(connection.as_ref(), &name, &Target::Digest(digest.clone())).await?.is_some();
                    if there {
                        named.tags.extend(still.iter().filter_map(|t| Tag::parse(t).ok()).filter(|t| !t.is_machinery()));
                        named.digests.insert(digest.clone());
                        left.push(Step::DeleteManifest {
                            repository: name.as_str().into(),
                            digest: digest.as_str().into(),
                            media_type: media_type.clone(),
                            tags: still,
                        });
                    }
                }
                _ => {}
            }
        }
        let repositories = BTreeMap::from([(name, named)]);
        let mut again = self.plan_delete_in(registry, &repositories).await?;
        // The trash's own tags carry the time at which they were planned.
        again.steps.retain(|step| !trash::is_filling(step));
        let before = Plan { steps: left, ..Plan::default() };
        before.same_steps_in(&again, repository).map_err(|difference| Came::Stale(difference.to_string()))
    }
}

/// The names as the snapshot numbers them. What it does not have has gone meanwhile.
fn found(snapshot: &Snapshot, repositories: &BTreeMap<RepositoryName, Named>) -> Vec<DeleteIn> {
    let digests: std::collections::HashMap<&str, u32> = (0..).zip(&snapshot.manifests).map(|(i, m)| (&*m.digest, i)).collect();
    let mut items = Vec::new();
    for (number, repository) in (0u32..).zip(&snapshot.repositories) {
        let Some(named) = RepositoryName::parse(&repository.name).ok().and_then(|n| repositories.get(&n)) else { continue };
        let wanted: BTreeSet<&str> = named.tags.iter().map(Tag::as_str).collect();
        let mut numbers: Vec<u32> = named.digests.iter().filter_map(|d| digests.get(d.as_str()).copied()).collect();
        // A tag that is only machinery is asked for by what it names.
        numbers.extend(repository.machinery.iter().filter(|m| wanted.contains(&*m.tag)).filter_map(|m| m.manifest));
        items.push(DeleteIn {
            repository: number,
            tags: (0u32..).zip(&repository.tags).filter(|(_, t)| wanted.contains(&*t.name)).map(|(i, _)| i).collect(),
            digests: numbers,
            everything: named.everything,
            untagged: false,
        });
    }
    items
}

fn summary(verb: &str, names: &Names) -> String {
    let all: Vec<(&String, &RepositoryName, &Named)> =
        names.iter().flat_map(|(registry, repositories)| repositories.iter().map(move |(name, named)| (registry, name, named))).collect();
    let tags: usize = all.iter().map(|(_, _, n)| n.tags.len()).sum();
    let digests: usize = all.iter().map(|(_, _, n)| n.digests.len()).sum();
    let counted = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match all.as_slice() {
        [(registry, repository, named)] => match (named.everything, named.tags.len(), named.digests.len()) {
            (true, _, _) => format!("{verb} everything in {registry}/{repository}"),
            (_, 1, 0) => format!("{verb} {registry}/{repository}:{}", named.tags.first().map(Tag::as_str).unwrap_or_default()),
            (_, 0, 1) => format!("{verb} {registry}/{repository}@{}", named.digests.first().map(Digest::short).unwrap_or_default()),
            (_, tags, 0) => format!("{verb} {} from {registry}/{repository}", counted(tags, "tag", "tags")),
            (_, 0, digests) => format!("{verb} {} from {registry}/{repository}", counted(digests, "image", "images")),
            (_, tags, digests) => {
                format!("{verb} {} and {} from {registry}/{repository}", counted(tags, "tag", "tags"), counted(digests, "image", "images"))
            }
        },
        several => {
            let places = counted(several.len(), "repository", "repositories");
            match (tags, digests) {
                (0, 0) => format!("{verb} everything in {places}"),
                (tags, 0) => format!("{verb} {} from {places}", counted(tags, "tag", "tags")),
                (tags, digests) => format!("{verb} {} from {places}", counted(tags + digests, "thing", "things")),
            }
        }
    }
}
