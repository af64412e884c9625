//! Search over everything: repositories, tags, digests and labels in one list, the nearest first.

mod nearest;

use crate::{
    evaluate::{Evaluation, Verdict, Word},
    fuzzy::{Fuzzy, Sieve},
    model::{Model, NONE, Repo},
    query::{Closeness, Expr, Query, Term, Test, WordMatch, marks},
};
use nearest::{Fit, Nearest};

/// What a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HitKind {
    Repository,
    Tag,
    Digest,
    Label,
}

/// A hit: a repository, or a tag in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HitAt {
    pub repository: u32,
    /// The tag's position, or [`NONE`].
    pub position: u32,
}

/// A hit with what to show of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub kind: HitKind,
    /// What matched: the name, the description, `key=value`, the digest.
    pub matched: String,
    /// Byte ranges of `matched` that the words hit.
    pub marks: Vec<(u32, u32)>,
}

/// Names that a slip may have meant, at most.
const MEANT: usize = 10;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How many hits there are.
    pub total: usize,
    /// The nearest of them, in order.
    pub nearest: Vec<HitAt>,
}

/// Counts the hits and returns the nearest, at most `keep`, in order; they are the same whatever `keep` is. A tag is a hit
/// of its own only where the query says something of tags: one that asks for a repository finds the repository, not each
/// of its tags. Names that were nearly typed come last, where little was found.
pub fn search(model: &Model, query: &Query, now: i64, keep: usize) -> Found {
    if query.is_empty() {
        return Found { total: 0, nearest: Vec::new() };
    }
    let evaluation = Evaluation::new(model, query, now);
    let mut words: Vec<Near<'_>> = evaluation.words().into_iter().map(|word| Near { word, tags: Vec::new() }).collect();
    let mut near: Vec<Closeness> = Vec::with_capacity(words.len());
    let mut hits = Nearest::new(keep);
    let mut repositories = 0;
    let mut look = |id: u32, repo: &Repo| {
        let itself = evaluation.itself(id, repo);
        let verdict = evaluation.verdict(id);
        if !itself && verdict == Verdict::None {
            return;
        }
        near.clear();
        near.extend(words.iter().map(|w| w.of_repository(id, repo)));
        if itself {
            repositories += 1;
            let mut fit = Fit::default();
            near.iter().for_each(|&closeness| fit.add(closeness));
            hits.add(fit, HitAt { repository: id, position: NONE }, || repo.facts.updated);
        }
        // By name alone every tag would match; the repository stands for them.
        if verdict == Verdict::All && itself {
            return;
        }
        evaluation.each(id, repo, |i| {
            let mut fit = Fit::default();
            for (word, &closeness) in words.iter_mut().zip(&near) {
                fit.add(closeness.min(word.of_tag(model, repo.names[i])));
            }
            hits.add(fit, HitAt { repository: id, position: i as u32 }, || model.changed(repo, i));
        });
    };
    match evaluation.within() {
        Some(within) => within.iter().filter_map(|id| Some((id, model.repo(id)?))).for_each(|(id, repo)| look(id, repo)),
        None => model.repos().for_each(|(id, repo)| look(id, repo)),
    }
    let (mut total, mut nearest) = hits.finish();
    if repositories == 0 && total < MEANT {
        meant(model, query, &mut nearest);
        total = nearest.len().max(total);
        nearest.truncate(keep);
    }
    Found { total, nearest }
}

/// How near a word of the query is to names.
struct Near<'e> {
    word: &'e Word<'e>,
    /// To a tag's name, by its number, once found out: they repeat.
    tags: Vec<Option<Closeness>>,
}

impl Near<'_> {
    fn of_repository(&self, id: u32, repo: &Repo) -> Closeness {
        match self.word.needle() {
            Some(needle) if self.word.repositories.has(id) => Closeness::of(needle, &repo.name),
            _ => Closeness::Elsewhere,
        }
    }

    fn of_tag(&mut self, model: &Model, name: u32) -> Closeness {
        let Some(needle) = self.word.needle().filter(|_| self.word.names.has(name)) else { return Closeness::Elsewhere };
        if self.tags.is_empty() {
            self.tags = vec![None; model.names.len()];
        }
        let of = || Closeness::of(needle, model.names.text(name));
        self.tags.get_mut(name as usize).map_or_else(of, |known| *known.get_or_insert_with(of))
    }
}

