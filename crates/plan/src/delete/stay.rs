//! What stays, and is told at the end of a plan.

use super::{Draft, Stage};
use crate::{
    Effect, EffectKind, Fate, Repository, Text,
    marks::{FORCED, GOING, PRESENT, TOLD},
    words::{NOT_READ, NOTHING_THERE},
};

impl Draft<'_> {
    pub(super) fn stays(&mut self, repository: &Repository, tag: Option<&Text>, digest: Option<&Text>, why: Text) {
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
    pub(super) fn stay(&mut self, stage: &mut Stage<'_>) {
        let repository = stage.scene.repository;
        let mut tags: Vec<(u32, String)> = Vec::new();
        let decision = &stage.decision;
        let protection = |t: u32| repository.tags[t as usize].protected.as_deref().unwrap_or_default();
        tags.extend(decision.protected.iter().map(|&t| (t, format!("protected: {}", protection(t)))));
        tags.extend(decision.unreadable.iter().map(|&t| {
            let dangling = repository.tags[t as usize].dangling;
            (t, if dangling { NOTHING_THERE } else { NOT_READ }.to_owned())
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
        let scene = &stage.scene;
        for going in decision.going.iter().copied().filter(|&m| !scene.is_alone(m)) {
            let children = self.world.children(going).iter().copied();
            let around = children.chain(scene.referrers(going)).chain(scene.parents(going));
            manifests.extend(around.filter(|&m| scene.marks.has(m, PRESENT) && !scene.marks.has(m, GOING)).map(|m| (m, None)));
        }
        manifests.sort_by(|(a, why), (b, other)| scene.compare(*a, *b).then_with(|| why.is_none().cmp(&other.is_none())));
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
            self.stays(repository, Some(&tag.name), digest, why.into());
        }
        for (manifest, why) in told {
            self.stays(repository, None, Some(&self.world.snapshot.manifests[manifest as usize].digest), why.into());
        }
    }
}
