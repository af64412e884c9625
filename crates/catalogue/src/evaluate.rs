//! A query over the model: each term is first answered for the distinct texts (tags' names, labels, platforms), so that
//! a tag costs a few bit tests. What a query means is defined by [`crate::query::Expr::eval`]; this must agree with it.

use crate::{
    model::{Bits, Model, NONE, NEVER, Repo},
    query::{Expr, LabelMatch, NumberMatch, Query, Term, Test, TimeMatch, WordMatch, any_matches},
};

/// A query made ready for one state of the model.
pub struct Evaluation<'m> {
    model: &'m Model,
    root: Node<'m>,
    empty: bool,
}

enum Node<'m> {
    And(Vec<Node<'m>>),
    Or(Vec<Node<'m>>),
    Leaf { leaf: Leaf<'m>, negated: bool },
}

/// A term, answered as far as distinct texts go.
enum Leaf<'m> {
    Word(Word),
    /// By registry and repository alone: the repositories that match.
    Repository(Bits),
    /// The names that match.
    Tag(Bits),
    Digest(Vec<crate::query::DigestPrefix>),
    /// The manifests that say it.
    Label(Bits),
    Platform(Bits),
    Kind(u16),
    Age(Vec<(i64, i64)>),
    Pushed(Vec<(i64, i64)>),
    Size(Vec<NumberMatch>),
    Signed(bool),
    Layers(Vec<NumberMatch>),
    Base(&'m [crate::query::TextMatch]),
}

struct Word {
    word: WordMatch,
    repositories: Bits,
    names: Bits,
    /// By label, description.
    manifests: Bits,
    spans: bool,
}

/// What a repository's names alone say of its tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of them match.
    All,
    /// None of them does.
    None,
    /// Each is to be looked at.
    Each,
}

impl<'m> Evaluation<'m> {
    /// `now` in milliseconds since 1970.
    pub fn new(model: &'m Model, query: &'m Query, now: i64) -> Self {
        Self { model, root: node(model, query.expr(), now), empty: query.is_empty() }
    }

    /// Whether the repository itself, or any of its tags, matches.
    pub fn repository(&self, id: u32) -> bool {
        if self.empty {
            return true;
        }
        let Some(repo) = self.model.repo(id) else { return false };
        match self.verdict(id, repo) {
            Verdict::All => true,
            Verdict::None => false,
            Verdict::Each => (0..repo.names.len()).any(|i| self.root.tag(self.model, id, repo, i)),
        }
    }

    /// Whether a tag matches.
    pub fn tag(&self, id: u32, position: usize) -> bool {
        self.empty || self.model.repo(id).is_some_and(|repo| self.root.tag(self.model, id, repo, position))
    }

    /// What the names of registry and repository say by themselves.
    pub fn verdict(&self, id: u32, repo: &Repo) -> Verdict {
        self.root.verdict(id, repo)
    }

    /// Calls `found` with the position of each tag of a repository that matches.
    pub fn each(&self, id: u32, repo: &Repo, mut found: impl FnMut(usize)) {
        match self.verdict(id, repo) {
            Verdict::None => {}
            Verdict::All => (0..repo.names.len()).for_each(found),
            Verdict::Each => {
                // The usual question, one word that only tags can answer, in a loop without branches to speak of.
                let undecided: Vec<&Node<'_>> = match &self.root {
                    Node::And(parts) => parts.iter().filter(|p| p.verdict(id, repo) != Verdict::All).collect(),
                    one => vec![one],
                };
                if let [Node::Leaf { leaf: Leaf::Word(word), negated: false }] = undecided.as_slice()
                    && word.manifests.is_empty()
                    && word.digest().is_none()
                    && !word.spans
                {
                    for (i, &name) in repo.names.iter().enumerate() {
                        if word.names.has(name) {
                            found(i);
                        }
                    }
                    return;
                }
                for i in 0..repo.names.len() {
                    if undecided.iter().all(|node| node.tag(self.model, id, repo, i)) {
                        found(i);
                    }
                }
            }
        }
    }

    /// Whether the repository matches as such: by its names and its description, without any tag. Facts that only
    /// tags have are unknown then, and match nothing.
    pub fn itself(&self, id: u32, repo: &Repo) -> bool {
        !self.empty && self.root.itself(self.model, id, repo)
    }
}

fn node<'m>(model: &'m Model, expr: &'m Expr, now: i64) -> Node<'m> {
    match expr {
        Expr::And(parts) => Node::And(parts.iter().map(|p| node(model, p, now)).collect()),
        Expr::Or(parts) => Node::Or(parts.iter().map(|p| node(model, p, now)).collect()),
        Expr::Not(term) => Node::Leaf { leaf: leaf(model, term, now), negated: true },
        Expr::Term(term) => Node::Leaf { leaf: leaf(model, term, now), negated: false },
    }
}

