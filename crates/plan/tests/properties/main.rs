//! What holds of every plan over every registry.
//!
//! Each property is tried on some thousand registries made up by `plan::testing::draw`. The last one to finish prints how many there were.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a property that cannot be tried has failed")]

mod draw;
mod model;

use model::{Model, numbers, reached};
use plan::{
    Code, DeleteIn, EffectKind, Fate, Intent, Plan, Repository, Snapshot, Step, Text, Ways, plan,
    testing::{Dice, NOW, Shape, draw as make, forget, registry},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Write,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

/// For each property; `PROPTEST_CASES` may ask for more.
const CASES: u32 = 3000;
const PROPERTIES: usize = 10;

static REGISTRIES: AtomicUsize = AtomicUsize::new(0);
static STEPS: AtomicUsize = AtomicUsize::new(0);
static FINISHED: AtomicUsize = AtomicUsize::new(0);

/// A registry, and dice for what is done with it.
fn always(holds: impl Fn(Snapshot, &mut Dice)) {
    let config =
        Config { cases: Config::default().cases.max(CASES), failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let bytes = |most: usize| prop::collection::vec(any::<u8>(), 0..most);
    let outcome = TestRunner::new(config).run(&(bytes(900), bytes(120)), |(registry, rest)| {
        let mut dice = Dice::from_bytes(rest);
        let mut registry = make(&mut Dice::from_bytes(registry), Shape::SMALL);
        registry.ways = draw::ways(&mut dice);
        REGISTRIES.fetch_add(1, SeqCst);
        holds(registry, &mut dice);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    if FINISHED.fetch_add(1, SeqCst) + 1 == PROPERTIES {
        let (registries, steps) = (REGISTRIES.load(SeqCst), STEPS.load(SeqCst));
        // Not `println`, which a passing test keeps to itself.
        let _ = writeln!(std::io::stdout(), "plan: {PROPERTIES} properties held on {registries} generated registries ({steps} steps)");
        assert!(registries >= 10_000 && steps >= 10_000);
    }
}

fn planned(snapshot: &Snapshot, intent: &Intent) -> Plan {
    let plan = plan(snapshot, intent, NOW);
    STEPS.fetch_add(plan.steps.len(), SeqCst);
    plan
}

#[test]
fn at_every_moment_whatever_has_a_name_is_whole() {
    always(|registry, dice| {
        let plan = planned(&registry, &draw::intent(dice, &registry));
        let before = Model::of(&registry);
        let mut model = before.clone();
        let numbers = numbers(&registry);
        let mut left: BTreeSet<(&str, u32)> = plan.steps.iter().filter_map(|step| deleted(&numbers, step)).collect();
        for step in &plan.steps {
            model.act(&registry, &numbers, step);
            model.assert_whole(&registry, &before);
            // Nor does what is attached go before what it is attached to.
            if let Some((repository, manifest)) = deleted(&numbers, step) {
                left.remove(&(repository, manifest));
                let here = registry.repositories.iter().find(|r| *r.name == *repository).expect("a repository");
                for subject in subjects(&registry, here, manifest) {
                    // An emptied list can be attached to what is attached to it: there is no order then.
                    let circle = about(&registry, here, subject).contains(&manifest);
                    assert!(circle || !left.contains(&(repository, subject)), "{manifest} goes before {subject}");
                }
            }
        }
    });
}

/// What a step deletes: the repository and the manifest.
fn deleted<'a>(numbers: &HashMap<Text, u32>, step: &'a Step) -> Option<(&'a str, u32)> {
    match step {
        Step::DeleteManifest { repository, digest, .. } => Some((repository, numbers[digest])),
        _ => None,
    }
}

/// What a manifest is attached to, whoever says so.
fn subjects(registry: &Snapshot, repository: &Repository, manifest: u32) -> BTreeSet<u32> {
    let said = repository.referrers.iter().filter(|r| r.manifest == manifest).map(|r| r.subject);
    let named = repository.machinery.iter().filter(|m| m.manifest == Some(manifest)).filter_map(|m| m.subject);
    said.chain(named).chain(registry.manifests[manifest as usize].subject).filter(|&s| s != manifest).collect()
}

/// What it is attached to, what that is attached to, and so on.
fn about(registry: &Snapshot, repository: &Repository, manifest: u32) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    let mut open = vec![manifest];
    while let Some(manifest) = open.pop() {
        open.extend(subjects(registry, repository, manifest).into_iter().filter(|&subject| all.insert(subject)));
    }
    all
}

#[test]
fn at_the_end_exactly_the_effects_hold() {
    always(|registry, dice| {
        let plan = planned(&registry, &draw::intent(dice, &registry));
        let before = Model::of(&registry);
        let mut after = before.clone();
        after.run(&registry, &plan);
        let numbers = numbers(&registry);
        let mut tags = BTreeMap::new();
        let mut manifests = BTreeMap::new();
        for effect in &plan.effects {
            let digest = effect.digest.as_ref().map(|d| numbers[d]);
            match (effect.kind, &effect.tag, digest) {
                (EffectKind::Tag, Some(tag), _) => {
                    assert!(tags.insert((&effect.repository, tag), effect.fate).is_none(), "{tag} is told twice");
                }
                (EffectKind::Manifest, None, Some(m)) => {
                    assert!(manifests.insert((&effect.repository, m), effect.fate).is_none(), "{m} is told twice");
                }
                _ => panic!("{effect:?}"),
            }
            assert!(!effect.why.is_empty());
        }
        for (name, shelf) in &before.repositories {
            let left = &after.repositories[name];
            for tag in shelf.names.keys() {
                let goes = tags.get(&(name, tag)) == Some(&Fate::Goes);
                assert_eq!(left.names.contains_key(tag), !goes, "{name}:{tag}");
            }
            for &m in &shelf.manifests {
                let goes = manifests.get(&(name, m)) == Some(&Fate::Goes);
                assert_eq!(left.manifests.contains(&m), !goes, "{name}@{m}");
            }
        }
        let (stored, remaining) = (before.blobs(&registry, &before), after.blobs(&registry, &before));
        let freed: u64 = stored.difference(&remaining).filter_map(|&b| registry.blobs[b as usize].size).sum();
        assert_eq!((plan.frees, plan.frees_certain), (freed, true));
        assert_eq!(plan.steps.is_empty(), plan.confirm == "nothing");
    });
}

#[test]
fn what_is_protected_keeps_its_name_and_its_digest() {
    always(|registry, dice| {
        let plan = planned(&registry, &draw::intent(dice, &registry));
        let mut model = Model::of(&registry);
        model.run(&registry, &plan);
        for repository in &registry.repositories {
            let shelf = &model.repositories[&repository.name];
            for tag in repository.tags.iter().filter(|t| t.protected.is_some()) {
                let manifest = tag.manifest.expect("drawn");
                assert_eq!(shelf.names.get(&tag.name), Some(&manifest));
                assert!(reached(&registry, [manifest]).iter().all(|m| shelf.manifests.contains(m)));
            }
        }
    });
}

#[test]
fn nothing_that_is_left_attached_loses_its_image_unsaid() {
    always(|registry, dice| {
        let plan = planned(&registry, &draw::intent(dice, &registry));
        let before = Model::of(&registry);
        let mut after = before.clone();
        after.run(&registry, &plan);
        let effects = plan.effects.iter().filter(|e| e.kind == EffectKind::Manifest);
        let whose = |e: &plan::Effect| e.digest.clone().map(|digest| (e.repository.clone(), digest)).expect("a digest");
        let with = |fate: Fate, why: fn(&str) -> bool| {
            effects.clone().filter(|e| e.fate == fate && why(&e.why)).map(whose).collect::<BTreeSet<_>>()
        };
        let told = with(Fate::Stays, |why| why.contains("what it is attached to"));
        let asked = with(Fate::Goes, |why| matches!(why, "no other tag names it" | "asked for by its digest"));
        for repository in &registry.repositories {
            let (was, is) = (&before.repositories[&repository.name], &after.repositories[&repository.name]);
            for &manifest in &is.manifests {
                for subject in subjects(&registry, repository, manifest) {
                    if was.manifests.contains(&subject) && !is.manifests.contains(&subject) {
                        let digest = &registry.manifests[manifest as usize].digest;
                        assert!(
                            told.contains(&(repository.name.clone(), digest.clone())),
                            "{manifest} in {} lost {subject}",
                            repository.name
                        );
                        // Only what was asked for itself leaves behind what is attached to it.
                        let goes = (repository.name.clone(), registry.manifests[subject as usize].digest.clone());
                        assert!(asked.contains(&goes), "{subject} in {} was kept by {manifest}", repository.name);
                    }
                }
            }
            // Nor does a name speak of what went.
            for machinery in &repository.machinery {
                if let (Some(subject), true) = (machinery.subject, is.names.contains_key(&machinery.tag)) {
                    let lost = was.manifests.contains(&subject) && !is.manifests.contains(&subject);
                    let ways = registry.ways;
                    assert!(!lost || ways.delete_tag == Some(false) && !ways.placeholder, "{} is left", machinery.tag);
                }
            }
        }
    });
}

#[test]
fn placeholders_end_as_names_do() {
    always(|mut registry, dice| {
        let intent = draw::intent(dice, &registry);
        let mut ends = Vec::new();
        for (delete_tag, placeholder) in [(Some(true), false), (Some(false), true), (None, true), (None, false)] {
            registry.ways = Ways { delete: None, delete_tag, placeholder, read_only: false };
            let plan = planned(&registry, &intent);
            let mut model = Model::of(&registry);
            model.run(&registry, &plan);
            ends.push((model, plan.frees, plan.effects, plan.confirm));
        }
        ends.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1]));
    });
}

