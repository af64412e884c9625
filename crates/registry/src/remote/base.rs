use url::{Host, Url};

/// Where a registry is: scheme, host, port and the path before `/v2/`.
#[derive(Debug, Clone)]
pub(super) struct Base {
    /// Its path ends with a slash.
    url: Url,
}

impl Base {
    /// Parses the setting `url`; the error says what is wrong with it, without repeating what may be secret.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut url = http_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it must end with the path: no “?”, no “#”".to_owned());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path == "/v2" || path.ends_with("/v2") {
            return Err("leave out “/v2”, which is added to every request".to_owned());
        }
        url.set_path(&format!("{path}/"));
        Ok(Self { url })
    }

    /// The address of something beneath: `v2/…`, perhaps with a query.
    pub(super) fn join(&self, path_and_query: &str) -> Url {
        let (path, query) = path_and_query.split_once('?').map_or((path_and_query, None), |(p, q)| (p, Some(q)));
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path()));
        url.set_query(query);
        url
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether a request to `other` stays with the registry: same scheme, host and port.
    pub(super) fn is_origin_of(&self, other: &Url) -> bool {
        same_origin(&self.url, other)
    }

    /// Whether `other` is on the registry's host and port.
    pub(super) fn is_host_of(&self, other: &Url) -> bool {
        self.url.host() == other.host() && self.url.port_or_known_default() == other.port_or_known_default()
    }

    pub(super) fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    /// `registry.example:5000`, for sentences.
    pub(super) fn authority(&self) -> String {
        authority(&self.url)
    }

    /// Whether it is this machine by name or address; no proxy is asked then.
    pub(super) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    }
}

/// Parses an address of http or https without credentials in it.
pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("it is not an address ({e}); it has the form https://host:port"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it must begin with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user or password; those have their own settings, `username` and `password`".to_owned());
    }
    if url.host().is_none() {
        return Err("it names no host".to_owned());
    }
    Ok(url)
}

pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Host, and port where it is not the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `https://host:port`, for sentences and comparisons.
pub(super) fn origin(url: &Url) -> String {
    format!("{}://{}", url.scheme(), authority(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_keeps_its_path() {
        let base = Base::parse("https://example.org/artifactory/api/docker/key").unwrap();
        assert_eq!(
            base.join("v2/a/tags/list?n=1&last=%20x").as_str(),
            "https://example.org/artifactory/api/docker/key/v2/a/tags/list?n=1&last=%20x"
        );
        assert_eq!(Base::parse("http://localhost:5000/").unwrap().join("v2/").as_str(), "http://localhost:5000/v2/");
    }

    #[test]
    fn what_cannot_be_a_base_is_refused_without_repeating_it() {
        for bad in ["", "example.org", "ftp://a", "https://u:hush@a", "https://a?x", "https://a/#f", "https://a/v2/", "file:///etc"] {
            let why = Base::parse(bad).unwrap_err();
            assert!(!why.contains("hush"), "{why}");
        }
    }

    #[test]
    fn origins_compare_ports() {
        let base = Base::parse("https://a").unwrap();
        assert!(base.is_origin_of(&Url::parse("https://a:443/x").unwrap()));
        for other in ["http://a", "https://a:444", "https://b", "https://a.b"] {
            assert!(!base.is_origin_of(&Url::parse(other).unwrap()), "{other}");
        }
    }
}