fn repositories(model: &Model, matches: impl Fn(&str, &str) -> bool) -> Bits {
    let mut bits = Bits::new(model.repo_bound());
    for (id, repo) in model.repos() {
        if matches(model.registries.get(usize::from(repo.registry)).map_or("", String::as_str), &repo.name) {
            bits.set(id);
        }
    }
    bits
}

fn leaf<'m>(model: &'m Model, term: &'m Term, now: i64) -> Leaf<'m> {
    let spans = |times: &[TimeMatch]| times.iter().map(|t| t.span(now)).collect();
    match &term.test {
        Test::Word(word) => Leaf::Word(Word::new(model, word)),
        Test::Registry(any) => {
            let registries: Vec<bool> = model.registries.iter().map(|r| any_matches(any, r)).collect();
            let mut bits = Bits::new(model.repo_bound());
            model.repos().filter(|(_, r)| registries.get(usize::from(r.registry)) == Some(&true)).for_each(|(id, _)| bits.set(id));
            Leaf::Repository(bits)
        }
        Test::Repository(any) => Leaf::Repository(repositories(model, |_, name| any_matches(any, name))),
        Test::Tag(any) => Leaf::Tag(model.names.bits(|name| any_matches(any, name))),
        Test::Digest(any) => Leaf::Digest(any.clone()),
        Test::Label(label) => Leaf::Label(label_manifests(model, label)),
        Test::Platform(platform) => Leaf::Platform(model.platform_names.bits(|p| platform.matches(p))),
        Test::Kind(any) => Leaf::Kind(any.iter().fold(0, |bits, &k| bits | 1 << k as u16)),
        Test::Age(any) => Leaf::Age(spans(any)),
        Test::Pushed(any) => Leaf::Pushed(spans(any)),
        Test::Size(any) => Leaf::Size(any.clone()),
        Test::Signed(wanted) => Leaf::Signed(*wanted),
        Test::Layers(any) => Leaf::Layers(any.clone()),
        Test::Base(any) => Leaf::Base(any),
    }
}

/// The manifests with such a label. Descriptions stand among the texts as well, and may hold a “=”: they are no
/// labels, so each find is looked at again.
fn label_manifests(model: &Model, label: &LabelMatch) -> Bits {
    let texts = model.texts.bits(|text| text.split_once('=').is_some_and(|(key, value)| label.matches(key, value)));
    let mut sure = Bits::new(model.manifest_bound());
    for m in model.saying(&texts).iter() {
        if model.manifest(m).is_some_and(|m| m.labels.iter().any(|&l| texts.has(l))) {
            sure.set(m);
        }
    }
    sure
}

impl Word {
    fn new(model: &Model, word: &WordMatch) -> Self {
        let repositories = repositories(model, |registry, name| word.matches_repository(registry, name));
        let names = match word {
            WordMatch::Contains { text, .. } => model.names.containing(text.needle()),
            WordMatch::Glob(glob) => model.names.bits(|name| glob.matches(name)),
            WordMatch::Reference { .. } => Bits::default(),
        };
        let manifests = match word {
            WordMatch::Contains { text, .. } => {
                // Found in `key=value`: the key alone does not count.
                let mut texts = model.texts.containing(text.needle());
                let said: Vec<u32> = texts.iter().collect();
                if !said.is_empty() {
                    texts = Bits::new(model.texts.len());
                    for id in said {
                        texts.set(id);
                    }
                }
                let mut sure = Bits::new(model.manifest_bound());
                for m in model.saying(&texts).iter() {
                    let Some(info) = model.manifest(m) else { continue };
                    let described = info.description != NONE && texts.has(info.description);
                    let labelled = || info.labels.iter().filter(|&&l| texts.has(l)).any(|&l| model.texts.text(l).split_once('=').is_some_and(|(_, value)| text.matches(value)));
                    if described || labelled() {
                        sure.set(m);
                    }
                }
                sure
            }
            _ => Bits::default(),
        };
        Self { word: word.clone(), repositories, names, manifests, spans: word.spans_parts() }
    }

    fn digest(&self) -> Option<&crate::query::DigestPrefix> {
        match &self.word {
            WordMatch::Contains { digest, .. } => digest.as_ref(),
            _ => None,
        }
    }

    fn tag(&self, model: &Model, id: u32, repo: &Repo, i: usize) -> bool {
        let (name, manifest) = (repo.names[i], repo.manifests[i]);
        if self.repositories.has(id) || self.names.has(name) {
            return true;
        }
        if !self.manifests.is_empty() && manifest != NONE && (self.manifests.has(manifest) || self.manifests.has(model.shown(manifest))) {
            return true;
        }
        if self.digest().is_some_and(|d| begins(model, manifest, d)) {
            return true;
        }
        self.spans && self.word.matches_name(model.registries.get(usize::from(repo.registry)).map_or("", String::as_str), &repo.name, model.names.text(name))
    }
}

fn begins(model: &Model, manifest: u32, prefix: &crate::query::DigestPrefix) -> bool {
    match prefix.algorithm.as_deref() {
        None => model.digest_begins(manifest, &prefix.hex),
        Some(algorithm) => model.digest_begins(manifest, &prefix.hex) && model.digest(manifest).is_some_and(|d| d.split_once(':').is_some_and(|(a, _)| a == algorithm)),
    }
}

