use super::marks::find_ignoring_case;
use std::cmp::Reverse;

/// How well a word fits a name; the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Closeness {
    /// It is the whole name: `postgres`, of a repository, of a tag, or `postgres:16` of both.
    Exact,
    /// It is a whole component: `postgres` in `library/postgres`.
    Component,
    /// The name, or a component, begins with it: `post`.
    Prefix,
    /// A word in the name begins with it: `operator` in `postgres-operator`.
    WordStart,
    /// It stands somewhere inside.
    Inside,
    /// The name does not have it; a description, a label or a digest does.
    Elsewhere,
}

impl Closeness {
    /// Of a word in ASCII lower case to a repository's name or a tag.
    pub fn of(word: &str, name: &str) -> Self {
        let mut best = Self::Elsewhere;
        let mut from = 0;
        if word.is_empty() {
            return best;
        }
        while let Some(at) = find_ignoring_case(name.as_bytes(), word.as_bytes(), from) {
            let end = at + word.len();
            let before = at.checked_sub(1).and_then(|b| name.as_bytes().get(b));
            let after = name.as_bytes().get(end);
            let here = match (before, after) {
                (None, None) => return Self::Exact,
                (None | Some(b'/'), None | Some(b'/')) => Self::Component,
                (None | Some(b'/'), _) => Self::Prefix,
                (Some(b), _) if !b.is_ascii_alphanumeric() => Self::WordStart,
                _ => Self::Inside,
            };
            best = best.min(here);
            from = at + 1;
        }
        best
    }

    /// Of a word in ASCII lower case to a repository, or to a tag in it.
    pub fn of_reference(word: &str, repository: &str, tag: Option<&str>) -> Self {
        let Some(tag) = tag else { return Self::of(word, repository) };
        let apart = Self::of(word, repository).min(Self::of(word, tag));
        match word.split_once(':') {
            // The border of the two is where the word has its colon, so each side says how near it is.
            Some((name, of_tag)) if apart == Self::Elsewhere && ends_with(repository, name) && starts_with(tag, of_tag) => {
                let whole = name.len() == repository.len();
                let component = name.is_empty() || whole || repository.as_bytes().get(repository.len() - name.len() - 1) == Some(&b'/');
                match (component, of_tag.len() == tag.len()) {
                    (true, true) if whole => Self::Exact,
                    (true, true) => Self::Component,
                    (true, false) => Self::Prefix,
                    (false, _) => Self::Inside,
                }
            }
            _ => apart,
        }
    }
}

fn ends_with(text: &str, lower: &str) -> bool {
    text.len().checked_sub(lower.len()).and_then(|at| text.as_bytes().get(at..)).is_some_and(|t| t.eq_ignore_ascii_case(lower.as_bytes()))
}

fn starts_with(text: &str, lower: &str) -> bool {
    text.as_bytes().get(..lower.len()).is_some_and(|t| t.eq_ignore_ascii_case(lower.as_bytes()))
}

/// A hit's place among others: the least is shown first.
///
/// The order is total, and compares in turn: the word that fits worst (so a hit on all words in its name comes before a
/// hit on one in its label), how well the words fit together, a repository before its tags, what changed last (unknown
/// at the end), the shorter name, then the names' letters. Equal are only hits of equal names, kind and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank<'a> {
    worst: Closeness,
    sum: u32,
    is_tag: bool,
    updated_ms: Reverse<Option<i64>>,
    length: usize,
    repository: &'a str,
    tag: &'a str,
}

impl<'a> Rank<'a> {
    /// Of how close each word is, where that is at hand for distinct names. Without words all are equally close.
    pub fn new(words: impl IntoIterator<Item = Closeness>, repository: &'a str, tag: Option<&'a str>, updated_ms: Option<i64>) -> Self {
        let (mut worst, mut sum) = (Closeness::Exact, 0);
        for closeness in words {
            worst = worst.max(closeness);
            sum += closeness as u32;
        }
        let name = tag.unwrap_or_default();
        Self {
            worst,
            sum,
            is_tag: tag.is_some(),
            updated_ms: Reverse(updated_ms),
            length: repository.len() + name.len(),
            repository,
            tag: name,
        }
    }
}

