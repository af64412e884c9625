//! Planning a clean-up: a policy is checked and looked for in each registry that it is for.

use super::{stored::Stored, trash};
use crate::{Error, Result, Service};
use api::Code;
use catalogue::{query::Query, snapshot::Wanted};

impl Service {
    /// What a policy would delete, in its registry or, where it names none, in each that may be changed.
    pub(super) async fn plan_clean_up(&self, policy: &api::Policy) -> Result<Stored> {
        let rules = self.check_policy(policy)?;
        let candidates: Query = crate::lists::parse(&policy.r#match)?;
        let protected: Query = crate::lists::parse(&policy.protect)?;
        let mut stored = Stored { summary: "Clean up".to_owned(), ..Stored::default() };
        let mut places = Vec::new();
        for (number, settings) in self.0.settings.registries.iter().enumerate() {
            if policy.registry.as_ref().is_some_and(|wanted| *wanted != settings.name) {
                continue;
            }
            match self.may_change(&settings.name) {
                Ok(()) => {}
                Err(_) if policy.registry.is_none() && self.0.settings.registries.len() > 1 => continue,
                Err(error) => return Err(error),
            }
            let number = number as u16;
            self.0.catalogue.ensure_probed(number).await;
            let guards = self.guards(number).await?;
            let wanted = Wanted {
                registry: number,
                repositories: None,
                candidates: Some(candidates.clone()),
                protected: if protected.is_empty() { Vec::new() } else { vec![(protected.clone(), "the policy protects it".into())] },
                ways: self.ways(number),
            };
            let (intent, now, catalogue) = (plan::Intent::CleanUp(rules.clone()), catalogue::now(), self.0.catalogue.clone());
            // A million tags take a second: other requests go on meanwhile.
            let keep = settings.trash;
            let part = tokio::task::spawn_blocking(move || {
                let snapshot = catalogue.snapshot(&wanted, &guards);
                let mut part = plan::plan(&snapshot, &intent, now);
                if let Some(keep) = keep {
                    trash::fill(&mut part, &snapshot, keep, now);
                }
                part
            })
            .await;
            let part = part.map_err(|e| Error::internal(format!("a plan could not be made: {e}")))?;
            places.push(settings.name.clone());
            stored.parts.push(self.advised(&settings.name, part)?);
        }
        stored.summary = format!("Clean up {}", places.join(", "));
        self.ask_consent(&mut stored).await?;
        Ok(stored)
    }

    /// The policy as the planner takes it, once everything in it is found right.
    pub(super) fn check_policy(&self, policy: &api::Policy) -> Result<plan::CleanUp> {
        if let Some(registry) = &policy.registry {
            self.registry_of(registry)?;
        }
        crate::lists::parse(&policy.r#match)?;
        crate::lists::parse(&policy.protect)?;
        let age = |key: &str, text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(|t| {
                super::milliseconds(t).ok_or_else(|| {
                    Error::new(Code::BadRequest, format!("{key} is “{}”, which is no age.", super::clipped(t)))
                        .hint("Write 30d, 12h or 2w.")
                })
            })
        };
        let word = |key: &str, text: &Option<String>, known: &[&str]| match text.as_deref().filter(|t| !t.is_empty()) {
            None => Ok(None),
            Some(word) => known.iter().position(|k| *k == word).map(Some).ok_or_else(|| {
                Error::new(Code::BadRequest, format!("{key} is “{}”.", super::clipped(word)))
                    .hint(format!("There are {}.", known.join(", ")))
            }),
        };
        Ok(plan::CleanUp {
            matches: !policy.r#match.trim().is_empty(),
            keep: policy.keep,
            keep_by: match word("keep_by", &policy.keep_by, &["version", "pushed", "created"])? {
                Some(1) => plan::KeepBy::Pushed,
                Some(2) => plan::KeepBy::Created,
                _ => plan::KeepBy::Version,
            },
            keep_of: match word("keep_of", &policy.keep_of, &["all", "old"])? {
                Some(1) => plan::KeepOf::Old,
                _ => plan::KeepOf::All,
            },
            older_than: age("older_than", &policy.older_than).transpose()?,
            clock: match word("clock", &policy.clock, &["any", "pushed", "created"])? {
                Some(1) => plan::Clock::Pushed,
                Some(2) => plan::Clock::Created,
                _ => plan::Clock::Any,
            },
            not_pulled_for: age("not_pulled_for", &policy.not_pulled_for).transpose()?,
            untagged: policy.untagged,
        })
    }
}