impl Node<'_> {
    fn tag(&self, model: &Model, id: u32, repo: &Repo, i: usize) -> bool {
        match self {
            Node::And(parts) => parts.iter().all(|p| p.tag(model, id, repo, i)),
            Node::Or(parts) => parts.iter().any(|p| p.tag(model, id, repo, i)),
            Node::Leaf { leaf, negated } => leaf.tag(model, id, repo, i) == Some(!negated),
        }
    }

    fn verdict(&self, id: u32, repo: &Repo) -> Verdict {
        match self {
            Node::And(parts) => {
                let mut all = Verdict::All;
                for part in parts {
                    match part.verdict(id, repo) {
                        Verdict::None => return Verdict::None,
                        Verdict::Each => all = Verdict::Each,
                        Verdict::All => {}
                    }
                }
                all
            }
            Node::Or(parts) => {
                let mut any = Verdict::None;
                for part in parts {
                    match part.verdict(id, repo) {
                        Verdict::All => return Verdict::All,
                        Verdict::Each => any = Verdict::Each,
                        Verdict::None => {}
                    }
                }
                any
            }
            Node::Leaf { leaf, negated } => match (leaf.verdict(id), negated) {
                (Verdict::All, true) => Verdict::None,
                (Verdict::None, true) => Verdict::All,
                (verdict, _) => verdict,
            },
        }
    }

    fn itself(&self, model: &Model, id: u32, repo: &Repo) -> bool {
        match self {
            Node::And(parts) => parts.iter().all(|p| p.itself(model, id, repo)),
            Node::Or(parts) => parts.iter().any(|p| p.itself(model, id, repo)),
            Node::Leaf { leaf, negated } => match leaf {
                Leaf::Word(word) => (word.repositories.has(id) || described(model, repo, word)) != *negated,
                Leaf::Repository(bits) => bits.has(id) != *negated,
                _ => false,
            },
        }
    }
}

/// Whether the description shown for the repository has the word.
fn described(model: &Model, repo: &Repo, word: &Word) -> bool {
    let newest = repo.facts.newest.map_or(NONE, |i| repo.manifests[i as usize]);
    newest != NONE && model.faces(newest).any(|m| m.description != NONE && word.word.matches_prose(model.texts.text(m.description)))
}

impl Leaf<'_> {
    fn verdict(&self, id: u32) -> Verdict {
        let certain = |yes: bool| if yes { Verdict::All } else { Verdict::None };
        match self {
            Leaf::Repository(bits) => certain(bits.has(id)),
            Leaf::Word(word) if word.repositories.has(id) => Verdict::All,
            Leaf::Word(word) if word.names.is_empty() && word.manifests.is_empty() && word.digest().is_none() && !word.spans => Verdict::None,
            Leaf::Tag(bits) if bits.is_empty() => Verdict::None,
            _ => Verdict::Each,
        }
    }

    /// Whether a tag passes; `None` where the fact is unknown.
    fn tag(&self, model: &Model, id: u32, repo: &Repo, i: usize) -> Option<bool> {
        let manifest = repo.manifests[i];
        let info = || model.manifest(manifest).filter(|m| m.known);
        match self {
            Leaf::Word(word) => Some(word.tag(model, id, repo, i)),
            Leaf::Repository(bits) => Some(bits.has(id)),
            Leaf::Tag(bits) => Some(bits.has(repo.names[i])),
            Leaf::Digest(any) => (manifest != NONE).then(|| any.iter().any(|p| begins(model, manifest, p))),
            Leaf::Label(bits) => info().map(|_| bits.has(manifest) || bits.has(model.shown(manifest))),
            Leaf::Platform(bits) => info().map(|_| model.platforms(manifest).any(|p| bits.has(p))),
            Leaf::Kind(kinds) => info().map(|m| kinds >> m.kind as u16 & 1 == 1),
            Leaf::Age(any) => model.created(manifest).map(|at| any.iter().any(|(from, until)| (*from..*until).contains(&at))),
            Leaf::Pushed(any) => Some(repo.rows[i].pushed).filter(|&p| p != NEVER).map(|at| any.iter().any(|(from, until)| (*from..*until).contains(&at))),
            Leaf::Size(any) => model.size(manifest).map(|n| any.iter().any(|s| s.matches(n))),
            Leaf::Signed(wanted) => info().map(|_| repo.facts.attached.get(&manifest).is_some_and(|a| a.1) == *wanted),
            Leaf::Layers(any) => model.manifest(model.shown(manifest)).filter(|m| m.known).map(|m| any.iter().any(|l| l.matches(m.layers.into()))),
            Leaf::Base(any) => model.faces(manifest).find(|m| m.base != NONE).map(|m| any_matches(any, model.texts.text(m.base))),
        }
    }
}

#[cfg(test)]
mod tests;
