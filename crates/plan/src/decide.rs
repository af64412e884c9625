//! What goes from one repository and what does not, without any words.
//!
//! What may go is what was asked for and everything that belongs to it. What stays is what the remaining names hold. What may go and is not
//! held goes: so that no order of walking, and no order in which the snapshot lists things, makes a difference.

use crate::{
    marks::{EXPLICIT, FORCED, GOING, LIVE, PRESENT, REACHED},
    scene::{Name, Scene},
};

/// What was asked for, in one repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// For each tag whether it was.
    pub(crate) tags: Vec<bool>,
    pub(crate) digests: Vec<u32>,
    pub(crate) everything: bool,
    pub(crate) untagged: bool,
}

/// What becomes of it. The manifests that go are marked [`GOING`], those that something holds [`LIVE`].
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// Names that go while what they name stays: (place among names, manifest, name).
    pub(crate) untag: Vec<(u32, u32, Name)>,
    /// Tags that were asked for and are protected.
    pub(crate) protected: Vec<u32>,
    /// Digests that were asked for and have a protected tag.
    pub(crate) protected_digests: Vec<u32>,
    /// Tags that were asked for and not read.
    pub(crate) unreadable: Vec<u32>,
    /// Digests that were asked for and that a live index lists.
    pub(crate) index_children: Vec<u32>,
    /// Manifests that would go, were they not possibly indexes whose content is not known.
    pub(crate) unread_manifests: Vec<u32>,
    /// Digests that were asked for and are not here.
    pub(crate) missing: Vec<u32>,
    /// Manifests that go.
    pub(crate) going: Vec<u32>,
    /// Why no digest is deleted here at all.
    pub(crate) unread: Option<Unread>,
    /// What would go, were it not for that.
    pub(crate) held: Vec<u32>,
}

/// What is not known of a repository, so that any of its digests may be named or listed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Which tags there are.
    Tags,
    /// What this names.
    Name(Name),
    /// What this manifest lists, which a name reaches.
    Manifest(u32),
}

pub(crate) fn decide(scene: &mut Scene<'_>, mut wish: Wish) -> Decision {
    let mut decision = Decision::default();
    refuse(scene, &mut wish, &mut decision);
    let forced = force(scene, &mut wish, &mut decision);
    scene.reach(forced);
    if wish.everything {
        let all = scene.marks.those(PRESENT, 0);
        scene.reach(all);
    } else if wish.untagged {
        scene.reach(scene.repository.untagged.iter().copied());
    }
    let roots = roots(scene, &wish);
    scene.hold(roots);
    let unread = unread(scene);

    if scene.world.has_unread() {
        let unknown = scene.marks.those(REACHED, LIVE).into_iter().filter(|&m| scene.world.may_list_unknown(m)).collect::<Vec<_>>();
        scene.hold(unknown.iter().copied());
        decision.unread_manifests.extend(unknown.into_iter().filter(|&m| !is_part(scene, m)));
    }
    let listed = |m: &u32| scene.marks.has(*m, EXPLICIT) && scene.marks.has(*m, LIVE);
    decision.index_children = wish.digests.iter().copied().filter(listed).collect();

    let going = scene.marks.those(REACHED, LIVE);
    if unread.is_some() && !going.is_empty() {
        decision.unread = unread;
        decision.held = going;
    } else {
        going.iter().for_each(|&m| _ = scene.marks.set(m, GOING));
        decision.going = going;
    }
    untag(scene, &wish, &mut decision);
    decision
}

/// Strikes out what cannot go, whatever else does.
fn refuse(scene: &mut Scene<'_>, wish: &mut Wish, decision: &mut Decision) {
    for (i, (asked, tag)) in (0..).zip(wish.tags.iter_mut().zip(&scene.repository.tags)) {
        if *asked && tag.protected.is_some() {
            decision.protected.push(i);
            *asked = false;
        } else if *asked && tag.manifest.is_none() {
            decision.unreadable.push(i);
            *asked = false;
        }
    }
    for &manifest in &wish.digests {
        if !scene.marks.has(manifest, PRESENT) {
            decision.missing.push(manifest);
        } else if scene.tags(manifest).any(|t| scene.repository.tags[t as usize].protected.is_some()) {
            decision.protected_digests.push(manifest);
        } else if scene.world.may_list_unknown(manifest) {
            decision.unread_manifests.push(manifest);
        } else {
            scene.marks.set(manifest, EXPLICIT);
            scene.marks.set(manifest, FORCED);
        }
    }
}

