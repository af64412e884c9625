//! What a policy takes, repository by repository.

use crate::{
    CleanUp, Clock, Code, Effect, EffectKind, Fate, KeepBy, KeepOf, Problem, Repository, Snapshot, Tag, Text,
    delete::Ask,
    scene::by_version,
    words::{Sayings, span},
};
use oci::VersionKey;

/// What goes, what stays and why, what is wrong with the policy.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) asks: Vec<Ask>,
    pub(crate) staying: Vec<Effect>,
    pub(crate) problems: Vec<Problem>,
}

pub(crate) fn select(snapshot: &Snapshot, policy: &CleanUp, now: i64) -> Selection {
    let mut selection = Selection::default();
    let narrowed = policy.keep.is_some_and(|keep| keep > 0) || policy.older_than.is_some() || policy.not_pulled_for.is_some();
    let everything = !policy.matches || snapshot.repositories.iter().flat_map(|r| &r.tags).all(|t| t.candidate);
    let tags = narrowed || !everything;
    if !tags && !policy.untagged {
        selection.problems.push(Problem {
            code: Code::TakesEverything,
            detail: format!("This policy would take every tag of {}.", snapshot.registry),
            hint: Some("Say how many of the newest to keep, how old a tag has to be, or which tags it is about.".to_owned()),
        });
        return selection;
    }
    if tags && policy.not_pulled_for.is_some() && snapshot.pulls_since.is_none() {
        selection.problems.push(Problem {
            code: Code::PullsUnknown,
            detail: format!("{} does not tell when images are pulled, so none counts as not pulled.", snapshot.registry),
            hint: Some("Let the registry send its notifications to Supercargo.".to_owned()),
        });
    }
    let mut numbers: Vec<u32> = (0..snapshot.repositories.len() as u32).collect();
    numbers.sort_by(|&a, &b| snapshot.repositories[a as usize].name.cmp(&snapshot.repositories[b as usize].name));
    let mut judge = Judge { snapshot, policy, now, sayings: Sayings::default() };
    for number in numbers {
        let repository = &snapshot.repositories[number as usize];
        let mut ask = Ask { repository: number, untagged: policy.untagged && repository.candidate, ..Ask::default() };
        if tags && repository.tags.iter().any(|t| t.candidate) {
            judge.repository(repository, &mut ask, &mut selection.staying);
        }
        if !ask.tags.is_empty() || ask.untagged {
            selection.asks.push(ask);
        }
    }
    selection
}

struct Judge<'a> {
    snapshot: &'a Snapshot,
    policy: &'a CleanUp,
    now: i64,
    sayings: Sayings,
}

/// What is found of one tag.
enum Verdict {
    /// Old enough; since when, in words.
    Old(Option<Text>),
    Stays(Text),
}

