use super::{Field, QueryError};

/// A character of a word, with where it stands in the query. Quoted characters mean only themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Char {
    pub(super) c: char,
    pub(super) quoted: bool,
    /// Bytes from the query's start.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Char {
    /// Whether it is this character, unquoted.
    pub(super) fn is(self, c: char) -> bool {
        !self.quoted && self.c == c
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lexeme {
    Open,
    Close,
    Minus,
    Or,
    And,
    Not,
    Word(Vec<Char>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) lexeme: Lexeme,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts a query into tokens.
pub(super) fn lex(query: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = query[at..].chars().next() {
        let start = at;
        let lexeme = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' => {
                at += 1;
                Lexeme::Open
            }
            ')' => {
                at += 1;
                Lexeme::Close
            }
            '-' => {
                at += 1;
                if query[at..].chars().next().is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Err(QueryError::new(start, at, "a minus wants a term directly after it").hint("such as -tag:latest"));
                }
                Lexeme::Minus
            }
            _ => {
                let (end, word) = word(query, start)?;
                at = end;
                match &query[start..end] {
                    "OR" => Lexeme::Or,
                    "AND" => Lexeme::And,
                    "NOT" => Lexeme::Not,
                    _ => Lexeme::Word(word),
                }
            }
        };
        tokens.push(Token { lexeme, start, end: at });
    }
    Ok(tokens)
}

/// Reads a word from `start` and gives where it ends. It ends at white space or a parenthesis, except at the parentheses
/// of a regular expression's own: `tag:~^v(1|2)`.
fn word(query: &str, start: usize) -> Result<(usize, Vec<Char>), QueryError> {
    let mut word: Vec<Char> = Vec::new();
    let mut at = start;
    let mut regex = false;
    let mut depth = 0_usize;
    while let Some(c) = query[at..].chars().next() {
        let end = at + c.len_utf8();
        match c {
            '"' => {
                at = quoted(query, at, &mut word)?;
                continue;
            }
            c if c.is_whitespace() => break,
            '(' if regex => depth += 1,
            ')' if regex && depth > 0 => depth -= 1,
            '(' | ')' => break,
            '\\' if regex => {
                word.push(Char { c, quoted: false, start: at, end });
                at = end;
                if let Some(c) = query[at..].chars().next() {
                    word.push(Char { c, quoted: false, start: at, end: at + c.len_utf8() });
                    at += c.len_utf8();
                }
                continue;
            }
            '~' if !regex => regex = word.last().is_some_and(|c| !c.quoted && matches!(c.c, ':' | ',' | '=')) && has_field(&word),
            _ => {}
        }
        word.push(Char { c, quoted: false, start: at, end });
        at = end;
    }
    Ok((at, word))
}

fn has_field(word: &[Char]) -> bool {
    split_field(word).is_some_and(|(head, _)| Field::parse(&head).is_some())
}

/// A word's head before its first colon, and what follows the colon; nothing where there is none or the head is quoted.
pub(super) fn split_field(word: &[Char]) -> Option<(String, &[Char])> {
    let colon = word.iter().position(|c| c.is(':'))?;
    let (head, value) = (word.get(..colon)?, word.get(colon + 1..)?);
    (!head.iter().any(|c| c.quoted)).then(|| (head.iter().map(|c| c.c).collect(), value))
}

/// Reads a quoted piece whose quote stands at `open`, and gives where it ends. `\"` and `\\` are a quote and a backslash;
/// any other backslash stands for itself, as regular expressions want it.
fn quoted(query: &str, open: usize, word: &mut Vec<Char>) -> Result<usize, QueryError> {
    let mut at = open + 1;
    while let Some(c) = query[at..].chars().next() {
        if c == '"' {
            return Ok(at + 1);
        }
        let start = at;
        at += c.len_utf8();
        let c = match query[at..].chars().next() {
            Some(escaped @ ('"' | '\\')) if c == '\\' => {
                at += 1;
                escaped
            }
            _ => c,
        };
        word.push(Char { c, quoted: true, start, end: at });
    }
    Err(QueryError::new(open, query.len(), "this quote is never closed"))
}
