//! Lists, page by page: the catalogue and the tags of a repository.

use super::{
    client::{Ask, Client},
    explain::{Answer, What, clean},
    link::{self, Mark, Next},
};
use crate::{Cursor, Error, Page, Result};
use reqwest::{Method, header::LINK};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes of one page that are read: a registry without paging sends all its names at once.
const PAGE: usize = 32 << 20;
/// Names asked for at a time, best first; registries refuse what is above their own bound (or any number).
const LADDER: [Option<usize>; 3] = [Some(1000), Some(100), None];

/// How many names a registry lets us ask for; remembered once it was refused.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    rung: AtomicUsize,
}

/// A list at a registry.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    pub(super) what: What<'a>,
    /// Where it is: `v2/_catalog`, `v2/…/tags/list`.
    pub(super) resource: &'a str,
    pub(super) ladder: &'a Ladder,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, alias = "repositories")]
    tags: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

impl Client {
    /// One page of names that `parse` accepts. Follows the registry's Link where it gave one; where it gave none after a
    /// full page, tries once more behind the last name (some registries forget the Link).
    pub(super) async fn page<T>(&self, list: &List<'_>, after: Option<&Cursor>, parse: impl Fn(&str) -> Option<T>) -> Result<Page<T>> {
        let Some(cursor) = after else { return self.first_page(list, parse).await };
        let misbehaved = |why: &str| Error::Misbehaved(format!("{} was asked for {} and {why}", self.name, list.what));
        match Next::read(cursor, list.resource) {
            None => Err(misbehaved("the place to go on from is not one of its own")),
            Some(Next::Circle) => Err(misbehaved("its pages go round in a circle")),
            Some(Next::Link(mark)) => {
                let answer = self.get(&ask(list, &mark.path)).await?;
                self.read(list, &answer, &mark, None, parse)
            }
            Some(Next::Guess { mark, last }) => {
                let answer = self.send(&ask(list, &mark.path)).await?;
                // There was no promise of another page, so no such page is the end.
                if answer.status.is_client_error() && !matches!(answer.status.as_u16(), 401 | 403) {
                    return Ok(Page { items: Vec::new(), next: None, dropped: 0 });
                }
                if answer.status != 200 {
                    return Err(self.refusal(&ask(list, &mark.path), &answer));
                }
                self.read(list, &answer, &mark, Some(&last), parse)
            }
        }
    }

    async fn first_page<T>(&self, list: &List<'_>, parse: impl Fn(&str) -> Option<T>) -> Result<Page<T>> {
        let mut rung = list.ladder.rung.load(Ordering::Relaxed).min(LADDER.len() - 1);
        loop {
            let path = LADDER[rung].map_or_else(|| list.resource.to_owned(), |n| format!("{}?n={n}", list.resource));
            let ask = ask(list, &path);
            let answer = self.send(&ask).await?;
            if answer.status == 200 {
                list.ladder.rung.fetch_max(rung, Ordering::Relaxed);
                return self.read(list, &answer, &Mark::first(path.clone()), None, parse);
            }
            let refused_n = matches!(answer.status.as_u16(), 400 | 413 | 416 | 422)
                && !["NAME_UNKNOWN", "NAME_INVALID"].iter().any(|c| answer.has_code(c))
                || answer.has_code("PAGINATION_NUMBER_INVALID");
            if !refused_n || rung + 1 == LADDER.len() {
                return Err(self.refusal(&ask, &answer));
            }
            rung += 1;
        }
    }

