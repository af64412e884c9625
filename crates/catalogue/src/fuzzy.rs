//! Typos forgiven over repositories' names: what a word that finds little may have meant.
//!
//! [`Fuzzy`] looks at every name and keeps the best: names that have the word, then names of which a component is a
//! slip of the finger away (`postgers` → `library/postgres`), then abbreviations (`pgop` → `postgres-operator`). It
//! costs some hundred nanoseconds a name; the search proper ([`crate::query`]) does not forgive.

use crate::query::Closeness;
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A word to find names for. It keeps the matcher's memory (135 kB), so one serves many searches.
pub struct Fuzzy {
    matcher: Matcher,
    buffer: Vec<char>,
}

/// A name found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    pub name: &'a str,
    /// More is nearer: from [`HAS_IT`] on the name has the word, from [`SLIP`] on it is a slip away, below that the
    /// word abbreviates it.
    pub score: u32,
}

/// The least score of a name that has the word as it stands.
pub const HAS_IT: u32 = 5000;
/// The least score of a name with a slip, at most two where the word has seven letters or more.
pub const SLIP: u32 = 1000;

/// Names that a word cannot mean, told apart by their letters alone: asked of all names, it leaves few to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sieve {
    letters: u64,
    forgiven: usize,
}

impl Sieve {
    pub(crate) fn new(word: &str) -> Self {
        Self { letters: set(word), forgiven: forgiven(word) }
    }

    /// Whether [`Fuzzy::best`] may find a name of these [`letters`]: it lacks no more of the word's than slips bring in.
    pub(crate) fn lets_through(self, letters: u64) -> bool {
        (self.letters & !letters).count_ones() as usize <= self.forgiven
    }
}

/// The letters of a name, for a [`Sieve`].
pub(crate) fn letters(name: &str) -> u64 {
    set(name)
}

/// Longest word and name looked at, in bytes. A repository's name has at most 255.
const WORD: usize = 64;
const NAME: usize = 320;
/// Shortest word that may abbreviate.
const ABBREVIATION: usize = 3;
/// The mean score of a letter that makes an abbreviation: of the matcher's 16 a letter, 8 more at the start of a word, less
/// for gaps. Lower, and any long name fits any short word.
const MEAN: u32 = 18;

/// How many slips are forgiven in a word: missing, added, other or swapped letters.
fn forgiven(word: &str) -> usize {
    match word.chars().count() {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

impl Default for Fuzzy {
    fn default() -> Self {
        Self { matcher: Matcher::new(Config::DEFAULT.match_paths()), buffer: Vec::new() }
    }
}

impl Fuzzy {
    /// The best names for a word, at most `limit`, the nearest first; of equally near ones the shorter, then by letters.
    /// The word may have slashes; it is then compared with as many components at once.
    pub fn best<'a>(&mut self, word: &str, names: impl IntoIterator<Item = &'a str>, limit: usize) -> Vec<Found<'a>> {
        let word = word.to_ascii_lowercase();
        if word.is_empty() || word.len() > WORD {
            return Vec::new();
        }
        let slip = Slip::new(&word);
        let needle: Vec<char> = word.chars().collect();
        let needle = if word.is_ascii() { Utf32Str::Ascii(word.as_bytes()) } else { Utf32Str::Unicode(&needle) };
        let mut found: Vec<Found<'a>> = names
            .into_iter()
            .filter(|name| name.len() <= NAME)
            .filter_map(|name| {
                let score = match Closeness::of(&word, name) {
                    Closeness::Elsewhere => slip.score(name).or_else(|| self.abbreviation(needle, slip.letters, name))?,
                    near => HAS_IT + 100 * (Closeness::Elsewhere as u32 - near as u32),
                };
                Some(Found { name, score })
            })
            .collect();
        found.sort_unstable_by(|a, b| b.score.cmp(&a.score).then(a.name.len().cmp(&b.name.len())).then(a.name.cmp(b.name)));
        found.truncate(limit);
        found
    }

    fn abbreviation(&mut self, needle: Utf32Str<'_>, letters: u64, name: &str) -> Option<u32> {
        if needle.len() < ABBREVIATION || letters & !set(name) != 0 {
            return None;
        }
        let score = u32::from(self.matcher.fuzzy_match(Utf32Str::new(name, &mut self.buffer), needle)?);
        let length = u32::try_from(needle.len()).ok()?;
        (score >= MEAN * length).then_some(score.min(SLIP - 1))
    }
}

/// A word, made ready for finding it with slips.
struct Slip<'w> {
    word: &'w str,
    length: usize,
    letters: u64,
    forgiven: usize,
    slashes: usize,
    /// Whether the word may be compared with a component's parts: it has no separator itself.
    single: bool,
}

impl<'w> Slip<'w> {
    fn new(word: &'w str) -> Self {
        Self {
            word,
            length: word.chars().count(),
            letters: set(word),
            forgiven: forgiven(word),
            slashes: word.matches('/').count(),
            single: !word.contains(['-', '_', '.']),
        }
    }

    /// The score of the nearest run of components, or part of a component.
    fn score(&self, name: &str) -> Option<u32> {
        if self.forgiven == 0 {
            return None;
        }
        let mut best: Option<u32> = None;
        let mut starts = std::iter::once(0).chain(name.match_indices('/').map(|(at, _)| at + 1));
        while let Some(run) = starts.next().and_then(|s| self.run(name, s)) {
            // Two slips in a whole component are still further than one in a part.
            let whole = self.distance(run).map(|d| SLIP + 1000 * (3 - u32::from(d)));
            let part = || {
                let parts = run.split(['-', '_', '.']).filter(|p| p.len() < run.len());
                parts.filter_map(|p| self.distance(p)).min().map(|d| SLIP + 1000 * (3 - u32::from(d)) - 500)
            };
            best = best.max(whole.or_else(|| if self.single && self.slashes == 0 { part() } else { None }));
        }
        best
    }

