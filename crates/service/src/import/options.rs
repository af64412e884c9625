//! Options as `argparse` and `cobra` read them.

use super::wrong;
use crate::Result;

/// What follows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    /// One word, or none.
    Perhaps,
    /// Words up to the next option, one at least.
    Many,
}

/// An option.
#[derive(Debug)]
pub(super) struct Known {
    pub long: &'static str,
    pub short: Option<char>,
    pub takes: Takes,
}

pub(super) const fn known(long: &'static str, short: Option<char>, takes: Takes) -> Known {
    Known { long, short, takes }
}

/// The options given, in their order.
#[derive(Debug, Default)]
pub(super) struct Given(Vec<(&'static str, Vec<String>)>);

impl Given {
    pub(super) fn has(&self, long: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == long)
    }

    /// The words of the last one: a later one replaces an earlier one.
    pub(super) fn words(&self, long: &str) -> &[String] {
        self.0.iter().rev().find(|(name, _)| *name == long).map_or(&[], |(_, words)| words)
    }

    pub(super) fn word(&self, long: &str) -> Option<&str> {
        self.words(long).first().map(String::as_str)
    }

    /// The words of all of them, for an option that may be repeated.
    pub(super) fn every(&self, long: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| *name == long).flat_map(|(_, words)| words).map(String::as_str).collect()
    }

    /// The word of an option as a number.
    pub(super) fn number(&self, long: &str) -> Result<Option<u32>> {
        if !self.has(long) {
            return Ok(None);
        }
        let word = self.word(long).unwrap_or_default();
        word.parse().map(Some).map_err(|_| wrong(format!("“--{long}” wants a whole number, not “{word}”.")))
    }
}

/// What follows the program's name, or everything where that is left out.
pub(super) fn after<'a>(words: &'a [String], programs: &[&str]) -> &'a [String] {
    let program = |word: &String| programs.iter().any(|p| word.rsplit('/').next() == Some(*p));
    words.iter().position(program).map_or(words, |at| &words[at + 1..])
}

/// Reads words; what is no option of theirs is an error.
pub(super) fn read(words: &[String], options: &'static [Known]) -> Result<Given> {
    let mut given = Given::default();
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let (option, attached) = find(word, options)?;
        let mut values: Vec<String> = attached.into_iter().map(str::to_owned).collect();
        let mut next = || words.next_if(|w| !is_option(w)).map(str::to_owned);
        match option.takes {
            Takes::Nothing if values.first().is_some_and(|v| v == "false") => continue,
            Takes::One | Takes::Perhaps if values.is_empty() => values.extend(next()),
            Takes::Many => values.extend(std::iter::from_fn(next)),
            Takes::Nothing | Takes::One | Takes::Perhaps => {}
        }
        if values.is_empty() && matches!(option.takes, Takes::One | Takes::Many) {
            return Err(wrong(format!("“--{}” wants a value.", option.long)));
        }
        given.0.push((option.long, values));
    }
    Ok(given)
}

/// The option a word is, and the value attached to it: `--num=5`, `-n5`.
fn find<'a>(word: &'a str, options: &'static [Known]) -> Result<(&'static Known, Option<&'a str>)> {
    let none = || wrong(format!("“{}” is none of its options.", word.chars().take(80).collect::<String>()));
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let exact = options.iter().find(|o| o.long == name);
        // Both readers take a beginning that only one option has.
        let mut begun = options.iter().filter(|o| !name.is_empty() && o.long.starts_with(name));
        let option = exact.or_else(|| begun.next().filter(|_| begun.next().is_none())).ok_or_else(none)?;
        return Ok((option, value));
    }
    let mut letters = word.strip_prefix('-').ok_or_else(none)?.chars();
    let letter = letters.next().ok_or_else(none)?;
    let option = options.iter().find(|o| o.short == Some(letter)).ok_or_else(none)?;
    let rest = letters.as_str();
    match (rest.is_empty(), option.takes) {
        (true, _) => Ok((option, None)),
        (false, Takes::Nothing) => Err(none()),
        (false, _) => Ok((option, Some(rest.trim_start_matches('=')))),
    }
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    static OPTIONS: &[Known] = &[
        known("delete", Some('d'), Takes::Nothing),
        known("delete-all", None, Takes::Nothing),
        known("num", Some('n'), Takes::Perhaps),
        known("image", Some('i'), Takes::Many),
        known("host", Some('r'), Takes::One),
    ];

    fn given(text: &str) -> Result<Given> {
        read(after(&shlex::split(text).unwrap(), &["tool"]), OPTIONS)
    }

    #[test]
    fn options_are_read_as_their_tools_read_them() {
        let g = given("docker run --rm x/tool -d -i a b --num=7 -r http://a --host=http://b -n5").unwrap();
        assert!(g.has("delete") && !g.has("delete-all"));
        assert_eq!(g.words("image"), ["a", "b"]);
        assert_eq!((g.word("host"), g.number("num").unwrap()), (Some("http://b"), Some(5)));
        assert_eq!(g.every("host"), ["http://a", "http://b"]);
        assert!(!given("--delete=false").unwrap().has("delete"));
        assert!(given("--ima a").unwrap().has("image"), "a beginning that only one has");
        assert!(given("--delete").unwrap().has("delete"), "an exact name is no beginning");
        assert!(given("-n -d").unwrap().words("num").is_empty());
    }

    #[test]
    fn what_is_no_option_is_told() {
        for (text, told) in [
            ("-x", "“-x” is none of its options."),
            ("--del", "“--del” is none of its options."),
            ("a", "“a” is none of its options."),
            ("-dx", "“-dx” is none of its options."),
            ("-i -d", "“--image” wants a value."),
            ("-r", "“--host” wants a value."),
        ] {
            assert_eq!(given(text).unwrap_err().0.detail, told);
        }
        assert_eq!(given("-n x").unwrap().number("num").unwrap_err().0.detail, "“--num” wants a whole number, not “x”.");
    }
}