/// The place of a repository or tag among the hits of a query's words ([`super::Query::words`]). `updated_ms` is when it was
/// last pushed, in milliseconds since 1970.
pub fn rank<'a, W: AsRef<str>>(words: &[W], repository: &'a str, tag: Option<&'a str>, updated_ms: Option<i64>) -> Rank<'a> {
    Rank::new(words.iter().map(|w| Closeness::of_reference(w.as_ref(), repository, tag)), repository, tag, updated_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    #[test]
    fn a_word_is_as_close_as_its_best_occurrence() {
        let table = [
            ("postgres", "postgres", Closeness::Exact),
            ("postgres", "library/postgres", Closeness::Component),
            ("post", "postgres/exporter", Closeness::Prefix),
            ("post", "library/postgres", Closeness::Prefix),
            ("operator", "postgres-operator", Closeness::WordStart),
            ("gres", "postgres", Closeness::Inside),
            ("gres", "postgres-gres", Closeness::WordStart),
            ("mysql", "postgres", Closeness::Elsewhere),
            ("", "postgres", Closeness::Elsewhere),
            ("rc1", "V2-RC1", Closeness::WordStart),
        ];
        for (word, name, expected) in table {
            assert_eq!(Closeness::of(word, name), expected, "{word} in {name}");
        }
        let of = |word| Closeness::of_reference(word, "team/api", Some("v1.2"));
        assert_eq!(of("team/api:v1.2"), Closeness::Exact);
        assert_eq!(of("api:v1.2"), Closeness::Component);
        assert_eq!(of("api:v1"), Closeness::Prefix);
        assert_eq!(of("pi:v1.2"), Closeness::Inside);
        assert_eq!(of("api:v3"), Closeness::Elsewhere);
        assert_eq!(of("v1.2"), Closeness::Exact);
    }

    #[test]
    fn exact_then_prefix_then_word_start_then_newest() {
        let hits = [
            ("postgres", None, Some(1)),
            ("library/postgres", None, Some(9)),
            ("library/postgres", Some("16"), Some(9)),
            ("postgres-exporter", None, Some(5)),
            ("tools/postgrest", None, Some(3)),
            ("my-postgres", None, Some(99)),
            ("xpostgres", None, Some(100)),
            ("team/api", None, Some(200)),
            ("team/old", None, None),
        ];
        let mut sorted = hits;
        sorted.reverse();
        sorted.sort_by_key(|&(r, t, at)| rank(&["postgres"], r, t, at));
        assert_eq!(sorted, hits);
    }

    #[test]
    fn a_hit_on_all_words_comes_first() {
        let near = rank(&["postgres", "16"], "library/postgres", Some("16"), None);
        assert!(near < rank(&["postgres", "16"], "library/postgres", Some("16-alpine"), Some(5)));
        assert!(near < rank(&["postgres", "16"], "postgres", Some("latest"), Some(5)));
    }

    type Hit = (String, Option<String>, Option<i64>);

    fn hit() -> impl Strategy<Value = Hit> {
        ("[ab/-]{1,5}", prop::option::of("[ab.]{1,3}"), prop::option::of(-2_i64..3))
    }

    proptest! {
        #[test]
        fn the_order_is_total(hits in prop::array::uniform3(hit()), words in prop::collection::vec("[ab]{1,2}", 0..3)) {
            let [a, b, c] = &hits;
            let rank = |h: &'_ Hit| rank(&words, &h.0, h.1.as_deref(), h.2).cmp(&rank(&words, &b.0, b.1.as_deref(), b.2));
            let compare = |x: &Hit, y: &Hit| {
                super::rank(&words, &x.0, x.1.as_deref(), x.2).cmp(&super::rank(&words, &y.0, y.1.as_deref(), y.2))
            };
            prop_assert_eq!(rank(a), compare(a, b));
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            prop_assert_eq!(compare(a, b) == Ordering::Equal, a == b);
            if compare(a, b) != Ordering::Greater && compare(b, c) != Ordering::Greater {
                prop_assert_ne!(compare(a, c), Ordering::Greater);
            }
        }

        #[test]
        fn of_equally_close_names_the_newest_is_first(name in "[a-c]{1,4}", word in "[a-c]{1,2}", old in 0_i64..9, by in 1_i64..9) {
            let words = [word];
            prop_assert!(rank(&words, &name, None, Some(old + by)) < rank(&words, &name, None, Some(old)));
            prop_assert!(rank(&words, &name, None, Some(old)) < rank(&words, &name, None, None));
        }

        #[test]
        fn a_closer_name_is_first_whatever_its_age(a in "[ab/-]{1,6}", b in "[ab/-]{1,6}", word in "[ab]{1,3}", at in any::<[i64; 2]>()) {
            let (near, far) = (Closeness::of(&word, &a), Closeness::of(&word, &b));
            if near < far {
                let words = [word];
                prop_assert!(rank(&words, &a, None, Some(at[0])) < rank(&words, &b, None, Some(at[1])));
            }
        }
    }
}
