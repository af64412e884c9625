//! The trash: what loses its last name keeps a reserved one for a set time, so that the registry's garbage collection leaves it alone.
//!
//! Where a registry has a `trash` setting, an image is not deleted by its digest but put under `supercargo-trash-<seconds>-<digest>`, and its tags are
//! taken away one by one. No list of ours shows such a tag; other clients do. Once its time is over it is deleted like anything else, by a plan and
//! a job. An image that has a name again by then is left, and its tag of the trash with it.

use crate::{Caller, Result, Service, show};
use oci::{RepositoryName, Tag};
use plan::{EffectKind, Fate, Plan, Snapshot, Step, Way};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// The tag of the trash for a digest, until a time in milliseconds since 1970.
fn tag(digest: &str, until: i64) -> plan::Text {
    let encoded = digest.split_once(':').map_or(digest, |(_, encoded)| encoded);
    let short: String = encoded.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("{}{}-{short}", Tag::TRASH, until / 1000).into()
}

/// Until when a tag of the trash is kept, in milliseconds since 1970; none where it is no such tag.
fn until(tag: &Tag) -> Option<i64> {
    let (seconds, _) = tag.as_str().strip_prefix(Tag::TRASH)?.split_once('-')?;
    seconds.parse::<i64>().ok()?.checked_mul(1000)
}

/// Whether a step puts something into the trash.
pub(super) fn is_filling(step: &Step) -> bool {
    matches!(step, Step::PutTag { tag, .. } if tag.starts_with(Tag::TRASH))
}

/// Has a plan put into the trash what it would delete.
pub(super) fn fill(part: &mut Plan, snapshot: &Snapshot, keep: Duration, now: i64) {
    let until = now.saturating_add(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
    let is_name = |tag: &plan::Text| !Tag::parse(tag).is_ok_and(|t| t.is_machinery());
    let numbers: BTreeMap<&str, u32> = (0..).zip(&snapshot.manifests).map(|(i, m)| (&*m.digest, i)).collect();
    let mut kept: HashSet<u32> = HashSet::new();
    let mut steps = Vec::new();
    for step in &part.steps {
        let Step::DeleteManifest { repository, digest, media_type, tags } = step else { continue };
        if !tags.iter().any(is_name) {
            continue;
        }
        reach(snapshot, numbers.get(&**digest).copied(), &mut kept);
        let (repository, media_type) = (repository.clone(), media_type.clone());
        steps.push(Step::PutTag {
            repository: repository.clone(),
            tag: tag(digest, until),
            digest: digest.clone(),
            media_type: media_type.clone(),
            was: None,
        });
        let way = if snapshot.ways.delete_tag == Some(true) { Way::ByName } else { Way::Placeholder };
        for tag in tags.iter().filter(|t| is_name(t)) {
            let (tag, digest) = (tag.clone(), digest.clone());
            steps.push(Step::Untag { repository: repository.clone(), tag, digest, media_type: media_type.clone(), way });
        }
    }
    if steps.is_empty() {
        return;
    }
    let is_kept = |digest: &str| numbers.get(digest).is_some_and(|n| kept.contains(n));
    // What only was in the way of nothing goes as planned: untagged things that the trash does not need.
    steps.extend(
        part.steps
            .iter()
            .filter(|s| match s {
                Step::DeleteManifest { digest, .. } => !is_kept(digest),
                _ => true,
            })
            .cloned(),
    );
    part.steps = steps;
    let day = show::time(until);
    let day = day.split_once('T').map_or(day.as_str(), |(day, _)| day).to_owned();
    for effect in &mut part.effects {
        if effect.kind == EffectKind::Manifest && effect.fate == Fate::Goes && effect.digest.as_deref().is_some_and(is_kept) {
            effect.fate = Fate::Stays;
            effect.why = format!("in the trash until {day}").into();
        }
    }
    part.frees = 0;
    part.frees_certain = true;
    part.notes.push(format!(
        "The images stay in the trash until {day}, out of reach of the registry's garbage collection. Then they are deleted."
    ));
}

/// A manifest with what it lists and what is attached to it.
fn reach(snapshot: &Snapshot, from: Option<u32>, kept: &mut HashSet<u32>) {
    let mut open: Vec<u32> = from.into_iter().collect();
    while let Some(number) = open.pop() {
        if !kept.insert(number) {
            continue;
        }
        if let Some(manifest) = snapshot.manifests.get(number as usize) {
            open.extend(&manifest.children);
        }
        open.extend((0..).zip(&snapshot.manifests).filter(|(_, m)| m.subject == Some(number)).map(|(i, _)| i));
        for repository in &snapshot.repositories {
            open.extend(repository.referrers.iter().filter(|r| r.subject == number).map(|r| r.manifest));
            open.extend(repository.machinery.iter().filter(|m| m.subject == Some(number)).filter_map(|m| m.manifest));
        }
    }
}

impl Service {
    /// Deletes what lay in the trash for its time, in registries that have one.
    pub(super) async fn empty_trash(&self) {
        for (number, settings) in (0u16..).zip(&self.0.settings.registries) {
            if settings.trash.is_none() || self.may_change(&settings.name).is_err() {
                continue;
            }
            let over = self.over(number);
            if over.is_empty() {
                continue;
            }
            let refs: Vec<String> = over.iter().map(|(repository, tag)| format!("{}/{repository}:{tag}", settings.name)).collect();
            match self.delete_for_good(&refs).await {
                Ok(Some(job)) => tracing::info!(registry = settings.name, images = refs.len(), job, "the trash is emptied"),
                Ok(None) => {}
                Err(error) => tracing::warn!(registry = settings.name, %error, "the trash could not be emptied"),
            }
        }
    }

    /// Tags of the trash whose time is over and whose image has no other name.
    fn over(&self, number: u16) -> Vec<(RepositoryName, Tag)> {
        let now = catalogue::now();
        let model = self.0.catalogue.model();
        let mut over = Vec::new();
        for (_, repo) in model.repos().filter(|(_, r)| r.registry == number) {
            let Ok(name) = RepositoryName::parse(&repo.name) else { continue };
            for (tag, manifest) in &repo.machinery {
                let named = repo.tags_of(*manifest).next().is_some();
                if until(tag).is_some_and(|until| until < now) && !named {
                    over.push((name.clone(), tag.clone()));
                }
            }
        }
        over.truncate(1_000);
        over
    }

    async fn delete_for_good(&self, refs: &[String]) -> Result<Option<String>> {
        let active = super::JobsQuery { state: Some("active".to_owned()), ..super::JobsQuery::default() };
        if !self.jobs(&Caller::schedule(), &active).await?.items.is_empty() {
            return Ok(None);
        }
        let caller = Caller::schedule();
        let plan = self.plan(&caller, &api::Intent::Delete { refs: refs.to_vec(), query: None }).await?;
        if plan.steps == 0 {
            return Ok(None);
        }
        let job = self.carry_out(&caller, &plan.id, &plan.confirm).await?;
        Ok(Some(job.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_the_trash_tells_its_time() {
        let made = tag(&format!("sha256:{}", "ab".repeat(32)), 1_764_100_000_123);
        assert_eq!(&*made, "supercargo-trash-1764100000-abababababab");
        let parsed = Tag::parse(&made).unwrap();
        assert!(parsed.is_machinery());
        assert_eq!(until(&parsed), Some(1_764_100_000_000));
        assert_eq!(until(&Tag::parse("v1").unwrap()), None);
    }
}
