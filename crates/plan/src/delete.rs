//! The plan of a delete: what was decided, as steps, effects and problems.

use crate::{
    Effect, EffectKind, Fate, Plan, Problem, Repository, Step, Text, Way,
    confirm::Loss,
    decide::{Decision, Wish, decide},
    frees::frees,
    marks::{FORCED, GOING, Marks, PRESENT, TOLD},
    order::order,
    problems,
    scene::{Name, Scene},
    words::Sayings,
    world::World,
};
use std::collections::HashMap;

/// What was asked for in one repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) repository: u32,
    /// Each with its reason, where that is more than that it was asked for.
    pub(crate) tags: Vec<(u32, Option<Text>)>,
    pub(crate) digests: Vec<u32>,
    pub(crate) everything: bool,
    pub(crate) untagged: bool,
}

/// A plan in the making.
pub(crate) struct Draft<'a> {
    world: &'a World<'a>,
    plan: Plan,
    /// What stays, to be told at the end.
    staying: Vec<Effect>,
    /// (repository, manifest)
    gone: Vec<(u32, u32)>,
    loss: Loss,
    sayings: Sayings,
    /// Whether single tags are deleted in this way.
    ways: Vec<Way>,
}

/// The plan that deletes what is asked for. `staying` and `problems` are what was found before.
pub(crate) fn delete(world: &World<'_>, mut asks: Vec<Ask>, staying: Vec<Effect>, problems: Vec<Problem>) -> Plan {
    let snapshot = world.snapshot;
    let name = |ask: &Ask| &snapshot.repositories[ask.repository as usize].name;
    asks.sort_by(|a, b| name(a).cmp(name(b)));
    let plan = Plan { registry: snapshot.registry.clone(), problems, ..Plan::default() };
    let mut draft =
        Draft { world, plan, staying: Vec::new(), gone: Vec::new(), loss: Loss::default(), sayings: Sayings::default(), ways: Vec::new() };
    let mut marks = Marks::new(snapshot.manifests.len());
    for same in asks.chunk_by(|a, b| a.repository == b.repository) {
        draft.repository(same, &mut marks);
    }
    draft.finish(staying)
}

