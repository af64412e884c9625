//! Numbers, sizes, times, digests and names as people read them.

use crate::ago::ago;
use jiff::{Timestamp, tz::Offset};

/// A whole number in groups of three: `1,284`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its word: `1 tag`, `212 tags`.
pub(crate) fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes in decimal units with two to three digits: `812 B`, `3.1 MB`, `184 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let bytes = u128::from(bytes);
    let mut unit = 1000;
    let mut word = 0;
    // 999.5 would be rounded to 1000 of its unit.
    while 2 * bytes >= 1999 * unit && word + 1 < UNITS.len() {
        unit *= 1000;
        word += 1;
    }
    let word = UNITS[word];
    let tenths = (10 * bytes + unit / 2) / unit;
    match tenths {
        100.. => format!("{} {word}", (bytes + unit / 2) / unit),
        _ if tenths.is_multiple_of(10) => format!("{} {word}", tenths / 10),
        _ => format!("{}.{} {word}", tenths / 10, tenths % 10),
    }
}

/// The bytes behind a size, for its title.
pub(crate) fn bytes(bytes: u64) -> String {
    plural(bytes, "byte", "bytes")
}

/// A moment as told in RFC 3339; none where it cannot be read or is a builder's way to say "never" (before 1971).
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|at| at.as_second() > 31_536_000)
}

/// `2026-11-23 21:04:11 UTC`.
pub(crate) fn exact(at: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(at);
    let mut text = String::with_capacity(23);
    // Without a formatter, which takes longer than the rest of a row.
    let mut two = |number: i16, after: &str| {
        text.extend([number / 10 % 10, number % 10].map(|digit| (b'0' + digit.unsigned_abs() as u8) as char));
        text.push_str(after);
    };
    two(at.year() / 100, "");
    two(at.year() % 100, "-");
    two(at.month().into(), "-");
    two(at.day().into(), " ");
    two(at.hour().into(), ":");
    two(at.minute().into(), ":");
    two(at.second().into(), " UTC");
    text
}

/// How long before `now` (milliseconds since 1970) a moment was.
pub(crate) fn since(at: Timestamp, now: i64) -> String {
    ago((now - at.as_millisecond()).div_euclid(1000))
}

/// A digest with its middle left out: `sha256:3f2a…9c01`. What is short enough stays whole.
pub(crate) fn digest(digest: &str) -> String {
    shortened(digest, 4)
}

/// The same without `sha256:`, where many stand together: one of another algorithm says so.
pub(crate) fn digest_bare(digest: &str) -> String {
    let short = self::digest(digest);
    short.strip_prefix("sha256:").map(str::to_owned).unwrap_or(short)
}

/// A digest with more of it left: `sha256:3f2a8d71…e6b09c01`.
pub(crate) fn digest_long(digest: &str) -> String {
    shortened(digest, 8)
}

fn shortened(digest: &str, keep: usize) -> String {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", digest));
    if !hex.is_ascii() || hex.len() <= 2 * keep + 1 {
        return digest.to_owned();
    }
    let colon = if algorithm.is_empty() { "" } else { ":" };
    format!("{algorithm}{colon}{}…{}", &hex[..keep], &hex[hex.len() - keep..])
}

/// A platform as lists show it: `amd64` for Linux, which almost all are; the whole for others.
pub(crate) fn platform(platform: &str) -> &str {
    platform.strip_prefix("linux/").unwrap_or(platform)
}

/// The class that colours a platform.
pub(crate) fn platform_class(platform: &str) -> &'static str {
    match platform.split('/').nth(1) {
        Some("amd64") => "plat plat-amd64",
        Some("arm64") => "plat plat-arm64",
        Some("arm") => "plat plat-arm",
        _ => "plat",
    }
}

/// A kind in words.
pub(crate) fn kind(kind: &str) -> &'static str {
    match kind {
        "image" => "Image",
        "index" => "Index",
        "helm" => "Helm chart",
        "artifact" => "Artifact",
        "signature" => "Signature",
        "sbom" => "SBOM",
        "provenance" => "Provenance",
        "wasm" => "WASM module",
        "model" => "Model",
        _ => "Unknown kind",
    }
}

/// The end of a namespaced label: `…image.source` for `org.opencontainers.image.source`.
pub(crate) fn label_key(key: &str) -> String {
    key.strip_prefix("org.opencontainers.").map_or_else(|| key.to_owned(), |rest| format!("…{rest}"))
}

/// A media type in words, where it is one that people meet.
pub(crate) fn media_type(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "application/vnd.oci.image.index.v1+json" => "OCI index",
        "application/vnd.docker.distribution.manifest.list.v2+json" => "Docker manifest list",
        "application/vnd.oci.image.manifest.v1+json" => "OCI manifest",
        "application/vnd.docker.distribution.manifest.v2+json" => "Docker manifest",
        "application/vnd.docker.distribution.manifest.v1+json" | "application/vnd.docker.distribution.manifest.v1+prettyjws" => {
            "Docker manifest, schema 1"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_words_agree() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plural(0, "tag", "tags"), "0 tags");
        assert_eq!(plural(1, "tag", "tags"), "1 tag");
        assert_eq!(plural(48_211, "tag", "tags"), "48,211 tags");
    }

    #[test]
    fn sizes_are_decimal_and_never_reach_a_thousand_of_a_unit() {
        let told = [0, 999, 1000, 3_100_000, 9_949_999, 9_950_000, 184_000_000, 999_499_999, 999_500_000, 1_900_000_000_000].map(size);
        assert_eq!(told, ["0 B", "999 B", "1 kB", "3.1 MB", "9.9 MB", "10 MB", "184 MB", "999 MB", "1 GB", "1.9 TB"]);
        assert_eq!(size(u64::MAX), "18 EB");
    }

    #[test]
    fn a_builders_zero_time_is_unknown() {
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
        assert_eq!(moment("1970-01-01T00:00:00Z"), None);
        assert_eq!(moment("yesterday"), None);
        let at = moment("2026-11-23T21:04:11.500Z").unwrap();
        assert_eq!(exact(at), "2026-11-23 21:04:11 UTC");
        assert_eq!(since(at, at.as_millisecond() + 120_000), "2 min");
    }

    #[test]
    fn digests_lose_their_middle_only_when_that_makes_them_shorter() {
        let whole = format!("sha256:3f2a8d71{}e6b09c01", "0".repeat(48));
        assert_eq!(digest(&whole), "sha256:3f2a…9c01");
        assert_eq!(digest_long(&whole), "sha256:3f2a8d71…e6b09c01");
        assert_eq!(digest("sha256:abcd"), "sha256:abcd");
        assert_eq!(digest("md5:ééééééééééééééééééééé"), "md5:ééééééééééééééééééééé");
    }

    #[test]
    fn platforms_have_their_colours() {
        assert_eq!(platform("linux/arm64/v8"), "arm64/v8");
        assert_eq!(platform("windows/amd64"), "windows/amd64");
        assert_eq!(platform_class("linux/arm/v7"), "plat plat-arm");
        assert_eq!(platform_class("linux/riscv64"), "plat");
    }
}
