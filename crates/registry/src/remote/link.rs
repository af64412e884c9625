//! Where a list goes on: the `Link` header (RFC 8288) as registries write it, and the cursors made of it.

use super::explain::clean;
use crate::Cursor;
use std::hash::{DefaultHasher, Hash, Hasher};
use url::{Host, Url};

/// Bytes of a Link header that are read.
const LONGEST: usize = 8 << 10;
/// Pages of one list that are read.
const PAGES: u32 = 20_000;

/// The target of `rel="next"` among the Link headers, as it stands. An error for a header that is too long.
pub(super) fn next<'h>(lines: impl Iterator<Item = &'h str>) -> Result<Option<String>, String> {
    for line in lines {
        if line.len() > LONGEST {
            return Err(format!("a Link header of {} bytes; at most {LONGEST} are read", line.len()));
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once('<') {
            let Some((target, after)) = after.split_once('>') else { break };
            // The parameters reach to the next target; commas may stand in quoted values, `<` does not.
            let end = after.find('<').unwrap_or(after.len());
            if is_next(&after[..end]) {
                return Ok(Some(target.trim().to_owned()));
            }
            rest = after;
        }
    }
    Ok(None)
}

/// Whether the parameters of a link say `rel=next`, quoted or not, perhaps among other relations.
fn is_next(parameters: &str) -> bool {
    parameters.split(';').filter_map(|p| p.split_once('=')).any(|(name, value)| {
        let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel") && value.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case("next"))
    })
}

/// Takes a link apart and keeps what may be followed: the query, put behind `resource` (`v2/…/tags/list`), which was asked
/// for. The link must name the same resource, whatever path a proxy put before it, on our host or on one that can only be
/// the registry as it sees itself behind a proxy. Nothing is ever sent to the host a link names.
pub(super) fn reroot(current: &Url, resource: &str, target: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("a Link {why}: “{}”", clean(target, 120)));
    if target.chars().any(char::is_control) {
        return wrong("with control characters");
    }
    let path_as_written = target.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
    if path_as_written.split(['/', '\\']).any(|s| s == "..") {
        return wrong("with “..” in its path");
    }
    let Ok(url) = current.join(target) else { return wrong("that is no address") };
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return wrong("that is no plain http address");
    }
    if url.host() != current.host() && !behind_proxy(url.host()) {
        return wrong("to another host, which is not followed");
    }
    if !url.path().ends_with(&format!("/{resource}")) {
        return wrong("to something else than the list that was asked for");
    }
    match url.query() {
        Some(query) if !query.is_empty() => Ok(format!("{resource}?{query}")),
        _ => wrong("that leads back to the first page"),
    }
}

/// Whether a host can only be the name a registry has behind its proxy: an address of a private network, this machine, or a
/// single word.
fn behind_proxy(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Ipv4(ip)) => ip.is_private() || ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Some(Host::Domain(name)) => !name.trim_end_matches('.').contains('.'),
        None => false,
    }
}

/// How a list goes on, as it is written in a [`Cursor`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// As the registry's Link said.
    Link(Mark),
    /// Without a Link, after a full page: `last` is our own guess, and these names came before.
    Guess { mark: Mark, last: String },
    /// The registry's links go round in a circle.
    Circle,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Path beneath the base, with its query.
    pub(super) path: String,
    /// Pages before this one.
    page: u32,
    /// An earlier place, told by its hash: Brent's way to find a circle of any length without keeping all places.
    checkpoint: u64,
}

impl Mark {
    /// The place of the first page.
    pub(super) fn first(path: String) -> Self {
        Self { checkpoint: hash(&path), path, page: 0 }
    }

    /// The place after this one; `None` when it closes a circle. An error beyond the bound on pages.
    pub(super) fn step(&self, path: String) -> Result<Option<Self>, u32> {
        let page = self.page + 1;
        if page >= PAGES {
            return Err(PAGES);
        }
        let here = hash(&path);
        if here == self.checkpoint || path == self.path {
            return Ok(None);
        }
        let checkpoint = if page.is_power_of_two() { here } else { self.checkpoint };
        Ok(Some(Self { path, page, checkpoint }))
    }
}

impl Next {
    pub(super) fn write(&self) -> Cursor {
        Cursor(match self {
            Self::Link(m) => format!("l {} {:x} {}", m.page, m.checkpoint, m.path),
            Self::Guess { mark: m, last } => format!("g {} {:x} {last} {}", m.page, m.checkpoint, m.path),
            Self::Circle => "c".to_owned(),
        })
    }

