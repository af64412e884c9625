//! What becomes of the tags of a repository that come to name something else, and of what they named.

use crate::{
    Code, Effect, EffectKind, Fate, Plan, Problem, Repository, Text,
    marks::{LIVE, Marks},
    problems,
    scene::{Name, Scene, by_version},
    words::short,
    world::World,
};
use std::collections::{HashMap, HashSet};

/// A tag that is to name something. No tag twice.
pub(crate) struct Put<'a> {
    pub(crate) tag: &'a Text,
    pub(crate) digest: &'a Text,
    /// Why it appears, where it was not there.
    pub(crate) why: String,
}

/// What comes of it.
pub(crate) enum Outcome {
    /// It cannot be, or is so already.
    Nothing,
    /// It can be. What the tag names until then.
    Done(Option<Text>),
}

/// Tells in the plan what becomes of these tags and of what they named. Of each the outcome, and how many images lose their last name.
pub(crate) fn put(
    world: &World<'_>,
    repository: &Repository,
    puts: &[Put<'_>],
    marks: &mut Marks,
    plan: &mut Plan,
) -> (Vec<Outcome>, usize) {
    let tags: HashMap<&str, u32> = repository.tags.iter().map(|t| &*t.name).zip(0..).collect();
    let effect = |tag: Option<&Text>, digest: &Text, fate: Fate, why: &str| Effect {
        kind: if tag.is_some() { EffectKind::Tag } else { EffectKind::Manifest },
        repository: repository.name.clone(),
        tag: tag.cloned(),
        digest: Some(digest.clone()),
        fate,
        why: why.into(),
    };
    let mut moved = vec![false; repository.tags.len()];
    let mut outcomes = Vec::with_capacity(puts.len());
    for Put { tag, digest, why } in puts {
        let Some(&number) = tags.get(&***tag) else {
            plan.effects.push(effect(Some(tag), digest, Fate::Appears, why));
            outcomes.push(Outcome::Done(None));
            continue;
        };
        let old = &repository.tags[number as usize];
        let was = old.manifest.map(|m| &world.snapshot.manifests[m as usize].digest);
        outcomes.push(match (was, &old.protected) {
            (Some(was), _) if was == *digest => {
                plan.effects.push(effect(Some(tag), digest, Fate::Stays, "it names this already"));
                Outcome::Nothing
            }
            (_, Some(why)) => {
                let detail = format!("{tag} of {} stays as it is: it is protected ({why}).", repository.name);
                plan.problems.push(Problem { code: Code::Protected, detail, hint: None });
                Outcome::Nothing
            }
            (Some(was), None) => {
                moved[number as usize] = true;
                plan.effects.push(effect(Some(tag), digest, Fate::Appears, &format!("it named {} until now", short(was))));
                Outcome::Done(Some(was.clone()))
            }
            (None, None) if old.dangling => {
                plan.effects.push(effect(Some(tag), digest, Fate::Appears, "the registry had nothing under it"));
                Outcome::Done(None)
            }
            (None, None) => {
                plan.problems.push(problems::unread_target(&repository.name, tag));
                Outcome::Nothing
            }
        });
    }
    let mut unnamed = 0;
    if moved.contains(&true) {
        let mut scene = Scene::new(world, repository, by_version(repository), marks);
        let stays = |name: Name| !matches!(name, Name::Tag(tag) if moved[tag as usize]);
        let rest: Vec<u32> = scene.named().filter(|(_, names)| names.iter().any(|&(.., name)| stays(name))).map(|(m, _)| m).collect();
        scene.hold(rest);
        // What gets another name meanwhile is told of by that.
        let named: HashSet<&Text> = puts.iter().map(|p| p.digest).collect();
        let left = repository.tags.iter().zip(&moved).filter(|(_, moved)| **moved).filter_map(|(t, _)| t.manifest);
        for manifest in scene.sorted(left) {
            let digest = &world.snapshot.manifests[manifest as usize].digest;
            if named.contains(digest) {
                continue;
            }
            let why = if scene.marks.has(manifest, LIVE) {
                scene.why_it_stays(manifest, |tag| moved[tag as usize])
            } else {
                unnamed += 1;
                "no tag names it any more; it can be reached by its digest until the registry deletes what has no tag".to_owned()
            };
            plan.effects.push(effect(None, digest, Fate::Stays, &why));
        }
    }
    (outcomes, unnamed)
}
