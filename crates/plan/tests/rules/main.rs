//! Each rule of the planner on a registry small enough to be drawn in the head.

#![expect(clippy::unwrap_used, reason = "tests")]

mod clean_up;
mod copy;
mod delete;
mod difference;
mod frees;
mod retag;
mod unread;
mod wide;

use plan::{Code, DeleteIn, Fate, Intent, Plan, Step, Way, plan, testing::Sketch};

const NOW: i64 = plan::testing::NOW;
const DAY: i64 = 86_400_000;

/// The plan that deletes these tags of the first repository.
fn delete(sketch: &Sketch, tags: &[u32]) -> Plan {
    wish(sketch, DeleteIn { tags: tags.into(), ..DeleteIn::default() })
}

fn wish(sketch: &Sketch, item: DeleteIn) -> Plan {
    plan(&sketch.snapshot, &Intent::Delete(vec![item]), NOW)
}

/// The steps, each in a line.
fn steps(sketch: &Sketch, plan: &Plan) -> Vec<String> {
    let line = |step: &Step| match step {
        Step::Untag { tag, digest, way: Way::ByName, .. } => format!("untag {tag} of {digest}"),
        Step::Untag { tag, digest, way: Way::Placeholder, .. } => format!("untag {tag} of {digest} by a placeholder"),
        Step::DeleteManifest { digest, tags, .. } if tags.is_empty() => format!("delete {digest}"),
        Step::DeleteManifest { digest, tags, .. } => format!("delete {digest} with {}", tags.join(", ")),
        Step::PutTag { tag, digest, was, .. } => format!("put {tag} on {digest}, was {}", was.as_deref().unwrap_or("nothing")),
        Step::Copy { from, to, digest, was, .. } => {
            let tag = |place: &plan::Place| place.tag.as_ref().map_or_else(String::new, |tag| format!(":{tag}"));
            let was = was.as_ref().map_or_else(String::new, |was| format!(", was {was}"));
            format!("copy {digest} from {}/{}{} to {}{}{was}", from.registry, from.repository, tag(from), to.repository, tag(to))
        }
        Step::PutManifest { digest, .. } => format!("put {digest}"),
    };
    plan.steps.iter().map(|step| sketch.with_names(&line(step))).collect()
}

/// The effects, each in a line.
fn effects(sketch: &Sketch, plan: &Plan) -> Vec<String> {
    let line = |e: &plan::Effect| {
        let what = e.tag.as_deref().or(e.digest.as_deref()).unwrap_or("?");
        let fate = match e.fate {
            Fate::Goes => "-",
            Fate::Stays => "=",
            Fate::Appears => "+",
        };
        sketch.with_names(&format!("{fate} {} {what}: {}", e.kind.as_str(), e.why))
    };
    plan.effects.iter().map(line).collect()
}

fn codes(plan: &Plan) -> Vec<Code> {
    plan.problems.iter().map(|p| p.code).collect()
}

fn details(sketch: &Sketch, plan: &Plan) -> Vec<String> {
    plan.problems.iter().map(|p| sketch.with_names(&p.detail)).collect()
}
