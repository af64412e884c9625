//! How things are said.

use crate::Text;
use oci::Digest;
use std::fmt::Write;

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

/// How long something took, in words: `41 days`, `5 hours`.
pub(crate) fn span(milliseconds: i64) -> String {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match milliseconds.max(0) {
        t if t >= 2 * DAY => format!("{} days", t / DAY),
        t if t >= 2 * HOUR => format!("{} hours", t / HOUR),
        t if t >= 2 * MINUTE => format!("{} minutes", t / MINUTE),
        _ => "a moment".to_owned(),
    }
}

/// Reasons that are said often are made once.
#[derive(Debug, Default)]
pub(crate) struct Sayings(std::collections::HashMap<String, Text>);

impl Sayings {
    pub(crate) fn say(&mut self, text: String) -> Text {
        if let Some(known) = self.0.get(&text) {
            return known.clone();
        }
        let made = Text::from(text.as_str());
        self.0.insert(text, made.clone());
        made
    }
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
}
