//! Who is at the other end: the peer of the connection, or whom a proxy that we trust speaks for.

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use ipnet::IpNet;
use service::Caller;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// The other end of the connection; put among a request's extensions by what accepted it.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// It came over TLS that ends here.
    pub secure: bool,
}

/// Who asks, over what, for which host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's own address.
    pub address: IpAddr,
    /// It came to us, or to a trusted proxy, over HTTPS.
    pub secure: bool,
    /// The host and port it asked for.
    pub host: Option<String>,
    /// A trusted proxy stands between.
    pub proxied: bool,
}

impl Client {
    /// Reads it from a connection's peer and a request's headers.
    ///
    /// Where the peer is no trusted proxy, what it says of others counts for nothing. Where it is one, the client is the
    /// last address of `X-Forwarded-For` that is not a trusted proxy itself: those before it are the client's own words.
    /// `Forwarded` (RFC 7239) counts only where no `X-Forwarded-…` came, since a proxy that sets the one passes the
    /// other through unread.
    pub fn read(peer: IpAddr, secure: bool, headers: &HeaderMap, authority: Option<&str>, trusted: &[IpNet]) -> Self {
        let trusts = |address: IpAddr| trusted.iter().any(|n| n.contains(&address.to_canonical()));
        let host = header(headers, "host").or(authority.map(str::to_owned)).filter(|h| is_host(h));
        let mut client = Self { address: peer.to_canonical(), secure, host, proxied: trusts(peer) };
        if !client.proxied {
            return client;
        }
        let (addresses, proto, host) =
            if ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].iter().any(|n| headers.contains_key(*n)) {
                (last_first(headers, "x-forwarded-for"), last(headers, "x-forwarded-proto"), last(headers, "x-forwarded-host"))
            } else {
                forwarded(headers)
            };
        for address in addresses {
            let Some(address) = address_of(&address) else { break };
            client.address = address;
            if !trusts(address) {
                break;
            }
        }
        if let Some(proto) = proto {
            client.secure = proto.eq_ignore_ascii_case("https");
        }
        if let Some(host) = host.filter(|h| is_host(h)) {
            client.host = Some(host);
        }
        client
    }

    /// As the use cases want it.
    pub fn caller(&self) -> Caller {
        Caller::anonymous(self.address)
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::unknown))
    }
}

impl Client {
    /// Someone of whom nothing is known.
    pub fn unknown() -> Self {
        Self { address: Ipv4Addr::UNSPECIFIED.into(), secure: false, host: None, proxied: false }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
}

/// All items of a header that is a list, over all its lines, the last first.
fn last_first(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    let mut items: Vec<String> = lines.flat_map(|l| l.split(',')).map(|i| i.trim().to_owned()).filter(|i| !i.is_empty()).collect();
    items.reverse();
    items
}

fn last(headers: &HeaderMap, name: &str) -> Option<String> {
    last_first(headers, name).into_iter().next()
}

/// `for`, the last first, and the last element's `proto` and `host`.
fn forwarded(headers: &HeaderMap) -> (Vec<String>, Option<String>, Option<String>) {
    let mut addresses = Vec::new();
    let (mut proto, mut host) = (None, None);
    for (i, element) in last_first(headers, "forwarded").iter().enumerate() {
        for pair in element.split(';') {
            let Some((name, value)) = pair.trim().split_once('=') else { continue };
            let value = value.trim().trim_matches('"').to_owned();
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => addresses.push(value),
                "proto" if i == 0 => proto = Some(value),
                "host" if i == 0 => host = Some(value),
                _ => {}
            }
        }
    }
    (addresses, proto, host)
}

/// An address with or without a port: `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`.
fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()));
    address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).map(|a: IpAddr| a.to_canonical())
}

/// Whether a text may stand as host and port in an address of ours.
fn is_host(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(peer: &str, given: &[(&str, &str)]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        Client::read(peer.parse().unwrap(), false, &headers, None, &["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    #[test]
    fn a_stranger_cannot_speak_for_others() {
        let all = [
            ("host", "me"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil"),
            ("forwarded", "for=2.2.2.2;proto=https"),
        ];
        let c = read("9.9.9.9", &all);
        assert_eq!((c.address.to_string().as_str(), c.secure, c.host.as_deref(), c.proxied), ("9.9.9.9", false, Some("me"), false));
    }

    #[test]
    fn a_trusted_proxy_can() {
        let c = read(
            "10.0.0.1",
            &[("host", "me"), ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "images.example")],
        );
        assert_eq!((c.address.to_string().as_str(), c.secure, c.host.as_deref()), ("1.1.1.1", true, Some("images.example")));
        let c = read("::ffff:10.0.0.1", &[("forwarded", "for=\"[2001:db8::7]:99\";proto=https;host=\"images.example\"")]);
        assert_eq!((c.address.to_string().as_str(), c.secure, c.host.as_deref()), ("2001:db8::7", true, Some("images.example")));
    }

    #[test]
    fn what_stands_before_the_first_stranger_is_the_strangers_own_word() {
        for (list, client) in [
            ("6.6.6.6, 1.1.1.1, 10.2.2.2", "1.1.1.1"),
            ("6.6.6.6, 1.1.1.1:8080", "1.1.1.1"),
            ("1.1.1.1, nonsense", "10.0.0.1"),
            ("10.3.3.3", "10.3.3.3"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(read("10.0.0.1", &[("x-forwarded-for", list)]).address.to_string(), client, "{list}");
        }
        let two = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=7.7.7.7;proto=https")];
        let c = read("10.0.0.1", &two);
        assert_eq!((c.address.to_string().as_str(), c.secure), ("1.1.1.1", false));
    }

    #[test]
    fn a_host_with_markup_is_none() {
        assert_eq!(read("9.9.9.9", &[("host", "a<script>")]).host, None);
        assert_eq!(read("10.0.0.1", &[("host", "me"), ("x-forwarded-host", "a b")]).host.as_deref(), Some("me"));
    }
}
