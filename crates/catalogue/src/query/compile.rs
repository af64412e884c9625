use super::lex::{Char, split_field};
use super::text::{Style, value};
use super::{Contains, DigestPrefix, Field, Glob, LabelMatch, PlatformMatch, PlatformPart, QueryError, Term, Test, TextMatch, WordMatch};
use super::{compare, suspect, time};
use oci::{Kind, Platform};

/// Compiles a word of the query: one term, or two for a reference with a digest (`team/api@sha256:…`).
pub(super) fn terms(query: &str, word: &[Char], (start, end): (usize, usize)) -> Result<Vec<Term>, QueryError> {
    let written = |from: usize, to: usize| query.get(from..to).unwrap_or_default().into();
    if let Some((head, rest)) = split_field(word) {
        if let Some(field) = Field::parse(&head) {
            return Ok(vec![Term { test: test(field, rest, (start, end))?, written: written(start, end) }]);
        }
        if let Some(error) = suspect::suspect(&head, rest, start, end) {
            return Err(error);
        }
    }
    if let Some(at) = word.iter().position(|c| c.is('@')).filter(|_| word.iter().all(|c| !c.quoted))
        && let (Some(name), Some(digest)) = (word.get(..at), word.get(at + 1..))
        && let Some(prefix) = DigestPrefix::parse(&text(digest)).filter(|p| p.algorithm.is_some())
    {
        let middle = name.last().map_or(start, |c| c.end);
        let mut terms = Vec::new();
        if !name.is_empty() {
            terms.push(Term { test: Test::Word(plain(name, (start, middle))?), written: written(start, middle) });
        }
        let digest = format!("digest:{}", query.get(middle + 1..end).unwrap_or_default());
        terms.push(Term { test: Test::Digest(vec![prefix]), written: digest.into() });
        return Ok(terms);
    }
    Ok(vec![Term { test: Test::Word(plain(word, (start, end))?), written: written(start, end) }])
}

fn text(chars: &[Char]) -> String {
    chars.iter().map(|c| c.c).collect()
}

/// Digits that a plain word must have at least to be taken for a digest's.
const DIGEST_DIGITS: usize = 6;

fn plain(word: &[Char], span: (usize, usize)) -> Result<WordMatch, QueryError> {
    let error = |message: &str| Err(QueryError::new(span.0, span.1, message));
    match word.first() {
        None => return error("there is nothing between these quotes"),
        Some(c) if c.is('~') => return error("a regular expression wants a field").map_err(|e| e.hint("such as tag:~^v2")),
        _ => {}
    }
    if !word.iter().any(|c| c.is('*') || c.is('?')) {
        let word = text(word);
        let digest = DigestPrefix::parse(&word).filter(|p| p.algorithm.is_some() || p.hex.len() >= DIGEST_DIGITS);
        return Ok(WordMatch::Contains { text: Contains::new(&word), digest });
    }
    let glob = |chars: &[Char]| Glob::compile(chars, true, span);
    let colon = word.iter().rposition(|c| c.is(':')).filter(|at| !word.iter().skip(*at).any(|c| c.c == '/'));
    let Some(colon) = colon else { return Ok(WordMatch::Glob(glob(word)?)) };
    let part = |chars: Option<&[Char]>| chars.filter(|c| !c.is_empty()).map(glob).transpose();
    Ok(WordMatch::Reference { name: part(word.get(..colon))?, tag: part(word.get(colon + 1..))? })
}

/// Compiles what follows a field's colon. `span` is the whole term's.
pub(super) fn test(field: Field, chars: &[Char], span: (usize, usize)) -> Result<Test, QueryError> {
    let style = |whole, components| Style { whole, components };
    let texts =
        |style: Style| values(field, chars, span)?.into_iter().map(|v| value(v, style, extent(v, span))).collect::<Result<Vec<_>, _>>();
    Ok(match field {
        Field::Registry => Test::Registry(texts(style(true, false))?),
        Field::Repo => Test::Repository(texts(style(false, true))?),
        Field::Tag => Test::Tag(texts(style(false, false))?),
        Field::Base => Test::Base(texts(style(false, false))?),
        Field::Label => Test::Label(label(chars, span)?),
        Field::Os | Field::Arch | Field::Platform => Test::Platform(platform(field, chars, span)?),
        Field::Digest => Test::Digest(each(field, chars, span, |v, span| {
            let message = "a digest begins with hexadecimal digits";
            DigestPrefix::parse(v).ok_or_else(|| QueryError::new(span.0, span.1, message).hint("such as digest:sha256:3f2a or digest:3f2a"))
        })?),
        Field::Kind => Test::Kind(each(field, chars, span, kind)?),
        Field::Age => Test::Age(each(field, chars, span, |v, span| time::time(field, v, span))?),
        Field::Pushed => Test::Pushed(each(field, chars, span, |v, span| time::time(field, v, span))?),
        Field::Size => Test::Size(each(field, chars, span, |v, span| compare::number(field, v, span))?),
        Field::Layers => Test::Layers(each(field, chars, span, |v, span| compare::number(field, v, span))?),
        Field::Signed => match text(chars).to_ascii_lowercase().as_str() {
            "yes" | "true" => Test::Signed(true),
            "no" | "false" => Test::Signed(false),
            _ => return Err(QueryError::new(span.0, span.1, "“signed:” is yes or no").hint("such as signed:no")),
        },
    })
}

