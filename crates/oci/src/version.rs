use std::cmp::Ordering;

/// The order of tags by version, newest first: releases (semantic versions, with or without `v`, of any number of
/// parts), pre-releases just after their release, then everything else by natural order of names.
///
/// `v0.0.106` comes before `v0.0.91`; `2.14.0` before `2.14` (more exact first), both before `2.13.4`.
///
/// The key borrows the tag and allocates nothing: a million of them are made when a large catalogue is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionKey<'a> {
    numbers: [u64; PARTS],
    /// How many of `numbers` there are; none for what is no version.
    parts: u8,
    /// What stands after the numbers: `-rc.1`, `-slim`.
    suffix: &'a str,
    name: &'a str,
}

/// Parts of a version that are compared as numbers; what follows is suffix.
const PARTS: usize = 6;

impl<'a> VersionKey<'a> {
    pub fn new(tag: &'a str) -> Self {
        let body = tag.strip_prefix(['v', 'V']).filter(|b| b.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(tag);
        let mut numbers = [0; PARTS];
        let mut parts = 0;
        let mut rest = body;
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            // Nineteen digits fit u64; longer runs (hashes) are names.
            if end == 0 || end > 19 || parts == PARTS {
                break;
            }
            let Ok(number) = rest[..end].parse() else { break };
            numbers[parts] = number;
            parts += 1;
            rest = &rest[end..];
            match rest.strip_prefix('.') {
                Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => rest = more,
                _ => break,
            }
        }
        // `3abf91c` is a revision, not version 3: only nothing, `-`, `_`, `+` or `.` may follow a version.
        let version = parts > 0 && (rest.is_empty() || rest.starts_with(['-', '_', '+', '.']));
        if version {
            Self { numbers, parts: parts as u8, suffix: rest, name: tag }
        } else {
            Self { numbers: [0; PARTS], parts: 0, suffix: "", name: tag }
        }
    }

    /// Whether the tag reads as a version.
    pub fn is_version(&self) -> bool {
        self.parts > 0
    }

    /// Whether it reads as a finished version: no suffix at all.
    pub fn is_release(&self) -> bool {
        self.is_version() && self.suffix.is_empty()
    }

    /// Whether the suffix says that it comes before its release (`-rc1`, `-alpha.2`, `-pre`, …).
    pub fn is_prerelease(&self) -> bool {
        let s = self.suffix.trim_start_matches(['-', '_', '.', '+']).as_bytes();
        ["alpha", "beta", "rc", "pre", "dev", "snapshot", "nightly", "canary"]
            .iter()
            .any(|p| s.len() >= p.len() && s[..p.len()].eq_ignore_ascii_case(p.as_bytes()))
    }
}

impl Ord for VersionKey<'_> {
    /// `Less` is newer.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_version(), other.is_version()) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => return natural(self.name, other.name, Lowest).then_with(|| self.name.cmp(other.name)),
            (true, true) => {}
        }
        let common = usize::from(self.parts.min(other.parts));
        other.numbers[..common]
            .cmp(&self.numbers[..common])
            // `2.14.3` before `2.14` before `2`: the more exact name of what is likely one image comes first.
            .then_with(|| other.parts.cmp(&self.parts))
            .then_with(|| self.is_prerelease().cmp(&other.is_prerelease()))
            .then_with(|| self.suffix.is_empty().cmp(&other.suffix.is_empty()).reverse())
            .then_with(|| {
                if self.is_prerelease() { natural(other.suffix, self.suffix, Lowest) } else { natural(self.suffix, other.suffix, Highest) }
            })
            .then_with(|| self.name.cmp(other.name))
    }
}

impl PartialOrd for VersionKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which of two numbers comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Lowest,
    /// Of `2026-q2` and `2026-q3`, `1.2-9` and `1.2-10` the later one is the newer.
    Highest,
}
use First::{Highest, Lowest};

/// Natural order: runs of digits compare as numbers of any length.
fn natural(left: &str, right: &str, first: First) -> Ordering {
    let digits = |text: &[u8]| text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    loop {
        let (Some(one), Some(other)) = (left.first(), right.first()) else { return left.len().cmp(&right.len()) };
        let (order, ahead) = if one.is_ascii_digit() && other.is_ascii_digit() {
            let ahead = (digits(left), digits(right));
            let (number, other) = (trim_zeros(&left[..ahead.0]), trim_zeros(&right[..ahead.1]));
            let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            (if first == Highest { order.reverse() } else { order }, ahead)
        } else {
            (one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()), (1, 1))
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[ahead.0..], &right[ahead.1..]);
    }
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&d| d == b'0').count();
    &digits[zeros.min(digits.len().saturating_sub(1))..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(tags: &[&str]) -> Vec<String> {
        let mut v: Vec<String> = tags.iter().map(ToString::to_string).collect();
        v.sort_by(|a, b| VersionKey::new(a).cmp(&VersionKey::new(b)));
        v
    }

    #[test]
    fn newest_version_first_then_names() {
        assert_eq!(
            sorted(&[
                "latest",
                "v0.0.91",
                "v0.0.106",
                "main",
                "2.14",
                "2.14.0",
                "2.13.4",
                "2.14.0-rc.1",
                "2.14.0-rc.10",
                "2.14.0-slim",
                "3abf91c",
                "pr-9",
                "pr-10"
            ]),
            [
                "2.14.0",
                "2.14.0-slim",
                "2.14.0-rc.10",
                "2.14.0-rc.1",
                "2.14",
                "2.13.4",
                "v0.0.106",
                "v0.0.91",
                "3abf91c",
                "latest",
                "main",
                "pr-9",
                "pr-10"
            ]
        );
    }

    #[test]
    fn what_is_counted_on_after_a_version_is_newer() {
        assert_eq!(sorted(&["2026-q2", "2026-q3", "2025-q4"]), ["2026-q3", "2026-q2", "2025-q4"]);
        assert_eq!(sorted(&["1.2-9", "1.2-10", "1.2-slim", "1.2-alpine"]), ["1.2-10", "1.2-9", "1.2-alpine", "1.2-slim"]);
    }

    #[test]
    fn dates_and_hashes_do_not_overflow() {
        assert_eq!(sorted(&["20260101", "20261123", "99999999999999999999999999"])[0], "20261123");
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[v0-9a-c.\\-]{0,8}", b in "[v0-9a-c.\\-]{0,8}", c in "[v0-9a-c.\\-]{0,8}") {
            let (a, b, c) = (VersionKey::new(&a), VersionKey::new(&b), VersionKey::new(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c { prop_assert!(a <= c); }
        }
    }
}