#[test]
fn planned_again_there_is_nothing_to_do() {
    always(|registry, dice| {
        let intent = draw::intent(dice, &registry);
        let plan = planned(&registry, &intent);
        let mut model = Model::of(&registry);
        model.run(&registry, &plan);
        let now = model.look(&registry);
        // What is gone cannot be asked for by number. (That an index without tags still lists it would make it seem to be there.)
        let again = match intent {
            Intent::Delete(items) => Intent::Delete(
                items
                    .into_iter()
                    .map(|item| {
                        let (was, is) = (&registry.repositories[item.repository as usize], &now.repositories[item.repository as usize]);
                        let find = |t: &u32| is.tags.iter().position(|x| x.name == was.tags[*t as usize].name).map(|p| p as u32);
                        let shelf = &model.repositories[&was.name];
                        let digests = item.digests.iter().copied().filter(|d| shelf.manifests.contains(d)).collect();
                        DeleteIn { tags: item.tags.iter().filter_map(find).collect(), digests, ..item }
                    })
                    .collect(),
            ),
            policy @ Intent::CleanUp(_) => policy,
        };
        assert_eq!(planned(&now, &again).steps, []);
    });
}

#[test]
fn the_order_in_which_things_are_listed_makes_no_difference() {
    always(|registry, dice| {
        let intent = draw::intent(dice, &registry);
        let seen = if dice.once_in(2) { forget(dice, &registry) } else { registry };
        let intent = match intent {
            Intent::Delete(_) => Intent::Delete(draw::deletes(dice, &seen)),
            policy @ Intent::CleanUp(_) => policy,
        };
        let mut order = Dice::seeded(u64::from(dice.below(256)));
        let (other, same) = draw::shuffle(&mut order, &seen, &intent);
        assert_eq!(planned(&seen, &intent), plan(&other, &same, NOW));
    });
}

