use super::columns::{Reader, Writer};
use std::io::{Read, Result, Write};

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
        let finder = memchr::memmem::Finder::new(needle.as_bytes());
        let (text, starts) = (self.text.as_bytes(), self.starts.as_slice());
        let (mut at, mut line) = (0, 0);
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
