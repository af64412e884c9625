//! From what someone wants to a plan: names are found, the registry is asked what it has by now, the pure planner decides.

use super::{
    carry::Waiting,
    jobs::no_plan,
    step::Came,
    stored::{PLACEHOLDER, Stored},
    trash,
};
use crate::{Caller, Error, Result, Service};
use api::{Action, Code, Intent};
use catalogue::{
    kept::{PlanRecord, new_id},
    query::Query,
    snapshot::{Guards, Wanted},
};
use oci::{Digest, Reference, RepositoryName, Tag, Target};
use plan::{DeleteIn, Plan, Snapshot, Step, Ways};
use std::collections::{BTreeMap, BTreeSet};

/// References that one request may name.
const REFERENCES: usize = 10_000;
/// Repositories that are read anew before a plan; in larger ones only what is named, since a job reads them anyway before it acts.
const READ_ANEW: usize = 50;
/// Tags up to which a repository is read anew before a plan.
const SMALL: usize = 1_000;

/// What is to go from one repository, by name.
#[derive(Debug, Clone, Default)]
struct Named {
    tags: BTreeSet<Tag>,
    digests: BTreeSet<Digest>,
    everything: bool,
}

/// By registry, then repository.
type Names = BTreeMap<String, BTreeMap<RepositoryName, Named>>;

impl Service {
    /// What a change would do. Stored for a day, so that exactly this can be carried out.
    pub async fn plan(&self, caller: &Caller, intent: &Intent) -> Result<api::Plan> {
        let (record, stored) = self.made(caller, intent).await?;
        self.0.catalogue.plans().add(&record).await?;
        Ok(stored.shown(&record))
    }

    /// The same, without storing it: for a look. It cannot be carried out.
    pub async fn preview(&self, caller: &Caller, intent: &Intent) -> Result<api::Plan> {
        let (record, stored) = self.made(caller, intent).await?;
        Ok(api::Plan { id: String::new(), ..stored.shown(&record) })
    }

