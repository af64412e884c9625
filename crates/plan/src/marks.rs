//! What is noted of each manifest while one repository is looked at.

/// It lies in the repository.
pub(crate) const PRESENT: u8 = 1;
/// It was asked for by its digest.
pub(crate) const EXPLICIT: u8 = 1 << 1;
/// It was asked for: by its digest, or by every tag it has.
pub(crate) const FORCED: u8 = 1 << 2;
/// It may go: it was asked for, or belongs to something that may go.
pub(crate) const REACHED: u8 = 1 << 3;
/// Something that stays holds it.
pub(crate) const LIVE: u8 = 1 << 4;
/// It goes.
pub(crate) const GOING: u8 = 1 << 5;
/// It was told of in the effects.
pub(crate) const TOLD: u8 = 1 << 6;
/// The repository says that something is attached to it, or that it is attached.
pub(crate) const TIED: u8 = 1 << 7;

/// One byte for each manifest of the snapshot, and which of them are not zero: so that clearing costs what was marked, not what there is.
pub(crate) struct Marks {
    bits: Vec<u8>,
    touched: Vec<u32>,
}

impl Marks {
    pub(crate) fn new(manifests: usize) -> Self {
        Self { bits: vec![0; manifests], touched: Vec::new() }
    }

    pub(crate) fn has(&self, manifest: u32, bit: u8) -> bool {
        self.bits[manifest as usize] & bit != 0
    }

    /// Whether it was not set before.
    pub(crate) fn set(&mut self, manifest: u32, bit: u8) -> bool {
        let bits = &mut self.bits[manifest as usize];
        if *bits == 0 {
            self.touched.push(manifest);
        }
        let new = *bits & bit == 0;
        *bits |= bit;
        new
    }

    /// Those that have all of `with` and none of `without`.
    pub(crate) fn those(&self, with: u8, without: u8) -> Vec<u32> {
        let fits = |m: &u32| self.bits[*m as usize] & (with | without) == with;
        self.touched.iter().copied().filter(fits).collect()
    }

    pub(crate) fn clear(&mut self) {
        for &manifest in &self.touched {
            self.bits[manifest as usize] = 0;
        }
        self.touched.clear();
    }
}
