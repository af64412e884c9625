//! The query language: a query or an error inside the text; shown, it is the same query; its opposite never matches the same thing.
#![no_main]

use catalogue::query::{Facts, Query, complete, limits, marks};
use oci::Kind;

/// What a query is asked of: everything known, or only the names.
struct Thing(bool);

const NOW: i64 = 1_793_880_000_000;

impl Facts for Thing {
    fn registry(&self) -> &str {
        "prod"
    }
    fn repository(&self) -> &str {
        "team/pay/api"
    }
    fn tag(&self) -> Option<&str> {
        Some("v2.14.0-Alpine")
    }
    fn digest(&self) -> Option<&str> {
        self.0.then_some("sha256:3f2a910000000000000000000000000000000000000000000000000000000000")
    }
    fn description(&self) -> Option<&str> {
        self.0.then_some("Takes the customers' Money")
    }
    fn labels(&self) -> Option<Vec<(&str, &str)>> {
        self.0.then(|| vec![("team", "payments"), ("empty", "")])
    }
    fn platforms(&self) -> Option<Vec<&str>> {
        self.0.then(|| vec!["linux/amd64", "linux/arm/v7"])
    }
    fn kinds(&self) -> Option<Vec<Kind>> {
        self.0.then(|| vec![Kind::Index])
    }
    fn created_ms(&self) -> Option<i64> {
        self.0.then_some(NOW - 40 * 86_400_000)
    }
    fn pushed_ms(&self) -> Option<i64> {
        self.0.then_some(i64::MAX)
    }
    fn size(&self) -> Option<u64> {
        self.0.then_some(u64::MAX)
    }
    fn signed(&self) -> Option<bool> {
        self.0.then_some(true)
    }
    fn layers(&self) -> Option<u32> {
        self.0.then_some(12)
    }
    fn base(&self) -> Option<&str> {
        self.0.then_some("docker.io/library/alpine:3.20")
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let completions = complete(text, text.len() / 2);
    assert!(completions.start <= completions.end && text.get(completions.start..completions.end).is_some());
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(error.start < error.end && text.get(error.start..error.end).is_some(), "{error:?}");
            assert!(!error.message.is_empty() && error.pointed(text).lines().count() == 2, "{error:?}");
            return;
        }
    };
    assert!(text.len() <= limits::QUERY);
    let shown = query.to_string();
    if shown.len() <= limits::QUERY {
        assert_eq!(Query::parse(&shown).as_ref(), Ok(&query), "shown as {shown:?}");
    }
    let mut terms = 0;
    query.expr().each(&mut |_, _| terms += 1);
    assert!(terms <= limits::TERMS);
    for thing in [Thing(true), Thing(false)] {
        let matched = query.matches(&thing, NOW);
        let opposite = query.expr().clone().negated().eval(&thing, NOW);
        assert!(!(matched && opposite));
        assert!(!thing.0 || matched != opposite, "of what is known each query or its opposite is true");
    }
    let words = query.words();
    let mut end = 0;
    for (from, to) in marks(text, &words) {
        assert!(end <= from && from < to && text.get(from as usize..to as usize).is_some());
        end = to;
    }
});
