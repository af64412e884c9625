use super::{Verdict, Word};
use crate::{
    model::{Bits, Facts, Model, NEVER, NONE, Repo},
    query::{NumberMatch, Term, Test, TextMatch, TimeMatch, any_matches},
};

/// A term, answered as far as distinct texts go.
pub(super) enum Leaf<'m> {
    Word(Word<'m>),
    /// By registry and repository alone: the repositories that match.
    Repository(Bits),
    /// The names that match, and the repositories that have one.
    Tag(Bits, Bits),
    /// The manifests whose digest begins so, and the repositories that reach one.
    Digest(Bits, Bits),
    /// The manifests that say it, and the repositories that reach one.
    Label(Bits, Bits),
    /// By [`Model::common`], and by the platform of an index's entry; and the repositories that may have one.
    Platform(Vec<Platform>, Bits, Bits),
    /// By [`Model::common`]; and the repositories that may have one.
    Kind(Vec<bool>, Bits),
    Age(Vec<(i64, i64)>),
    Pushed(Vec<(i64, i64)>),
    /// And the repositories that may have one.
    Size(&'m [NumberMatch], Bits),
    /// And the repositories that have something signed; none where it is asked for what is not.
    Signed(Option<Bits>),
    Layers(&'m [NumberMatch]),
    Base(&'m [TextMatch]),
}

/// What is known of a manifest's platform from what it has in common with others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Matches,
    Other,
    /// Its entries are to be asked.
    Entries,
}

impl<'m> Leaf<'m> {
    pub(super) fn new(model: &'m Model, term: &'m Term, now: i64) -> Self {
        let spans = |times: &[TimeMatch]| times.iter().map(|t| t.span(now)).collect();
        match &term.test {
            Test::Word(word) => Leaf::Word(Word::new(model, word)),
            Test::Registry(any) => {
                let registries: Vec<bool> = model.registries.iter().map(|r| any_matches(any, r)).collect();
                let mut bits = Bits::new(model.repo_bound());
                model.repos().filter(|(_, r)| registries.get(usize::from(r.registry)) == Some(&true)).for_each(|(id, _)| bits.set(id));
                Leaf::Repository(bits)
            }
            Test::Repository(any) => Leaf::Repository(repositories(model, any)),
            Test::Tag(any) => {
                let names = model.names.matching(any);
                let within = model.repos_naming(&names);
                Leaf::Tag(names, within)
            }
            Test::Digest(any) => {
                let mut manifests = Bits::default();
                any.iter().for_each(|prefix| model.add_beginning(prefix, &mut manifests));
                let within = model.repos_reaching(&manifests);
                Leaf::Digest(manifests, within)
            }
            Test::Label(label) => {
                let manifests = model.labelled(label);
                let within = model.repos_reaching(&manifests);
                Leaf::Label(manifests, within)
            }
            Test::Platform(platform) => {
                let bits = model.platform_names.bits(|p| platform.matches(p));
                let own = model.kinds_and_platforms(|_, p, entries| match (bits.has(p), entries) {
                    (true, _) => Platform::Matches,
                    (false, true) => Platform::Entries,
                    (false, false) => Platform::Other,
                });
                let mask = bits.iter().fold(0, |all, p| all | 1 << (p % 64));
                let within = holding(model, |facts| facts.platforms & mask != 0);
                Leaf::Platform(own, bits, within)
            }
            Test::Kind(any) => {
                let mask = any.iter().fold(0, |all, &kind| all | 1 << kind as u16);
                Leaf::Kind(model.kinds_and_platforms(|k, _, _| any.contains(&k)), holding(model, |facts| facts.kinds & mask != 0))
            }
            Test::Age(any) => Leaf::Age(spans(any)),
            Test::Pushed(any) => Leaf::Pushed(spans(any)),
            Test::Size(any) => {
                let within = holding(model, |facts| any.iter().any(|s| s.least <= facts.sizes.1 && facts.sizes.0 <= s.most));
                Leaf::Size(any, within)
            }
            Test::Signed(false) => Leaf::Signed(None),
            // What is attached is derived with the facts themselves.
            Test::Signed(true) => Leaf::Signed(Some(repositories_where(model, |facts| facts.attached.values().any(|a| a.1)))),
            Test::Layers(any) => Leaf::Layers(any),
            Test::Base(any) => Leaf::Base(any),
        }
    }

    /// Repositories outside of which no tag matches; `None` where that may be any.
    pub(super) fn within(&self) -> Option<&Bits> {
        match self {
            Leaf::Word(word) => Some(&word.within),
            Leaf::Repository(bits)
            | Leaf::Tag(_, bits)
            | Leaf::Digest(_, bits)
            | Leaf::Label(_, bits)
            | Leaf::Platform(_, _, bits)
            | Leaf::Kind(_, bits)
            | Leaf::Size(_, bits) => Some(bits),
            Leaf::Signed(bits) => bits.as_ref(),
            _ => None,
        }
    }

    pub(super) fn verdict(&self, id: u32, negated: bool) -> Verdict {
        let (yes, no) = if negated { (Verdict::None, Verdict::All) } else { (Verdict::All, Verdict::None) };
        match self {
            Leaf::Repository(bits) => {
                if bits.has(id) {
                    yes
                } else {
                    no
                }
            }
            Leaf::Word(word) if word.repositories.has(id) => yes,
            Leaf::Word(word) if !word.within.has(id) => no,
            Leaf::Tag(_, within) if !within.has(id) => no,
            // What is not known passes neither way, so of all others only a plain no is certain.
            _ if !negated && self.within().is_some_and(|within| !within.has(id)) => no,
            _ => Verdict::Each,
        }
    }

    /// Whether a tag passes; `None` where the fact is unknown.
    pub(super) fn tag(&self, model: &Model, id: u32, repo: &Repo, i: usize) -> Option<bool> {
        let manifest = repo.manifests[i];
        let between = |any: &[(i64, i64)], at: i64| any.iter().any(|(from, until)| (*from..*until).contains(&at));
        match self {
            Leaf::Word(word) => Some(word.tag(id, repo, i)),
            Leaf::Repository(bits) => Some(bits.has(id)),
            Leaf::Tag(names, _) => Some(names.has(repo.names[i])),
            Leaf::Digest(bits, _) => (manifest != NONE).then(|| bits.has(manifest)),
            Leaf::Label(bits, _) => model.common(manifest).map(|_| bits.has(manifest)),
            Leaf::Platform(own, bits, _) => model.common(manifest).map(|c| match own[c] {
                Platform::Matches => true,
                Platform::Other => false,
                Platform::Entries => model.platforms(manifest).any(|p| bits.has(p)),
            }),
            Leaf::Kind(kinds, _) => model.common(manifest).map(|c| kinds[c]),
            Leaf::Age(any) => model.created(manifest).map(|at| between(any, at)),
            Leaf::Pushed(any) => Some(repo.rows[i].pushed).filter(|&p| p != NEVER).map(|at| between(any, at)),
            Leaf::Size(any, _) => model.size(manifest).map(|n| any.iter().any(|s| s.matches(n))),
            Leaf::Signed(wanted) => {
                model.common(manifest).map(|_| repo.facts.attached.get(&manifest).is_some_and(|a| a.1) == wanted.is_some())
            }
            Leaf::Layers(any) => model.layers(manifest).map(|n| any.iter().any(|l| l.matches(n.into()))),
            Leaf::Base(any) => model.faces(manifest).find(|m| m.base != NONE).map(|m| any_matches(any, model.texts.text(m.base))),
        }
    }
}

/// Repositories of whose tags one may have what holds for their facts.
fn holding(model: &Model, holds: impl Fn(&Facts) -> bool) -> Bits {
    repositories_where(model, |facts| !facts.whole || holds(facts))
}

fn repositories_where(model: &Model, holds: impl Fn(&Facts) -> bool) -> Bits {
    let mut bits = Bits::new(model.repo_bound());
    model.repos().filter(|(_, repo)| holds(&repo.facts)).for_each(|(id, _)| bits.set(id));
    bits
}

/// Repositories whose name matches. Parts are looked for in all names at once; what is found is looked at again, since
/// the registry's name stands among them.
fn repositories(model: &Model, any: &[TextMatch]) -> Bits {
    let mut bits = Bits::new(model.repo_bound());
    let mut look = |id: u32| {
        if model.repo(id).is_some_and(|r| any_matches(any, &r.name)) {
            bits.set(id);
        }
    };
    let parts: Option<Vec<&str>> = any
        .iter()
        .map(|one| match one {
            TextMatch::Contains(part) if !part.needle().is_empty() => Some(part.needle()),
            _ => None,
        })
        .collect();
    match parts {
        Some(parts) => parts.iter().for_each(|part| model.repos_called(part).iter().for_each(&mut look)),
        None => model.repos().for_each(|(id, _)| look(id)),
    }
    bits
}
