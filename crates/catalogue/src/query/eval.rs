use super::{Expr, Term, Test, any_matches};
use oci::Kind;

/// What is known of one thing: a tag, or a repository where `tag` is `None`. Times are milliseconds since 1970.
pub trait Facts {
    fn registry(&self) -> &str;
    fn repository(&self) -> &str;
    fn tag(&self) -> Option<&str>;
    fn digest(&self) -> Option<&str>;
    fn description(&self) -> Option<&str>;
    /// Labels and annotations; `None` until they were read.
    fn labels(&self) -> Option<Vec<(&str, &str)>>;
    /// Each as `os/architecture[/variant]`; `None` until they were read.
    fn platforms(&self) -> Option<Vec<&str>>;
    /// `None` until the manifest was read.
    fn kinds(&self) -> Option<Vec<Kind>>;
    fn created_ms(&self) -> Option<i64>;
    fn pushed_ms(&self) -> Option<i64>;
    /// Bytes, as in lists.
    fn size(&self) -> Option<u64>;
    fn signed(&self) -> Option<bool>;
    fn layers(&self) -> Option<u32>;
    /// The base image's name, where it is annotated.
    fn base(&self) -> Option<&str>;
}

impl Expr {
    /// Whether it matches one thing: the definition of what a query means. `now_ms` is in milliseconds since 1970.
    ///
    /// A term about an unknown fact matches neither as it stands nor negated.
    pub fn eval(&self, facts: &dyn Facts, now_ms: i64) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|p| p.eval(facts, now_ms)),
            Self::Or(parts) => parts.iter().any(|p| p.eval(facts, now_ms)),
            Self::Not(term) => term.check(facts, now_ms) == Some(false),
            Self::Term(term) => term.check(facts, now_ms) == Some(true),
        }
    }
}

impl Term {
    /// Whether the term matches; `None` where the fact is unknown.
    pub fn check(&self, facts: &dyn Facts, now_ms: i64) -> Option<bool> {
        match &self.test {
            Test::Word(word) => {
                let (registry, repository) = (facts.registry(), facts.repository());
                let name = match facts.tag() {
                    Some(tag) => word.matches_name(registry, repository, tag),
                    None => word.matches_repository(registry, repository),
                };
                let labels = || facts.labels().is_some_and(|l| l.iter().any(|(_, value)| word.matches_prose(value)));
                let digest = || facts.digest().is_some_and(|d| word.matches_digest(d));
                Some(name || facts.description().is_some_and(|d| word.matches_prose(d)) || digest() || labels())
            }
            Test::Registry(any) => Some(any_matches(any, facts.registry())),
            Test::Repository(any) => Some(any_matches(any, facts.repository())),
            Test::Tag(any) => Some(facts.tag().is_some_and(|t| any_matches(any, t))),
            Test::Digest(any) => facts.digest().map(|d| any.iter().any(|p| p.matches(d))),
            Test::Label(label) => facts.labels().map(|l| l.iter().any(|(key, value)| label.matches(key, value))),
            Test::Platform(platform) => facts.platforms().map(|p| p.iter().any(|p| platform.matches(p))),
            Test::Kind(any) => facts.kinds().map(|k| k.iter().any(|k| any.contains(k))),
            Test::Age(any) => facts.created_ms().map(|at| any.iter().any(|t| t.matches(at, now_ms))),
            Test::Pushed(any) => facts.pushed_ms().map(|at| any.iter().any(|t| t.matches(at, now_ms))),
            Test::Size(any) => facts.size().map(|n| any.iter().any(|s| s.matches(n))),
            Test::Signed(wanted) => facts.signed().map(|s| s == *wanted),
            Test::Layers(any) => facts.layers().map(|n| any.iter().any(|l| l.matches(n.into()))),
            Test::Base(any) => facts.base().map(|b| any_matches(any, b)),
        }
    }
}
