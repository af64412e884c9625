//! A query's parameters.

use crate::error::{Code, Error, Result};
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// The longest value that is looked at.
const LONGEST: usize = 1024;

/// The values of a parameter, in order.
pub(crate) fn all<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = Result<String>> + 'a {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key).as_deref() == Ok(name)).then(|| {
            let value = decode(value).map_err(|()| invalid(name))?;
            if value.len() > LONGEST || value.chars().any(char::is_control) { Err(invalid(name)) } else { Ok(value.into_owned()) }
        })
    })
}

/// The first value of a parameter.
pub(crate) fn first(query: &str, name: &str) -> Result<Option<String>> {
    if query.is_empty() {
        return Ok(None);
    }
    all(query, name).next().transpose()
}

fn invalid(name: &str) -> Error {
    let code = if matches!(name, "n" | "last") { Code::PaginationNumberInvalid } else { Code::NameInvalid };
    Error::new(code, format!("the parameter “{name}” cannot be read"))
}

fn decode(text: &str) -> Result<Cow<'_, str>, ()> {
    if !text.contains(['+', '%']) {
        return Ok(text.into());
    }
    // Forms write a blank as a plus. None of what we take has either, but an artifact's type has a plus that clients must encode.
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().map(|text| Cow::Owned(text.into_owned())).map_err(|_| ())
}

/// How a page is asked for: its size and what it comes after. No size is no bound; one too large to be true is the largest.
pub(crate) fn page(query: &str) -> Result<(Option<usize>, Option<String>)> {
    let n = match first(query, "n")?.as_deref() {
        None | Some("") => None,
        Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => Some(text.parse().unwrap_or(usize::MAX)),
        Some(text) => {
            return Err(Error::new(
                Code::PaginationNumberInvalid,
                format!("“{}” is no number of items", text.chars().take(20).collect::<String>()),
            ));
        }
    };
    Ok((n, first(query, "last")?.filter(|last| !last.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_bounded() {
        assert_eq!(first("a=1&last=x%2Fy&b", "last").unwrap().as_deref(), Some("x/y"));
        assert_eq!(first("last=a%2Bb+c", "last").unwrap().as_deref(), Some("a+b c"));
        assert_eq!(first("la%73t=1", "last").unwrap().as_deref(), Some("1"));
        assert_eq!(all("tag=1&tag=2", "tag").collect::<Result<Vec<_>>>().unwrap(), ["1", "2"]);
        for bad in ["last=%00", "last=%ff", "last=%0d%0a", &format!("last={}", "a".repeat(2000))] {
            assert!(first(bad, "last").is_err(), "{bad}");
        }
        assert_eq!(page("n=99999999999999999999&last=").unwrap(), (Some(usize::MAX), None));
        for bad in ["n=-1", "n=x", "n=1e3", "n=%2B1", "n=0x1"] {
            assert_eq!(page(bad).unwrap_err().code, Code::PaginationNumberInvalid, "{bad}");
        }
    }
}
