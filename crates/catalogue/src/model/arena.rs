use super::columns::{Reader, Writer};
use std::io::{Read, Result, Write};

/// What is longer than so many bytes is searched by several processors, each a part: a thread is begun in the time in which a few
/// hundred kilobytes are read.
const PART: usize = 4 << 20;
/// The shortest needle that is found in few texts.
const RARE: usize = 4;

/// Texts one after another, each ended by a newline, so that all of them can be searched in one pass.
#[derive(Debug, Default)]
pub(super) struct Arena {
    text: String,
    /// Where each text begins; its end is the next one's beginning less the newline.
    starts: Vec<u32>,
}

impl Arena {
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Adds a text without newlines. `None` when the arena would pass 4 GiB.
    pub(super) fn push(&mut self, text: &str) -> Option<u32> {
        let (id, start) = (u32::try_from(self.starts.len()).ok()?, u32::try_from(self.text.len()).ok()?);
        u32::try_from(self.text.len() + text.len() + 1).ok()?;
        self.text.push_str(text);
        self.text.push('\n');
        self.starts.push(start);
        Some(id)
    }

    /// Empty for a number never given.
    #[inline]
    pub(super) fn get(&self, id: u32) -> &str {
        let Some(&start) = self.starts.get(id as usize) else { return "" };
        let end = self.starts.get(id as usize + 1).map_or(self.text.len(), |&e| e as usize) - 1;
        &self.text[start as usize..end]
    }

    /// Calls `found` with the number of each text that holds `needle` letter for letter, in order.
    pub(super) fn each_with(&self, needle: &str, mut found: impl FnMut(u32)) {
        if needle.is_empty() || needle.contains('\n') {
            return;
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // Nearly every text has a letter: going through what was found would take longer than finding it.
        let parts = (self.text.len() / PART).min(processors);
        if parts < 2 || needle.len() < RARE {
            return self.each_between(needle, 0, self.starts.len(), &mut found);
        }
        let each = self.starts.len().div_ceil(parts);
        let hits: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..parts)
                .map(|part| {
                    scope.spawn(move || {
                        let mut hits = Vec::new();
                        let end = ((part + 1) * each).min(self.starts.len());
                        self.each_between(needle, (part * each).min(end), end, &mut |text| hits.push(text));
                        hits
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))).collect()
        });
        hits.into_iter().flatten().for_each(found);
    }

    /// The same among the texts from one number to before another.
    fn each_between(&self, needle: &str, first: usize, end: usize, found: &mut impl FnMut(u32)) {
        let finder = memchr::memmem::Finder::new(needle.as_bytes());
        let bound = self.starts.get(end).map_or(self.text.len(), |&start| start as usize);
        let (text, starts) = (&self.text.as_bytes()[..bound], &self.starts[..end]);
        let Some(&start) = starts.get(first) else { return };
        let (mut at, mut line) = (start as usize, first);
        while let Some(hit) = finder.find(&text[at..]) {
            let position = (at + hit) as u32;
            // Hits come in order, and often close together: search outwards from the last one, doubling the step.
            let mut step = 1;
            while line + step < starts.len() && starts[line + step] <= position {
                line += step;
                step *= 2;
            }
            let end = (line + step).min(starts.len());
            line += starts[line..end].partition_point(|&s| s <= position) - 1;
            found(line as u32);
            // On to the next text: one hit in each is enough.
            line += 1;
            let Some(&next) = starts.get(line) else { return };
            at = next as usize;
        }
    }

    pub(super) fn write(&self, to: &mut Writer<impl Write>) -> Result<()> {
        to.bytes(self.text.as_bytes())
    }

    pub(super) fn read(from: &mut Reader<impl Read>) -> Result<Self> {
        let text = from.text()?;
        // Each text begins where the one before it has its newline.
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end as u32);
        let mut starts: Vec<u32> = std::iter::once(0).chain(ends.map(|end| end + 1)).collect();
        starts.pop();
        Ok(Self { text, starts })
    }

    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.starts.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_processors_find_what_one_finds_in_the_same_order() {
        let mut arena = Arena::default();
        for number in 0..400_000u32 {
            arena.push(&format!("{:040x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15));
        }
        assert!(arena.text.len() > 2 * PART, "it is searched in parts");
        for needle in ["7f4a7", "00000", "9e3779b9", "no such", "c15"] {
            let (mut by_all, mut by_one) = (Vec::new(), Vec::new());
            arena.each_with(needle, |text| by_all.push(text));
            arena.each_between(needle, 0, arena.len(), &mut |text| by_one.push(text));
            assert_eq!(by_all, by_one, "{needle}");
            assert!(by_one.iter().all(|&text| arena.get(text).contains(needle)));
        }
    }
}