impl Draft<'_> {
    fn repository(&mut self, asks: &[Ask], marks: &mut Marks) {
        let Some(Ask { repository: number, .. }) = asks.first() else { return };
        let repository = &self.world.snapshot.repositories[*number as usize];
        let mut whys: Vec<Option<Text>> = vec![None; repository.tags.len()];
        let mut wish = Wish { tags: vec![false; repository.tags.len()], ..Wish::default() };
        for ask in asks {
            for (tag, why) in &ask.tags {
                wish.tags[*tag as usize] = true;
                whys[*tag as usize].clone_from(why);
            }
            wish.digests.extend(&ask.digests);
            wish.everything |= ask.everything;
            wish.untagged |= ask.untagged;
        }
        if wish.everything {
            wish.tags.fill(true);
        }
        wish.digests.sort_unstable();
        wish.digests.dedup();
        let asked = wish.tags.clone();
        let mut scene = Scene::new(self.world, repository, marks);
        let decision = decide(&mut scene, wish);
        let mut stage = Stage { scene, decision, asked, whys, goes: vec![false; repository.tags.len()] };
        let before = self.plan.steps.len();
        self.untag(&mut stage);
        self.delete(&mut stage, *number);
        let changed = self.plan.steps.len() > before;
        self.stay(&mut stage);
        problems::of(&stage.scene, &stage.decision, &mut self.plan.problems);
        self.loss.repository(repository, &stage.goes, changed);
    }

    fn effect(&mut self, repository: &Repository, name: Option<Text>, digest: Option<Text>, fate: Fate, why: Text) {
        let kind = if name.is_some() { EffectKind::Tag } else { EffectKind::Manifest };
        let effect = Effect { kind, repository: repository.name.clone(), tag: name, digest, fate, why };
        self.plan.effects.push(effect);
    }

    /// How a single tag can be deleted. Where it is not known whether it can by its name, and nothing else is allowed, that is tried: a
    /// registry that cannot refuses, and changes nothing.
    fn way(&self) -> Option<Way> {
        let ways = self.world.snapshot.ways;
        match ways.delete_tag {
            Some(true) => Some(Way::ByName),
            _ if ways.placeholder => Some(Way::Placeholder),
            None => Some(Way::ByName),
            Some(false) => None,
        }
    }

    /// Names that go while what they name stays.
    fn untag(&mut self, stage: &mut Stage<'_>) {
        let way = self.way();
        // The names of one manifest one after another, manifests by their first name.
        let mut groups: Vec<(u32, Vec<Name>)> = Vec::new();
        let mut group = HashMap::new();
        for (_, manifest, name) in std::mem::take(&mut stage.decision.untag) {
            let at = *group.entry(manifest).or_insert_with(|| {
                groups.push((manifest, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(name);
        }
        for (manifest, names) in groups {
            let content = &self.world.snapshot.manifests[manifest as usize];
            let repository = stage.scene.repository;
            let Some(way) = way else {
                let tags: Vec<&str> = names.iter().filter(|n| matches!(n, Name::Tag(_))).map(|&n| &**stage.scene.text(n)).collect();
                if !tags.is_empty() {
                    self.plan.problems.push(problems::delete_tag(&stage.scene, manifest, &tags));
                }
                let why = self.sayings.say("this registry cannot delete it alone".to_owned());
                for name in names {
                    self.stays(repository, Some(stage.scene.text(name)), Some(&content.digest), why.clone());
                }
                continue;
            };
            for name in names {
                let tag = stage.scene.text(name).clone();
                let why = match name {
                    Name::Tag(tag) => {
                        stage.goes[tag as usize] = true;
                        self.why(stage, tag)
                    }
                    Name::Machinery(i) => self.sayings.say(stage.scene.why_machinery_goes(i)),
                };
                self.effect(repository, Some(tag.clone()), Some(content.digest.clone()), Fate::Goes, why);
                self.plan.steps.push(Step::Untag {
                    repository: repository.name.clone(),
                    tag,
                    digest: content.digest.clone(),
                    media_type: content.media_type.clone(),
                    way,
                });
                if !self.ways.contains(&way) {
                    self.ways.push(way);
                }
            }
            let why = stage.scene.why_it_stays(manifest, |tag| stage.goes[tag as usize]);
            let why = self.sayings.say(why);
            stage.scene.marks.set(manifest, TOLD);
            self.effect(repository, None, Some(content.digest.clone()), Fate::Stays, why);
        }
    }

    fn why(&mut self, stage: &Stage<'_>, tag: u32) -> Text {
        let why = stage.whys[tag as usize].clone();
        why.unwrap_or_else(|| {
            let asked = stage.asked[tag as usize];
            self.sayings.say(if asked { "asked for" } else { "what it names is deleted by its digest" }.to_owned())
        })
    }

    /// Manifests that go, with their names.
    fn delete(&mut self, stage: &mut Stage<'_>, number: u32) {
        let repository = stage.scene.repository;
        for manifest in order(&stage.scene) {
            let content = &self.world.snapshot.manifests[manifest as usize];
            let mut tags = Vec::new();
            let names: Vec<Name> = stage.scene.names(manifest).map(|(_, name)| name).collect();
            for name in names {
                let why = match name {
                    Name::Tag(tag) => {
                        stage.goes[tag as usize] = true;
                        self.why(stage, tag)
                    }
                    Name::Machinery(i) => self.sayings.say(stage.scene.why_machinery_goes(i)),
                };
                let tag = stage.scene.text(name).clone();
                self.effect(repository, Some(tag.clone()), Some(content.digest.clone()), Fate::Goes, why);
                tags.push(tag);
            }
            let why = self.sayings.say(stage.scene.why_it_goes(manifest));
            self.effect(repository, None, Some(content.digest.clone()), Fate::Goes, why);
            self.plan.steps.push(Step::DeleteManifest {
                repository: repository.name.clone(),
                digest: content.digest.clone(),
                media_type: content.media_type.clone(),
                tags,
            });
            self.gone.push((number, manifest));
            self.loss.manifest(&content.digest, stage.is_image_of_its_own(manifest));
        }
    }

    fn stays(&mut self, repository: &Repository, tag: Option<&Text>, digest: Option<&Text>, why: Text) {
        self.staying.push(Effect {
            kind: if tag.is_some() { EffectKind::Tag } else { EffectKind::Manifest },
            repository: repository.name.clone(),
            tag: tag.cloned(),
            digest: digest.cloned(),
            fate: Fate::Stays,
            why,
        });
    }

    /// What stays though it was asked for, or though what it belongs to goes.
    fn stay(&mut self, stage: &mut Stage<'_>) {
        let repository = stage.scene.repository;
        let mut tags: Vec<(u32, String)> = Vec::new();
        let decision = &stage.decision;
        let protection = |t: u32| repository.tags[t as usize].protected.as_deref().unwrap_or_default();
        tags.extend(decision.protected.iter().map(|&t| (t, format!("protected: {}", protection(t)))));
        tags.extend(decision.unreadable.iter().map(|&t| {
            let dangling = repository.tags[t as usize].dangling;
            (t, if dangling { "the registry has nothing under it" } else { "it was not read what it names" }.to_owned())
        }));
        let held = |m: &u32, why: &'static str| {
            let asked = stage.scene.tags(*m).filter(|&t| stage.asked[t as usize] && repository.tags[t as usize].protected.is_none());
            asked.map(move |t| (t, why.to_owned())).collect::<Vec<_>>()
        };
        let unread = "something was not read yet that may name or list what it names";
        tags.extend(decision.held.iter().flat_map(|m| held(m, unread)));
        tags.extend(decision.unread_manifests.iter().flat_map(|m| held(m, "the content of what it names was not read")));
        tags.sort_by_key(|&(tag, _)| stage.scene.rank(tag));
        tags.dedup_by_key(|(tag, _)| *tag);

        let mut manifests: Vec<(u32, Option<&str>)> = Vec::new();
        let asked_for = decision.held.iter().filter(|&&m| stage.scene.marks.has(m, FORCED));
        manifests.extend(asked_for.map(|&m| (m, Some("something was not read yet that may name or list it"))));
        let others = [&decision.index_children, &decision.protected_digests, &decision.unread_manifests].into_iter().flatten();
        manifests.extend(others.map(|&m| (m, None)));
        for going in stage.scene.marks.those(GOING, 0) {
            let children = self.world.snapshot.manifests[going as usize].children.iter().copied();
            let around = children.chain(stage.scene.ties.referrers(going)).chain(stage.scene.parents(going));
            manifests.extend(around.filter(|&m| stage.scene.marks.has(m, PRESENT) && !stage.scene.marks.has(m, GOING)).map(|m| (m, None)));
        }
        let place: HashMap<u32, usize> = stage.scene.sorted(manifests.iter().map(|&(m, _)| m).collect()).into_iter().zip(0..).collect();
        manifests.sort_by_key(|(m, why)| (place.get(m).copied(), why.is_none()));
        let mut told = Vec::new();
        for (manifest, why) in manifests {
            if stage.scene.marks.set(manifest, TOLD) {
                let goes = |tag: u32| stage.goes[tag as usize];
                told.push((manifest, why.map_or_else(|| stage.scene.why_it_stays(manifest, goes), str::to_owned)));
            }
        }
        for (tag, why) in tags {
            let tag = &repository.tags[tag as usize];
            let digest = tag.manifest.map(|m| &self.world.snapshot.manifests[m as usize].digest);
            let why = self.sayings.say(why);
            self.stays(repository, Some(&tag.name), digest, why);
        }
        for (manifest, why) in told {
            let why = self.sayings.say(why);
            self.stays(repository, None, Some(&self.world.snapshot.manifests[manifest as usize].digest), why);
        }
    }

    fn finish(mut self, staying: Vec<Effect>) -> Plan {
        let snapshot = self.world.snapshot;
        let mut plan = self.plan;
        (plan.frees, plan.frees_certain) = frees(snapshot, &self.gone);
        plan.notes = crate::notes::of(snapshot.ways, &self.ways, !self.gone.is_empty());
        plan.wide = self.loss.is_wide();
        plan.confirm = self.loss.confirm(&snapshot.registry);
        plan.effects.append(&mut self.staying);
        plan.effects.extend(staying);
        problems::refuse_everything(snapshot.ways, &mut plan);
        plan
    }
}

/// A scene whose fate is decided.
struct Stage<'a> {
    scene: Scene<'a>,
    decision: Decision,
    /// For each tag whether it was asked for.
    asked: Vec<bool>,
    whys: Vec<Option<Text>>,
    /// For each tag whether it goes.
    goes: Vec<bool>,
}

impl Stage<'_> {
    /// It was asked for, or is not a part of anything else that goes.
    fn is_image_of_its_own(&self, manifest: u32) -> bool {
        let goes = |m: u32| self.scene.marks.has(m, GOING);
        self.scene.marks.has(manifest, FORCED) || !(self.scene.parents(manifest).any(goes) || self.scene.ties.subjects(manifest).any(goes))
    }
}