/// Where a value stands; the whole term for one without characters.
fn extent(chars: &[Char], span: (usize, usize)) -> (usize, usize) {
    match (chars.first(), chars.last()) {
        (Some(first), Some(last)) => (first.start, last.end),
        _ => span,
    }
}

/// Compiles each of the values that are no texts. The error of the only value points at the whole term.
fn each<T>(
    field: Field,
    chars: &[Char],
    span: (usize, usize),
    mut compile: impl FnMut(&str, (usize, usize)) -> Result<T, QueryError>,
) -> Result<Vec<T>, QueryError> {
    let values = values(field, chars, span)?;
    let one = values.len() == 1;
    values.into_iter().map(|v| compile(&text(v), if one { span } else { extent(v, span) })).collect()
}

/// Cuts a list at its unquoted commas, except those in a glob's braces and brackets. A regular expression takes all
/// that follows.
fn values(field: Field, chars: &[Char], span: (usize, usize)) -> Result<Vec<&[Char]>, QueryError> {
    let mut values = Vec::new();
    let (mut begin, mut braces, mut bracket) = (0, 0_usize, false);
    for (i, c) in chars.iter().enumerate() {
        if i == begin && c.is('~') {
            break;
        }
        match c.c {
            _ if c.quoted => {}
            '[' => bracket = true,
            ']' => bracket = false,
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            ',' if braces == 0 && !bracket => {
                values.extend(chars.get(begin..i));
                begin = i + 1;
            }
            _ => {}
        }
    }
    values.extend(chars.get(begin..));
    if values.iter().any(|v| v.is_empty()) {
        let message =
            if values.len() == 1 { format!("“{field}:” wants a value") } else { "a value is missing beside a comma".to_owned() };
        return Err(QueryError::new(span.0, span.1, message).hint(format!("such as {}", field.example())));
    }
    Ok(values)
}

fn kind(word: &str, (start, end): (usize, usize)) -> Result<Kind, QueryError> {
    let lower = word.to_ascii_lowercase();
    if let Some(kind) = Kind::parse(&lower) {
        return Ok(kind);
    }
    let nearest = Kind::ALL.into_iter().map(|k| (strsim::osa_distance(&lower, k.as_str()), k)).min_by_key(|(d, _)| *d);
    let hint = match nearest {
        _ if lower == "chart" => format!("did you mean {}?", Kind::Helm),
        Some((1..=2, kind)) => format!("did you mean {kind}?"),
        _ => format!("the kinds are {}", Kind::ALL.map(Kind::as_str).join(", ")),
    };
    Err(QueryError::new(start, end, format!("there is no kind “{}”", word.escape_debug())).hint(hint))
}

fn label(chars: &[Char], span: (usize, usize)) -> Result<LabelMatch, QueryError> {
    // Also within quotes: label:"team=a b".
    let equals = chars.iter().position(|c| c.c == '=');
    let (keys, given) = match equals {
        Some(at) => (chars.get(..at).unwrap_or_default(), chars.get(at + 1..)),
        None => (chars, None),
    };
    if keys.is_empty() {
        return Err(QueryError::new(span.0, span.1, "a label's key is missing").hint("such as label:team or label:team=payments"));
    }
    let keys = values(Field::Label, keys, span)?.into_iter().map(|k| Glob::compile(k, false, extent(k, span))).collect::<Result<_, _>>()?;
    let style = Style { whole: false, components: false };
    let compile = |chars| values(Field::Label, chars, span)?.into_iter().map(|v| value(v, style, extent(v, span))).collect();
    Ok(LabelMatch { keys, values: given.map(compile).transpose()? })
}

fn platform(field: Field, chars: &[Char], span: (usize, usize)) -> Result<PlatformMatch, QueryError> {
    let part = match field {
        Field::Os => PlatformPart::Os,
        Field::Arch => PlatformPart::Architecture,
        _ => PlatformPart::Whole,
    };
    let style = Style { whole: true, components: false };
    let one = |chars: &[Char]| {
        let span = extent(chars, span);
        match (part, usual(part, &text(chars))) {
            (_, Some(name)) => Ok(TextMatch::Glob(Glob::new(&name, false).map_err(|e| QueryError { start: span.0, end: span.1, ..e })?)),
            _ => value(chars, style, span),
        }
    };
    Ok(PlatformMatch { part, values: values(field, chars, span)?.into_iter().map(one).collect::<Result<_, _>>()? })
}

/// What a platform is called here, where people also call it otherwise (`uname -m`, arm64's only variant).
fn usual(part: PlatformPart, name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    match part {
        PlatformPart::Os => (lower == "macos").then(|| "darwin".to_owned()),
        PlatformPart::Architecture => match lower.as_str() {
            "x86_64" | "x64" => Some("amd64".to_owned()),
            "aarch64" | "arm64/v8" => Some("arm64".to_owned()),
            "x86" | "i386" => Some("386".to_owned()),
            _ => None,
        },
        PlatformPart::Whole => {
            let (os, architecture) = lower.split_once('/')?;
            let architecture = usual(PlatformPart::Architecture, architecture)?;
            Platform::parse(&format!("{os}/{architecture}")).map(|p| p.to_string())
        }
    }
}
