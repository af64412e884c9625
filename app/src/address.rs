//! The addresses of pages. A page's address is its state: every link changes one thing of it and keeps the rest.

use crate::model::{ActivityAsked, ActivityTab, Asked, Tab};
use std::fmt::Write as _;

/// Percent-encodes what may not stand in a path, or in a value of a query.
fn encode(text: &str, keep: &str, into: &mut String) {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte);
    // Nearly always all of it.
    let plain = text.bytes().position(|byte| !kept(byte)).unwrap_or(text.len());
    let (plain, text) = text.split_at(plain);
    into.push_str(plain);
    for byte in text.bytes() {
        if kept(byte) {
            into.push(byte as char);
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// What stands for itself in a path, beside letters and digits.
const PATH: &str = "-._~/:@+";

fn path(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode(text, PATH, &mut encoded);
    encoded
}

/// `?a=b&c=d` of what is not empty; nothing when all is.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        encode(value, "-._~/:@*,!", &mut text);
    }
    text
}

/// A text as a value in a query.
pub(crate) fn value(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode(text, "-._~/:@*,!", &mut encoded);
    encoded
}

/// `/r/{registry}`.
pub(crate) fn registry(base: &str, registry: &str) -> String {
    format!("{base}/r/{}", path(registry))
}

/// `/r/{reference}`, a repository's or an image's.
pub(crate) fn reference(base: &str, reference: &str) -> String {
    let mut address = String::with_capacity(base.len() + 3 + reference.len());
    address.push_str(base);
    address.push_str("/r/");
    encode(reference, PATH, &mut address);
    address
}

/// An image's page.
pub(crate) fn image(base: &str, of: &str, tab: Tab, platform: Option<&str>) -> String {
    let tab = if tab == Tab::Overview { "" } else { tab.as_str() };
    reference(base, of) + &query(&[("platform", platform.unwrap_or_default()), ("tab", tab)])
}

/// Two images side by side; the first is yet to be named where it is none.
pub(crate) fn compare(base: &str, from: Option<&str>, to: &str) -> String {
    let mut asked = Vec::new();
    asked.extend(from.map(|from| ("from", from)));
    asked.push(("to", to));
    format!("{base}/compare{}", query(&asked))
}

/// The catalogue.
pub(crate) fn catalogue(base: &str, asked: &Asked) -> String {
    format!("{base}/{}", list(asked))
}

/// A repository's page of tags.
pub(crate) fn repository(base: &str, of: &str, asked: &Asked) -> String {
    reference(base, of) + &list(asked)
}

/// The page of search results.
pub(crate) fn search(base: &str, asked: &Asked) -> String {
    format!("{base}/search{}", list(asked))
}

/// What was done, and the jobs that did it.
pub(crate) fn activity(base: &str, asked: &ActivityAsked) -> String {
    let before = if asked.before == 0 { String::new() } else { asked.before.to_string() };
    let tab = if asked.tab == ActivityTab::Jobs { "jobs" } else { "" };
    let mut pairs = vec![("tab", tab)];
    pairs.extend(asked.filters());
    pairs.extend([
        ("state", asked.state.as_deref().unwrap_or_default()),
        ("after", asked.after.as_deref().unwrap_or_default()),
        ("n", &before),
    ]);
    format!("{base}/activity{}", query(&pairs))
}

/// The same as a file: `jsonl` or `csv`.
pub(crate) fn activity_export(base: &str, asked: &ActivityAsked, form: &str) -> String {
    let mut pairs = vec![("as", form)];
    pairs.extend(asked.filters());
    format!("{base}/api/v1/activity/export{}", query(&pairs))
}

