use super::{
    NONE,
    columns::{Reader, Writer},
};
use std::io::{Read, Result, Write};

/// For each number, the numbers it leads to: manifests that say a text, repositories that have a tag's name.
///
/// Most lead to one only, so that a list for each (24 bytes before its content) would cost more than it holds: the one
/// stands in the slot itself, and only the others have a list.
#[derive(Debug, Default)]
pub(super) struct Postings {
    slots: Vec<u32>,
    lists: Vec<Vec<u32>>,
}

/// Set in a slot that holds the number of a list.
const LIST: u32 = 1 << 31;

impl Postings {
    /// Where a number leads.
    #[inline]
    pub(super) fn get(&self, at: u32) -> &[u32] {
        match self.slots.get(at as usize) {
            None | Some(&NONE) => &[],
            Some(&list) if list & LIST != 0 => self.lists.get((list & !LIST) as usize).map_or(&[], Vec::as_slice),
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// Adds one at the end, unless it is the last there. For numbers that come in order, or whose order nobody asks for.
    pub(super) fn push(&mut self, at: u32, to: u32) {
        if self.get(at).last() != Some(&to) {
            self.place(at, to, |list| list.push(to));
        }
    }

    /// Adds one in order. Returns whether it is the first.
    pub(super) fn insert(&mut self, at: u32, to: u32) -> bool {
        let there = self.get(at);
        // Repositories come to be in order, so the end is where nearly all go.
        let index = if there.last().is_none_or(|&l| l < to) { Err(there.len()) } else { there.binary_search(&to) };
        match index {
            Ok(_) => false,
            Err(index) => {
                let first = there.is_empty();
                self.place(at, to, |list| list.insert(index, to));
                first
            }
        }
    }

    /// Takes one out of those that were put in by [`Postings::insert`]. Returns whether it was the last one left.
    pub(super) fn remove(&mut self, at: u32, to: u32) -> bool {
        match self.slots.get_mut(at as usize) {
            Some(slot) if *slot == to => {
                *slot = NONE;
                true
            }
            Some(&mut list) if list != NONE && list & LIST != 0 => {
                let Some(list) = self.lists.get_mut((list & !LIST) as usize) else { return false };
                list.binary_search(&to).is_ok_and(|i| {
                    list.remove(i);
                    list.is_empty()
                })
            }
            _ => false,
        }
    }

    fn place(&mut self, at: u32, to: u32, put: impl FnOnce(&mut Vec<u32>)) {
        let at = at as usize;
        if self.slots.len() <= at {
            self.slots.resize(at + 1, NONE);
        }
        let slot = self.slots[at];
        if slot == NONE {
            self.slots[at] = to;
        } else if slot & LIST == 0 {
            let mut list = vec![slot];
            put(&mut list);
            self.slots[at] = LIST | self.lists.len() as u32;
            self.lists.push(list);
        } else if let Some(list) = self.lists.get_mut((slot & !LIST) as usize) {
            put(list);
        }
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        to.column(&self.slots)?;
        to.column(&self.lists.iter().map(|list| list.len() as u32).collect::<Vec<_>>())?;
        to.column(&self.lists.concat())
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let slots = from.column()?;
        let (lengths, all) = (from.column::<u32>()?, from.column()?);
        let mut rest = all.as_slice();
        let list = |length: u32| {
            let (list, after) = rest.split_at(rest.len().min(length as usize));
            rest = after;
            list.to_vec()
        };
        Ok(Self { slots, lists: lengths.into_iter().map(list).collect() })
    }

    /// Gives back what was kept for growing.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink_to_fit();
        self.lists.iter_mut().for_each(Vec::shrink_to_fit);
        self.lists.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn they_are_sets_by_number(steps in prop::collection::vec((0_u32..4, 0_u32..6, any::<bool>()), 0..60)) {
            let mut postings = Postings::default();
            let mut expected: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for (at, to, add) in steps {
                let set = expected.entry(at).or_default();
                if add {
                    let first = set.is_empty();
                    let new = set.insert(to);
                    prop_assert_eq!(postings.insert(at, to), first && new);
                } else {
                    let was = set.remove(&to);
                    prop_assert_eq!(postings.remove(at, to), was && set.is_empty());
                }
                for at in 0..5 {
                    prop_assert_eq!(postings.get(at), expected.get(&at).into_iter().flatten().copied().collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn what_is_pushed_twice_in_a_row_is_there_once() {
        let mut postings = Postings::default();
        for to in [7, 7, 3, 3, 9] {
            postings.push(2, to);
        }
        assert_eq!(postings.get(2), [7, 3, 9]);
        assert!(postings.get(0).is_empty());
    }
}
