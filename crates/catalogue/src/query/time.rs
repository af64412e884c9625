use super::compare::Comparison;
use super::{Field, QueryError};
use jiff::civil::Date;
use jiff::tz::TimeZone;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// When something must have been, in milliseconds; times are since 1970, days those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeMatch {
    /// So long ago, both inclusive. What lies in the future counts as of now.
    Ago { least: i64, most: i64 },
    /// Not before `from`, and before `until`.
    Between { from: i64, until: i64 },
    /// So many calendar days ago, both inclusive: 0 is today.
    DaysAgo { least: i64, most: i64 },
}

impl TimeMatch {
    pub fn matches(self, at_ms: i64, now_ms: i64) -> bool {
        match self {
            Self::Ago { least, most } => (least..=most).contains(&now_ms.saturating_sub(at_ms).max(0)),
            Self::Between { from, until } => (from..until).contains(&at_ms),
            Self::DaysAgo { least, most } => {
                let days = now_ms.div_euclid(DAY).saturating_sub(at_ms.div_euclid(DAY));
                (least..=most).contains(&days.max(0))
            }
        }
    }

    /// The span `(from, until)` of times that match at a moment, `until` exclusive: for evaluating many at once.
    pub fn span(self, now_ms: i64) -> (i64, i64) {
        // What lies in the future counts as of now, so an upper end that reaches now is open.
        let open = |least: i64, until: i64| if least <= 0 { i64::MAX } else { until };
        match self {
            Self::Ago { least, most } | Self::DaysAgo { least, most } if most < least => (0, 0),
            Self::Ago { least, most } => (now_ms.saturating_sub(most), open(least, now_ms.saturating_sub(least).saturating_add(1))),
            Self::Between { from, until } => (from, until),
            Self::DaysAgo { least, most } => {
                let start_of = |days: i64| now_ms.div_euclid(DAY).saturating_sub(days).saturating_mul(DAY);
                (start_of(most), open(least, start_of(least.saturating_sub(1))))
            }
        }
    }
}

/// What a value names, before its comparison.
enum Point {
    Ago(i64),
    /// From, until.
    Span(i64, i64),
    DaysAgo(i64),
}

/// Compiles a value of `age:` or `pushed:`. Of a duration, more is longer ago; of a date, more is later.
pub(super) fn time(field: Field, value: &str, (start, end): (usize, usize)) -> Result<TimeMatch, QueryError> {
    let wrong = || match field {
        Field::Age => QueryError::new(start, end, "an age is a number with a unit (s m h d w mo y)").hint("such as age:>30d"),
        _ => QueryError::new(start, end, "a push is compared with a duration or a date")
            .hint("such as pushed:<7d, pushed:>2026-01-31 or pushed:today"),
    };
    let point = |text: &str| {
        let dated = || if field == Field::Age { None } else { named(text).or_else(|| dates(text)) };
        duration(text).map(Point::Ago).or_else(dated).ok_or_else(wrong)
    };
    let ago = |least, most| TimeMatch::Ago { least, most };
    let between = |from, until| TimeMatch::Between { from, until };
    let days = |least, most| TimeMatch::DaysAgo { least, most };
    Ok(match Comparison::of(value) {
        Comparison::Over(v) => match point(v)? {
            Point::Ago(d) => ago(d.saturating_add(1), i64::MAX),
            Point::Span(_, until) => between(until, i64::MAX),
            Point::DaysAgo(n) => days(0, n - 1),
        },
        Comparison::From(v) => match point(v)? {
            Point::Ago(d) => ago(d, i64::MAX),
            Point::Span(from, _) => between(from, i64::MAX),
            Point::DaysAgo(n) => days(0, n),
        },
        Comparison::Under(v) => match point(v)? {
            Point::Ago(d) => ago(0, d - 1),
            Point::Span(from, _) => between(i64::MIN, from),
            Point::DaysAgo(n) => days(n + 1, i64::MAX),
        },
        Comparison::UpTo(v) => match point(v)? {
            Point::Ago(d) => ago(0, d),
            Point::Span(_, until) => between(i64::MIN, until),
            Point::DaysAgo(n) => days(n, i64::MAX),
        },
        Comparison::Is(v) => match point(v)? {
            // Nobody means exactly so many milliseconds.
            Point::Ago(_) => {
                let hint = format!("{field}:>{v} is longer ago, {field}:<{v} more recent");
                return Err(QueryError::new(start, end, "a duration wants a comparison").hint(hint));
            }
            Point::Span(from, until) => between(from, until),
            Point::DaysAgo(n) => days(n, n),
        },
        Comparison::Between(low, high) => {
            let low = if low.is_empty() { None } else { Some(point(low)?) };
            let high = if high.is_empty() { None } else { Some(point(high)?) };
            let range = match (low, high) {
                (Some(Point::Ago(a)), Some(Point::Ago(b))) => Some((ago(a, b), a <= b)),
                (Some(Point::Ago(a)), None) => Some((ago(a, i64::MAX), true)),
                (None, Some(Point::Ago(b))) => Some((ago(0, b), true)),
                (Some(Point::Span(a, _)), Some(Point::Span(_, b))) => Some((between(a, b), a < b)),
                (Some(Point::Span(a, _)), None) => Some((between(a, i64::MAX), true)),
                (None, Some(Point::Span(_, b))) => Some((between(i64::MIN, b), true)),
                _ => None,
            };
            match range {
                Some((range, true)) => range,
                Some(_) => return Err(QueryError::new(start, end, "this range runs backwards")),
                None => return Err(wrong()),
            }
        }
    })
}

