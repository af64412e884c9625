//! From what someone wants to a plan: names are found, the registry is asked what it has by now, the pure planner decides.

use super::{
    deleting::Named,
    jobs::no_plan,
    stored::{PLACEHOLDER, Stored},
};
use crate::{Caller, Error, Result, Service};
use api::{Action, Code, Intent};
use catalogue::{
    kept::{PlanRecord, new_id},
    snapshot::{Guards, Wanted},
};
use oci::{Reference, RepositoryName, Tag, Target};
use plan::{Plan, Snapshot, Step, Ways};

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

    /// Some repositories of a registry, as they are known now.
    pub(super) async fn snapshot(&self, number: u16, repositories: Vec<RepositoryName>) -> Result<Snapshot> {
        let guards = self.guards(number).await?;
        let wanted = Wanted { registry: number, repositories: Some(repositories), ways: self.ways(number), ..Wanted::default() };
        Ok(self.0.catalogue.snapshot(&wanted, &guards))
    }

    pub(super) async fn guards(&self, number: u16) -> Result<Guards> {
        Ok(self.0.catalogue.guards(number).await?)
    }

    /// What a registry and our settings allow.
    pub(super) fn ways(&self, number: u16) -> Ways {
        let capabilities = self.0.catalogue.status(number).capabilities;
        let can = |name: &str| capabilities.iter().find(|c| c.name == name).and_then(|c| c.can);
        let read_only = self.0.settings.read_only || self.0.settings.registries.get(usize::from(number)).is_some_and(|r| r.read_only);
        Ways { delete: can("delete"), delete_tag: can("delete-tag"), placeholder: true, read_only }
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

    /// Notes the registries where a placeholder would be used for the first time.
    pub(super) async fn ask_consent(&self, stored: &mut Stored) -> Result<()> {
        for part in &stored.parts {
            let uses = part.steps.iter().any(|s| matches!(s, Step::Untag { way: plan::Way::Placeholder, .. }));
            if uses && self.0.catalogue.consents().get(&part.registry, PLACEHOLDER).await?.is_none() {
                stored.consents.push(part.registry.to_string());
            }
        }
        Ok(())
    }

    /// With what the registry's kind leaves to be done.
    pub(super) fn advised(&self, registry: &str, mut part: Plan) -> Result<Plan> {
        let (number, settings) = self.registry_of(registry)?;
        let deletes = part.steps.iter().any(|s| matches!(s, Step::Untag { .. } | Step::DeleteManifest { .. }));
        if deletes {
            part.notes.extend(super::advice::disk_space(&self.0.catalogue.status(number).capabilities, &settings.name, &part.steps));
        }
        Ok(part)
    }
}