impl Judge<'_> {
    fn repository(&mut self, repository: &Repository, ask: &mut Ask, staying: &mut Vec<Effect>) {
        let order = by_version(repository);
        let mut verdicts: Vec<(u32, Verdict)> = Vec::with_capacity(order.len());
        for &number in &order {
            let tag = &repository.tags[number as usize];
            if tag.candidate {
                let verdict = match &tag.protected {
                    Some(why) => Verdict::Stays(self.sayings.say(format!("protected: {why}"))),
                    None => self.age(tag),
                };
                verdicts.push((number, verdict));
            }
        }
        let kept = self.newest(repository, &verdicts);
        let beyond = match self.policy.keep {
            Some(keep) if keep > 0 => Some(self.sayings.say(format!("not among {}", newest(keep, self.policy.keep_by)))),
            _ => None,
        };
        for ((number, verdict), kept) in verdicts.into_iter().zip(kept) {
            let tag = &repository.tags[number as usize];
            // Why it is kept says more than that it is young; why it cannot go says more than both.
            let why = match (verdict, kept) {
                (Verdict::Stays(why), _) if tag.protected.is_some() || tag.manifest.is_none() => Err(why),
                (_, Some(kept)) => Err(kept),
                (Verdict::Stays(why), None) => Err(why),
                (Verdict::Old(since), None) => Ok(match (since, &beyond) {
                    (Some(since), Some(beyond)) => self.sayings.say(format!("{since}, {beyond}")),
                    (Some(why), None) => why,
                    (None, Some(beyond)) => beyond.clone(),
                    (None, None) => self.sayings.say("it matches".to_owned()),
                }),
            };
            match why {
                Ok(why) => ask.tags.push((number, Some(why))),
                Err(why) => staying.push(Effect {
                    kind: EffectKind::Tag,
                    repository: repository.name.clone(),
                    tag: Some(tag.name.clone()),
                    digest: tag.manifest.map(|m| self.snapshot.manifests[m as usize].digest.clone()),
                    fate: Fate::Stays,
                    why,
                }),
            }
        }
    }

    /// Whether a tag is old enough to go. What has no known date never is.
    fn age(&mut self, tag: &Tag) -> Verdict {
        if tag.manifest.is_none() {
            let why = if tag.dangling { "the registry has nothing under it" } else { "it was not read what it names" };
            return Verdict::Stays(self.sayings.say(why.to_owned()));
        }
        let mut since = None;
        if let Some(least) = self.policy.older_than {
            let (at, verb, clock) = match self.policy.clock {
                Clock::Pushed => (tag.pushed, "pushed", "when it was pushed"),
                Clock::Created => (tag.created, "built", "when it was built"),
                Clock::Any if tag.pushed.is_some() => (tag.pushed, "pushed", ""),
                Clock::Any => (tag.created, "built", "when it was pushed or built"),
            };
            let Some(at) = at else {
                return Verdict::Stays(self.sayings.say(format!("it is not known {clock}")));
            };
            let text = self.sayings.say(format!("{verb} {} ago", span(self.now.saturating_sub(at))));
            if at >= self.now.saturating_sub(least.max(0)) {
                return Verdict::Stays(text);
            }
            since = Some(text);
        }
        if let Some(least) = self.policy.not_pulled_for {
            let before = self.now.saturating_sub(least.max(0));
            let why = match (self.snapshot.pulls_since, tag.pushed, tag.pulled) {
                (None, ..) => Some("it is not known when it was pulled".to_owned()),
                (_, _, Some(pulled)) if pulled >= before => Some(format!("pulled {} ago", span(self.now.saturating_sub(pulled)))),
                (Some(listened), ..) if listened > before => {
                    Some(format!("pulls are known for {} only", span(self.now.saturating_sub(listened))))
                }
                (_, None, _) => Some("it is not known when it was pushed".to_owned()),
                (_, Some(pushed), _) if pushed >= before => Some(format!("pushed {} ago", span(self.now.saturating_sub(pushed)))),
                _ => None,
            };
            if let Some(why) = why {
                return Verdict::Stays(self.sayings.say(why));
            }
            let pulled = format!("not pulled for {}", span(least));
            since = Some(self.sayings.say(since.map_or_else(|| pulled.clone(), |since| format!("{since}, {pulled}"))));
        }
        Verdict::Old(since)
    }

    /// For each verdict whether the tag is one of the newest that are kept, or has no known place among them, and how that is said.
    fn newest(&mut self, repository: &Repository, verdicts: &[(u32, Verdict)]) -> Vec<Option<Text>> {
        let mut kept = vec![None; verdicts.len()];
        let Some(keep) = self.policy.keep.filter(|&keep| keep > 0) else { return kept };
        let tag = |place: usize| &repository.tags[verdicts[place].0 as usize];
        let counts = |place: usize| {
            let old = matches!(verdicts[place].1, Verdict::Old(_));
            // What names nothing keeps no place from what names something, nor does what stays anyway.
            tag(place).protected.is_none() && !tag(place).dangling && (self.policy.keep_of == KeepOf::All || old)
        };
        let places: Vec<usize> = (0..verdicts.len()).filter(|&place| counts(place)).collect();
        let by = self.policy.keep_by;
        let yes = self.sayings.say(format!("one of {}", newest(keep, by)));
        let keep = keep as usize;
        let mut unknown = Vec::new();
        if by == KeepBy::Version {
            // They come in this order already.
            let (versions, others): (Vec<usize>, Vec<usize>) =
                places.into_iter().partition(|&p| VersionKey::new(&tag(p).name).is_version());
            versions.iter().take(keep).for_each(|&p| kept[p] = Some(yes.clone()));
            if let Some(&last) = versions.get(keep.wrapping_sub(1)) {
                let ties = versions[keep..].iter().take_while(|&&p| same_version(&tag(p).name, &tag(last).name));
                ties.for_each(|&p| kept[p] = Some(yes.clone()));
            }
            unknown.extend(others);
        } else {
            let at = |place: usize| if by == KeepBy::Pushed { tag(place).pushed } else { tag(place).created };
            let mut dated: Vec<(i64, usize)> = Vec::with_capacity(places.len());
            for place in places {
                match at(place) {
                    Some(at) => dated.push((at, place)),
                    None => unknown.push(place),
                }
            }
            let mut dates: Vec<i64> = dated.iter().map(|&(at, _)| at).collect();
            dates.sort_unstable_by(|a, b| b.cmp(a));
            let least = dates.get(keep - 1).copied();
            dated.iter().filter(|&&(at, _)| least.is_none_or(|least| at >= least)).for_each(|&(_, p)| kept[p] = Some(yes.clone()));
        }
        if !unknown.is_empty() {
            let no = self.sayings.say(
                match by {
                    KeepBy::Version => "it is no version, so it cannot be told how new it is",
                    KeepBy::Pushed => "it is not known when it was pushed",
                    KeepBy::Created => "it is not known when it was built",
                }
                .to_owned(),
            );
            unknown.into_iter().for_each(|p| kept[p] = Some(no.clone()));
        }
        kept
    }
}

/// `the newest 10 by version`.
fn newest(keep: u32, by: KeepBy) -> String {
    let by = match by {
        KeepBy::Version => "version",
        KeepBy::Pushed => "push",
        KeepBy::Created => "build",
    };
    format!("the newest {keep} by {by}")
}

/// `v2.1` and `2.1` are two names of one version.
fn same_version(a: &str, b: &str) -> bool {
    let bare = |name| str::strip_prefix(name, ['v', 'V']).unwrap_or(name);
    bare(a) == bare(b)
}
