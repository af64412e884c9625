//! In which order digests are deleted.

use crate::scene::Scene;
use std::{cmp::Reverse, collections::BinaryHeap};

/// What waits to be deleted: (group, place, manifest), the least first.
type Waiting = BinaryHeap<Reverse<(u32, u32, u32)>>;

/// What goes, indexes before what they list and subjects before what is attached to them, so that nothing that still has a name lacks a part at
/// any moment. An image is followed by what belongs to it: who stops half-way leaves few images in parts.
///
/// Should attachments run in a circle, as made-up machinery can, indexes still come before what they list.
pub(crate) fn order(scene: &Scene<'_>, going: &[u32]) -> Vec<u32> {
    let sorted = scene.sorted(going.iter().copied());
    let mut places: Vec<(u32, u32)> = sorted.iter().copied().zip(0..).collect();
    places.sort_unstable();
    let place = |m: u32| places.binary_search_by_key(&m, |&(m, _)| m).ok().map(|i| places[i].1);
    let children = |m: u32| scene.world.children(m).iter().copied().filter(move |&c| c != m);
    let referrers = |m: u32| scene.referrers(m).filter(move |&r| r != m);

    if sorted.iter().all(|&m| scene.is_alone(m)) {
        return sorted;
    }

    // Of each, how many indexes and how many subjects are to go before.
    let mut before = vec![(0_u32, 0_u32); sorted.len()];
    for &manifest in sorted.iter().filter(|&&m| !scene.is_alone(m)) {
        children(manifest).filter_map(place).for_each(|p| before[p as usize].0 += 1);
        referrers(manifest).filter_map(place).for_each(|p| before[p as usize].1 += 1);
    }
    let mut ready = Waiting::new();
    let mut unlisted = Waiting::new();
    for (p, &manifest) in (0..).zip(&sorted) {
        match before[p as usize] {
            (0, 0) => ready.push(Reverse((p, p, manifest))),
            (0, _) => unlisted.push(Reverse((p, p, manifest))),
            _ => {}
        }
    }
    let mut done = vec![false; sorted.len()];
    let mut rest = (0..).zip(sorted.iter().copied());
    let mut order = Vec::with_capacity(sorted.len());
    while let Some((group, p, manifest)) = ready
        .pop()
        .or_else(|| unlisted.pop())
        .map(|Reverse(next)| next)
        // Indexes that list each other: no digest can, but a snapshot may.
        .or_else(|| rest.next().map(|(p, manifest)| (p, p, manifest)))
    {
        if std::mem::replace(&mut done[p as usize], true) {
            continue;
        }
        order.push(manifest);
        if scene.is_alone(manifest) {
            continue;
        }
        let mut less = |next: u32, listed: u32, attached: u32| {
            let Some(q) = place(next) else { return };
            let left = &mut before[q as usize];
            *left = (left.0.saturating_sub(listed), left.1.saturating_sub(attached));
            match *left {
                (0, 0) => ready.push(Reverse((group, q, next))),
                (0, _) => unlisted.push(Reverse((group, q, next))),
                _ => {}
            }
        };
        children(manifest).for_each(|child| less(child, 1, 0));
        referrers(manifest).for_each(|referrer| less(referrer, 0, 1));
    }
    order
}