    async fn made(&self, caller: &Caller, intent: &Intent) -> Result<(PlanRecord, Stored)> {
        let (action, stored) = match intent {
            Intent::Delete { refs, query } => (Action::Delete, self.plan_delete(refs, query.as_deref()).await?),
            Intent::Retag { r#ref, tag } => (Action::Retag, self.plan_retag(r#ref, tag).await?),
            Intent::Copy { from, to, platforms } => {
                (Action::Copy, self.plan_copy(from, to, platforms.as_deref().unwrap_or_default()).await?)
            }
            Intent::CleanUp { policy } => (Action::CleanUp, self.plan_clean_up(policy).await?),
        };
        let json = |e: serde_json::Error| Error::internal(format!("a plan cannot be written: {e}"));
        let record = PlanRecord {
            id: new_id(),
            action: action.as_str().to_owned(),
            body: serde_json::to_string(&stored).map_err(json)?,
            intent: serde_json::to_string(intent).map_err(json)?,
            actor: Some(caller.actor().to_owned()),
            address: caller.address.map(|a| a.to_string()),
            created: catalogue::now(),
            job: None,
        };
        Ok((record, stored))
    }

    /// A stored plan.
    pub async fn stored_plan(&self, _caller: &Caller, id: &str) -> Result<api::Plan> {
        let record = self.plan_record(id).await?;
        Ok(Stored::read(&record)?.shown(&record))
    }

    pub(super) async fn plan_record(&self, id: &str) -> Result<PlanRecord> {
        self.0.catalogue.plans().get(id).await?.ok_or_else(no_plan)
    }

    /// Whether anything may be changed there through us.
    pub(super) fn may_change(&self, registry: &str) -> Result<()> {
        let (_, settings) = self.registry_of(registry)?;
        if self.0.settings.read_only || settings.read_only {
            let whose = if self.0.settings.read_only { "The whole server" } else { "This registry" };
            return Err(Error::new(Code::ReadOnly, format!("{whose} is read only: nothing in {registry} is changed through Supercargo."))
                .hint("The setting is read_only."));
        }
        Ok(())
    }

    async fn plan_delete(&self, refs: &[String], query: Option<&str>) -> Result<Stored> {
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
    async fn read_anew(&self, registry: &str, repository: &RepositoryName, named: &Named, many: bool) -> Result<()> {
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

    /// Some repositories of a registry, as they are known now.
    pub(super) async fn snapshot(&self, number: u16, repositories: Vec<RepositoryName>) -> Result<Snapshot> {
        let guards = self.guards(number).await?;
        let wanted = Wanted { registry: number, repositories: Some(repositories), ways: self.ways(number), ..Wanted::default() };
        Ok(self.0.catalogue.snapshot(&wanted, &guards))
    }

    async fn guards(&self, number: u16) -> Result<Guards> {
        Ok(self.0.catalogue.guards(number).await?)
    }

    /// What a registry and our settings allow.
    fn ways(&self, number: u16) -> Ways {
        let capabilities = self.0.catalogue.status(number).capabilities;
        let can = |name: &str| capabilities.iter().find(|c| c.name == name).and_then(|c| c.can);
        let read_only = self.0.settings.read_only || self.0.settings.registries.get(usize::from(number)).is_some_and(|r| r.read_only);
        Ways { delete: can("delete"), delete_tag: can("delete-tag"), placeholder: true, read_only }
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

    async fn plan_retag(&self, reference: &str, tag: &str) -> Result<Stored> {
        let reference = Reference::parse(reference)?;
        self.may_change(&reference.registry)?;
        let tag = Tag::parse(tag).map_err(|e| Error::new(Code::NotAReference, e.to_string()))?;
        let mut named = Named::default();
        match &reference.target {
            None => {
                return Err(Error::new(Code::NotAReference, format!("{reference} names a repository, not an image."))
                    .hint("Add a tag or a digest: team/api:v1."));
            }
            Some(Target::Tag(tag)) => drop(named.tags.insert(tag.clone())),
            Some(Target::Digest(digest)) => drop(named.digests.insert(digest.clone())),
        }
        self.read_anew(&reference.registry, &reference.repository, &named, false).await?;
        let (number, _) = self.registry_of(&reference.registry)?;
        let snapshot = self.snapshot(number, vec![reference.repository.clone()]).await?;
        let manifest = match &reference.target {
            Some(Target::Tag(tag)) => snapshot.repositories.first().and_then(|r| {
                let of = |name: &plan::Text| &**name == tag.as_str();
                r.tags.iter().find(|t| of(&t.name)).and_then(|t| t.manifest).or_else(|| r.machinery.iter().find(|m| of(&m.tag))?.manifest)
            }),
            Some(Target::Digest(digest)) => snapshot.manifests.iter().position(|m| &*m.digest == digest.as_str()).map(|i| i as u32),
            None => None,
        };
        let manifest = manifest.ok_or_else(|| Error::new(Code::ManifestNotFound, format!("{reference} cannot be read.")))?;
        let part = plan::retag(&snapshot, 0, manifest, &tag.as_str().into());
        let summary = format!("Tag {reference} as {tag}");
        Ok(Stored { summary, parts: vec![part], ..Stored::default() })
    }

    async fn plan_clean_up(&self, policy: &api::Policy) -> Result<Stored> {
        let rules = self.check_policy(policy)?;
        let candidates: Query = crate::lists::parse(&policy.r#match)?;
        let protected: Query = crate::lists::parse(&policy.protect)?;
        let mut stored = Stored { summary: "Clean up".to_owned(), ..Stored::default() };
        let mut places = Vec::new();
        for (number, settings) in self.0.settings.registries.iter().enumerate() {
            if policy.registry.as_ref().is_some_and(|wanted| *wanted != settings.name) {
                continue;
            }
            match self.may_change(&settings.name) {
                Ok(()) => {}
                Err(_) if policy.registry.is_none() && self.0.settings.registries.len() > 1 => continue,
                Err(error) => return Err(error),
            }
            let number = number as u16;
            self.0.catalogue.ensure_probed(number).await;
            let guards = self.guards(number).await?;
            let wanted = Wanted {
                registry: number,
                repositories: None,
                candidates: Some(candidates.clone()),
                protected: if protected.is_empty() { Vec::new() } else { vec![(protected.clone(), "the policy protects it".into())] },
                ways: self.ways(number),
            };
            let (intent, now, catalogue) = (plan::Intent::CleanUp(rules.clone()), catalogue::now(), self.0.catalogue.clone());
            // A million tags take a second: other requests go on meanwhile.
            let keep = settings.trash;
            let part = tokio::task::spawn_blocking(move || {
                let snapshot = catalogue.snapshot(&wanted, &guards);
                let mut part = plan::plan(&snapshot, &intent, now);
                if let Some(keep) = keep {
                    trash::fill(&mut part, &snapshot, keep, now);
                }
                part
            })
            .await;
            let part = part.map_err(|e| Error::internal(format!("a plan could not be made: {e}")))?;
            places.push(settings.name.clone());
            stored.parts.push(self.advised(&settings.name, part)?);
        }
        stored.summary = format!("Clean up {}", places.join(", "));
        self.ask_consent(&mut stored).await?;
        Ok(stored)
    }

    /// The policy as the planner takes it, once everything in it is found right.
    pub(super) fn check_policy(&self, policy: &api::Policy) -> Result<plan::CleanUp> {
        if let Some(registry) = &policy.registry {
            self.registry_of(registry)?;
        }
        crate::lists::parse(&policy.r#match)?;
        crate::lists::parse(&policy.protect)?;
        let age = |key: &str, text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(|t| {
                super::milliseconds(t).ok_or_else(|| {
                    Error::new(Code::BadRequest, format!("{key} is “{}”, which is no age.", super::clipped(t)))
                        .hint("Write 30d, 12h or 2w.")
                })
            })
        };
        let word = |key: &str, text: &Option<String>, known: &[&str]| match text.as_deref().filter(|t| !t.is_empty()) {
            None => Ok(None),
            Some(word) => known.iter().position(|k| *k == word).map(Some).ok_or_else(|| {
                Error::new(Code::BadRequest, format!("{key} is “{}”.", super::clipped(word)))
                    .hint(format!("There are {}.", known.join(", ")))
            }),
        };
        Ok(plan::CleanUp {
            matches: !policy.r#match.trim().is_empty(),
            keep: policy.keep,
            keep_by: match word("keep_by", &policy.keep_by, &["version", "pushed", "created"])? {
                Some(1) => plan::KeepBy::Pushed,
                Some(2) => plan::KeepBy::Created,
                _ => plan::KeepBy::Version,
            },
            keep_of: match word("keep_of", &policy.keep_of, &["all", "old"])? {
                Some(1) => plan::KeepOf::Old,
                _ => plan::KeepOf::All,
            },
            older_than: age("older_than", &policy.older_than).transpose()?,
            clock: match word("clock", &policy.clock, &["any", "pushed", "created"])? {
                Some(1) => plan::Clock::Pushed,
                Some(2) => plan::Clock::Created,
                _ => plan::Clock::Any,
            },
            not_pulled_for: age("not_pulled_for", &policy.not_pulled_for).transpose()?,
            untagged: policy.untagged,
        })
    }

    /// Notes the registries where a placeholder would be used for the first time.
    async fn ask_consent(&self, stored: &mut Stored) -> Result<()> {
        for part in &stored.parts {
            let uses = part.steps.iter().any(|s| matches!(s, Step::Untag { way: plan::Way::Placeholder, .. }));
            if uses && self.0.catalogue.consents().get(&part.registry, PLACEHOLDER).await?.is_none() {
                stored.consents.push(part.registry.to_string());
            }
        }
        Ok(())
    }

    /// With what the registry's kind leaves to be done.
    fn advised(&self, registry: &str, mut part: Plan) -> Result<Plan> {
        let (number, settings) = self.registry_of(registry)?;
        let deletes = part.steps.iter().any(|s| matches!(s, Step::Untag { .. } | Step::DeleteManifest { .. }));
        if deletes {
            part.notes.extend(super::advice::disk_space(&self.0.catalogue.status(number).capabilities, &settings.name, &part.steps));
        }
        Ok(part)
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
