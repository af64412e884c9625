use super::super::{
    base::{Base, origin},
    explain::clean,
};
use url::Url;

/// Where an upload goes on: at a `location`, relative to `current` or absolute, on our own origin. Nobody else is sent a blob or
/// our credentials. The query is the registry's and kept as it stands.
///
/// A registry behind a proxy that ends TLS may not know that we speak TLS to it and write http for https; it is asked by https.
pub(in super::super) fn location(base: &Base, current: &Url, location: &[u8]) -> Result<Url, String> {
    let Ok(text) = std::str::from_utf8(location) else { return Err("sends us to no address".to_owned()) };
    if text.is_empty() || text.len() > 8 << 10 || text.chars().any(char::is_control) {
        return Err("sends us to no address".to_owned());
    }
    let Ok(mut url) = current.join(text) else { return Err(format!("sends us to “{}”, which is no address", clean(text, 120))) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("sends us to an address at {} with credentials in it; nothing was sent there", origin(&url)));
    }
    if base.is_https() && url.scheme() == "http" && base.host() == url.host() {
        let without_port = url.port().is_none();
        // Fails for no scheme that can stand here.
        let _ = url.set_scheme("https");
        if without_port {
            let _ = url.set_port(None);
        }
    }
    if !base.is_origin_of(&url) {
        return Err(format!("sends us on to {}, another origin than its own; nothing was sent there", origin(&url)));
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(base: &str, text: &str) -> Result<String, String> {
        let base = Base::parse(base).unwrap();
        location(&base, &base.join("v2/a/blobs/uploads/"), text.as_bytes()).map(String::from)
    }

    #[test]
    fn an_upload_stays_on_our_origin() {
        let base = "https://r.example/base";
        let wanted = "https://r.example/v2/a/blobs/uploads/1?_state=a%2Fb%3D";
        for good in [
            "/v2/a/blobs/uploads/1?_state=a%2Fb%3D",
            wanted,
            "https://r.example:443/v2/a/blobs/uploads/1?_state=a%2Fb%3D",
            "http://r.example/v2/a/blobs/uploads/1?_state=a%2Fb%3D",
        ] {
            assert_eq!(at(base, good).as_deref(), Ok(wanted), "{good}");
        }
        assert_eq!(at(base, "1?x").unwrap(), "https://r.example/base/v2/a/blobs/uploads/1?x");
        assert_eq!(at("https://r.example:8443", "http://r.example:8443/u").unwrap(), "https://r.example:8443/u");
        for bad in [
            "https://evil.example/v2/a/blobs/uploads/1",
            "//evil.example/u",
            "https://r.example:8443/u",
            "http://r.example:5000/u",
            "https://r.example@evil.example/u",
            "https://u:p@r.example/u",
            "file:///u",
            "",
            "/a\nb",
            "http://[",
        ] {
            assert!(at(base, bad).is_err(), "{bad}");
        }
        assert!(at("http://r.example", "https://r.example/u").is_err());
    }

    proptest! {
        #[test]
        fn no_text_leads_away(text in "(https?:)?/{0,3}[a-z.@:\\\\]{0,14}/?[a-z?=&%#]{0,9}") {
            if let Ok(url) = at("https://r.example", &text) {
                prop_assert!(url.starts_with("https://r.example/"), "{url}");
            }
        }
    }
}
