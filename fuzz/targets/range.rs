//! `Range` and `Content-Range`: what is accepted lies within the size, and is written back to the same. The input's first line is the
//! header, the next the size.
#![no_main]

use embedded::fuzzing::{Range, chunk, range};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (header, rest) = fuzz::first_line(data);
    let size: u64 = std::str::from_utf8(rest).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(10);
    match range(header, size) {
        Range::Part(from, to) => {
            assert!(from < to && to <= size, "{header:?} of {size}: {from} to {to}");
            assert_eq!(range(&format!("bytes={from}-{}", to - 1), size), Range::Part(from, to));
        }
        Range::Unsatisfiable => assert!(header.trim().starts_with("bytes=") && header.contains('-'), "{header:?}"),
        Range::All => {}
    }
    if let Ok((start, length)) = chunk(header) {
        let last = start.checked_add(length - 1).expect("a chunk ends within what can be counted");
        assert_eq!(chunk(&format!("{start}-{last}")).ok(), Some((start, length)));
        assert_eq!(chunk(&format!("bytes {start}-{last}/*")).ok(), Some((start, length)));
    }
});
