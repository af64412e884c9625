//! What a policy takes, repository by repository.

use crate::{
    CleanUp, Clock, Code, Effect, EffectKind, Fate, KeepBy, KeepOf, Problem, Repository, Snapshot, Tag, Text,
    delete::Ask,
    parts::in_parts,
    scene::by_version,
    words::{NOT_READ, NOTHING_THERE, Sayings, span},
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
    let parts = in_parts(&mut numbers, |numbers| {
        let mut judge = Judge::new(snapshot, policy, now);
        let (mut asks, mut staying) = (Vec::new(), Vec::new());
        for &mut number in numbers {
            let repository = &snapshot.repositories[number as usize];
            let mut ask = Ask { repository: number, untagged: policy.untagged && repository.candidate, ..Ask::default() };
            if tags && repository.tags.iter().any(|t| t.candidate) {
                judge.repository(repository, &mut ask, &mut staying);
            }
            if !ask.tags.is_empty() || ask.untagged {
                asks.push(ask);
            }
        }
        (asks, staying)
    });
    for (asks, staying) in parts {
        selection.asks.extend(asks);
        selection.staying.extend(staying);
    }
    selection
}

/// Looks at one tag after another.
struct Judge<'a> {
    snapshot: &'a Snapshot,
    policy: &'a CleanUp,
    now: i64,
    sayings: Sayings,
    /// The newest so many, where some are kept.
    keep: Option<usize>,
    one_of: Text,
    not_among: Text,
    not_pulled: Text,
    pulls_known: Text,
}

/// What is found of one tag.
enum Verdict {
    /// Old enough; since when, in words.
    Old(Option<Text>),
    Stays(Text),
}

/// Whether a tag is one of the newest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    No,
    Newest,
    /// It has no known place in their order.
    Unknown,
}

impl<'a> Judge<'a> {
    fn new(snapshot: &'a Snapshot, policy: &'a CleanUp, now: i64) -> Self {
        let newest = newest(policy.keep.unwrap_or_default(), policy.keep_by);
        let listened = snapshot.pulls_since.map_or(0, |since| now.saturating_sub(since));
        Self {
            snapshot,
            policy,
            now,
            sayings: Sayings::default(),
            keep: policy.keep.filter(|&keep| keep > 0).map(|keep| keep as usize),
            one_of: format!("one of {newest}").into(),
            not_among: format!("not among {newest}").into(),
            not_pulled: format!("not pulled for {}", span(policy.not_pulled_for.unwrap_or_default())).into(),
            pulls_known: format!("pulls are known for {} only", span(listened)).into(),
        }
    }

