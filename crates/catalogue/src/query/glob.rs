use super::lex::Char;
use super::{QueryError, limits};
use regex::{Regex, RegexBuilder};

/// A pattern over a whole text, without regard to case: `*` any letters, `?` one, `[a-z]` and `[!a-z]` one of a
/// class, `{a,b}` either, a backslash takes the next character's meaning away.
///
/// Over names with components (`components`), `*`, `?` and classes stay within a component and `**` spans them:
/// `team/**` is everything below `team`, `**/api` every `api`. It is translated to the `regex` crate, since the crate
/// `globset` matches bytes (a class of `é` is wrong), gives `**` no meaning beside other letters, and panics on what
/// it cannot compile.
#[derive(Debug, Clone)]
pub struct Glob {
    regex: Regex,
    slash: bool,
}

/// Braces in braces.
const BRACES: usize = 8;

impl Glob {
    /// Compiles a glob of at most [`limits::PATTERN`] bytes.
    pub fn new(glob: &str, components: bool) -> Result<Self, QueryError> {
        let chars: Vec<Char> = glob.char_indices().map(|(i, c)| Char { c, quoted: false, start: i, end: i + c.len_utf8() }).collect();
        Self::compile(&chars, components, (0, glob.len()))
    }

    pub(super) fn compile(chars: &[Char], components: bool, span: (usize, usize)) -> Result<Self, QueryError> {
        if chars.iter().map(|c| c.c.len_utf8()).sum::<usize>() > limits::PATTERN {
            return Err(QueryError::new(span.0, span.1, format!("a pattern has at most {} bytes", limits::PATTERN)));
        }
        let regex = translate(chars, components)?;
        let regex = RegexBuilder::new(&regex)
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .size_limit(4 * limits::COMPILED)
            .dfa_size_limit(8 * limits::COMPILED)
            .build()
            .map_err(|_| QueryError::new(span.0, span.1, "this pattern is too large"))?;
        Ok(Self { regex, slash: chars.iter().any(|c| c.c == '/') })
    }

    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Whether a slash is part of the pattern.
    pub fn has_slash(&self) -> bool {
        self.slash
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

fn translate(chars: &[Char], components: bool) -> Result<String, QueryError> {
    let mut regex = String::from("^");
    let mut open: Vec<Char> = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c.c {
            _ if c.quoted => push_literal(&mut regex, c.c),
            '*' => {
                let stars = 1 + chars.iter().skip(at).take_while(|c| c.is('*')).count();
                let starts = at == 1 || chars.get(at - 2).is_some_and(|c| c.is('/'));
                at += stars - 1;
                if stars > 1 && components && starts && chars.get(at).is_some_and(|c| c.is('/')) {
                    at += 1;
                    regex.push_str("(?:.*/)?");
                } else {
                    regex.push_str(if stars == 1 && components { "[^/]*" } else { ".*" });
                }
            }
            '?' => regex.push_str(if components { "[^/]" } else { "." }),
            '[' => at = class(chars, at, components, &mut regex)?,
            '{' => {
                if open.len() == BRACES {
                    return Err(QueryError::new(c.start, c.end, format!("braces nest at most {BRACES} deep")));
                }
                open.push(c);
                regex.push_str("(?:");
            }
            ',' if !open.is_empty() => regex.push('|'),
            '}' if open.pop().is_some() => regex.push(')'),
            '\\' => match chars.get(at) {
                Some(next) => {
                    push_literal(&mut regex, next.c);
                    at += 1;
                }
                None => return Err(QueryError::new(c.start, c.end, "nothing follows this backslash")),
            },
            other => push_literal(&mut regex, other),
        }
    }
    if let Some(c) = open.first() {
        return Err(QueryError::new(c.start, c.end, "this brace is never closed").hint("such as {v1,v2}"));
    }
    regex.push('$');
    Ok(regex)
}

/// Translates a class whose bracket stands before `at`; gives where it ends.
fn class(chars: &[Char], at: usize, components: bool, regex: &mut String) -> Result<usize, QueryError> {
    let bracket = at - 1;
    let negated = chars.get(at).is_some_and(|c| c.is('!') || c.is('^'));
    let first = at + usize::from(negated);
    // A bracket directly at the beginning is itself a member.
    let Some(length) = chars.iter().skip(first + 1).position(|c| c.is(']')) else {
        let (start, end) = chars.get(bracket).map_or((0, 0), |c| (c.start, c.end));
        return Err(QueryError::new(start, end, "this bracket is never closed").hint("such as v[0-9]"));
    };
    let members = chars.get(first..=first + length).unwrap_or_default();
    regex.push_str(match (negated, components) {
        (true, true) => "[^/",
        (true, false) => "[^",
        _ => "[",
    });
    let mut i = 0;
    while let Some(low) = members.get(i) {
        let high = members.get(i + 1).filter(|c| c.is('-')).and_then(|_| members.get(i + 2));
        push_member(regex, low.c);
        if let Some(high) = high {
            if high.c < low.c {
                return Err(QueryError::new(low.start, high.end, format!("the range {}-{} runs backwards", low.c, high.c)));
            }
            regex.push('-');
            push_member(regex, high.c);
        }
        i += if high.is_some() { 3 } else { 1 };
    }
    regex.push(']');
    Ok(first + length + 2)
}

fn push_literal(regex: &mut String, c: char) {
    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

fn push_member(regex: &mut String, c: char) {
    // In a class more characters have a meaning (`&&`, `--`, `~~`) than `regex::escape` knows alone.
    if c.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stays_in_its_component_and_two_do_not() {
        let table = [
            ("team/*", "team/api", true),
            ("team/*", "team/web/ui", false),
            ("team/*", "team", false),
            ("team/**", "team/web/ui", true),
            ("**/api", "api", true),
            ("**/api", "a/b/api", true),
            ("**/api", "a/b/xapi", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("te**ui", "team/web/ui", true),
            ("t?", "t/", false),
            ("t[!a]", "t/", false),
            ("API", "api", true),
            ("{api,web}-[0-9]", "web-3", true),
            ("{api,web}-[0-9]", "web-x", false),
            ("v[]x]", "v]", true),
            ("v[&-.]", "v-", true),
            ("v[a-]", "v-", true),
            ("v[é-ü]", "vö", true),
            ("v1.2", "v1x2", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("}", "}", true),
            ("", "", true),
        ];
        for (glob, text, expected) in table {
            assert_eq!(Glob::new(glob, true).unwrap().matches(text), expected, "{glob} on {text}");
        }
        assert!(Glob::new("a*z", false).unwrap().matches("a/b/z"));
    }

    #[test]
    fn a_wrong_glob_is_pointed_at() {
        let wrong = |g: &str| Glob::new(g, true).map(|_| ()).map_err(|e| (e.start, e.end)).unwrap_err();
        assert_eq!(wrong("ab[c"), (2, 3));
        assert_eq!(wrong("a{b"), (1, 2));
        assert_eq!(wrong("é[z-a]"), (3, 6));
        assert_eq!(wrong("a\\"), (1, 2));
        assert_eq!(wrong(&"{".repeat(9)), (8, 9));
        assert_eq!(wrong(&"a".repeat(257)), (0, 257));
    }

    proptest! {
        #[test]
        fn any_text_compiles_or_is_refused(glob in "[\\[\\]{}*?!^a\\-~&|.,\\\\é/()$]{0,40}", text in "\\PC{0,12}") {
            if let Ok(glob) = Glob::new(&glob, true) {
                glob.matches(&text);
            } else {
                let may_fail = glob.contains(['[', '{', '\\']);
                prop_assert!(may_fail);
            }
        }

        #[test]
        fn an_escaped_text_matches_itself_only(text in "[a-z*?{}\\[\\]\\\\./,-]{0,20}", other in "[a-z./-]{0,20}") {
            let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
            let glob = Glob::new(&escaped, true).unwrap();
            prop_assert!(glob.matches(&text));
            prop_assert_eq!(glob.matches(&other), text == other);
        }

        #[test]
        fn the_largest_patterns_fit(one in "[?*é]|\\[!x\\]|\\{a,b\\}") {
            let glob = one.repeat(limits::PATTERN / one.len());
            prop_assert!(Glob::new(&glob, true).is_ok(), "{}", one);
        }
    }
}