    /// Reads a page. `guessed` is the last name before it where we came without a Link.
    fn read<T>(
        &self,
        list: &List<'_>,
        answer: &Answer,
        mark: &Mark,
        guessed: Option<&str>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Page<T>> {
        let misbehaved = |why: &str| Error::Misbehaved(format!("{} was asked for {} and {why}", self.name, list.what));
        let names = names(&answer.body).map_err(|why| {
            let kind = answer.media_type().unwrap_or_else(|| "no type".to_owned());
            misbehaved(&format!("sent something that is no list ({}): {why}", clean(&kind, 60)))
        })?;
        let count = names.len();
        // A registry that ignores `last` sends the same again.
        if let Some(last) = guessed
            && names.iter().any(|n| n.as_str() == Some(last))
        {
            return Ok(Page { items: Vec::new(), next: None, dropped: 0 });
        }
        let mut seen = HashSet::with_capacity(count);
        let mut items = Vec::with_capacity(count);
        let mut dropped = 0;
        for name in &names {
            match name.as_str().and_then(|n| Some((n, parse(n)?))) {
                Some((name, item)) if seen.insert(name) => items.push(item),
                Some(_) => {}
                None => dropped += 1,
            }
        }
        if dropped > 0 {
            tracing::debug!(registry = self.name, dropped, "Left out names that are not well-formed among {}.", list.what);
        }
        let lines: Vec<String> = answer.headers.get_all(LINK).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
        let link = link::next(lines.iter().map(String::as_str)).map_err(|why| misbehaved(&format!("sent {why}")))?;
        let too_many =
            |pages: u32| Error::TooLarge(format!("{} was asked for {} and went on for more than {pages} pages", self.name, list.what));
        let next = if let Some(target) = link {
            let path =
                link::reroot(&self.base.join(&mark.path), list.resource, &target).map_err(|why| misbehaved(&format!("sent {why}")))?;
            Some(mark.step(path).map_err(too_many)?.map_or(Next::Circle, Next::Link))
        } else {
            let last = names.last().and_then(Value::as_str).filter(|l| parse(l).is_some());
            match (asked(&mark.path), last) {
                (Some(n), Some(last)) if n == count => {
                    let query = url::form_urlencoded::Serializer::new(String::new())
                        .append_pair("n", &n.to_string())
                        .append_pair("last", last)
                        .finish();
                    let step = mark.step(format!("{}?{query}", list.resource)).map_err(too_many)?;
                    step.map(|mark| Next::Guess { mark, last: last.to_owned() })
                }
                _ => None,
            }
        };
        Ok(Page { items, next: next.map(|n| n.write()), dropped })
    }
}

fn ask<'a>(list: &List<'a>, path: &'a str) -> Ask<'a> {
    Ask { accept: Some("application/json"), limit: PAGE, ..Ask::new(list.what, &Method::GET, path) }
}

/// The `n` of a path.
fn asked(path: &str) -> Option<usize> {
    let (_, query) = path.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "n")?.1.parse().ok()
}

/// The list in a body: null and missing are empty; anything that is no list is an error, lest an odd answer look like an
/// empty registry.
fn names(body: &[u8]) -> std::result::Result<Vec<Value>, String> {
    let json: Body<'_> = serde_json::from_slice(body).map_err(|e| format!("not JSON ({e})"))?;
    let Some(list) = json.tags.filter(|l| l.get() != "null") else {
        return if json.errors.is_some() { Err("errors instead of a list".to_owned()) } else { Ok(Vec::new()) };
    };
    serde_json::from_str(list.get()).map_err(|_| "not a list of names".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_missing_lists_are_empty_and_others_are_errors() {
        assert_eq!(names(br#"{"name":"a","tags":["x",1]}"#).unwrap().len(), 2);
        assert_eq!(names(br#"{"repositories":["x"],"child":[]}"#).unwrap().len(), 1);
        for empty in [&br#"{"tags":null}"#[..], br#"{"name":"a"}"#, b"{}", br#"{"tags":[]}"#] {
            assert!(names(empty).unwrap().is_empty());
        }
        for bad in [&b"<html>"[..], b"", b"[]", br#"{"tags":{}}"#, br#"{"tags":"x"}"#, br#"{"errors":[]}"#, br#"{"tags":["x"]"#] {
            assert!(names(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
