/// A set of numbers below a bound.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    pub fn new(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)], count: 0 }
    }

    /// Numbers at or above the bound are left out.
    #[inline]
    pub fn set(&mut self, id: u32) {
        if let Some(word) = self.words.get_mut(id as usize / 64) {
            let bit = 1 << (id % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    #[inline]
    pub fn has(&self, id: u32) -> bool {
        self.words.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().filter(|&(_, &w)| w != 0).flat_map(|(i, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                // The lowest bit out; of zero nothing is left.
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(i as u32 * 64 + bit)
            })
        })
    }

    /// Keeps what is in both.
    pub fn retain(&mut self, other: &Self) {
        for (i, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(i).copied().unwrap_or(0);
        }
        self.recount();
    }

    /// Adds what is in the other, whatever the bound was.
    pub fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
        self.recount();
    }

    fn recount(&mut self) {
        self.count = self.words.iter().map(|w| w.count_ones() as usize).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn bits(ids: &BTreeSet<u32>) -> Bits {
        let mut bits = Bits::new(300);
        ids.iter().for_each(|&id| bits.set(id));
        bits
    }

    proptest! {
        #[test]
        fn they_are_sets(a in prop::collection::btree_set(0_u32..300, 0..40), b in prop::collection::btree_set(0_u32..300, 0..40)) {
            let (mut both, mut any) = (bits(&a), bits(&a));
            both.retain(&bits(&b));
            any.add(&bits(&b));
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), a.intersection(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(any.iter().collect::<Vec<_>>(), a.union(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!((both.count(), any.count()), (a.intersection(&b).count(), a.union(&b).count()));
            prop_assert!((0..300).all(|id| any.has(id) == (a.contains(&id) || b.contains(&id))));
        }
    }

    #[test]
    fn what_is_beyond_the_bound_is_left_out() {
        let mut bits = Bits::new(10);
        bits.set(64);
        assert!(bits.is_empty() && !bits.has(64));
    }
}
