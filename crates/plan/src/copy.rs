//! The plan that copies images from one repository to another.

use crate::{
    Code, Effect, EffectKind, Fate, Place, Plan, Problem, Repository, Snapshot, Step, Text, check,
    confirm::{NOTHING, beginning},
    problems,
    retag::{Put, Target},
    words::{count, short},
    world::{World, walk},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One image to be copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copying {
    /// Where it is.
    pub from: Place,
    /// What it is there.
    pub digest: Text,
    /// Of that.
    pub media_type: Text,
    /// The repository it comes to; it need not be there yet.
    pub repository: Text,
    /// The tag it gets; none: it can be reached by its digest alone.
    pub tag: Option<Text>,
    /// Only these platforms; all of them when empty.
    pub platforms: Vec<Text>,
    /// Bytes, where they are known.
    pub size: Option<u64>,
}

/// Images come to a registry: `to` is what is known of that one, which the copies change.
///
/// What is there already is left out. What a tag named before stays in the registry, if only by its digest.
pub fn copy(to: &Snapshot, images: &[Copying]) -> Plan {
    if !check::snapshot(to) {
        return problems::malformed(to);
    }
    let world = World::new(to);
    let mut plan = Plan { registry: to.registry.clone(), frees_certain: true, confirm: NOTHING.to_owned(), ..Plan::default() };
    let repositories: HashMap<&Text, &Repository> = to.repositories.iter().map(|r| (&r.name, r)).collect();
    // By target, so that two images for one tag meet.
    let mut targets: BTreeMap<(&Text, Option<&Text>, &Text), &Copying> = BTreeMap::new();
    let mut wanted: BTreeMap<(&Text, &Text), HashSet<&Text>> = BTreeMap::new();
    for image in images {
        targets.entry((&image.repository, image.tag.as_ref(), &image.digest)).and_modify(|i| *i = (*i).min(image)).or_insert(image);
        if let Some(tag) = &image.tag {
            wanted.entry((&image.repository, tag)).or_default().insert(&image.digest);
        }
    }
    let mut unnamed = 0;
    let mut present: HashMap<&Text, HashSet<&str>> = HashMap::new();
    for ((name, tag, digest), image) in targets {
        if let Some(tag) = tag.filter(|tag| wanted.get(&(name, tag)).is_some_and(|digests| digests.len() > 1)) {
            conflict(&mut plan, name, tag);
            continue;
        }
        let repository = repositories.get(name).copied();
        let there = present.entry(name).or_insert_with(|| repository.map(|r| digests(to, r)).unwrap_or_default());
        let whole = image.platforms.is_empty();
        let empty = Repository { name: name.clone(), whole: true, ..Repository::default() };
        let why = format!("copied from {}", place(&image.from, digest));
        let mut was = None;
        if let Some(tag) = tag {
            let target = Target { repository: repository.unwrap_or(&empty), tag, digest };
            match target.put(&world, &mut plan, &why) {
                Put::No => continue,
                Put::New => {}
                Put::Over { last } => {
                    unnamed += usize::from(last);
                    was = target.was(to);
                }
            }
        } else if whole && there.contains(&**digest) {
            plan.effects.push(manifest(name, digest, Fate::Stays, "it is there already"));
            continue;
        }
        if whole && there.insert(digest) {
            plan.effects.push(manifest(name, digest, Fate::Appears, &why));
        }
        plan.steps.push(Step::Copy {
            from: image.from.clone(),
            to: Place { registry: to.registry.clone(), repository: name.clone(), tag: tag.cloned() },
            digest: digest.clone(),
            media_type: image.media_type.clone(),
            platforms: image.platforms.clone(),
            size: image.size,
            was,
        });
    }
    plan.wide = unnamed > 1;
    plan.confirm = confirm(&plan);
    problems::refuse_everything(to.ways, &mut plan);
    plan
}

fn digests<'a>(snapshot: &'a Snapshot, repository: &Repository) -> HashSet<&'a str> {
    let mut seen = HashSet::new();
    walk(snapshot, repository, |m| seen.insert(&*snapshot.manifests[m as usize].digest));
    seen
}

fn manifest(repository: &Text, digest: &Text, fate: Fate, why: &str) -> Effect {
    let (repository, digest) = (repository.clone(), Some(digest.clone()));
    Effect { kind: EffectKind::Manifest, repository, tag: None, digest, fate, why: why.into() }
}

/// `hub/team/api:v1`, `hub/team/api@sha256:3f2a…9c01`.
fn place(place: &Place, digest: &str) -> String {
    let Place { registry, repository, tag } = place;
    tag.as_ref().map_or_else(|| format!("{registry}/{repository}@{}", short(digest)), |tag| format!("{registry}/{repository}:{tag}"))
}

fn conflict(plan: &mut Plan, repository: &str, tag: &str) {
    let detail = format!("Two different images are to become {tag} of {repository}: neither does.");
    if plan.problems.iter().all(|p| p.detail != detail) {
        plan.problems.push(Problem {
            code: Code::Conflict,
            detail,
            hint: Some("Copy one of them, or give them different tags.".to_owned()),
        });
    }
}

fn confirm(plan: &Plan) -> String {
    let targets: HashSet<&Text> =
        plan.steps.iter().filter_map(|s| if let Step::Copy { to, .. } = s { Some(&to.repository) } else { None }).collect();
    match (plan.steps.as_slice(), targets.iter().next()) {
        ([], _) | (_, None) => NOTHING.to_owned(),
        (_, Some(repository)) if plan.wide && targets.len() == 1 => repository.to_string(),
        _ if plan.wide => plan.registry.to_string(),
        ([Step::Copy { from, digest, .. }], _) => format!("copy {}", from.tag.as_deref().unwrap_or(beginning(digest))),
        (steps, _) => format!("copy {}", count(steps.len(), "image")),
    }
}
