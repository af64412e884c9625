use super::{Verdict, Word};
use crate::{
    model::{Bits, Model, NEVER, NONE, Repo},
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
    /// By [`Model::common`], and by the platform of an index's entry.
    Platform(Vec<bool>, Bits),
    /// By [`Model::common`].
    Kind(Vec<bool>),
    Age(Vec<(i64, i64)>),
    Pushed(Vec<(i64, i64)>),
    Size(&'m [NumberMatch]),
    Signed(bool),
    Layers(&'m [NumberMatch]),
    Base(&'m [TextMatch]),
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
                Leaf::Platform(model.kinds_and_platforms(|_, p| bits.has(p)), bits)
            }
            Test::Kind(any) => Leaf::Kind(model.kinds_and_platforms(|k, _| any.contains(&k))),
            Test::Age(any) => Leaf::Age(spans(any)),
            Test::Pushed(any) => Leaf::Pushed(spans(any)),
            Test::Size(any) => Leaf::Size(any),
            Test::Signed(wanted) => Leaf::Signed(*wanted),
            Test::Layers(any) => Leaf::Layers(any),
            Test::Base(any) => Leaf::Base(any),
        }
    }

    /// Repositories outside of which no tag matches; `None` where that may be any.
    pub(super) fn within(&self) -> Option<&Bits> {
        match self {
            Leaf::Word(word) => Some(&word.within),
            Leaf::Repository(bits) | Leaf::Tag(_, bits) | Leaf::Digest(_, bits) | Leaf::Label(_, bits) => Some(bits),
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
            // A label or digest that is not known passes neither way, so here only a plain no is certain.
            Leaf::Digest(_, within) | Leaf::Label(_, within) if !negated && !within.has(id) => no,
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
            Leaf::Platform(own, bits) => {
                let within = || !model.children(manifest).is_empty() && model.platforms(manifest).any(|p| bits.has(p));
                model.common(manifest).map(|c| own[c] || within())
            }
            Leaf::Kind(kinds) => model.common(manifest).map(|c| kinds[c]),
            Leaf::Age(any) => model.created(manifest).map(|at| between(any, at)),
            Leaf::Pushed(any) => Some(repo.rows[i].pushed).filter(|&p| p != NEVER).map(|at| between(any, at)),
            Leaf::Size(any) => model.size(manifest).map(|n| any.iter().any(|s| s.matches(n))),
            Leaf::Signed(wanted) => model.common(manifest).map(|_| repo.facts.attached.get(&manifest).is_some_and(|a| a.1) == *wanted),
            Leaf::Layers(any) => model.layers(manifest).map(|n| any.iter().any(|l| l.matches(n.into()))),
            Leaf::Base(any) => model.faces(manifest).find(|m| m.base != NONE).map(|m| any_matches(any, model.texts.text(m.base))),
        }
    }
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
