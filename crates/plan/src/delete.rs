//! The plan of a delete: what was decided, as steps, effects and problems.

mod stay;

use crate::{
    Effect, EffectKind, Fate, Plan, Problem, Repository, Step, Text, Way,
    confirm::Loss,
    decide::{Decision, Wish, decide},
    frees::frees,
    marks::{FORCED, GOING, Marks, TOLD},
    order::order,
    parts::in_parts,
    problems,
    scene::{Name, Scene, by_version},
    words::Sayings,
    world::World,
};
use std::borrow::Cow;

/// What was asked for in one repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) repository: u32,
    /// Each with its reason, where that is more than that it was asked for.
    pub(crate) tags: Vec<(u32, Option<Text>)>,
    pub(crate) digests: Vec<u32>,
    pub(crate) everything: bool,
    pub(crate) untagged: bool,
    /// The repository's tags by version, where that was found out already.
    pub(crate) order: Option<Vec<u32>>,
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
    let mut repositories: Vec<&mut [Ask]> = asks.chunk_by_mut(|a, b| a.repository == b.repository).collect();
    let parts = in_parts(&mut repositories, |repositories| {
        let mut draft = Draft::new(world);
        let mut marks = Marks::new(snapshot.manifests.len());
        repositories.iter_mut().for_each(|asks| draft.repository(asks, &mut marks));
        draft
    });
    let mut whole = Draft::new(world);
    whole.plan.problems = problems;
    parts.into_iter().for_each(|part| whole.add(part));
    whole.finish(staying)
}

impl<'a> Draft<'a> {
    fn new(world: &'a World<'a>) -> Self {
        let plan = Plan { registry: world.snapshot.registry.clone(), ..Plan::default() };
        let (loss, sayings) = (Loss::default(), Sayings::default());
        Self { world, plan, staying: Vec::new(), gone: Vec::new(), loss, sayings, ways: Vec::new() }
    }

    /// What was found of the repositories that follow.
    fn add(&mut self, mut part: Self) {
        append(&mut self.plan.steps, &mut part.plan.steps);
        append(&mut self.plan.effects, &mut part.plan.effects);
        append(&mut self.plan.problems, &mut part.plan.problems);
        append(&mut self.staying, &mut part.staying);
        append(&mut self.gone, &mut part.gone);
        self.loss.add(part.loss);
        part.ways.retain(|way| !self.ways.contains(way));
        self.ways.append(&mut part.ways);
    }

    fn repository(&mut self, asks: &mut [Ask], marks: &mut Marks) {
        let Some(&mut Ask { repository: number, ref mut order, .. }) = asks.first_mut() else { return };
        let repository = &self.world.snapshot.repositories[number as usize];
        let order = order.take().unwrap_or_else(|| by_version(repository));
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
        let mut scene = Scene::new(self.world, repository, order, marks);
        let decision = decide(&mut scene, wish);
        let mut stage = Stage { scene, decision, asked, whys, goes: vec![false; repository.tags.len()] };
        let before = self.plan.steps.len();
        self.untag(&mut stage);
        self.delete(&mut stage, number);
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
        let mut untag = std::mem::take(&mut stage.decision.untag);
        // The names of one manifest one after another, manifests by their first name.
        untag.sort_unstable_by_key(|&(place, manifest, _)| (manifest, place));
        let mut groups: Vec<&[(u32, u32, Name)]> = untag.chunk_by(|a, b| a.1 == b.1).collect();
        groups.sort_unstable_by_key(|names| names.first().map(|&(place, ..)| place));
        for group in groups {
            let Some(&(_, manifest, _)) = group.first() else { continue };
            let names = group.iter().map(|&(.., name)| name);
            let content = &self.world.snapshot.manifests[manifest as usize];
            let repository = stage.scene.repository;
            let Some(way) = way else {
                let tags: Vec<&str> = names.clone().filter(|n| matches!(n, Name::Tag(_))).map(|n| &**stage.scene.text(n)).collect();
                if !tags.is_empty() {
                    self.plan.problems.push(problems::delete_tag(&stage.scene, manifest, &tags));
                }
                let why = self.sayings.fixed("this registry cannot delete it alone");
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
                    Name::Machinery(i) => stage.scene.why_machinery_goes(i).into(),
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
            stage.scene.marks.set(manifest, TOLD);
            self.effect(repository, None, Some(content.digest.clone()), Fate::Stays, why.into());
        }
    }

    fn why(&mut self, stage: &Stage<'_>, tag: u32) -> Text {
        let why = stage.whys[tag as usize].clone();
        why.unwrap_or_else(|| {
            let asked = stage.asked[tag as usize];
            self.sayings.fixed(if asked { "asked for" } else { "what it names is deleted by its digest" })
        })
    }

    /// Manifests that go, with their names.
    fn delete(&mut self, stage: &mut Stage<'_>, number: u32) {
        let repository = stage.scene.repository;
        for manifest in order(&stage.scene, &stage.decision.going) {
            let content = &self.world.snapshot.manifests[manifest as usize];
            let mut tags = Vec::new();
            let names: Vec<Name> = stage.scene.names(manifest).map(|(_, name)| name).collect();
            for name in names {
                let why = match name {
                    Name::Tag(tag) => {
                        stage.goes[tag as usize] = true;
                        self.why(stage, tag)
                    }
                    Name::Machinery(i) => stage.scene.why_machinery_goes(i).into(),
                };
                let tag = stage.scene.text(name).clone();
                self.effect(repository, Some(tag.clone()), Some(content.digest.clone()), Fate::Goes, why);
                tags.push(tag);
            }
            let why = match stage.scene.why_it_goes(manifest) {
                Cow::Borrowed(why) => self.sayings.fixed(why),
                Cow::Owned(why) => why.into(),
            };
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

    fn finish(mut self, mut staying: Vec<Effect>) -> Plan {
        let snapshot = self.world.snapshot;
        let mut plan = self.plan;
        (plan.frees, plan.frees_certain) = frees(self.world, &self.gone);
        plan.notes = crate::notes::of(snapshot.ways, &self.ways, !self.gone.is_empty());
        plan.wide = self.loss.is_wide();
        plan.confirm = self.loss.confirm(&snapshot.registry);
        plan.effects.reserve_exact(self.staying.len() + staying.len());
        plan.effects.append(&mut self.staying);
        plan.effects.append(&mut staying);
        problems::refuse_everything(snapshot.ways, &mut plan);
        plan
    }
}

/// Without moving what is there, where there is nothing yet.
fn append<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    if to.is_empty() {
        std::mem::swap(to, from);
    } else {
        to.append(from);
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
        self.scene.marks.has(manifest, FORCED)
            || self.scene.is_alone(manifest)
            || !(self.scene.parents(manifest).any(goes) || self.scene.subjects(manifest).any(goes))
    }
}