    fn repository(&mut self, repository: &Repository, ask: &mut Ask, staying: &mut Vec<Effect>) {
        let order = by_version(repository);
        let mut verdicts: Vec<(u32, Verdict)> = Vec::with_capacity(order.len());
        for &number in &order {
            let tag = &repository.tags[number as usize];
            if tag.candidate {
                let verdict = match &tag.protected {
                    Some(why) => Verdict::Stays(self.sayings.protected(why)),
                    None => self.age(tag),
                };
                verdicts.push((number, verdict));
            }
        }
        let kept = self.newest(repository, &verdicts);
        for ((number, verdict), kept) in verdicts.into_iter().zip(kept) {
            let tag = &repository.tags[number as usize];
            // Why it is kept says more than that it is young; why it cannot go says more than both.
            let why = match (verdict, kept) {
                (Verdict::Stays(why), _) if tag.protected.is_some() || tag.manifest.is_none() => Err(why),
                (_, Kept::Newest) => Err(self.one_of.clone()),
                (_, Kept::Unknown) => Err(self.sayings.fixed(match self.policy.keep_by {
                    KeepBy::Version => "it is no version, so it cannot be told how new it is",
                    KeepBy::Pushed => "it is not known when it was pushed",
                    KeepBy::Created => "it is not known when it was built",
                })),
                (Verdict::Stays(why), Kept::No) => Err(why),
                (Verdict::Old(since), Kept::No) => Ok(match (since, self.keep) {
                    (Some(since), Some(_)) => self.sayings.both(&since, &self.not_among),
                    (Some(why), None) => why,
                    (None, Some(_)) => self.not_among.clone(),
                    (None, None) => self.sayings.fixed("it matches"),
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
        ask.order = Some(order);
    }

    /// Whether a tag is old enough to go. What has no known date never is.
    fn age(&mut self, tag: &Tag) -> Verdict {
        let Self { policy, now, sayings, .. } = self;
        if tag.manifest.is_none() {
            return Verdict::Stays(sayings.fixed(if tag.dangling { NOTHING_THERE } else { NOT_READ }));
        }
        let mut since = None;
        if let Some(least) = policy.older_than {
            let (at, verb, unknown) = match policy.clock {
                Clock::Pushed => (tag.pushed, "pushed", "it is not known when it was pushed"),
                Clock::Created => (tag.created, "built", "it is not known when it was built"),
                Clock::Any if tag.pushed.is_some() => (tag.pushed, "pushed", ""),
                Clock::Any => (tag.created, "built", "it is not known when it was pushed or built"),
            };
            let Some(at) = at else { return Verdict::Stays(sayings.fixed(unknown)) };
            let text = sayings.ago(verb, now.saturating_sub(at));
            if at >= now.saturating_sub(least.max(0)) {
                return Verdict::Stays(text);
            }
            since = Some(text);
        }
        if let Some(least) = policy.not_pulled_for {
            let before = now.saturating_sub(least.max(0));
            let why = match (self.snapshot.pulls_since, tag.pushed, tag.pulled) {
                (None, ..) => Some(sayings.fixed("it is not known when it was pulled")),
                (_, _, Some(pulled)) if pulled >= before => Some(sayings.ago("pulled", now.saturating_sub(pulled))),
                (Some(listened), ..) if listened > before => Some(self.pulls_known.clone()),
                (_, None, _) => Some(sayings.fixed("it is not known when it was pushed")),
                (_, Some(pushed), _) if pushed >= before => Some(sayings.ago("pushed", now.saturating_sub(pushed))),
                _ => None,
            };
            if let Some(why) = why {
                return Verdict::Stays(why);
            }
            since = Some(since.map_or_else(|| self.not_pulled.clone(), |since| sayings.both(&since, &self.not_pulled)));
        }
        Verdict::Old(since)
    }

    /// For each verdict, in the order of versions, whether the tag is one of the newest that are kept.
    fn newest(&self, repository: &Repository, verdicts: &[(u32, Verdict)]) -> Vec<Kept> {
        let mut kept = vec![Kept::No; verdicts.len()];
        let Some(keep) = self.keep else { return kept };
        let tag = |place: usize| &repository.tags[verdicts[place].0 as usize];
        let counts = |place: usize| {
            let old = matches!(verdicts[place].1, Verdict::Old(_));
            // What names nothing keeps no place from what names something, nor does what stays anyway.
            tag(place).protected.is_none() && !tag(place).dangling && (self.policy.keep_of == KeepOf::All || old)
        };
        let places: Vec<usize> = (0..verdicts.len()).filter(|&place| counts(place)).collect();
        let at = |place: usize| if self.policy.keep_by == KeepBy::Pushed { tag(place).pushed } else { tag(place).created };
        if self.policy.keep_by == KeepBy::Version {
            // Versions come first, the newest of them before the others.
            let (versions, others) = places.split_at(places.partition_point(|&p| VersionKey::new(&tag(p).name).is_version()));
            let (newest, rest) = versions.split_at(keep.min(versions.len()));
            newest.iter().for_each(|&p| kept[p] = Kept::Newest);
            if let Some(&last) = newest.last() {
                let ties = rest.iter().take_while(|&&p| same_version(&tag(p).name, &tag(last).name));
                ties.for_each(|&p| kept[p] = Kept::Newest);
            }
            others.iter().for_each(|&p| kept[p] = Kept::Unknown);
        } else {
            let mut dates: Vec<i64> = places.iter().filter_map(|&p| at(p)).collect();
            dates.sort_unstable_by_key(|&at| std::cmp::Reverse(at));
            // Of equal dates all stay.
            let least = dates.get(keep - 1).copied().unwrap_or(i64::MIN);
            for place in places {
                kept[place] = match at(place) {
                    None => Kept::Unknown,
                    Some(at) if at >= least => Kept::Newest,
                    Some(_) => Kept::No,
                };
            }
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