#[test]
fn what_was_not_read_is_never_broken() {
    always(|truth, dice| {
        let seen = forget(&mut Dice::seeded(u64::from(dice.below(256))), &truth);
        let intent = draw::intent(dice, &seen);
        let plan = planned(&seen, &intent);
        let before = Model::of(&truth);
        let mut after = before.clone();
        let numbers = numbers(&truth);
        for step in &plan.steps {
            after.act(&truth, &numbers, step);
            after.assert_whole(&truth, &before);
        }
        // Who forgot a manifest that has no name cannot know what it holds.
        let remembered = seen.repositories.iter().zip(&truth.repositories).all(|(a, b)| a.untagged == b.untagged);
        if plan.frees_certain && remembered {
            let (stored, remaining) = (before.blobs(&truth, &before), after.blobs(&truth, &before));
            let freed: u64 = stored.difference(&remaining).filter_map(|&b| truth.blobs[b as usize].size).sum();
            assert_eq!(plan.frees, freed);
        }
    });
}

#[test]
fn a_clean_up_takes_what_the_policy_says_and_is_the_delete_of_it() {
    always(|registry, dice| {
        let policy = draw::clean_up(dice);
        let taken = planned(&registry, &Intent::CleanUp(policy.clone()));
        let goes = |repository: &plan::Repository, tag: &plan::Tag| {
            let this = |e: &&plan::Effect| e.fate == Fate::Goes && e.repository == repository.name && e.tag.as_ref() == Some(&tag.name);
            taken.effects.iter().any(|e| this(&e))
        };
        let mut items = Vec::new();
        for (number, repository) in (0..).zip(&registry.repositories) {
            let mut item = DeleteIn { repository: number, untagged: policy.untagged && repository.candidate, ..DeleteIn::default() };
            for (i, tag) in (0..).zip(&repository.tags) {
                if goes(repository, tag) {
                    assert!(tag.candidate && tag.protected.is_none());
                    let old = |at: Option<i64>, least: i64| at.is_some_and(|at| at < NOW - least);
                    if let Some(least) = policy.older_than {
                        assert!(match policy.clock {
                            plan::Clock::Pushed => old(tag.pushed, least),
                            plan::Clock::Created => old(tag.created, least),
                            plan::Clock::Any => old(tag.pushed.or(tag.created), least),
                        });
                    }
                    if let Some(least) = policy.not_pulled_for {
                        assert!(old(tag.pushed, least) && tag.pulled.is_none_or(|at| at < NOW - least));
                    }
                    item.tags.push(i);
                }
            }
            let candidates = repository.tags.iter().filter(|t| t.candidate && t.protected.is_none());
            let left = candidates.filter(|t| !goes(repository, t)).count();
            if let (Some(keep), false) = (policy.keep, item.tags.is_empty()) {
                assert!(left >= keep as usize, "{left} of {} are left, not {keep}", repository.tags.len());
            }
            items.push(item);
        }
        let same = planned(&registry, &Intent::Delete(items));
        assert_eq!(taken.steps, same.steps);
        assert_eq!(taken.same_steps(&same), Ok(()));
        let text = serde_json::to_string(&taken).expect("JSON");
        assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), taken);
    });
}

