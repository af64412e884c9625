//! Where an answer may send us (distribution sends blobs to object storage).

use super::{
    base::{Base, authority},
    explain::clean,
    zone::Zone,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};
use url::{Host, Url};

/// Redirects of one request that are followed.
pub(super) const HOPS: usize = 5;

/// Where `location` leads from `current`; the error says why it is not followed. Names are checked again when they are
/// resolved, by [`Guard`].
pub(super) fn target(base: &Base, registry: Zone, current: &Url, location: &[u8]) -> Result<Url, String> {
    let Ok(location) = std::str::from_utf8(location) else { return Err("to no address".to_owned()) };
    if location.len() > 8 << 10 || location.chars().any(char::is_control) {
        return Err("to no address".to_owned());
    }
    let Ok(url) = current.join(location) else { return Err("to no address".to_owned()) };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("to “{}:”, which is not followed", clean(url.scheme(), 20)));
    }
    if current.scheme() == "https" && url.scheme() == "http" {
        return Err(format!("from https to http://{}, which is not followed", authority(&url)));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("with credentials in the address of {}, which is not followed", authority(&url)));
    }
    let zone = match url.host() {
        Some(Host::Ipv4(ip)) => Zone::of(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Zone::of(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => Zone::Public,
        None => return Err("to no host".to_owned()),
    };
    let same_host = url.host() == base.host();
    if !same_host && !registry.may_lead_to(zone) {
        return Err(format!("into a network that only this machine reaches ({}), which is not followed", authority(&url)));
    }
    Ok(url)
}

/// Resolves the names that redirects lead to, and leaves out addresses where a registry of our zone may not send us.
#[derive(Debug, Default)]
pub(super) struct Guard {
    registry: AtomicU8,
}

impl Guard {
    /// Where the registry was reached last.
    pub(super) fn registry(&self) -> Zone {
        Zone::from_number(self.registry.load(Ordering::Relaxed))
    }

    /// Where the registry itself was reached.
    pub(super) fn registry_is_at(&self, zone: Zone) {
        self.registry.store(zone as u8, Ordering::Relaxed);
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let registry = self.registry();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(|a| registry.may_lead_to(Zone::of(a.ip()))).collect();
            if allowed.is_empty() {
                return Err("the redirect leads into a network that only this machine reaches".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// A guard to be shared between a client and who tells it where the registry is.
pub(super) fn guard() -> Arc<Guard> {
    Arc::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(registry: Zone, location: &str) -> Result<Url, String> {
        let base = Base::parse("https://registry.example").unwrap();
        target(&base, registry, &base.join("v2/a/blobs/x"), location.as_bytes())
    }

    #[test]
    fn redirects_lead_outwards_only() {
        assert!(go(Zone::Public, "https://cdn.example/x?sig=1").is_ok());
        assert_eq!(go(Zone::Public, "/other").unwrap().as_str(), "https://registry.example/other");
        for bad in [
            "http://cdn.example/x",
            "file:///etc/passwd",
            "data:,x",
            "https://u:p@cdn.example/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0.0.0.0/",
            "http://",
            "https://a\nb/",
        ] {
            assert!(go(Zone::Public, bad).is_err(), "{bad}");
        }
        assert!(go(Zone::Private, "https://10.0.0.1/").is_ok());
        assert!(go(Zone::Private, "https://169.254.169.254/").is_err());
    }

    #[tokio::test]
    async fn names_are_checked_where_they_lead() {
        let guard = guard();
        let resolve = |guard: &Guard| guard.resolve("localhost".parse().unwrap());
        assert!(resolve(&guard).await.is_err());
        guard.registry_is_at(Zone::Loopback);
        assert!(resolve(&guard).await.is_ok());
    }
}