    /// Reads what [`Self::write`] wrote; `None` for anything else, and for a path that is not of `resource`.
    pub(super) fn read(cursor: &Cursor, resource: &str) -> Option<Self> {
        let (kind, rest) = cursor.0.split_at_checked(1)?;
        if kind == "c" {
            return rest.is_empty().then_some(Self::Circle);
        }
        let fields = if kind == "g" { 4 } else { 3 };
        let mut parts = rest.strip_prefix(' ')?.splitn(fields, ' ');
        let (page, checkpoint) = (parts.next()?.parse().ok()?, u64::from_str_radix(parts.next()?, 16).ok()?);
        let last = if kind == "g" { parts.next()? } else { "" };
        let path = parts.next()?.to_owned();
        path.strip_prefix(resource)?.strip_prefix('?')?;
        let mark = Mark { path, page, checkpoint };
        match kind {
            "l" => Some(Self::Link(mark)),
            "g" => Some(Self::Guess { mark, last: last.to_owned() }),
            _ => None,
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const R: &str = "v2/_catalog";

    fn follow(target: &str) -> Result<String, String> {
        reroot(&Url::parse("https://registry.example/base/v2/_catalog?n=10").unwrap(), R, target)
    }

    #[test]
    fn next_is_found_however_it_is_written() {
        let n = |s: &str| next(std::iter::once(s)).unwrap();
        assert_eq!(n("</v2/_catalog?last=b&n=2>; rel=\"next\"").as_deref(), Some("/v2/_catalog?last=b&n=2"));
        assert_eq!(n("</x>; REL=Next").as_deref(), Some("/x"));
        assert_eq!(n("</p>; rel=\"prev\", </n?a=1,2>; title=\"a, b\"; rel=\"last next\"").as_deref(), Some("/n?a=1,2"));
        assert_eq!(n("</p>;rel=prev,</n>;rel=next,</z>;rel=last").as_deref(), Some("/n"));
        for none in ["", "</p>", "</p>; rel=prev", "/p; rel=next", "<p; rel=next", "</p>; rel=nextish"] {
            assert_eq!(n(none), None, "{none}");
        }
        assert!(next(std::iter::once("x".repeat(LONGEST + 1).as_str())).is_err());
    }

    #[test]
    fn a_link_is_put_back_on_our_base() {
        let wanted = Ok("v2/_catalog?last=x&n=5".to_owned());
        for good in [
            "/base/v2/_catalog?last=x&n=5",
            "/v2/_catalog?last=x&n=5",
            "_catalog?last=x&n=5",
            "?last=x&n=5",
            "https://registry.example/v2/_catalog?last=x&n=5",
            "http://registry.example:5000/base/v2/_catalog?last=x&n=5",
            "http://registry:5000/v2/_catalog?last=x&n=5",
            "http://10.1.2.3/v2/_catalog?last=x&n=5",
            "/repository/key/v2/_catalog?last=x&n=5",
        ] {
            assert_eq!(follow(good), wanted, "{good}");
        }
        assert_eq!(follow("?last=%2Fa%20b&n=5").unwrap(), "v2/_catalog?last=%2Fa%20b&n=5");
    }

    #[test]
    fn a_link_elsewhere_is_refused() {
        for bad in [
            "https://evil.example/v2/_catalog?last=x",
            "//evil.example/v2/_catalog?last=x",
            "https://registry.example@evil.example/v2/_catalog?last=x",
            "https://u:p@registry.example/v2/_catalog?last=x",
            "file:///v2/_catalog?last=x",
            "/v2/other/tags/list?last=x",
            "/v2/../v2/_catalog?last=x",
            "/%2e%2e/v2/_catalog?last=x",
            "/a%2f..%2fv2/_catalog?last=x",
            "/v2/_catalog",
            "/v2/_catalog?la\r\nst=x",
            "http://[::1",
        ] {
            assert!(follow(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn circles_of_any_length_are_found() {
        for length in 1..40usize {
            let mut mark = Mark::first("v2/_catalog?n=1".to_owned());
            let mut steps = 0;
            for i in 0.. {
                steps = i;
                match mark.step(format!("v2/_catalog?last={}", i % length)).unwrap() {
                    Some(next) => mark = next,
                    None => break,
                }
                assert!(i < 5 * 64, "no circle of {length} found");
            }
            assert!(steps >= length.min(1));
        }
        let mut mark = Mark::first("v2/_catalog?n=1".to_owned());
        for i in 0..PAGES - 1 {
            mark = mark.step(format!("v2/_catalog?last={i}")).unwrap().expect("no circle here");
        }
        assert!(mark.step("v2/_catalog?last=end".to_owned()).is_err());
    }

    proptest! {
        #[test]
        fn no_link_leads_away(target in "\\PC{0,80}") {
            if let Ok(path) = follow(&target) {
                prop_assert!(path.starts_with("v2/_catalog?"), "{path}");
            }
        }

        #[test]
        fn no_odd_link_leads_away(target in "(https?:)?/{0,3}[a-z.@:]{0,12}/?(v2|\\.\\.|%2e%2e)?/_catalog\\?[a-z=&/.]{0,9}") {
            if let Ok(path) = follow(&target) {
                prop_assert!(path.starts_with("v2/_catalog?"), "{path}");
            }
        }

        #[test]
        fn header_parsing_never_fails_on_short_text(text in "[<>;,=\" a-z]{0,80}") {
            prop_assert!(next(std::iter::once(text.as_str())).is_ok());
        }

        #[test]
        fn cursors_are_read_back(last in "[a-z/]{1,9}", query in "[a-z=& %]{1,20}") {
            let mark = Mark::first(format!("{R}?{query}"));
            for next in [Next::Link(mark.clone()), Next::Guess { mark, last: last.clone() }, Next::Circle] {
                prop_assert_eq!(Next::read(&next.write(), R), Some(next));
            }
        }

        #[test]
        fn foreign_cursors_are_refused(text in "\\PC{0,40}") {
            if let Some(Next::Link(mark)) = Next::read(&Cursor(text), R) {
                prop_assert!(mark.path.starts_with("v2/_catalog?"));
            }
        }
    }
}