/// Marks the manifests all of whose tags were asked for. All that are to go whatever they belong to.
fn force(scene: &mut Scene<'_>, wish: &mut Wish, decision: &mut Decision) -> Vec<u32> {
    let (mut forced, mut all) = (Vec::new(), Vec::new());
    for (manifest, names) in scene.named() {
        let mut tags = names.iter().filter_map(|&(.., name)| if let Name::Tag(tag) = name { Some(tag) } else { None }).peekable();
        if tags.peek().is_some() && tags.all(|tag| wish.tags[tag as usize]) && !scene.marks.has(manifest, EXPLICIT) {
            forced.push(manifest);
        }
    }
    for manifest in forced {
        if scene.world.may_list_unknown(manifest) {
            decision.unread_manifests.push(manifest);
            scene.tags(manifest).for_each(|tag| wish.tags[tag as usize] = false);
        } else {
            scene.marks.set(manifest, FORCED);
            all.push(manifest);
        }
    }
    all.extend(wish.digests.iter().copied().filter(|&m| scene.marks.has(m, EXPLICIT)));
    all
}

/// What the names that stay name. Machinery stays unless what it is about may go; then it goes or stays with that. What may be an index of
/// unknown content keeps its names, whoever asks.
fn roots(scene: &Scene<'_>, wish: &Wish) -> Vec<u32> {
    let stays = |name: Name| match name {
        Name::Tag(tag) => !wish.tags[tag as usize],
        Name::Machinery(i) => {
            !wish.everything && scene.repository.machinery[i as usize].subject.is_none_or(|s| !scene.marks.has(s, REACHED))
        }
    };
    let named = scene.named().filter(|&(m, names)| {
        scene.world.may_list_unknown(m) || !scene.marks.has(m, EXPLICIT) && names.iter().any(|&(.., name)| stays(name))
    });
    named.map(|(m, _)| m).collect()
}

/// Why it cannot be told what else names or lists a digest of this repository. Of several reasons always the same.
fn unread(scene: &Scene<'_>) -> Option<Unread> {
    if !scene.repository.whole {
        return Some(Unread::Tags);
    }
    let unread = (0..).zip(&scene.repository.tags).filter(|(_, t)| t.manifest.is_none() && !t.dangling).map(|(i, _)| i);
    if let Some(tag) = unread.min_by_key(|&i| scene.rank(i)) {
        return Some(Unread::Name(Name::Tag(tag)));
    }
    let unread = (0..).zip(&scene.repository.machinery).filter(|(_, m)| m.manifest.is_none());
    if let Some((i, _)) = unread.min_by_key(|(_, m)| &m.tag) {
        return Some(Unread::Name(Name::Machinery(i)));
    }
    if !scene.world.has_unread() {
        return None;
    }
    let unknown = scene.marks.those(PRESENT, 0).into_iter().filter(|&m| scene.world.may_list_unknown(m));
    let holding = unknown.filter(|&m| scene.marks.has(m, LIVE) || is_part(scene, m));
    holding.min_by(|&a, &b| scene.compare(a, b)).map(Unread::Manifest)
}

/// Something that may go lists it. Until that has gone, a name reaches whatever this lists.
fn is_part(scene: &Scene<'_>, manifest: u32) -> bool {
    scene.parents(manifest).any(|p| scene.marks.has(p, REACHED))
}

/// The names that go while what they name stays.
fn untag(scene: &Scene<'_>, wish: &Wish, decision: &mut Decision) {
    let mut untag = Vec::new();
    for (manifest, names) in scene.named().filter(|&(m, _)| !scene.marks.has(m, GOING)) {
        // Held back as a whole: its tags are too.
        let held = !scene.marks.has(manifest, LIVE);
        for &(_, place, name) in names {
            let goes = match name {
                Name::Tag(tag) => wish.tags[tag as usize] && !held,
                Name::Machinery(i) => scene.repository.machinery[i as usize].subject.is_some_and(|s| scene.marks.has(s, GOING)),
            };
            if goes {
                untag.push((place, manifest, name));
            }
        }
    }
    untag.sort_unstable();
    decision.untag = untag;
}
