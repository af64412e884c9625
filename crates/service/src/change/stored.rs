//! A plan as the database keeps it: one part for each registry that it changes.

use crate::{Error, Result};
use api::{Action, Effect, EffectKind, Fate, PlanProblem};
use catalogue::kept::PlanRecord;
use plan::{Plan, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most effects that an answer holds.
const SHOWN: usize = 1_000;

/// What is stored under a plan's id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Stored {
    /// In a few words, for the job: `Delete 3 tags from local/team/api`.
    pub summary: String,
    /// One for each registry, in the order in which they are carried out.
    pub parts: Vec<Plan>,
    /// What is said of it as a whole.
    pub notes: Vec<String>,
    /// Registries whose tags are taken away by a placeholder, where nobody agreed to that yet.
    #[serde(default)]
    pub consents: Vec<String>,
}

/// What [`Stored::consents`] are about, in the database.
pub(super) const PLACEHOLDER: &str = "placeholder";

impl Stored {
    pub(super) fn read(record: &PlanRecord) -> Result<Self> {
        serde_json::from_str(&record.body).map_err(|e| Error::internal(format!("plan {} cannot be read: {e}", record.id)))
    }

    /// Steps in all.
    pub(super) fn steps(&self) -> usize {
        self.parts.iter().map(|p| p.steps.len()).sum()
    }

    pub(super) fn is_wide(&self) -> bool {
        self.parts.iter().any(|p| p.wide)
    }

    /// What is sent back to have it carried out.
    pub(super) fn confirm(&self) -> String {
        // A registry in which nothing is done has nothing to confirm.
        let parts: Vec<&str> = self.parts.iter().filter(|p| !p.steps.is_empty()).map(|p| p.confirm.as_str()).collect();
        if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
    }

    /// Registry and name of every repository that a step reads or changes.
    pub(super) fn places(&self) -> BTreeSet<(String, String)> {
        let mut places = BTreeSet::new();
        for part in &self.parts {
            for step in &part.steps {
                places.insert((part.registry.to_string(), repository(step).to_owned()));
                if let Step::Copy { from, .. } = step {
                    places.insert((from.registry.to_string(), from.repository.to_string()));
                }
            }
        }
        places
    }

    /// The plan as it is shown.
    pub(super) fn shown(&self, record: &PlanRecord) -> api::Plan {
        let total: usize = self.parts.iter().map(|p| p.effects.len()).sum();
        let certain = self.parts.iter().all(|p| p.frees_certain);
        let frees = self.parts.iter().map(|p| p.frees).fold(0u64, u64::saturating_add);
        let mut notes: Vec<String> = Vec::new();
        for note in self.parts.iter().flat_map(|p| &p.notes).chain(&self.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        api::Plan {
            id: record.id.clone(),
            action: Action::parse(&record.action).unwrap_or(Action::Delete),
            effects: self.parts.iter().flat_map(|p| p.effects.iter().map(|e| effect(&p.registry, e))).take(SHOWN).collect(),
            frees: certain.then_some(frees),
            confirm: self.confirm(),
            wide: self.is_wide(),
            problems: self.parts.iter().flat_map(|p| &p.problems).map(problem).collect(),
            notes,
            consent: (!self.consents.is_empty()).then(|| {
                format!(
                    "{} cannot delete one of several tags of an image. Supercargo pushes a tiny placeholder to the tag and deletes that, so that the other \
                     tags stay. Its notifications tell of a push and a delete, and some hundred bytes are left until it collects garbage.",
                    self.consents.join(", ")
                )
            }),
            steps: self.steps() as u64,
            effects_total: total as u64,
            summary: self.summary.clone(),
            created: crate::show::time(record.created),
            job: record.job.clone(),
        }
    }
}

/// The repository that a step changes.
pub(super) fn repository(step: &Step) -> &str {
    match step {
        Step::Untag { repository, .. }
        | Step::DeleteManifest { repository, .. }
        | Step::PutTag { repository, .. }
        | Step::PutManifest { repository, .. } => repository,
        Step::Copy { to, .. } => &to.repository,
    }
}

/// `registry/repository:tag` or `registry/repository@digest` of what a step is about.
pub(super) fn reference(registry: &str, step: &Step) -> String {
    match step {
        Step::Untag { repository, tag, .. } | Step::PutTag { repository, tag, .. } => format!("{registry}/{repository}:{tag}"),
        Step::DeleteManifest { repository, digest, .. } | Step::PutManifest { repository, digest, .. } => {
            format!("{registry}/{repository}@{digest}")
        }
        Step::Copy { to, digest, .. } => match &to.tag {
            Some(tag) => format!("{}/{}:{tag}", to.registry, to.repository),
            None => format!("{}/{}@{digest}", to.registry, to.repository),
        },
    }
}

/// What a step does, in a word or two.
pub(super) fn word(step: &Step) -> &'static str {
    match step {
        Step::Untag { .. } => "delete tag",
        Step::DeleteManifest { .. } => "delete manifest",
        Step::PutTag { .. } => "tag",
        Step::PutManifest { .. } => "restore",
        Step::Copy { .. } => "copy",
    }
}

fn effect(registry: &str, effect: &plan::Effect) -> Effect {
    let place = format!("{registry}/{}", effect.repository);
    let reference = match (&effect.tag, &effect.digest) {
        (Some(tag), _) => format!("{place}:{tag}"),
        (None, Some(digest)) => format!("{place}@{digest}"),
        (None, None) => place,
    };
    Effect {
        kind: match effect.kind {
            plan::EffectKind::Tag => EffectKind::Tag,
            plan::EffectKind::Manifest => EffectKind::Manifest,
            plan::EffectKind::Blob => EffectKind::Blob,
        },
        reference,
        digest: effect.digest.as_ref().map(ToString::to_string),
        effect: match effect.fate {
            plan::Fate::Goes => Fate::Goes,
            plan::Fate::Stays => Fate::Stays,
            plan::Fate::Appears => Fate::Appears,
        },
        why: effect.why.to_string(),
    }
}

fn problem(problem: &plan::Problem) -> PlanProblem {
    PlanProblem { code: problem.code.as_str().to_owned(), detail: problem.detail.clone(), hint: problem.hint.clone() }
}
