//! How things are said.

use crate::Text;
use oci::Digest;
use std::{collections::HashMap, fmt::Write};

/// Why a tag that was not read stays.
pub(crate) const NOT_READ: &str = "it was not read what it names";
/// Why a tag stays that the registry lists and cannot find.
pub(crate) const NOTHING_THERE: &str = "the registry has nothing under it";

/// `a`, `a and b`, `a, b and c`; of more than `most` the first ones and how many more there are.
pub(crate) fn list<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown = if names.len() > most { &names[..most] } else { names };
    let mut text = String::new();
    for (i, name) in shown.iter().enumerate() {
        if i > 0 {
            text.push_str(if i + 1 == names.len() { " and " } else { ", " });
        }
        text.push_str(name.as_ref());
    }
    if shown.len() < names.len() {
        let _ = write!(text, " and {} more", names.len() - shown.len());
    }
    text
}

/// `sha256:3f2a…9c01`.
pub(crate) fn short(digest: &str) -> String {
    Digest::parse(digest).map_or_else(|_| digest.to_owned(), |d| d.short())
}

/// `1 tag`, `3 tags`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// One or several.
pub(crate) fn number<'a, T>(things: &[T], one: &'a str, several: &'a str) -> &'a str {
    if things.len() == 1 { one } else { several }
}

const DAYS: &str = "days";
/// Ten years: what is older is not said often.
const MOST_DAYS: usize = 3653;

/// How long something took, in words: `41 days`, `5 hours`.
pub(crate) fn span(milliseconds: i64) -> String {
    match rounded(milliseconds) {
        (0, _) => "a moment".to_owned(),
        (n, unit) => format!("{n} {unit}"),
    }
}

fn rounded(milliseconds: i64) -> (i64, &'static str) {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match milliseconds {
        t if t >= 2 * DAY => (t / DAY, DAYS),
        t if t >= 2 * HOUR => (t / HOUR, "hours"),
        t if t >= 2 * MINUTE => (t / MINUTE, "minutes"),
        _ => (0, ""),
    }
}

/// The reasons of a plan: what is said of a million tags is made once.
#[derive(Debug, Default)]
pub(crate) struct Sayings {
    /// By address: there are few, and none is made twice.
    fixed: Vec<(&'static str, Text)>,
    /// By verb: what is said of so many days.
    days: Vec<(&'static str, Vec<Option<Text>>)>,
    /// By the addresses of both, which are held here.
    pairs: HashMap<(usize, usize), (Text, Text, Text)>,
    /// By the address of the reason.
    protected: HashMap<usize, Text>,
}

impl Sayings {
    pub(crate) fn fixed(&mut self, text: &'static str) -> Text {
        let same = |known: &&(&'static str, Text)| std::ptr::eq(known.0, text);
        if let Some((_, known)) = self.fixed.iter().find(same) {
            return known.clone();
        }
        let made = Text::from(text);
        self.fixed.push((text, made.clone()));
        made
    }

    /// `pushed 41 days ago`.
    pub(crate) fn ago(&mut self, verb: &'static str, milliseconds: i64) -> Text {
        let text = || Text::from(format!("{verb} {} ago", span(milliseconds)));
        let (n, unit) = rounded(milliseconds);
        let Some(n) = usize::try_from(n).ok().filter(|&n| unit == DAYS && n < MOST_DAYS) else { return text() };
        let known = self.days.iter().position(|(known, _)| *known == verb).unwrap_or_else(|| {
            self.days.push((verb, vec![None; MOST_DAYS]));
            self.days.len() - 1
        });
        self.days[known].1[n].get_or_insert_with(text).clone()
    }

    /// `protected: locked by mira`, of a reason that the snapshot holds.
    pub(crate) fn protected(&mut self, why: &Text) -> Text {
        self.protected.entry(address(why)).or_insert_with(|| format!("protected: {why}").into()).clone()
    }

    /// Both, one after the other.
    pub(crate) fn both(&mut self, one: &Text, other: &Text) -> Text {
        let pair = self.pairs.entry((address(one), address(other)));
        pair.or_insert_with(|| (format!("{one}, {other}").into(), one.clone(), other.clone())).0.clone()
    }
}

fn address(text: &Text) -> usize {
    text.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_people_write_them() {
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b"], 3), "a and b");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
    }

    #[test]
    fn spans_are_rounded_down() {
        let hour = 3_600_000;
        assert_eq!([span(41 * 24 * hour + hour), span(47 * hour), span(90_000), span(-5)], ["41 days", "47 hours", "a moment", "a moment"]);
    }

    #[test]
    fn what_is_said_twice_is_made_once() {
        let mut sayings = Sayings::default();
        let (day, beyond) = (sayings.ago("pushed", 172_900_000), sayings.fixed("beyond"));
        assert!(std::sync::Arc::ptr_eq(&day, &sayings.ago("pushed", 172_800_000)));
        let both = sayings.both(&day, &beyond);
        assert_eq!(&*both, "pushed 2 days ago, beyond");
        assert!(std::sync::Arc::ptr_eq(&both, &sayings.both(&day, &beyond)));
    }
}
