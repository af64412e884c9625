use super::field::Field;
use super::lex::Char;
use super::{QueryError, compile};

/// Words that people bring along from elsewhere, and our field.
const ELSEWHERE: [(&str, Field); 14] = [
    ("annotation", Field::Label),
    ("built", Field::Age),
    ("created", Field::Age),
    ("date", Field::Pushed),
    ("from", Field::Base),
    ("image", Field::Repo),
    ("is", Field::Kind),
    ("older", Field::Age),
    ("name", Field::Repo),
    ("newer", Field::Pushed),
    ("sha", Field::Digest),
    ("type", Field::Kind),
    ("updated", Field::Pushed),
    ("version", Field::Tag),
];

const ARCHITECTURES: [&str; 9] = ["386", "amd64", "arm", "arm64", "loong64", "ppc64le", "riscv64", "s390x", "x86_64"];
const SYSTEMS: [&str; 4] = ["linux", "windows", "darwin", "freebsd"];

/// The error of a word such as `arhc:arm64`, whose head is no field but was meant as one; nothing for a word that
/// may be a reference (`api:v1`, `localhost:5000/x`), since references have colons as well.
pub(super) fn suspect(head: &str, value: &[Char], start: usize, end: usize) -> Option<QueryError> {
    if head.is_empty() || !head.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let head = head.to_ascii_lowercase();
    let error = || QueryError::new(start, end, format!("there is no field “{head}:”"));
    let nearest = Field::ALL.into_iter().map(|f| (strsim::osa_distance(&head, f.name()), f)).min_by_key(|(d, _)| *d);
    // No reference goes on like this.
    if value.first().is_some_and(|c| !c.quoted && matches!(c.c, '>' | '<' | '=' | '~')) {
        let meant = ELSEWHERE.iter().find(|(word, _)| *word == head).map(|(_, f)| *f);
        let meant = meant.or_else(|| nearest.filter(|(d, f)| *d <= 2 && *d < f.name().len().min(head.len())).map(|(_, f)| f));
        let known = || Field::ALL.map(Field::name).join(", ");
        return Some(error().hint(meant.map_or_else(|| format!("the fields are {}", known()), |f| format!("did you mean {f}:?"))));
    }
    let (distance, field) = nearest.filter(|(d, _)| *d <= 2)?;
    // `bash:5` and `page:1` are one letter from `base` and `age`: a replaced letter or another first one is no proof in a
    // short word, but a missing, added or swapped one is, and so is a value that only the field takes.
    let other_first = head.chars().next() != field.name().chars().next();
    let replaced = distance == 1 && head.len() == field.name().len() && strsim::levenshtein(&head, field.name()) == 1;
    let sure = match field.name().len() {
        0..=2 => false,
        3..=7 => distance == 1 && !replaced && !other_first,
        _ => true,
    };
    (sure || fits(field, value)).then(|| error().hint(format!("did you mean {field}:?")))
}

/// Whether a value is one that the field takes and that is hardly a tag.
fn fits(field: Field, value: &[Char]) -> bool {
    let text: String = value.iter().map(|c| c.c).collect();
    match field {
        Field::Arch => ARCHITECTURES.contains(&text.as_str()),
        Field::Os => SYSTEMS.contains(&text.as_str()),
        Field::Kind | Field::Age | Field::Pushed | Field::Size | Field::Signed => {
            !text.bytes().all(|b| b.is_ascii_digit()) && compile::test(field, value, (0, 0)).is_ok()
        }
        _ => false,
    }
}
