//! What stands in the way, in sentences.

use crate::{
    Code, Plan, Problem, Snapshot, Ways,
    confirm::NOTHING,
    decide::{Decision, Unread},
    scene::Scene,
    words::{list, number, short},
};
use std::collections::{BTreeMap, HashSet};

/// How many names a sentence holds.
const MOST: usize = 20;

fn problem(code: Code, detail: String, hint: Option<&str>) -> Problem {
    Problem { code, detail, hint: hint.map(str::to_owned) }
}

const READ: Option<&str> = Some("Refresh the registry, then make the plan anew.");

/// What keeps a part of what was asked for in one repository from being done.
pub(crate) fn of(scene: &Scene<'_>, decision: &Decision, problems: &mut Vec<Problem>) {
    let repository = &scene.repository.name;
    let tag = |i: u32| &scene.repository.tags[i as usize];
    let in_order = |tags: &[u32]| {
        let mut tags = tags.to_vec();
        tags.sort_by_key(|&t| scene.rank(t));
        tags
    };
    let digests = |manifests: &[u32]| {
        let shown = scene.sorted(manifests.to_vec());
        shown.into_iter().map(|m| scene.label(m)).collect::<Vec<_>>()
    };

    let mut protected: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for i in in_order(&decision.protected) {
        protected.entry(tag(i).protected.as_deref().unwrap_or_default()).or_default().push(&tag(i).name);
    }
    for (why, tags) in protected {
        let (stay, are) = (number(&tags, "stays: it is", "stay: they are"), list(&tags, MOST));
        problems.push(problem(Code::Protected, format!("{are} of {repository} {stay} protected ({why})."), None));
    }
    for manifest in scene.sorted(decision.protected_digests.clone()) {
        let tags: Vec<&str> = scene.tags(manifest).map(tag).filter(|t| t.protected.is_some()).map(|t| &*t.name).collect();
        let (digest, are) = (short(scene.world.digest(manifest)), number(&tags, "is", "are"));
        let detail =
            format!("{digest} of {repository} stays: {}, which {are} protected, {} it.", list(&tags, MOST), number(&tags, "names", "name"));
        problems.push(problem(Code::Protected, detail, None));
    }

    let (dangling, unread): (Vec<u32>, Vec<u32>) = in_order(&decision.unreadable).into_iter().partition(|&i| tag(i).dangling);
    let unread: Vec<&str> = unread.into_iter().map(|i| &*tag(i).name).collect();
    if !unread.is_empty() {
        let (name, stay) = (number(&unread, "names", "name"), number(&unread, "it stays", "they stay"));
        let detail = format!("What {} of {repository} {name} was not read, so {stay}.", list(&unread, MOST));
        problems.push(problem(Code::Unreadable, detail, READ));
    }
    if !dangling.is_empty() {
        let names: Vec<&str> = dangling.into_iter().map(|i| &*tag(i).name).collect();
        let (it, stays) = (number(&names, "it", "them"), number(&names, "it stays", "they stay"));
        let detail = format!("The registry lists {} of {repository} but has nothing under {it}, so {stays}.", list(&names, MOST));
        problems.push(problem(Code::Unreadable, detail, Some("Push anything to the tag, then delete it.")));
    }

    for manifest in scene.sorted(decision.index_children.clone()) {
        let digest = short(scene.world.digest(manifest));
        let index = scene.listed_by(manifest).unwrap_or_else(|| "an index".to_owned());
        let detail = format!("{digest} of {repository} stays: it is listed by {index}, which would break without it.");
        problems.push(problem(Code::IndexChild, detail, Some("Delete the index; what only it lists goes with it.")));
    }
    if !decision.unread_manifests.is_empty() {
        let names = digests(&decision.unread_manifests);
        let content = number(
            &names,
            "it may be an index, and could not be put back, so it stays",
            "they may be indexes, and could not be put back, so they stay",
        );
        let detail = format!("The content of {} in {repository} was not read: {content}.", list(&names, MOST));
        problems.push(problem(Code::UnreadManifest, detail, READ));
    }
    if let Some(unread) = decision.unread {
        let why = match unread {
            Unread::Tags => "not all its tags are known, and an unknown one may name it".to_owned(),
            Unread::Name(name) => format!("what {} names was not read, and it may be the same", scene.text(name)),
            Unread::Manifest(m) => format!("what {} lists was not read, and it may be that", scene.label(m)),
        };
        problems.push(problem(Code::Unread, format!("No image of {repository} is deleted: {why}."), READ));
    }
    if !decision.missing.is_empty() {
        let mut names: Vec<String> = decision.missing.iter().map(|&m| short(scene.world.digest(m))).collect();
        names.sort_unstable();
        problems.push(problem(Code::NotFound, format!("{repository} does not have {}.", list(&names, MOST)), None));
    }
}

