use super::Field;
use oci::Kind;

/// What could stand at the cursor of a search box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completions {
    /// What an insertion replaces: bytes of the text, up to the cursor.
    pub start: usize,
    pub end: usize,
    pub items: Vec<Completion>,
    /// Values that only the catalogue knows.
    pub wanted: Option<Wanted>,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub insert: String,
    /// What it means, in a few words.
    pub about: &'static str,
}

/// Values of a field that begin with a text: names, tags, keys of labels (for `label:key=`, that key's values).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub field: Field,
    /// The label's key, once it is complete.
    pub key: Option<String>,
    pub prefix: String,
}

/// Proposes fields, or a field's values, for the word that ends at the cursor (bytes from the start; moved back to a
/// character's boundary). Within quotes nothing is proposed.
pub fn complete(text: &str, cursor: usize) -> Completions {
    let end = text.floor_char_boundary(cursor);
    let before = text.get(..end).unwrap_or_default();
    let mut found = Completions { start: end, end, items: Vec::new(), wanted: None };
    if before.matches('"').count() % 2 == 1 {
        return found;
    }
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).next().unwrap_or_default();
    let word = word.trim_start_matches('-');
    let Some((head, value)) = word.split_once(':') else {
        found.start = end - word.len();
        let lower = word.to_ascii_lowercase();
        let fields = Field::ALL.into_iter().filter(|f| f.name().starts_with(&lower));
        found.items = fields.map(|f| Completion { insert: format!("{f}:"), about: f.about() }).collect();
        return found;
    };
    let Some(field) = Field::parse(head) else { return found };
    let (key, list) = match value.split_once('=') {
        Some((key, value)) if field == Field::Label => (Some(key.to_owned()), value),
        _ => (None, value),
    };
    let last = list.rsplit(',').next().unwrap_or_default();
    found.start = end - last.len();
    let lower = last.to_ascii_lowercase();
    found.items = known(field)
        .iter()
        .map(|(value, about)| (value, value.to_ascii_lowercase(), about))
        .filter(|(_, folded, _)| folded.starts_with(&lower) && *folded != lower)
        .map(|(value, _, about)| Completion { insert: (*value).to_owned(), about })
        .collect();
    if field == Field::Kind {
        let kinds = Kind::ALL.into_iter().filter(|k| k.as_str().starts_with(&lower) && k.as_str() != lower);
        found.items = kinds.map(|k| Completion { insert: k.to_string(), about: k.title() }).collect();
    }
    let named = matches!(
        field,
        Field::Registry | Field::Repo | Field::Tag | Field::Label | Field::Base | Field::Arch | Field::Os | Field::Platform | Field::Digest
    );
    // Neither an expression nor a pattern is the beginning of a name.
    if named && !last.starts_with('~') && !last.contains(['*', '?', '[', '{']) {
        found.wanted = Some(Wanted { field, key, prefix: last.strip_prefix('=').unwrap_or(last).to_owned() });
    }
    found
}

/// The values that are the same everywhere.
fn known(field: Field) -> &'static [(&'static str, &'static str)] {
    match field {
        Field::Signed => &[("yes", "a signature is attached"), ("no", "no signature is attached")],
        Field::Os => &[("linux", "Linux"), ("windows", "Windows")],
        Field::Arch => &[("amd64", "64-bit x86"), ("arm64", "64-bit Arm"), ("arm", "32-bit Arm"), ("386", "32-bit x86")],
        Field::Platform => &[("linux/amd64", "Linux on 64-bit x86"), ("linux/arm64", "Linux on 64-bit Arm")],
        Field::Age => &[(">30d", "built over 30 days ago"), (">1y", "built over a year ago"), ("<7d", "built in the last 7 days")],
        Field::Pushed => &[
            ("today", "pushed today, in UTC"),
            ("yesterday", "pushed yesterday, in UTC"),
            ("<7d", "pushed in the last 7 days"),
            (">90d", "pushed over 90 days ago"),
        ],
        Field::Size => &[(">500MB", "over 500 MB"), (">1GB", "over 1 GB"), ("<50MB", "under 50 MB")],
        Field::Layers => &[(">20", "over 20 layers"), ("1", "a single layer")],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::Query;
    use super::*;
    use proptest::prelude::*;

    fn inserts(text: &str) -> Vec<String> {
        complete(text, text.len()).items.into_iter().map(|c| c.insert).collect()
    }

    #[test]
    fn fields_then_values_are_proposed() {
        assert_eq!(inserts("api pl"), ["platform:"]);
        assert_eq!(inserts("-si"), ["size:", "signed:"]);
        assert_eq!(inserts("(kind:image,S"), ["signature", "sbom"]);
        assert_eq!(inserts("signed:y"), ["yes"]);
        assert_eq!(inserts("size:>500m"), [">500MB"]);
        assert_eq!(inserts("label:\"a ki"), Vec::<String>::new());
        assert_eq!(inserts("api:v"), Vec::<String>::new());
        assert_eq!(inserts("").len(), Field::ALL.len());
        let found = complete("kind:im tag:x", 7);
        assert_eq!((found.start, found.end), (5, 7));
    }

    #[test]
    fn names_are_asked_of_the_catalogue() {
        let wanted = |text: &str| complete(text, text.len()).wanted.map(|w| (w.field, w.key, w.prefix));
        assert_eq!(wanted("repo:te"), Some((Field::Repo, None, "te".into())));
        assert_eq!(wanted("tag:a,=b"), Some((Field::Tag, None, "b".into())));
        assert_eq!(wanted("label:team=pay"), Some((Field::Label, Some("team".into()), "pay".into())));
        assert_eq!(wanted("tag:~^v"), None);
        assert_eq!(wanted("tag:v*"), None);
        assert_eq!(wanted("size:"), None);
    }

    #[test]
    fn every_static_value_is_right() {
        for field in Field::ALL {
            for value in inserts(&format!("{field}:")) {
                assert!(Query::parse(&format!("{field}:{value}")).is_ok(), "{field}:{value}");
            }
            assert!(Query::parse(field.example()).is_ok(), "{field}");
        }
    }

    proptest! {
        #[test]
        fn any_text_and_cursor_will_do(text in "[a-z:\\-\"(), =éK]{0,20}", cursor in 0_usize..30) {
            let found = complete(&text, cursor);
            prop_assert!(found.start <= found.end && text.get(found.start..found.end).is_some());
        }
    }
}
