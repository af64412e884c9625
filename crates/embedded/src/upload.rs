//! The name of an upload: a random UUID, as distribution makes them, so that its purge of old uploads knows them.

use std::fmt;

/// An upload's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadId(u128);

impl UploadId {
    /// A new one, not to be guessed (UUID version 4, RFC 9562).
    pub(crate) fn random() -> Self {
        Self(rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62))
    }

    /// `None` where the text is no UUID in its usual form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            });
        well_formed.then(|| u128::from_str_radix(&text.replace('-', ""), 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xffff,
            (id >> 64) & 0xffff,
            (id >> 48) & 0xffff,
            id & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = UploadId::random();
        let text = id.to_string();
        assert_eq!(UploadId::parse(&text), Some(id));
        assert_eq!((text.len(), &text[14..15]), (36, "4"));
        for bad in ["", "..", "A", &text.to_uppercase(), &text[1..], &format!("{text}0"), &text.replace('-', "/")] {
            if *bad != text {
                assert_eq!(UploadId::parse(bad), None, "{bad}");
            }
        }
    }
}
