//! A query over the model: each term is first answered for the distinct texts (tags' names, labels, platforms), so that
//! a tag costs a few bit tests, and for repositories, so that most are not looked into at all. What a query means is
//! defined by [`crate::query::Expr::eval`]; this must agree with it.

mod leaf;
mod word;

use crate::{
    model::{Bits, Model, NONE, Repo},
    query::{Expr, Query},
};
use leaf::Leaf;
pub(crate) use word::Word;

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
        Self { model, root: Node::new(model, query.expr(), now), empty: query.is_empty() }
    }

    /// Whether everything matches because nothing is asked.
    pub fn asks_nothing(&self) -> bool {
        self.empty
    }

    /// The repositories outside of which nothing matches, neither they nor their tags; `None` where that may be any.
    pub fn within(&self) -> Option<Bits> {
        self.root.within()
    }

    /// The plain words asked for, as [`Query::words`] has them.
    pub(crate) fn words(&self) -> Vec<&Word<'m>> {
        let mut words = Vec::new();
        self.root.words(&mut words);
        words
    }

    /// Whether the repository itself, or any of its tags, matches.
    pub fn repository(&self, id: u32) -> bool {
        if self.empty {
            return true;
        }
        let Some(repo) = self.model.repo(id) else { return false };
        match self.verdict(id) {
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
    pub fn verdict(&self, id: u32) -> Verdict {
        self.root.verdict(id)
    }

    /// Calls `found` with the position of each tag of a repository that matches.
    pub fn each(&self, id: u32, repo: &Repo, mut found: impl FnMut(usize)) {
        match self.verdict(id) {
            Verdict::None => {}
            Verdict::All => (0..repo.names.len()).for_each(found),
            Verdict::Each => {
                let undecided: Vec<&Node<'_>> = match &self.root {
                    Node::And(parts) => parts.iter().filter(|p| p.verdict(id) != Verdict::All).collect(),
                    one => vec![one],
                };
                // The usual question, one word that only tags can answer, in a loop without branches to speak of.
                if let [Node::Leaf { leaf: Leaf::Word(word), negated: false }] = undecided.as_slice()
                    && word.across.is_none()
                {
                    for (i, (&name, &manifest)) in repo.names.iter().zip(&repo.manifests).enumerate() {
                        if word.names.has(name) | word.manifests.has(manifest) {
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

impl<'m> Node<'m> {
    fn new(model: &'m Model, expr: &'m Expr, now: i64) -> Self {
        let all = |parts: &'m [Expr]| parts.iter().map(|p| Self::new(model, p, now)).collect();
        match expr {
            Expr::And(parts) => Self::And(all(parts)),
            Expr::Or(parts) => Self::Or(all(parts)),
            Expr::Not(term) => Self::Leaf { leaf: Leaf::new(model, term, now), negated: true },
            Expr::Term(term) => Self::Leaf { leaf: Leaf::new(model, term, now), negated: false },
        }
    }

    fn within(&self) -> Option<Bits> {
        match self {
            Node::And(parts) => parts.iter().filter_map(Self::within).reduce(|mut all, part| {
                all.retain(&part);
                all
            }),
            Node::Or(parts) => parts.iter().map(Self::within).reduce(|any, part| {
                let (mut any, part) = (any?, part?);
                any.add(&part);
                Some(any)
            })?,
            Node::Leaf { leaf, negated: false } => leaf.within().cloned(),
            Node::Leaf { negated: true, .. } => None,
        }
    }

    fn words<'n>(&'n self, words: &mut Vec<&'n Word<'m>>) {
        match self {
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|p| p.words(words)),
            Node::Leaf { leaf: Leaf::Word(word), negated: false } => {
                if word.needle().is_some_and(|needle| !words.iter().any(|w| w.needle() == Some(needle))) {
                    words.push(word);
                }
            }
            Node::Leaf { .. } => {}
        }
    }

    fn tag(&self, model: &Model, id: u32, repo: &Repo, i: usize) -> bool {
        match self {
            Node::And(parts) => parts.iter().all(|p| p.tag(model, id, repo, i)),
            Node::Or(parts) => parts.iter().any(|p| p.tag(model, id, repo, i)),
            Node::Leaf { leaf, negated } => leaf.tag(model, id, repo, i) == Some(!negated),
        }
    }

    fn verdict(&self, id: u32) -> Verdict {
        match self {
            Node::And(parts) => {
                let mut all = Verdict::All;
                for part in parts {
                    match part.verdict(id) {
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
                    match part.verdict(id) {
                        Verdict::All => return Verdict::All,
                        Verdict::Each => any = Verdict::Each,
                        Verdict::None => {}
                    }
                }
                any
            }
            Node::Leaf { leaf, negated } => leaf.verdict(id, *negated),
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
fn described(model: &Model, repo: &Repo, word: &Word<'_>) -> bool {
    let newest = repo.facts.newest.map_or(NONE, |i| repo.manifests[i as usize]);
    // Whoever describes itself so is among those that say the word.
    word.manifests.has(newest)
        && model.faces(newest).any(|m| m.description != NONE && word.asked.matches_prose(model.texts.text(m.description)))
}

#[cfg(test)]
mod tests;
