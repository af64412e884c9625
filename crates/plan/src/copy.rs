//! The plan that copies images from one repository to another.

use crate::{
    Code, Effect, EffectKind, Fate, Place, Plan, Problem, Repository, Snapshot, Step, Text,
    confirm::{NOTHING, beginning},
    marks::Marks,
    problems,
    put::{Outcome, Put, put},
    words::{count, short},
    world::World,
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
    let Some(world) = World::new(to) else { return problems::malformed(to) };
    let mut marks = Marks::new(to.manifests.len());
    let mut plan = Plan { registry: to.registry.clone(), frees_certain: true, confirm: NOTHING.to_owned(), ..Plan::default() };
    let repositories: HashMap<&Text, &Repository> = to.repositories.iter().map(|r| (&r.name, r)).collect();
    // By target, so that two images for one tag meet; of the same image from several places the least is taken.
    let mut targets: BTreeMap<&Text, BTreeMap<(Option<&Text>, &Text), &Copying>> = BTreeMap::new();
    for image in images {
        let here = targets.entry(&image.repository).or_default();
        here.entry((image.tag.as_ref(), &image.digest)).and_modify(|i| *i = (*i).min(image)).or_insert(image);
    }
    let mut unnamed = 0;
    for (name, mut images) in targets {
        refuse_conflicts(name, &mut images, &mut plan);
        let empty = Repository { name: name.clone(), whole: true, ..Repository::default() };
        let repository = repositories.get(name).copied().unwrap_or(&empty);
        let mut there = digests(&world, repository);
        let tagged = images.iter().filter_map(|(&(tag, digest), image)| Some(Put { tag: tag?, digest, why: origin(image) }));
        let (outcomes, lost) = put(&world, repository, &tagged.collect::<Vec<_>>(), &mut marks, &mut plan);
        unnamed += lost;
        let mut outcomes = outcomes.into_iter();
        for ((tag, digest), image) in images {
            let whole = image.platforms.is_empty();
            let was = match tag.and_then(|_| outcomes.next()) {
                Some(Outcome::Nothing) => continue,
                Some(Outcome::Done(was)) => was,
                None if whole && there.contains(&**digest) => {
                    plan.effects.push(manifest(name, digest, Fate::Stays, "it is there already"));
                    continue;
                }
                None => None,
            };
            if whole && there.insert(digest) {
                plan.effects.push(manifest(name, digest, Fate::Appears, &origin(image)));
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
    }
    plan.wide = unnamed > 1;
    plan.confirm = confirm(&plan);
    problems::refuse_everything(to.ways, &mut plan);
    plan
}

/// Strikes out what is to get a tag that another is to get as well.
fn refuse_conflicts(repository: &Text, images: &mut BTreeMap<(Option<&Text>, &Text), &Copying>, plan: &mut Plan) {
    let mut wanted: BTreeMap<&Text, usize> = BTreeMap::new();
    for tag in images.keys().filter_map(|&(tag, _)| tag) {
        *wanted.entry(tag).or_default() += 1;
    }
    wanted.retain(|_, images| *images > 1);
    for tag in wanted.keys() {
        let detail = format!("Different images are to become {tag} of {repository}: none of them does.");
        let hint = Some("Copy one of them, or give them different tags.".to_owned());
        plan.problems.push(Problem { code: Code::Conflict, detail, hint });
    }
    images.retain(|&(tag, _), _| tag.is_none_or(|tag| !wanted.contains_key(tag)));
}

/// `copied from hub/team/api:v1`, `copied from hub/team/api@sha256:3f2a…9c01`.
fn origin(image: &Copying) -> String {
    let Place { registry, repository, tag } = &image.from;
    match tag {
        Some(tag) => format!("copied from {registry}/{repository}:{tag}"),
        None => format!("copied from {registry}/{repository}@{}", short(&image.digest)),
    }
}

fn digests<'a>(world: &World<'a>, repository: &Repository) -> HashSet<&'a str> {
    let mut seen = HashSet::new();
    world.walk(repository, |m| seen.insert(world.digest(m)));
    seen
}

fn manifest(repository: &Text, digest: &Text, fate: Fate, why: &str) -> Effect {
    let (repository, digest) = (repository.clone(), Some(digest.clone()));
    Effect { kind: EffectKind::Manifest, repository, tag: None, digest, fate, why: why.into() }
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