#[test]
fn nonsense_is_refused_and_circles_are_walked_once() {
    always(|mut registry, dice| {
        let intent = draw::intent(dice, &registry);
        let manifests = registry.manifests.len() as u32;
        let beyond = dice.once_in(3);
        let any = |dice: &mut Dice| dice.below(manifests + u32::from(beyond));
        for _ in 0..dice.below(8) {
            if manifests == 0 {
                break;
            }
            let (one, other) = (dice.below(manifests) as usize, any(dice));
            match dice.below(3) {
                0 => registry.manifests[one].children.push(other),
                1 => registry.manifests[one].subject = Some(other),
                _ => {
                    if let Some(repository) = registry.repositories.first_mut() {
                        repository.referrers.push(plan::Referrer { subject: one as u32, manifest: other });
                    }
                }
            }
        }
        let plan = planned(&registry, &intent);
        assert!(beyond || plan.problems.iter().all(|p| p.code != Code::Malformed));
        let deleted: Vec<_> = plan.steps.iter().filter(|s| matches!(s, Step::DeleteManifest { .. })).collect();
        let once: BTreeSet<_> = deleted.iter().collect();
        assert_eq!(once.len(), deleted.len());
    });
}

#[test]
fn a_large_registry_is_planned_as_each_of_its_repositories_is() {
    let registry = registry(3, Shape { repositories: 1_200, tags: 4, images: 3, exact: true });
    let everything = |repository| DeleteIn { repository, everything: true, ..DeleteIn::default() };
    let all = 0..registry.repositories.len() as u32;
    let whole = plan(&registry, &Intent::Delete(all.clone().map(everything).collect()), NOW);
    let each: Vec<Plan> = all.map(|number| plan(&registry, &Intent::Delete(vec![everything(number)]), NOW)).collect();
    let steps = |plan: &Plan| plan.steps.iter().map(|step| (step.repository().to_owned(), step.clone())).collect::<Vec<_>>();
    let mut expected: Vec<_> = each.iter().flat_map(steps).collect();
    expected.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(steps(&whole), expected);
    assert_eq!(whole.effects.len(), each.iter().map(|p| p.effects.len()).sum::<usize>());
    assert_eq!((&*whole.confirm, whole.wide), ("local", true));
}
