//! Where an address lies, so that a registry cannot send us to a place only we can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Zone {
    Public = 0,
    /// RFC 1918, RFC 6598 and RFC 4193.
    Private = 1,
    Loopback = 2,
    /// Link-local (cloud metadata), unspecified, multicast, reserved: no registry keeps content there.
    Never = 3,
}

impl Zone {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(ip) => {
                let [a, b, ..] = ip.octets();
                if ip.is_loopback() {
                    Self::Loopback
                } else if ip.is_private() || (a == 100 && (64..128).contains(&b)) {
                    Self::Private
                } else if ip.is_link_local() || a == 0 || a >= 224 {
                    Self::Never
                } else {
                    Self::Public
                }
            }
            IpAddr::V6(ip) => match embedded(ip) {
                Some(inner) => Self::of(inner),
                None if ip.is_loopback() => Self::Loopback,
                None if ip.is_unique_local() => Self::Private,
                None if ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast() => Self::Never,
                None => Self::Public,
            },
        }
    }

    pub(super) fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Private,
            2 => Self::Loopback,
            3 => Self::Never,
            _ => Self::Public,
        }
    }

    /// Whether a registry that lies here may send us to `other`.
    pub(super) fn may_lead_to(self, other: Self) -> bool {
        match other {
            Self::Public => true,
            Self::Private => matches!(self, Self::Private | Self::Loopback),
            Self::Loopback => self == Self::Loopback,
            Self::Never => false,
        }
    }
}

/// The IPv4 address inside an IPv4-mapped, IPv4-compatible, NAT64 or 6to4 address.
fn embedded(ip: Ipv6Addr) -> Option<IpAddr> {
    let (high, low) = match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => (high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => (high, low),
        _ => return None,
    };
    Some(IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_where_they_should() {
        let zone = |text: &str| Zone::of(text.parse().unwrap());
        for public in ["1.1.1.1", "172.32.0.1", "2606:4700::1", "100.128.0.1"] {
            assert_eq!(zone(public), Zone::Public, "{public}");
        }
        for private in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"] {
            assert_eq!(zone(private), Zone::Private, "{private}");
        }
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"] {
            assert_eq!(zone(loopback), Zone::Loopback, "{loopback}");
        }
        for never in ["169.254.169.254", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "fe80::1", "::ffff:169.254.169.254", "ff02::1"] {
            assert_eq!(zone(never), Zone::Never, "{never}");
        }
    }

    #[test]
    fn nobody_is_led_inwards() {
        use Zone::{Loopback, Never, Private, Public};
        assert!(Public.may_lead_to(Public) && !Public.may_lead_to(Private) && !Public.may_lead_to(Loopback));
        assert!(Private.may_lead_to(Private) && !Private.may_lead_to(Loopback));
        assert!(Loopback.may_lead_to(Loopback) && !Loopback.may_lead_to(Never));
    }
}