impl ActivityAsked {
    /// What narrows the list, by the names that it has in addresses.
    pub(crate) fn filters(&self) -> [(&'static str, &str); 9] {
        fn text(text: Option<&String>) -> &str {
            text.map_or("", String::as_str)
        }
        [
            ("q", &self.q),
            ("registry", text(self.registry.as_ref())),
            ("repository", text(self.repository.as_ref())),
            ("tag", text(self.tag.as_ref())),
            ("action", text(self.action.as_ref())),
            ("actor", text(self.actor.as_ref())),
            ("source", text(self.source.as_ref())),
            ("since", text(self.since.as_ref())),
            ("until", text(self.until.as_ref())),
        ]
    }

    /// The same, from the first page on.
    #[must_use]
    pub(crate) fn first(&self) -> Self {
        Self { after: None, before: 0, ..self.clone() }
    }
}

fn list(asked: &Asked) -> String {
    let before = if asked.before == 0 { String::new() } else { asked.before.to_string() };
    query(&[
        ("registry", asked.registry.as_deref().unwrap_or_default()),
        ("namespace", asked.namespace.as_deref().unwrap_or_default()),
        ("q", &asked.q),
        ("sort", asked.sort.as_deref().unwrap_or_default()),
        ("flat", if asked.flat { "1" } else { "" }),
        ("after", asked.after.as_deref().unwrap_or_default()),
        ("n", &before),
    ])
}

impl Asked {
    /// The same, from the first page on.
    #[must_use]
    pub(crate) fn first(&self) -> Self {
        Self { after: None, before: 0, previous: None, ..self.clone() }
    }

    /// With another order.
    #[must_use]
    pub(crate) fn sorted(&self, sort: Option<&str>) -> Self {
        Self { sort: sort.map(str::to_owned), ..self.first() }
    }

    /// With the term `key:value` in place of all terms of that key; with none of them when there is no value.
    #[must_use]
    pub(crate) fn with_term(&self, key: &str, value: Option<&str>) -> Self {
        let mut terms: Vec<String> = terms(&self.q).into_iter().filter(|term| term_value(term, key).is_none()).map(str::to_owned).collect();
        if let Some(value) = value {
            terms.push(format!("{key}:{value}"));
        }
        Self { q: terms.join(" "), ..self.first() }
    }

    /// The value of the first term of a key.
    pub(crate) fn term(&self, key: &str) -> Option<&str> {
        terms(&self.q).into_iter().find_map(|term| term_value(term, key))
    }
}

/// The terms of a query as it is written: parted by spaces, save within double quotes.
fn terms(q: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut quoted = false;
    for (index, character) in q.char_indices() {
        quoted ^= character == '"';
        if character.is_whitespace() && !quoted {
            found.extend(start.take().map(|start| &q[start..index]));
        } else if start.is_none() {
            start = Some(index);
        }
    }
    found.extend(start.map(|start| &q[start..]));
    found
}

fn term_value<'a>(term: &'a str, key: &str) -> Option<&'a str> {
    term.strip_prefix(key)?.strip_prefix(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place_in_an_address() {
        assert_eq!(reference("/sub", "local/team/api:v1?x=1#y"), "/sub/r/local/team/api:v1%3Fx%3D1%23y");
        assert_eq!(query(&[("q", "a&b=c d%é"), ("sort", "")]), "?q=a%26b%3Dc%20d%25%C3%A9");
        let digest = format!("local/api@sha256:{}", "0".repeat(64));
        assert_eq!(image("", &digest, Tab::Layers, Some("linux/arm64")), format!("/r/{digest}?platform=linux/arm64&tab=layers"));
    }

    #[test]
    fn a_link_changes_one_thing_and_begins_at_the_first_page() {
        let asked = Asked {
            q: "pay label:\"a b\" arch:amd64 -arch:arm".into(),
            sort: Some("name".into()),
            after: Some("c".into()),
            before: 100,
            ..Asked::default()
        };
        let changed = asked.with_term("arch", Some("arm64"));
        assert_eq!(changed.q, "pay label:\"a b\" -arch:arm arch:arm64");
        assert_eq!((changed.after, changed.before, changed.sort.as_deref()), (None, 0, Some("name")));
        assert_eq!(asked.with_term("arch", None).q, "pay label:\"a b\" -arch:arm");
        assert_eq!(asked.term("arch"), Some("amd64"));
        assert_eq!(asked.term("label"), Some("\"a b\""));
        assert_eq!(asked.term("kind"), None);
    }

    #[test]
    fn a_place_in_a_list_is_in_its_address() {
        let asked = Asked { q: "x".into(), after: Some("k".into()), before: 100, ..Asked::default() };
        assert_eq!(catalogue("", &asked), "/?q=x&after=k&n=100");
        assert_eq!(catalogue("/sub", &Asked::default()), "/sub/");
    }
}
