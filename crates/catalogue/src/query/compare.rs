use super::{Field, QueryError};

/// A number between two bounds, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberMatch {
    pub least: u64,
    pub most: u64,
}

impl NumberMatch {
    pub fn matches(self, number: u64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// A value's comparison and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison<'a> {
    Over(&'a str),
    From(&'a str),
    Under(&'a str),
    UpTo(&'a str),
    Is(&'a str),
    /// `a..b`, either of which may be empty.
    Between(&'a str, &'a str),
}

impl<'a> Comparison<'a> {
    pub(super) fn of(value: &'a str) -> Self {
        let after = |sign: &str| value.strip_prefix(sign).map(str::trim_start);
        if let Some(rest) = after(">=") {
            Self::From(rest)
        } else if let Some(rest) = after(">") {
            Self::Over(rest)
        } else if let Some(rest) = after("<=") {
            Self::UpTo(rest)
        } else if let Some(rest) = after("<") {
            Self::Under(rest)
        } else if let Some(rest) = after("=") {
            Self::Is(rest)
        } else if let Some((low, high)) = value.split_once("..").filter(|(l, h)| !(l.is_empty() && h.is_empty())) {
            Self::Between(low, high)
        } else {
            Self::Is(value)
        }
    }
}

/// What a field's number may be, for errors.
fn wanted(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Layers => ("a count of layers is a number", "such as layers:>20 or layers:1..5"),
        _ => ("a size is a number with a unit", "such as size:>500MB or size:1MB..1GiB"),
    }
}

/// Compiles a value of `size:` or `layers:`.
pub(super) fn number(field: Field, value: &str, (start, end): (usize, usize)) -> Result<NumberMatch, QueryError> {
    let parse = |text: &str| {
        let number =
            if field == Field::Layers { text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())) } else { bytes(text) };
        let (message, hint) = wanted(field);
        number.ok_or_else(|| QueryError::new(start, end, message).hint(hint))
    };
    let nothing = NumberMatch { least: 1, most: 0 };
    let (least, most) = match Comparison::of(value) {
        Comparison::Over(n) => match parse(n)?.checked_add(1) {
            Some(least) => (least, u64::MAX),
            None => return Ok(nothing),
        },
        Comparison::From(n) => (parse(n)?, u64::MAX),
        Comparison::Under(n) => match parse(n)?.checked_sub(1) {
            Some(most) => (0, most),
            None => return Ok(nothing),
        },
        Comparison::UpTo(n) => (0, parse(n)?),
        Comparison::Is(n) => (parse(n)?, parse(n)?),
        Comparison::Between(low, high) => {
            let low = if low.is_empty() { 0 } else { parse(low)? };
            let high = if high.is_empty() { u64::MAX } else { parse(high)? };
            if low > high {
                return Err(QueryError::new(start, end, "this range runs backwards"));
            }
            (low, high)
        }
    };
    Ok(NumberMatch { least, most })
}

/// A number of bytes: `500MB`, `1.5GiB`, `300`; units in any case, decimal (kB, MB, GB, TB) or binary (KiB, MiB, GiB,
/// TiB), the B may be left out. A fraction has at most nine digits.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at_checked(digits)?;
    let whole: u64 = whole.parse().ok()?;
    let (fraction, unit) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?,
        None => ("", rest),
    };
    if rest.starts_with('.') && !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        "ti" | "tib" => 1 << 40,
        _ => return None,
    };
    let part = if fraction.is_empty() {
        0
    } else {
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        u64::try_from(u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) / scale).ok()?
    };
    whole.checked_mul(unit)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(value: &str) -> Option<(u64, u64)> {
        number(Field::Size, value, (0, value.len())).ok().map(|m| (m.least, m.most))
    }

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        assert_eq!(bytes("1.5GB"), Some(1_500_000_000));
        assert_eq!(bytes("1.5gib"), Some(3 << 29));
        assert_eq!(bytes("2k"), Some(2000));
        assert_eq!(bytes("2Ki"), Some(2048));
        for bad in ["", "big", "1.", ".5", "1.GB", "1e3", "-1", "+1", "1 GB", "99999999TB", "1.0000000001GB", "1PB", "é"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_comparison_has_its_bounds() {
        assert_eq!(size(">1kB"), Some((1001, u64::MAX)));
        assert_eq!(size(">=1kB"), Some((1000, u64::MAX)));
        assert_eq!(size("<1kB"), Some((0, 999)));
        assert_eq!(size("<=1KiB"), Some((0, 1024)));
        assert_eq!(size("500kB..1GB"), Some((500_000, 1_000_000_000)));
        assert_eq!(size("1.5MB.."), Some((1_500_000, u64::MAX)));
        assert_eq!(size("..1MB"), Some((0, 1_000_000)));
        assert_eq!(size("=7"), Some((7, 7)));
        assert_eq!(size("2MB..1MB"), None);
        assert_eq!(size(".."), None);
        assert!(!number(Field::Size, "<0", (0, 2)).unwrap().matches(0));
        assert!(number(Field::Layers, "1kB", (0, 2)).is_err());
    }
}
