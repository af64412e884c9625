use std::vec::IntoIter;

/// Choices, from a seed or from given bytes: those can be shrunk by a property test, and when they are used up every choice is the first.
#[derive(Debug)]
pub struct Dice(Source);

#[derive(Debug)]
enum Source {
    Seed(u64),
    Bytes(IntoIter<u8>),
}

impl Dice {
    /// The same choices for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seed(seed))
    }

    /// One choice for each byte.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Source::Bytes(bytes.into_iter()))
    }

    /// Below `bound`; 0 where that is 0. Of bytes, only the first 256 choices occur.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        match &mut self.0 {
            // SplitMix64.
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let n = (*state ^ *state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let n = (n ^ n >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
                ((n ^ n >> 31) % u64::from(bound)) as u32
            }
            Source::Bytes(bytes) => u32::from(bytes.next().unwrap_or(0)) % bound,
        }
    }

    /// Yes once in so many times; never when the bytes are used up.
    pub fn once_in(&mut self, times: u32) -> bool {
        times > 1 && self.below(times) == times - 1
    }

    /// One of these; none where there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u32) as usize)
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for i in (1..things.len()).rev() {
            things.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}
