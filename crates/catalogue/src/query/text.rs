use super::lex::Char;
use super::marks::find_ignoring_case;
use super::{Glob, QueryError, limits};
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// What a text must be, compiled.
#[derive(Debug, Clone)]
pub enum TextMatch {
    /// The text has it somewhere, without regard to ASCII case: `api`.
    Contains(Contains),
    /// The text is it, letter for letter: `=latest`.
    Exact(Box<str>),
    /// The whole text fits, without regard to case: `v2.*`.
    Glob(Glob),
    /// The expression matches somewhere, with regard to case: `~^v2`. Its classes are ASCII's (`(?u)` turns that round), since
    /// a single `\w` of Unicode compiles to more than [`limits::COMPILED`].
    Regex(Regex),
}

/// A text to find inside others.
#[derive(Debug, Clone)]
pub struct Contains {
    needle: Box<str>,
    finder: Box<Finder<'static>>,
}

impl Contains {
    /// Of a text in any case.
    pub fn new(text: &str) -> Self {
        let needle = text.to_ascii_lowercase().into_boxed_str();
        let finder = Box::new(Finder::new(needle.as_bytes()).into_owned());
        Self { needle, finder }
    }

    /// What is looked for, in ASCII lower case.
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// Whether the text has it, without regard to ASCII case.
    pub fn matches(&self, text: &str) -> bool {
        find_ignoring_case(text.as_bytes(), self.needle.as_bytes(), 0).is_some()
    }

    /// The same over a text known to be in ASCII lower case; the fast path.
    pub fn matches_lower(&self, lower: &str) -> bool {
        self.finder.find(lower.as_bytes()).is_some()
    }
}

impl PartialEq for Contains {
    fn eq(&self, other: &Self) -> bool {
        self.needle == other.needle
    }
}

impl TextMatch {
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Contains(contains) => contains.matches(text),
            Self::Exact(exact) => **exact == *text,
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => regex.is_match(text.as_bytes()),
        }
    }

    /// The same where the text's ASCII lower case is at hand: faster for [`TextMatch::Contains`].
    pub fn matches_lower(&self, text: &str, lower: &str) -> bool {
        match self {
            Self::Contains(contains) => contains.matches_lower(lower),
            _ => self.matches(text),
        }
    }
}

/// Whether any of them matches.
pub fn any_matches(any: &[TextMatch], text: &str) -> bool {
    any.iter().any(|m| m.matches(text))
}

impl PartialEq for TextMatch {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Contains(a), Self::Contains(b)) => a == b,
            (Self::Exact(a), Self::Exact(b)) => a == b,
            (Self::Glob(a), Self::Glob(b)) => a == b,
            (Self::Regex(a), Self::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// How a field reads its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// A value without wildcards is the whole text, not a part.
    pub(super) whole: bool,
    /// `*` stays within a component.
    pub(super) components: bool,
}

/// Compiles one value: `=exact`, `~regex`, a glob where it has an unquoted `*?[{`, else a part of the text.
pub(super) fn value(chars: &[Char], style: Style, span: (usize, usize)) -> Result<TextMatch, QueryError> {
    let text = |chars: &[Char]| chars.iter().map(|c| c.c).collect::<String>();
    match chars.split_first() {
        Some((first, rest)) if first.is('=') => Ok(TextMatch::Exact(text(rest).into())),
        Some((first, rest)) if first.is('~') => Ok(TextMatch::Regex(regex(&text(rest), span)?)),
        _ if style.whole || chars.iter().any(|c| !c.quoted && matches!(c.c, '*' | '?' | '[' | '{')) => {
            Ok(TextMatch::Glob(Glob::compile(chars, style.components, span)?))
        }
        _ => Ok(TextMatch::Contains(Contains::new(&text(chars)))),
    }
}

fn regex(pattern: &str, (start, end): (usize, usize)) -> Result<Regex, QueryError> {
    let wrong = |message: String| Err(QueryError::new(start, end, message));
    if pattern.is_empty() {
        return wrong("a regular expression is missing after “~”".to_owned());
    }
    if pattern.len() > limits::PATTERN {
        return wrong(format!("a regular expression has at most {} bytes", limits::PATTERN));
    }
    let built =
        RegexBuilder::new(pattern).unicode(false).size_limit(limits::COMPILED).dfa_size_limit(8 * limits::COMPILED).nest_limit(32).build();
    match built {
        Ok(regex) => Ok(regex),
        Err(regex::Error::CompiledTooBig(_)) => wrong("this regular expression is too large once compiled".to_owned()),
        // The crate's own message is a drawing of several lines that ends in the reason.
        Err(e) => {
            let e = e.to_string();
            let reason = e.lines().last().unwrap_or_default().trim_start_matches("error: ");
            wrong(format!("this is not a regular expression: {reason}"))
        }
    }
}
