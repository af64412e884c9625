//! The plan that gives an image another name.

use crate::{
    Plan, Snapshot, Step, Text,
    confirm::NOTHING,
    marks::Marks,
    problems,
    put::{Outcome, Put, put},
    world::World,
};

/// A tag comes to name a manifest of its own repository.
///
/// `repository` and `manifest` are numbers in the snapshot. What the tag named before stays in the registry, if only by its digest.
pub fn retag(snapshot: &Snapshot, repository: u32, manifest: u32, tag: &Text) -> Plan {
    let (Some(repository), Some(content), Some(world)) =
        (snapshot.repositories.get(repository as usize), snapshot.manifests.get(manifest as usize), World::new(snapshot))
    else {
        return problems::malformed(snapshot);
    };
    let mut plan = Plan { registry: snapshot.registry.clone(), frees_certain: true, confirm: NOTHING.to_owned(), ..Plan::default() };
    let named = repository.tags.iter().any(|t| t.manifest == Some(manifest));
    let why = if named { "one name more" } else { "until now it was known by its digest only" };
    let wanted = Put { tag, digest: &content.digest, why: why.to_owned() };
    let mut marks = Marks::new(snapshot.manifests.len());
    let (outcomes, _) = put(&world, repository, &[wanted], &mut marks, &mut plan);
    for outcome in outcomes {
        if let Outcome::Done(was) = outcome {
            plan.confirm = format!("{} {tag}", if was.is_some() { "move" } else { "tag" });
            plan.steps.push(Step::PutTag {
                repository: repository.name.clone(),
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
