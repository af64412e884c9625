//! The part of an address after `?`, read strictly: what is given must be readable, what is unknown is passed over.

use api::{Code, Problem};
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::convert::Infallible;

/// An address's parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A parameter's text; an empty one counts as absent, since a form sends all its fields.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut given = self.0.iter().filter(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str());
        let first = given.next();
        if given.next().is_some() {
            return Err(Problem::new(Code::BadQuery, format!("“{name}” is given more than once.")));
        }
        Ok(first)
    }

    pub(crate) fn owned(&self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// A parameter that may be given as often as there are values; empty ones do not count.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.clone()).collect()
    }

    /// A parameter that cannot be left out.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name)?.ok_or_else(|| Problem::new(Code::BadQuery, format!("“{name}” is missing.")))
    }

    /// How many items a page of a list has: 1 to 1000; none when absent.
    pub(crate) fn limit(&self) -> Result<Option<u32>, Problem> {
        let Some(text) = self.text("limit")? else { return Ok(None) };
        match text.parse() {
            Ok(limit @ 1..=1000) => Ok(Some(limit)),
            _ => Err(Problem::new(Code::BadQuery, "“limit” is a number from 1 to 1000.")),
        }
    }

    /// A count of rows, 0 when absent.
    pub(crate) fn count(&self, name: &str) -> Result<u64, Problem> {
        match self.text(name)? {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| Problem::new(Code::BadQuery, format!("“{name}” is a number."))),
        }
    }

    /// A whole number; none when absent.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Problem> {
        let read = |text: &str| text.parse().map_err(|_| Problem::new(Code::BadQuery, format!("“{name}” is a whole number.")));
        self.text(name)?.map(read).transpose()
    }

    /// A switch: absent is off, `1` and `true` are on, `0` and `false` off.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name)? {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(Problem::new(Code::BadQuery, format!("“{name}” is 1 or 0."))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_strictly() {
        let q = Query::parse("q=a+b%20c&limit=7&sort=&x=1&x=2&flag=1&n=5");
        assert_eq!(q.text("q").unwrap(), Some("a b c"));
        assert_eq!(q.text("sort").unwrap(), None);
        assert_eq!(q.limit().unwrap(), Some(7));
        assert!(q.switch("flag").unwrap() && !q.switch("off").unwrap());
        assert_eq!(q.count("n").unwrap(), 5);
        assert_eq!(q.text("x").unwrap_err().code, Code::BadQuery);
        assert_eq!((q.all("x"), q.all("sort")), (vec!["1".to_owned(), "2".to_owned()], vec![]));
        assert_eq!(q.required("ref").unwrap_err().code, Code::BadQuery);
        for bad in ["0", "1001", "-1", "abc", "1e3", "99999999999"] {
            assert_eq!(Query::parse(&format!("limit={bad}")).limit().unwrap_err().code, Code::BadQuery, "{bad}");
        }
    }
}
