//! The query language: one for the catalogue's filter, the search box, the API and bulk actions. The users' page
//! of it is `docs/query.md`.
//!
//! [`Query::parse`] turns text into an [`Expr`] whose terms are compiled; an error points at the wrong term. What
//! evaluates it is elsewhere: the model does it over its dictionaries of distinct strings, term by term, and
//! [`Expr::eval`] does it plainly over one thing's [`Facts`], as the definition of what a query means.
//!
//! ```text
//! or    = and { "OR" and }                 and   = unary { ["AND"] unary }
//! unary = { "-" | "NOT" } ( "(" or ")" | term )   term = word | field ":" value { "," value }
//! ```

mod compare;
mod compile;
mod complete;
mod error;
mod eval;
mod field;
mod glob;
mod lex;
mod marks;
mod parse;
mod rank;
mod suspect;
mod term;
mod text;
mod time;

#[cfg(test)]
mod tests;

pub use compare::NumberMatch;
pub use complete::{Completion, Completions, Wanted, complete};
pub use error::QueryError;
pub use eval::Facts;
pub use field::Field;
pub use glob::Glob;
pub use marks::marks;
pub use rank::{Closeness, Rank, rank};
pub use term::{DigestPrefix, LabelMatch, PlatformMatch, PlatformPart, Term, Test, WordMatch};
pub use text::{Contains, TextMatch, any_matches};
pub use time::TimeMatch;

use std::fmt;

/// What a query may cost at most.
pub mod limits {
    /// Bytes of a query.
    pub const QUERY: usize = 4096;
    /// Terms; every value of a list with commas counts.
    pub const TERMS: usize = 64;
    /// Parentheses in parentheses.
    pub const NESTING: usize = 16;
    /// Bytes of one glob or regular expression.
    pub const PATTERN: usize = 256;
    /// Bytes of one compiled regular expression.
    pub const COMPILED: usize = 64 << 10;
}

/// A parsed query. Displayed, it parses to an equal query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    expr: Expr,
}

/// An expression. Parsing brings negation down to the terms, so that an evaluator never negates a set.
///
/// A negated term matches only where the fact is known: `-age:<30d` does not find what has no known age. Thus an
/// unknown fact can never add anything to what a bulk action destroys.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them; empty matches everything. None of them is an `And`.
    And(Vec<Expr>),
    /// Any of them, two at least. None of them is an `Or`.
    Or(Vec<Expr>),
    Not(Term),
    Term(Term),
}

impl Query {
    /// Parses a query of at most [`limits::QUERY`] bytes. Blank text is the query that matches everything.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self { expr: parse::parse(text)? })
    }

    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Whether it asks nothing, and so matches everything.
    pub fn is_empty(&self) -> bool {
        matches!(&self.expr, Expr::And(all) if all.is_empty())
    }

    /// The plain words (and phrases) that are not negated, in ASCII lower case, in their order, without those that
    /// are globs: what is marked in results, and what ranking goes by.
    pub fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        self.expr.each(&mut |term, negated| match &term.test {
            Test::Word(WordMatch::Contains { text, .. }) if !negated && !words.contains(&text.needle()) => words.push(text.needle()),
            _ => {}
        });
        words
    }

    /// Whether the names of registry and repository alone decide it, so that no tag need be looked at.
    pub fn needs_only_repository(&self) -> bool {
        let mut only = true;
        self.expr.each(&mut |term, _| only &= matches!(term.test, Test::Registry(_) | Test::Repository(_)));
        only
    }

    /// Whether it matches one thing; `now_ms` in milliseconds since 1970. See [`Expr::eval`].
    pub fn matches(&self, facts: &dyn Facts, now_ms: i64) -> bool {
        self.expr.eval(facts, now_ms)
    }
}

impl Expr {
    /// All of the expressions, flattened.
    pub fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match (flat.len(), flat.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                flat.extend(last);
                Self::And(flat)
            }
        }
    }

    /// Any of the expressions, flattened. Of none it matches nothing.
    pub fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match (flat.len(), flat.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                flat.extend(last);
                Self::Or(flat)
            }
        }
    }

    /// The opposite, with negation at the terms (De Morgan).
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::And(parts) => Self::any(parts.into_iter().map(Self::negated).collect()),
            Self::Or(parts) => Self::all(parts.into_iter().map(Self::negated).collect()),
            Self::Not(term) => Self::Term(term),
            Self::Term(term) => Self::Not(term),
        }
    }

    /// Calls `f` with every term, in order, and whether it is negated.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Term, bool)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|p| p.each(f)),
            Self::Not(term) => f(term, true),
            Self::Term(term) => f(term, false),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { " " })?;
                    match part {
                        Self::Or(_) => write!(f, "({part})")?,
                        _ => part.fmt(f)?,
                    }
                }
                Ok(())
            }
            Self::Or(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { " OR " })?;
                    part.fmt(f)?;
                }
                Ok(())
            }
            Self::Not(term) => write!(f, "-{term}"),
            Self::Term(term) => term.fmt(f),
        }
    }
}