    /// As many components as the word has, from a component's start.
    fn run<'n>(&self, name: &'n str, start: usize) -> Option<&'n str> {
        let rest = name.get(start..)?;
        let mut ends = rest.match_indices('/').map(|(at, _)| at).chain([rest.len()]);
        rest.get(..ends.nth(self.slashes)?)
    }

    /// How many slips away a text is; nothing where there are too many.
    fn distance(&self, text: &str) -> Option<u8> {
        let letters = set(text);
        let apart = |a: u64, b: u64| (a & !b).count_ones() as usize > self.forgiven;
        // Nearly every text is told apart by its length or by its letters.
        if text.len().abs_diff(self.word.len()) > 4 * self.forgiven || apart(letters, self.letters) || apart(self.letters, letters) {
            return None;
        }
        if text.chars().count().abs_diff(self.length) > self.forgiven {
            return None;
        }
        let distance = strsim::osa_distance(self.word, text);
        if distance > self.forgiven { None } else { u8::try_from(distance).ok() }
    }
}

/// The letters and digits of a text as a set, in lower case; all other bytes share what is left of the bits.
fn set(text: &str) -> u64 {
    text.bytes().fold(0, |set, b| {
        set | 1
            << match b {
                b'a'..=b'z' => b - b'a',
                b'A'..=b'Z' => b - b'A',
                b'0'..=b'9' => 26 + (b - b'0'),
                _ => 36 + b % 28,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 14] = [
        "library/postgres",
        "library/nginx",
        "library/redis",
        "team/payments-api",
        "team/payments-worker",
        "team/web",
        "tools/postgres-operator",
        "bitnami/postgresql",
        "library/python",
        "library/alpine",
        "infra/cert-manager",
        "infra/ingress-nginx",
        "alpine/python-image",
        "kube-state-metrics",
    ];

    fn best(word: &str) -> Vec<&'static str> {
        Fuzzy::default().best(word, NAMES, 3).into_iter().map(|f| f.name).collect()
    }

    #[test]
    fn slips_of_the_finger_are_forgiven() {
        assert_eq!(best("postgers")[0], "library/postgres");
        assert_eq!(best("ngnix")[..2], ["library/nginx", "infra/ingress-nginx"]);
        assert_eq!(best("pyton")[0], "library/python");
        assert_eq!(best("paymnets")[0], "team/payments-api");
        assert_eq!(best("pstgresqll")[0], "bitnami/postgresql");
        assert_eq!(best("libary/redsi")[0], "library/redis");
        assert_eq!(best("cert-manger")[0], "infra/cert-manager");
        assert_eq!(best("REDIS")[0], "library/redis");
    }

    #[test]
    fn abbreviations_are_understood() {
        assert_eq!(best("pgop")[0], "tools/postgres-operator");
        assert_eq!(best("ksm")[0], "kube-state-metrics");
        assert_eq!(best("payapi")[0], "team/payments-api");
    }

    #[test]
    fn what_is_too_far_is_not_found() {
        assert_eq!(best("wbe"), Vec::<&str>::new());
        assert_eq!(best("mongodb"), Vec::<&str>::new());
        assert_eq!(best("rdsi"), Vec::<&str>::new());
        assert_eq!(best(""), Vec::<&str>::new());
        assert_eq!(best(&"a".repeat(65)), Vec::<&str>::new());
    }

    #[test]
    fn the_score_says_how_it_was_found() {
        let score = |word: &str, name: &'static str| Fuzzy::default().best(word, [name], 1).first().map_or(0, |f| f.score);
        assert!(score("postgres", "library/postgres") > score("postgre", "library/postgres"));
        assert!(score("gres", "library/postgres") >= HAS_IT);
        assert!((SLIP..HAS_IT).contains(&score("postgers", "library/postgres")));
        assert!(score("postgers", "library/postgres") > score("postgers", "tools/postgres-operator"));
        assert!((1..SLIP).contains(&score("pgop", "tools/postgres-operator")));
    }

    proptest! {
        #[test]
        fn any_single_slip_is_forgiven(name in "[a-z]{5,12}", at in 0_usize..12, slip in 0_u8..4, letter in "[a-z]") {
            let mut word: Vec<char> = name.chars().collect();
            let at = at % (word.len() - 1);
            match slip {
                0 => drop(word.remove(at)),
                1 => word.insert(at, letter.chars().next().unwrap()),
                2 => word[at] = letter.chars().next().unwrap(),
                _ => word.swap(at, at + 1),
            }
            let word: String = word.into_iter().collect();
            let full = format!("team/{name}");
            let found = Fuzzy::default().best(&word, [full.as_str()], 1);
            prop_assert!(found.first().is_some_and(|f| f.score >= SLIP), "{} {}", word, name);
        }

        #[test]
        fn any_word_and_names_will_do(word in "\\PC{0,12}", names in prop::collection::vec("\\PC{0,24}", 0..6), limit in 0_usize..4) {
            let found = Fuzzy::default().best(&word, names.iter().map(String::as_str), limit);
            prop_assert!(found.len() <= limit && found.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert!(found.iter().all(|f| Sieve::new(&word).lets_through(letters(f.name))));
        }
    }
}
