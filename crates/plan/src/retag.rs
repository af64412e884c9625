//! The plan that gives an image another name.

use crate::{
    Code, Effect, EffectKind, Fate, Plan, Problem, Repository, Snapshot, Step, Text, check, confirm::NOTHING, marks::Marks, problems,
    scene::Scene, world::World,
};

/// A tag comes to name a manifest of its own repository.
///
/// `repository` and `manifest` are numbers in the snapshot. What the tag named before stays in the registry, if only by its digest.
pub fn retag(snapshot: &Snapshot, repository: u32, manifest: u32, tag: &Text) -> Plan {
    let (Some(place), Some(content)) =
        (snapshot.repositories.get(repository as usize), snapshot.manifests.get(manifest as usize).filter(|_| check::snapshot(snapshot)))
    else {
        return problems::malformed(snapshot);
    };
    let mut plan = Plan { registry: snapshot.registry.clone(), frees_certain: true, confirm: NOTHING.to_owned(), ..Plan::default() };
    let target = Target { repository: place, tag, digest: &content.digest };
    let named_by = place.tags.iter().filter(|t| t.manifest == Some(manifest)).map(|t| &*t.name).collect::<Vec<_>>();
    let what = if named_by.is_empty() { "it was known by its digest only" } else { "it gets one name more" };
    match target.put(&World::new(snapshot), &mut plan, what) {
        Put::No => {}
        Put::New | Put::Over { .. } => {
            let was = target.was(snapshot);
            plan.confirm = format!("{} {tag}", if was.is_some() { "move" } else { "tag" });
            plan.steps.push(Step::PutTag {
                repository: place.name.clone(),
                tag: tag.clone(),
                digest: content.digest.clone(),
                media_type: content.media_type.clone(),
                was,
            });
        }
    }
    problems::refuse_everything(snapshot.ways, &mut plan);
    plan
}

/// A tag that is to name something.
pub(crate) struct Target<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) tag: &'a Text,
    pub(crate) digest: &'a Text,
}

/// What comes of it.
pub(crate) enum Put {
    /// It cannot be, or is so already.
    No,
    /// The tag is new.
    New,
    /// It named something else, which has no other name now where `last` is true.
    Over {
        /// It was the only name.
        last: bool,
    },
}

impl Target<'_> {
    /// What the tag names now.
    pub(crate) fn was(&self, snapshot: &Snapshot) -> Option<Text> {
        let manifest = self.repository.tags.iter().find(|t| t.name == *self.tag)?.manifest?;
        Some(snapshot.manifests[manifest as usize].digest.clone())
    }

    fn effect(&self, tag: bool, digest: &Text, fate: Fate, why: &str) -> Effect {
        Effect {
            kind: if tag { EffectKind::Tag } else { EffectKind::Manifest },
            repository: self.repository.name.clone(),
            tag: tag.then(|| self.tag.clone()),
            digest: Some(digest.clone()),
            fate,
            why: why.into(),
        }
    }

    /// Tells in the plan what becomes of the tag and of what it named.
    pub(crate) fn put(&self, world: &World<'_>, plan: &mut Plan, why: &str) -> Put {
        let (repository, tag) = (&self.repository.name, self.tag);
        let Some(number) = self.repository.tags.iter().position(|t| t.name == *tag) else {
            plan.effects.push(self.effect(true, self.digest, Fate::Appears, why));
            return Put::New;
        };
        let old = &self.repository.tags[number];
        let named = old.manifest.map(|m| &world.snapshot.manifests[m as usize].digest);
        if named == Some(self.digest) {
            plan.effects.push(self.effect(true, self.digest, Fate::Stays, "it names this already"));
            return Put::No;
        }
        if let Some(why) = &old.protected {
            let detail = format!("{tag} of {repository} stays as it is: it is protected ({why}).");
            plan.problems.push(Problem { code: Code::Protected, detail, hint: None });
            return Put::No;
        }
        let Some(manifest) = old.manifest.filter(|_| !old.dangling) else {
            if old.dangling {
                plan.effects.push(self.effect(true, self.digest, Fate::Appears, "the registry had nothing under it"));
                return Put::New;
            }
            plan.problems.push(problems::unread_target(repository, tag));
            return Put::No;
        };
        let digest = &world.snapshot.manifests[manifest as usize].digest;
        let mut marks = Marks::new(world.snapshot.manifests.len());
        let mut scene = Scene::new(world, self.repository, &mut marks);
        // What would be held were this name not there.
        let rest = scene.named().filter(|(_, names)| names.iter().any(|&(.., name)| name != crate::scene::Name::Tag(number as u32)));
        let rest: Vec<u32> = rest.map(|(m, _)| m).collect();
        scene.hold(rest);
        let last = !scene.marks.has(manifest, crate::marks::LIVE);
        let appears = format!("it named {} until now", crate::words::short(digest));
        let stays = if last {
            "no tag names it any more; it can be reached by its digest until the registry deletes what has no tag".to_owned()
        } else {
            scene.why_it_stays(manifest, |t| t as usize == number)
        };
        plan.effects.push(self.effect(true, self.digest, Fate::Appears, &appears));
        plan.effects.push(self.effect(false, digest, Fate::Stays, &stays));
        Put::Over { last }
    }
}
