//! What someone may want, and the same registry listed in another order.

use plan::{CleanUp, Clock, DeleteIn, Intent, KeepBy, KeepOf, Manifest, Snapshot, Ways, testing::Dice};

const DAY: i64 = 86_400_000;

pub(crate) fn ways(dice: &mut Dice) -> Ways {
    let delete_tag = *dice.pick(&[Some(true), Some(false), None]).unwrap();
    Ways { delete: Some(true), delete_tag, placeholder: !dice.once_in(3), read_only: false }
}

pub(crate) fn intent(dice: &mut Dice, snapshot: &Snapshot) -> Intent {
    if dice.once_in(3) { Intent::CleanUp(clean_up(dice)) } else { Intent::Delete(deletes(dice, snapshot)) }
}

pub(crate) fn deletes(dice: &mut Dice, snapshot: &Snapshot) -> Vec<DeleteIn> {
    let mut items = Vec::new();
    for (number, repository) in (0..).zip(&snapshot.repositories) {
        let often = dice.below(4) + 1;
        let mut item = DeleteIn { repository: number, everything: dice.once_in(9), untagged: dice.once_in(4), ..DeleteIn::default() };
        item.tags = (0..repository.tags.len() as u32).filter(|_| dice.below(often + 1) == 0).collect();
        if dice.once_in(2) && !snapshot.manifests.is_empty() {
            item.digests = (0..=dice.below(3)).map(|_| dice.below(snapshot.manifests.len() as u32)).collect();
        }
        items.push(item);
    }
    items
}

pub(crate) fn clean_up(dice: &mut Dice) -> CleanUp {
    let age = |dice: &mut Dice| dice.once_in(2).then(|| i64::from(dice.below(30)) * DAY);
    CleanUp {
        matches: dice.once_in(2),
        keep: dice.once_in(2).then(|| dice.below(5)),
        keep_by: *dice.pick(&[KeepBy::Version, KeepBy::Pushed, KeepBy::Created]).unwrap(),
        keep_of: *dice.pick(&[KeepOf::All, KeepOf::Old]).unwrap(),
        older_than: age(dice),
        clock: *dice.pick(&[Clock::Pushed, Clock::Created, Clock::Any]).unwrap(),
        not_pulled_for: if dice.once_in(2) { age(dice) } else { None },
        untagged: dice.once_in(2),
    }
}

/// The same registry and the same wish, with everything listed in another order.
pub(crate) fn shuffle(dice: &mut Dice, snapshot: &Snapshot, intent: &Intent) -> (Snapshot, Intent) {
    let mut other = snapshot.clone();
    let manifests = order(dice, snapshot.manifests.len());
    let blobs = order(dice, snapshot.blobs.len());
    other.manifests = placed(&snapshot.manifests, &manifests);
    other.blobs = placed(&snapshot.blobs, &blobs);
    let m = |n: u32| manifests[n as usize];
    for Manifest { children, blobs: layers, subject, .. } in &mut other.manifests {
        children.iter_mut().for_each(|c| *c = m(*c));
        dice.shuffle(children);
        layers.iter_mut().for_each(|b| *b = blobs[*b as usize]);
        *subject = subject.map(m);
    }
    let mut tags = Vec::new();
    for repository in &mut other.repositories {
        let places = order(dice, repository.tags.len());
        repository.tags = placed(&repository.tags, &places);
        tags.push(places);
        repository.tags.iter_mut().for_each(|t| t.manifest = t.manifest.map(m));
        for machinery in &mut repository.machinery {
            machinery.manifest = machinery.manifest.map(m);
            machinery.subject = machinery.subject.map(m);
        }
        for referrer in &mut repository.referrers {
            (referrer.subject, referrer.manifest) = (m(referrer.subject), m(referrer.manifest));
        }
        repository.untagged.iter_mut().for_each(|u| *u = m(*u));
        dice.shuffle(&mut repository.machinery);
        dice.shuffle(&mut repository.referrers);
        dice.shuffle(&mut repository.untagged);
    }
    let repositories = order(dice, snapshot.repositories.len());
    other.repositories = placed(&other.repositories, &repositories);
    let intent = match intent {
        Intent::Delete(items) => {
            let mut items: Vec<DeleteIn> = items
                .iter()
                .map(|item| DeleteIn {
                    repository: repositories[item.repository as usize],
                    tags: item.tags.iter().map(|&t| tags[item.repository as usize][t as usize]).collect(),
                    digests: item.digests.iter().map(|&d| m(d)).collect(),
                    ..item.clone()
                })
                .collect();
            for item in &mut items {
                dice.shuffle(&mut item.tags);
                dice.shuffle(&mut item.digests);
            }
            dice.shuffle(&mut items);
            Intent::Delete(items)
        }
        policy @ Intent::CleanUp(_) => policy.clone(),
    };
    (other, intent)
}

/// For each old place the new one.
fn order(dice: &mut Dice, n: usize) -> Vec<u32> {
    let mut places: Vec<u32> = (0..n as u32).collect();
    dice.shuffle(&mut places);
    places
}

fn placed<T: Clone>(things: &[T], places: &[u32]) -> Vec<T> {
    let mut pairs: Vec<(u32, &T)> = places.iter().copied().zip(things).collect();
    pairs.sort_by_key(|&(place, _)| place);
    pairs.into_iter().map(|(_, thing)| thing.clone()).collect()
}