/// Repositories whose name is a slip away, for a query of one plain word.
fn meant(model: &Model, query: &Query, hits: &mut Vec<HitAt>) {
    let words = query.words();
    let (Expr::Term(Term { test: Test::Word(WordMatch::Contains { .. }), .. }), [word]) = (query.expr(), words.as_slice()) else { return };
    let near: Vec<(u32, &Repo)> = model.repos_let_through(Sieve::new(word)).collect();
    let found = Fuzzy::default().best(word, near.iter().map(|(_, r)| &*r.name), MEANT);
    let names: Vec<&str> = found.iter().map(|f| f.name).collect();
    for name in names {
        for &(id, repo) in &near {
            if *repo.name == *name && !hits.iter().any(|h| h.repository == id && h.position == NONE) {
                hits.push(HitAt { repository: id, position: NONE });
            }
        }
    }
}

/// What to show of a hit: why it is one.
pub fn explain(model: &Model, query: &Query, hit: HitAt) -> Option<Hit> {
    let repo = model.repo(hit.repository)?;
    let words = query.words();
    if hit.position == NONE {
        let name = repo.name.to_string();
        let newest = repo.facts.newest.map_or(NONE, |i| repo.manifests[i as usize]);
        // Where the name has none of the letters, the description has.
        if !words.is_empty() && words.iter().all(|w| Closeness::of(w, &name) == Closeness::Elsewhere) {
            let description = model.faces(newest).find(|m| m.description != NONE).map(|m| model.texts.text(m.description).to_owned());
            if let Some(matched) = description.filter(|d| !marks(d, &words).is_empty()) {
                return Some(Hit { kind: HitKind::Repository, marks: marks(&matched, &words), matched });
            }
        }
        return Some(Hit { kind: HitKind::Repository, marks: marks(&name, &words), matched: name });
    }
    let i = hit.position as usize;
    let (tag, manifest) = (model.names.text(*repo.names.get(i)?), *repo.manifests.get(i)?);
    let name = format!("{}:{tag}", repo.name);
    let mut found = None;
    each_term(query.expr(), &mut |term| {
        if found.is_none() {
            found = because(model, repo, manifest, tag, &name, term);
        }
    });
    let (kind, matched) = found.unwrap_or((HitKind::Tag, name));
    let mut all: Vec<&str> = words.clone();
    if kind == HitKind::Label && all.is_empty() {
        all.extend(matched.split_once('=').map(|(_, value)| value));
        let marks = marks(&matched, &all);
        return Some(Hit { kind, matched, marks });
    }
    Some(Hit { kind, marks: marks(&matched, &words), matched })
}

fn each_term<'q>(expr: &'q Expr, each: &mut impl FnMut(&'q Term)) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|p| each_term(p, each)),
        Expr::Term(term) => each(term),
        Expr::Not(_) => {}
    }
}

/// The label or digest through which a tag matches a term, where its name does not.
fn because(model: &Model, repo: &Repo, manifest: u32, tag: &str, name: &str, term: &Term) -> Option<(HitKind, String)> {
    let labels = || model.faces(manifest).flat_map(|m| m.labels());
    match &term.test {
        Test::Word(word) => {
            let registry = model.registries.get(usize::from(repo.registry)).map_or("", String::as_str);
            if word.matches_name(registry, &repo.name, tag) || matches!(word, WordMatch::Contains { text, .. } if text.matches(name)) {
                return None;
            }
            if let Some(digest) = model.digest(manifest).filter(|d| word.matches_digest(d)) {
                return Some((HitKind::Digest, digest));
            }
            labels().find(|(_, value)| word.matches_prose(value)).map(|(key, value)| (HitKind::Label, format!("{key}={value}")))
        }
        Test::Digest(_) => model.digest(manifest).map(|d| (HitKind::Digest, d)),
        Test::Label(label) => {
            labels().find(|(key, value)| label.matches(key, value)).map(|(key, value)| (HitKind::Label, format!("{key}={value}")))
        }
        _ => None,
    }
}
