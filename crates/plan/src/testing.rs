//! Registries for tests and benchmarks: drawn by hand ([`Sketch`]), or made up from a seed ([`registry`]) with all that makes a delete
//! dangerous: shared layers and children, aliases, nested indexes, signatures of signatures, machinery, locks, unknown dates.

mod dice;
mod draw;
mod forget;
mod sketch;

pub use dice::Dice;
pub use draw::{NOW, Shape, draw, registry};
pub use forget::forget;
pub use sketch::Sketch;

/// A digest that is no hash of anything, but always the same for the same name.
pub fn digest(name: &str) -> crate::Text {
    // FNV-1a, four times with different beginnings.
    let mut bytes = [0; 32];
    for (seed, part) in (1_u64..).zip(bytes.chunks_exact_mut(8)) {
        let mixed = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64.wrapping_mul(2 * seed + 1), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(7)
        });
        part.copy_from_slice(&mixed.to_be_bytes());
    }
    oci::Digest::sha256(&bytes).as_str().into()
}
