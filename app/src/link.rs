//! Addresses that a registry's text names: followed only when they are plain web addresses, and told by their host.

/// A web address fit to be a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The whole address.
    pub(crate) href: String,
    /// What is shown: host and path, without the scheme and without what identifies nobody.
    pub(crate) shown: String,
}

/// A link where the whole text is an `http` or `https` address with a plain host. Addresses with user information
/// (`https://bank.example@evil.example/`), with a host that is not ASCII, or with characters that no address holds are
/// none: they stay text.
pub(crate) fn link(text: &str) -> Option<Link> {
    let text = text.trim();
    let rest = strip_scheme(text)?;
    if text.len() > 2048 || !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let port_is_right = authority.split_once(':').is_none_or(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let host_is_right =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) && !host.starts_with(['.', '-']);
    (host_is_right && port_is_right).then(|| Link { href: text.to_owned(), shown: format!("{authority}{}", path.trim_end_matches('/')) })
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn web_addresses_are_links_told_by_their_host() {
        let found = link("https://github.com/acme/api/").unwrap();
        assert_eq!(found.href, "https://github.com/acme/api/");
        assert_eq!(found.shown, "github.com/acme/api");
        assert_eq!(link("HTTP://a.example:8080").unwrap().shown, "a.example:8080");
    }

    #[test]
    fn everything_else_stays_text() {
        for text in [
            "javascript:alert(1)",
            "javascript://github.com/%0aalert(1)",
            "data:text/html,x",
            "https://bank.example@evil.example/",
            "https://bank.example:80@evil.example/",
            "https://",
            "https:///path",
            "https://exа.example",
            "https://a.example/\u{202e}gpj",
            "https://a.example/ onclick=x",
            "https://a.example/\"onclick=x",
            "see https://a.example",
            "//a.example/x",
            "ftp://a.example/x",
            "https://a.example\\@b.example",
        ] {
            assert_eq!(link(text), None, "{text}");
        }
    }
}
