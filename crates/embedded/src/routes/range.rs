//! Ranges: those of reads (RFC 9110, section 14), and those of chunks (distribution-spec 1.1, "Pushing a blob in chunks").

use crate::{
    error::{Code, Error, Result},
    store::uploads::Chunk,
};

/// What a `Range` header asks of so many bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// No range, several, or another unit: all is sent.
    All,
    /// From the first up to before the second.
    Part(u64, u64),
    Unsatisfiable,
}

pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::All };
    if spec.contains(',') {
        return Wanted::All;
    }
    let Some((first, last)) = spec.split_once('-') else { return Wanted::All };
    match (number(first.trim()), number(last.trim())) {
        (Some(first), None) if last.trim().is_empty() && first < size => Wanted::Part(first, size),
        (Some(first), Some(last)) if first <= last && first < size => Wanted::Part(first, size.min(last.saturating_add(1))),
        (None, Some(length)) if first.trim().is_empty() && length > 0 && size > 0 => Wanted::Part(size.saturating_sub(length), size),
        (None, None) => Wanted::All,
        (None, Some(_)) if !first.trim().is_empty() => Wanted::All,
        (Some(_), None) if !last.trim().is_empty() => Wanted::All,
        _ => Wanted::Unsatisfiable,
    }
}

/// Digits only; those of a number too large are the largest.
fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().unwrap_or(u64::MAX))
}

/// A chunk's `Content-Range`: `first-last`, both included. Some clients write it as HTTP does, `bytes first-last/total`.
pub(crate) fn chunk(header: &str) -> Result<Chunk> {
    let text = header.trim();
    let text = text.strip_prefix("bytes").map_or(text, str::trim_start);
    let text = text.split('/').next().unwrap_or_default();
    let chunk = text.split_once('-').and_then(|(first, last)| {
        let (start, last) = (number(first)?, number(last)?);
        Some(Chunk { start, length: last.checked_sub(start)?.checked_add(1)? })
    });
    chunk.ok_or_else(|| Error::new(Code::BlobUploadInvalid, "the chunk's Content-Range is not “first-last”"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_of_all_kinds() {
        for (header, part) in [
            ("bytes=0-0", (0, 1)),
            ("bytes=5-", (5, 10)),
            ("bytes=-3", (7, 10)),
            ("bytes=-99", (0, 10)),
            ("bytes=2-999999999999999999999", (2, 10)),
        ] {
            assert_eq!(wanted(Some(header), 10), Wanted::Part(part.0, part.1), "{header}");
        }
        for header in ["bytes=10-", "bytes=500-0", "bytes=99-100", "bytes=-0"] {
            assert_eq!(wanted(Some(header), 10), Wanted::Unsatisfiable, "{header}");
        }
        for header in ["bytes=", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes=1", "bytes=-"] {
            assert_eq!(wanted(Some(header), 10), Wanted::All, "{header}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(None, 0), Wanted::All);
    }

    #[test]
    fn chunks() {
        for good in ["5-9", "bytes 5-9/20", "bytes 5-9/*"] {
            assert_eq!(chunk(good).unwrap(), Chunk { start: 5, length: 5 });
        }
        for bad in ["", "5", "9-5", "-5", "5-", "a-b", "5-9-", "0-18446744073709551615", "+1-2", "1 - 2"] {
            assert!(chunk(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_inside(header in "(bytes=)?[0-9]{0,22}-?[0-9]{0,22}", size in 0u64..100) {
            if let Wanted::Part(from, to) = wanted(Some(&header), size) {
                prop_assert!(from < to && to <= size);
            }
            let _ = chunk(&header);
        }
    }
}
