//! Search over everything: repositories, tags, digests and labels in one list, the nearest first.

use crate::{
    evaluate::{Evaluation, Verdict},
    fuzzy::Fuzzy,
    model::{Model, NONE, Repo},
    query::{Closeness, Expr, Query, Term, Test, WordMatch, marks},
};
use hashbrown::HashMap;

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

/// All hits, the nearest first. A tag is a hit of its own only where the query says something of tags: one that asks for
/// a repository finds the repository, not each of its tags. Names that were nearly typed come last, where little was found.
pub fn search(model: &Model, query: &Query, now: i64) -> Vec<HitAt> {
    if query.is_empty() {
        return Vec::new();
    }
    let words = query.words();
    let evaluation = Evaluation::new(model, query, now);
    let mut hits: Vec<(u64, HitAt)> = Vec::new();
    let mut repositories = 0;
    // Tags' names repeat: how near a word is to one is found out once.
    let mut near_tag: HashMap<u32, Vec<Closeness>> = HashMap::new();
    for (id, repo) in model.repos() {
        let itself = evaluation.itself(id, repo);
        let verdict = evaluation.verdict(id, repo);
        if !itself && verdict == Verdict::None {
            continue;
        }
        let near: Vec<Closeness> = words.iter().map(|w| Closeness::of(w, &repo.name)).collect();
        if itself {
            repositories += 1;
            hits.push((key(near.iter().copied(), false, repo.facts.updated), HitAt { repository: id, position: NONE }));
        }
        // By name alone every tag would match; the repository stands for them.
        if verdict == Verdict::All && itself {
            continue;
        }
        evaluation.each(id, repo, |i| {
            let tag = repo.names[i];
            let of_tag = near_tag.entry(tag).or_insert_with(|| words.iter().map(|w| Closeness::of(w, model.names.text(tag))).collect());
            let both = near.iter().zip(of_tag.iter()).map(|(&a, &b)| a.min(b));
            hits.push((key(both, true, model.changed(repo, i)), HitAt { repository: id, position: i as u32 }));
        });
    }
    hits.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| (a.1.repository, a.1.position).cmp(&(b.1.repository, b.1.position)))
    });
    let mut hits: Vec<HitAt> = hits.into_iter().map(|(_, hit)| hit).collect();
    if repositories == 0 && hits.len() < MEANT {
        meant(model, query, &mut hits);
    }
    hits
}

/// Repositories whose name is a slip away, for a query of one plain word.
fn meant(model: &Model, query: &Query, hits: &mut Vec<HitAt>) {
    let words = query.words();
    let (Expr::Term(Term { test: Test::Word(WordMatch::Contains { .. }), .. }), [word]) = (query.expr(), words.as_slice()) else { return };
    let found = Fuzzy::default().best(word, model.repos().map(|(_, r)| &*r.name), MEANT);
    let names: Vec<&str> = found.iter().map(|f| f.name).collect();
    for name in names {
        for (id, repo) in model.repos() {
            if *repo.name == *name && !hits.iter().any(|h| h.repository == id && h.position == NONE) {
                hits.push(HitAt { repository: id, position: NONE });
            }
        }
    }
}

/// A hit's place as a number, the least first: the word that fits worst, how well they fit together, a repository before
/// its tags, what changed last. As [`crate::query::rank`], but for the letters of equals.
fn key(near: impl Iterator<Item = Closeness>, is_tag: bool, updated: Option<i64>) -> u64 {
    let (mut worst, mut sum) = (0, 0);
    for closeness in near {
        worst = worst.max(closeness as u64);
        sum += closeness as u64;
    }
    // 4 bits, 9 bits, 1 bit, and 48 bits of milliseconds turned round; unknown is oldest.
    let at = updated.map_or(0, |at| at.clamp(0, (1 << 48) - 1) as u64);
    worst << 58 | sum.min(511) << 49 | u64::from(is_tag) << 48 | ((1 << 48) - 1 - at)
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
        return Some(Hit { kind, marks, matched });
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
    let labels = || model.faces(manifest).flat_map(|m| m.labels.iter().map(|&l| model.texts.text(l))).filter_map(|l| l.split_once('='));
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
        Test::Label(label) => labels().find(|(key, value)| label.matches(key, value)).map(|(key, value)| (HitKind::Label, format!("{key}={value}"))),
        _ => None,
    }
}
