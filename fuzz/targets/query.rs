//! The parameters of a query string: bounded, without control characters, and what is encoded is read back.
#![no_main]

use embedded::fuzzing::{page, parameters};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for name in ["n", "last", "digest", "mount", "from", "tag", "artifactType", "digest-algorithm"] {
        let values = parameters(text, name);
        assert!(values.len() <= text.split('&').count());
        for value in values.into_iter().flatten() {
            assert!(value.len() <= 1024 && value.len() <= text.len() && !value.chars().any(char::is_control), "{value:?}");
            let again = parameters(&format!("x=1&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)), name);
            assert_eq!(again.into_iter().map(Result::ok).collect::<Vec<_>>(), [Some(value)]);
        }
    }
    match page(text) {
        Ok((n, last)) => {
            assert!(last.is_none_or(|last| !last.is_empty()));
            let written = n.map(|n| format!("n={n}")).unwrap_or_default();
            assert_eq!(page(&written).unwrap().0, n);
        }
        Err(error) => assert!(error.code.status().is_client_error()),
    }
});