/// Tags that would have to take their image with them. All that go with it are named.
pub(crate) fn delete_tag(scene: &Scene<'_>, manifest: u32, asked: &[&str]) -> Problem {
    let repository = &scene.repository.name;
    let alone: HashSet<&str> = asked.iter().copied().collect();
    let others: Vec<&str> = scene.names(manifest).map(|(_, name)| &**scene.text(name)).filter(|name| !alone.contains(name)).collect();
    let digest = short(scene.world.digest(manifest));
    let cannot = format!("{} of {repository} cannot be deleted alone: this registry deletes by digest only, and", list(asked, MOST));
    let (detail, hint) = if others.is_empty() {
        let why = scene.why_it_stays(manifest, |_| true);
        (format!("{cannot} {digest} has to stay: {why}."), "Allow placeholders.".to_owned())
    } else {
        let all: Vec<&str> = asked.iter().chain(&others).copied().collect();
        let detail = format!("{cannot} with {digest} {} would go too.", list(&others, usize::MAX));
        (detail, format!("Ask for {} together, or allow placeholders.", list(&all, usize::MAX)))
    };
    Problem { code: Code::DeleteTag, detail, hint: Some(hint) }
}

/// What keeps the whole plan from being carried out. What it would do is still told.
pub(crate) fn refuse_everything(ways: Ways, plan: &mut Plan) {
    let mut problems = Vec::new();
    if ways.read_only {
        let detail = format!("Nothing in {} can be changed through Supercargo: it is set to be read only.", plan.registry);
        problems.push(problem(Code::ReadOnly, detail, Some("Set read_only = false for the registry, and for the server.")));
    }
    let deletes = |step: &crate::Step| matches!(step, crate::Step::Untag { .. } | crate::Step::DeleteManifest { .. });
    if ways.delete == Some(false) && plan.steps.iter().any(deletes) {
        problems.push(problem(
            Code::DeleteDisabled,
            format!("{} refuses to delete.", plan.registry),
            Some(
                "For registry:2 and registry:3 set REGISTRY_STORAGE_DELETE_ENABLED=true, or storage.delete.enabled: true in its \
                 configuration, and start it anew.",
            ),
        ));
    }
    if !problems.is_empty() {
        plan.steps.clear();
        problems.append(&mut plan.problems);
        plan.problems = problems;
    }
}

/// A tag that would be overwritten and was not read.
pub(crate) fn unread_target(repository: &str, tag: &str) -> Problem {
    problem(Code::Unreadable, format!("What {tag} of {repository} names was not read, so it is not overwritten."), READ)
}

/// The plan over a snapshot whose numbers lead nowhere.
pub(crate) fn malformed(snapshot: &Snapshot) -> Plan {
    let detail = format!("What is known of {} does not fit together, so nothing can be planned.", snapshot.registry);
    let problems = vec![problem(Code::Malformed, detail, READ)];
    Plan { registry: snapshot.registry.clone(), confirm: NOTHING.to_owned(), problems, ..Plan::default() }
}
