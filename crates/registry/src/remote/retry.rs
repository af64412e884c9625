//! When to ask again, and how long to wait before.

use std::time::{Duration, SystemTime};

/// Tries of one request.
pub(super) const TRIES: u32 = 3;
/// The longest wait a registry may ask for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The wait after try number `tried` (from 1): 0.2 s doubling, between half and all of it at random.
pub(super) fn backoff(tried: u32) -> Duration {
    let whole = FIRST_WAIT * 2u32.saturating_pow(tried.saturating_sub(1).min(8));
    whole.mul_f64(rand::random_range(0.5..=1.0))
}

/// Reads Retry-After (RFC 9110, 10.2.3): seconds or a date, at most 60 s from `now`. Junk is no answer; a time in the past is
/// no wait.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a very long wait.
        return Some(text.parse().map_or(LONGEST_WAIT, Duration::from_secs).min(LONGEST_WAIT));
    }
    if text.len() > 64 {
        return None;
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_within_bounds() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let after = |text: &str| retry_after(text, now).map(|d| d.as_secs());
        assert_eq!(after("7"), Some(7));
        assert_eq!(after("0"), Some(0));
        assert_eq!(after("1000000000"), Some(60));
        assert_eq!(after(&"9".repeat(60)), Some(60));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:50 GMT"), Some(13));
        assert_eq!(after("Sat, 06 Nov 2094 08:49:50 GMT"), Some(60));
        assert_eq!(after("Tue, 06 Nov 1984 08:49:50 GMT"), Some(0));
        for junk in ["", "-5", "soon", "1.5", "Sun, 99 Nov 1994", "NaN"] {
            assert_eq!(after(junk), None, "{junk}");
        }
    }

    #[test]
    fn waits_grow_and_differ() {
        for tried in 1..20 {
            let wait = backoff(tried);
            assert!(wait >= FIRST_WAIT / 2 && wait <= FIRST_WAIT * 256);
        }
        assert!(backoff(3) >= Duration::from_millis(400));
    }
}
