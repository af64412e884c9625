//! How long ago, in few letters; the same on the server and in the browser, which tells it anew as time goes on.

/// A span of seconds as `4 s`, `2 min`, `1 h`, `3 d`, `14 mo`, `3 y`; what lies in the future as `in 3 d`.
pub(crate) fn ago(seconds: i64) -> String {
    if seconds < -59 {
        return format!("in {}", span(seconds.unsigned_abs()));
    }
    span(seconds.max(0).unsigned_abs())
}

fn span(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ if seconds < 60 * DAY => format!("{} d", seconds / DAY),
        _ if seconds < 730 * DAY => format!("{} mo", seconds * 12 / (365 * DAY)),
        _ => format!("{} y", seconds / (365 * DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn spans_take_the_largest_unit_that_fills() {
        let day = 86_400;
        let told: Vec<String> = [0, 59, 60, 3599, 3600, day - 1, day, 59 * day, 60 * day, 365 * day, 730 * day, 1100 * day].map(ago).into();
        assert_eq!(told, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "59 d", "1 mo", "12 mo", "2 y", "3 y"]);
    }

    #[test]
    fn a_clock_that_is_a_little_ahead_is_forgiven() {
        assert_eq!(ago(-30), "0 s");
        assert_eq!(ago(-7200), "in 2 h");
    }
}
