use super::HitAt;
use crate::query::Closeness;

/// Counts all hits and keeps the nearest: a short query may have a million, of which a page shows twelve.
pub(super) struct Nearest {
    keep: usize,
    total: usize,
    hits: Vec<(u64, HitAt)>,
    /// What is further than this is not among the nearest.
    bound: u64,
}

/// How well a query's words fit a name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fit {
    worst: u64,
    sum: u64,
}

impl Fit {
    pub(super) fn add(&mut self, closeness: Closeness) {
        self.worst = self.worst.max(closeness as u64);
        self.sum += closeness as u64;
    }
}

/// The newest time there is.
const LATEST: i64 = (1 << 48) - 1;

/// A hit's place as a number, the least first: the word that fits worst, how well they fit together, a repository before
/// its tags, what changed last. As [`crate::query::rank`], but for the letters of equals.
fn key(fit: Fit, is_tag: bool, updated: Option<i64>) -> u64 {
    // 4 bits, 9 bits, 1 bit, and 48 bits of milliseconds turned round; unknown is oldest.
    let at = updated.map_or(0, |at| at.clamp(0, LATEST));
    fit.worst << 58 | fit.sum.min(511) << 49 | u64::from(is_tag) << 48 | (LATEST - at) as u64
}

impl Nearest {
    pub(super) fn new(keep: usize) -> Self {
        Self { keep: keep.max(1), total: 0, hits: Vec::new(), bound: u64::MAX }
    }

    /// A hit; when it changed is asked only where that matters.
    pub(super) fn add(&mut self, fit: Fit, hit: HitAt, updated: impl FnOnce() -> Option<i64>) {
        self.total += 1;
        let is_tag = hit.position != crate::model::NONE;
        if key(fit, is_tag, Some(LATEST)) > self.bound {
            return;
        }
        let key = key(fit, is_tag, updated());
        if key > self.bound {
            return;
        }
        self.hits.push((key, hit));
        // Often enough to stay small, seldom enough that choosing costs little for each.
        if self.hits.len() >= self.keep.saturating_mul(4).max(4096) {
            self.choose();
        }
    }

    fn choose(&mut self) {
        if self.hits.len() > self.keep {
            let (_, last, _) = self.hits.select_nth_unstable_by_key(self.keep - 1, place);
            self.bound = last.0;
            self.hits.truncate(self.keep);
        }
    }

    /// How many there were, and the nearest in order.
    pub(super) fn finish(mut self) -> (usize, Vec<HitAt>) {
        self.choose();
        self.hits.sort_unstable_by_key(place);
        (self.total, self.hits.into_iter().map(|(_, hit)| hit).collect())
    }
}

/// A total order, so that the nearest are the same however many are kept: of equals the one known first.
fn place((key, hit): &(u64, HitAt)) -> (u64, u32, u32) {
    (*key, hit.repository, hit.position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_nearest_are_the_beginning_of_all(hits in prop::collection::vec((0_u64..3, 0_i64..5, 0_u32..50), 0..9000), keep in 1_usize..1500) {
            let nearest = |keep| {
                let mut nearest = Nearest::new(keep);
                for (i, &(worst, at, repository)) in hits.iter().enumerate() {
                    nearest.add(Fit { worst, sum: worst }, HitAt { repository, position: i as u32 }, || Some(at));
                }
                nearest.finish()
            };
            let (total, all) = nearest(usize::MAX);
            let (same, first) = nearest(keep);
            prop_assert_eq!((total, same, all.len()), (hits.len(), hits.len(), hits.len()));
            prop_assert_eq!(&first[..], &all[..keep.min(all.len())]);
        }
    }
}
