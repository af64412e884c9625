//! Bytes, numbers and digits that depend on a text alone.

use std::fmt::Write;

/// A row of numbers (splitmix64, over the text's FNV-1a hash): good enough to look like chance, and the same everywhere.
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A number in 0..1.
pub(crate) fn share(text: &str) -> f64 {
    (Seed::of(text).next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Hexadecimal digits, as of a revision or a digest.
pub(crate) fn hex(text: &str, digits: usize) -> String {
    let mut seed = Seed::of(text);
    let mut all = String::with_capacity(digits + 16);
    while all.len() < digits {
        let _ = write!(all, "{:016x}", seed.next());
    }
    all.truncate(digits);
    all
}

/// Bytes that cannot be compressed.
pub(crate) fn noise(text: &str, length: usize) -> Vec<u8> {
    let mut seed = Seed::of(text);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&seed.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Bytes that look like a program: `head`, then what is compressed to less than a third.
pub(crate) fn program(text: &str, head: &[u8], length: usize) -> Vec<u8> {
    const PHRASE: usize = 64;
    let phrases = noise("the phrases of every program", 128 * PHRASE);
    let mut seed = Seed::of(text);
    let mut bytes = Vec::with_capacity(length + PHRASE);
    bytes.extend_from_slice(head);
    while bytes.len() < length {
        let draw = seed.next();
        if draw.is_multiple_of(5) {
            for _ in 0..PHRASE / 8 {
                bytes.extend_from_slice(&seed.next().to_le_bytes());
            }
        } else {
            let at = (draw >> 32) as usize % 128 * PHRASE;
            bytes.extend_from_slice(&phrases[at..at + PHRASE]);
        }
    }
    bytes.truncate(length);
    bytes
}
