//! Reading single values.

use super::PublicUrl;
use std::time::Duration;
use url::Url;

/// Reads `10m`, `1s`, `1h30m`, `500ms`, `2d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("“{text}” is not a duration such as 30s, 10m or 2h");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(unit).map(Duration::from_millis).ok_or_else(wrong)?;
        sum = sum.checked_add(part).ok_or_else(wrong)?;
        rest = tail;
    }
    Ok(sum)
}

/// Writes a duration the way [`duration`] reads it, in its largest whole unit.
pub(super) fn write_duration(d: Duration) -> String {
    let ms = d.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if ms > 0 && ms.is_multiple_of(size) {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

/// `true`, `yes`, `on`, `1`, and their opposites.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("“{text}” is neither true nor false")),
    }
}

/// The parts between commas, without empty ones.
pub(super) fn commas(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// An address over HTTP without anything secret in it.
pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let begins = || format!("“{}” is not a URL that begins with http:// or https://", hide_userinfo(text));
    let url = Url::parse(text.trim()).map_err(|_| begins())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(begins());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong in a URL; give them as username and password (or password_file)".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("“{text}” has a query or fragment, which an address of a server cannot have"));
    }
    Ok(url)
}

/// A URL as it may be shown: what stands before an `@` of its host is left out.
fn hide_userinfo(text: &str) -> String {
    match text.split_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    }
}

/// `https://images.example/path/` taken apart.
pub(super) fn public_url(text: &str) -> Result<PublicUrl, String> {
    let url = http_url(text)?;
    let base = url.path().trim_end_matches('/').to_owned();
    if base.contains("//") || base.contains('%') {
        return Err(format!("the path of “{text}” is more than plain names between single slashes"));
    }
    Ok(PublicUrl { secure: url.scheme() == "https", origin: url.origin().ascii_serialization(), base })
}

/// `[name=]URL`.
pub(super) fn named_url(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, url)) if !name.contains([':', '/']) => (Some(name.trim()), url.trim()),
        _ => (None, text.trim()),
    }
}

/// The name of a registry that was given none: its host, with what a name cannot hold replaced.
pub(super) fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let clean: String = host.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '-' }).take(64).collect();
    let clean = clean.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if clean.is_empty() { "registry".into() } else { clean.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, ms) in [("10m", 600_000), ("1s", 1_000), ("2h", 7_200_000), ("500ms", 500), ("1h30m", 5_400_000), ("2d", 172_800_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "10", "m", "1.5h", "-1s", "1w", "10 m", "99999999999999999999s", "18446744073709551615d"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
        for text in ["10m", "1s", "2h", "500ms", "90m"] {
            assert_eq!(duration(&write_duration(duration(text).unwrap())), duration(text));
        }
    }

    #[test]
    fn a_public_url_may_end_in_a_path() {
        let u = public_url("https://images.example/").unwrap();
        assert_eq!((u.secure, u.origin.as_str(), u.base.as_str()), (true, "https://images.example", ""));
        let u = public_url("http://host:8080/deep/images/").unwrap();
        assert_eq!((u.secure, u.origin.as_str(), u.base.as_str()), (false, "http://host:8080", "/deep/images"));
        for bad in ["images.example", "ftp://x/", "https://u:p@x/", "https://x/?a", "https://x/a//b", "https://x/a%20b"] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_made_of_the_host() {
        for (url, name) in [
            ("https://registry.example:5000/v", "registry.example"),
            ("http://127.0.0.1:5000", "127.0.0.1"),
            ("http://[::1]:5000", "1"),
            ("http://[2001:db8::5]", "2001-db8--5"),
        ] {
            let made = name_of(&Url::parse(url).unwrap());
            assert_eq!(made, name);
            assert!(oci::registry_name(&made));
        }
        assert_eq!(named_url("prod=https://r.example"), (Some("prod"), "https://r.example"));
        assert_eq!(named_url("https://r.example/a=b"), (None, "https://r.example/a=b"));
    }

    #[test]
    fn an_error_never_repeats_a_password() {
        for text in ["https://u:hunter2@x/", "u:hunter2@x", "ftp://u:hunter2@x"] {
            assert!(!http_url(text).unwrap_err().contains("hunter2"), "{text}");
        }
    }
}
