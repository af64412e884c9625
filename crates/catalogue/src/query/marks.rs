use memchr::memchr2;

/// Where any of the words occurs in a text, without regard to ASCII case: ranges of bytes, in order, merged where
/// they touch, each on characters' boundaries. The words are in ASCII lower case, as [`super::Query::words`] gives
/// them; an empty word marks nothing.
pub fn marks<W: AsRef<str>>(text: &str, words: &[W]) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for word in words.iter().map(|w| w.as_ref().as_bytes()).filter(|w| !w.is_empty()) {
        let mut from = 0;
        while let Some(at) = find_ignoring_case(text.as_bytes(), word, from) {
            let end = at + word.len();
            let (Ok(start), Ok(end)) = (u32::try_from(at), u32::try_from(end)) else { break };
            match found.last_mut() {
                Some(last) if last.0 <= start && start <= last.1 => last.1 = last.1.max(end),
                _ => found.push((start, end)),
            }
            from = at + 1;
        }
    }
    found.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// Where a text that is in ASCII lower case next occurs in another, without regard to ASCII case; an empty one at
/// `from`. Both are UTF-8, so what is found stands on characters' boundaries: a needle begins with no continuation
/// byte, and changing ASCII letters changes no other byte.
pub(super) fn find_ignoring_case(text: &[u8], lower: &[u8], from: usize) -> Option<usize> {
    let Some(&first) = lower.first() else { return (from <= text.len()).then_some(from) };
    let mut at = from;
    loop {
        at += memchr2(first, first.to_ascii_uppercase(), text.get(at..)?)?;
        if text.get(at..at + lower.len())?.eq_ignore_ascii_case(lower) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_touches_is_one_mark() {
        assert_eq!(marks("Team/API-api", &["api"]), [(5, 8), (9, 12)]);
        assert_eq!(marks("banana", &["ana"]), [(1, 6)]);
        assert_eq!(marks("abcdef", &["cd", "ab", "ef"]), [(0, 6)]);
        assert_eq!(marks("abc", &["", "x", "abcd"]), []);
        // Only ASCII letters lose their case; a long S is no s.
        assert_eq!(marks("Éſs", &["é", "s"]), [(4, 5)]);
    }

    proptest! {
        #[test]
        fn marks_are_ordered_apart_and_on_boundaries(text in "[aAbéſ\u{130}€]{0,24}", words in prop::collection::vec("[abéſ€]{0,3}", 0..4)) {
            let marks = marks(&text, &words);
            let mut last = None;
            for &(start, end) in &marks {
                prop_assert!(start < end && last.is_none_or(|l| l < start));
                prop_assert!(text.get(start as usize..end as usize).is_some());
                last = Some(end);
            }
            // Exactly the bytes that lie in an occurrence are marked.
            let lower = text.to_ascii_lowercase();
            for at in 0..text.len() {
                let covered = words.iter().filter(|w| !w.is_empty()).any(|w| {
                    (0..lower.len()).any(|i| lower.as_bytes()[i..].starts_with(w.as_bytes()) && (i..i + w.len()).contains(&at))
                });
                prop_assert_eq!(covered, marks.iter().any(|&(s, e)| (s as usize..e as usize).contains(&at)));
            }
        }
    }
}
