use std::fmt::Write as _;

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", hint.as_deref().map(|h| format!(" ({h})")).unwrap_or_default())]
pub struct QueryError {
    /// A sentence without a full stop.
    pub message: String,
    /// Where the wrong term begins: bytes from the query's start, on a character's boundary.
    pub start: usize,
    /// Where it ends, exclusive; after `start`, and inside the query.
    pub end: usize,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// How much of a long query is shown on each side of the wrong term, in characters.
const AROUND: usize = 40;

impl QueryError {
    pub(super) fn new(start: usize, end: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), start, end, hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Two lines for a terminal: the query (its part around the error, where it is long) and carets under the
    /// wrong term. Control characters are shown as spaces.
    pub fn pointed(&self, query: &str) -> String {
        let (before, rest) = query.split_at_checked(self.start).unwrap_or((query, ""));
        let (wrong, after) = rest.split_at_checked(self.end.saturating_sub(self.start)).unwrap_or((rest, ""));
        let (count, wrong_count) = (before.chars().count(), wrong.chars().count());

        let mut line = String::new();
        let skipped = count.saturating_sub(AROUND);
        if skipped > 0 {
            line.push('…');
        }
        line.extend(before.chars().skip(skipped));
        let margin = count - skipped + usize::from(skipped > 0);
        line.extend(wrong.chars().take(2 * AROUND));
        if wrong_count > 2 * AROUND {
            line.push('…');
        } else {
            line.extend(after.chars().take(AROUND));
            if after.chars().nth(AROUND).is_some() {
                line.push('…');
            }
        }
        let mut shown: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = write!(shown, "\n{:margin$}{}", "", "^".repeat(wrong_count.clamp(1, 2 * AROUND)));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carets_stand_under_the_wrong_term() {
        let error = QueryError::new(7, 15, "x");
        assert_eq!(error.pointed("repo:é size:big b"), "repo:é size:big b\n      ^^^^^^^^");
        assert_eq!(QueryError::new(0, 0, "x").pointed(""), "\n^");
    }

    #[test]
    fn a_long_query_is_cut_around_the_error() {
        let query = format!("{} size:big {}", "a".repeat(200), "b".repeat(200));
        let shown = QueryError::new(201, 209, "x").pointed(&query);
        let (line, carets) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().count(), 1 + AROUND + 8 + AROUND + 1);
        let at = carets.find('^').unwrap();
        assert_eq!(line.chars().skip(at).take(8).collect::<String>(), "size:big");
    }
}