/// A duration in milliseconds; a month is 30 days, a year 365.
fn duration(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = match unit.to_ascii_lowercase().as_str() {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY,
        "w" => 7 * DAY,
        "mo" => 30 * DAY,
        "y" => 365 * DAY,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

fn named(text: &str) -> Option<Point> {
    match text.to_ascii_lowercase().as_str() {
        "today" => Some(Point::DaysAgo(0)),
        "yesterday" => Some(Point::DaysAgo(1)),
        _ => None,
    }
}

/// A year, a month or a day of UTC: `2026`, `2026-11`, `2026-11-05`.
fn dates(text: &str) -> Option<Point> {
    let mut parts = text.split('-');
    let mut part = |length: usize| match parts.next() {
        Some(p) if p.len() == length && p.bytes().all(|b| b.is_ascii_digit()) => p.parse::<i16>().ok().map(Some),
        Some(_) => None,
        None => Some(None),
    };
    let (year, month, day) = (part(4)??, part(2)?, part(2)?);
    if parts.next().is_some() || !(1970..9999).contains(&year) {
        return None;
    }
    let first = Date::new(year, month.unwrap_or(1).try_into().ok()?, day.unwrap_or(1).try_into().ok()?).ok()?;
    let after = match (month, day) {
        (None, _) | (Some(12), None) => Date::new(year + 1, 1, 1).ok()?,
        (Some(month), None) => Date::new(year, (month + 1).try_into().ok()?, 1).ok()?,
        (Some(_), Some(_)) => first.tomorrow().ok()?,
    };
    let ms = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp().as_millisecond());
    Some(Point::Span(ms(first)?, ms(after)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-05T12:00:00Z.
    const NOW: i64 = 1_793_880_000_000;

    fn matches(field: Field, value: &str, at: i64) -> bool {
        time(field, value, (0, value.len())).unwrap().matches(at, NOW)
    }

    #[test]
    fn of_a_duration_more_is_longer_ago_and_of_a_date_later() {
        let (age, pushed) = (Field::Age, Field::Pushed);
        assert!(matches(age, ">30d", NOW - 30 * DAY - 1) && !matches(age, ">30d", NOW - 30 * DAY));
        assert!(matches(age, ">=30d", NOW - 30 * DAY));
        assert!(matches(age, "<1h", NOW - 1) && !matches(age, "<1h", NOW - 3_600_000));
        assert!(matches(age, "1d..2d", NOW - DAY) && !matches(age, "1d..2d", NOW - 3 * DAY));
        // A clock that runs ahead makes nothing old, and nothing disappear.
        assert!(matches(age, "<1h", NOW + DAY));
        assert!(
            matches(pushed, "today", NOW + 1) && matches(pushed, "today", NOW - DAY / 2) && !matches(pushed, "today", NOW - DAY / 2 - 1)
        );
        assert!(matches(pushed, "yesterday", NOW - DAY) && !matches(pushed, "yesterday", NOW));
        assert!(matches(pushed, ">yesterday", NOW) && !matches(pushed, ">yesterday", NOW - DAY));
        assert!(matches(pushed, "<today", NOW - DAY) && !matches(pushed, "<today", NOW));
        assert!(matches(pushed, "2026-11", NOW) && matches(pushed, "2026", NOW) && matches(pushed, "2026-11-05", NOW));
        assert!(!matches(pushed, ">2026-11-05", NOW) && matches(pushed, ">=2026-11-05", NOW) && matches(pushed, ">2026-11-04", NOW));
        assert!(matches(pushed, "<=2026-11-05", NOW) && !matches(pushed, "<2026-11-05", NOW));
        assert!(matches(pushed, "2026-10..2026-11", NOW) && matches(pushed, "2026-11..", NOW) && !matches(pushed, "..2026-10", NOW));
        assert!(matches(pushed, "2025-12", NOW - 310 * DAY) && matches(pushed, "2024-02-29", 1_709_200_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["", "30", "30d", "soon", ">", ">30", ">30x", "2d..1d", "1d..today", "2026-01-01"] {
            assert!(time(Field::Age, bad, (0, 1)).is_err(), "{bad}");
        }
        for bad in ["2026-13", "2026-02-30", "2026-1", "26", "1969", "2026-01-01-01", "2026-02..2026-01", "99999999999999999y", "é"] {
            assert!(time(Field::Pushed, bad, (0, 1)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_span_is_what_matches(
            value in prop::sample::select(vec![">3d", ">=3d", "<3d", "<=3d", "0s..3d", "1d..3d", "today", "yesterday", ">yesterday", "<today", "<=yesterday", ">today", "<0s", "2026-11-04", "<2026-11-04"]),
            offset in -5 * DAY..2 * DAY,
        ) {
            let time = time(Field::Pushed, value, (0, 1)).unwrap();
            for at in [NOW + offset, NOW - 3 * DAY, NOW - 3 * DAY - 1, NOW, NOW + 1] {
                let (from, until) = time.span(NOW);
                prop_assert_eq!(time.matches(at, NOW), (from..until).contains(&at), "{} {}", value, at - NOW);
            }
        }
    }
}
