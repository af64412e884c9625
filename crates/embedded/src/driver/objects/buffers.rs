//! Memory for parts, taken and given back: 8 MiB that one thread makes and another lets go of stay with the first for long, in
//! mimalloc as in others, and parts go through many threads.

use super::PART;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept for the next upload.
const KEPT: usize = 8;

#[derive(Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// An empty one, with room for a part.
    pub(super) fn take(&self) -> Vec<u8> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Vec::with_capacity(PART))
    }

    /// Takes one back; what was none of these is let go.
    pub(super) fn give(&self, mut buffer: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.capacity() >= PART && kept.len() < KEPT {
            buffer.clear();
            kept.push(buffer);
        }
    }

    /// Its bytes; when they are let go it is given back.
    pub(super) fn lend(&self, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent { buffer, to: self.clone() })
    }

    /// A copy that is lent.
    pub(super) fn copy(&self, bytes: &[u8]) -> Bytes {
        let mut buffer = self.take();
        buffer.extend_from_slice(bytes);
        self.lend(buffer)
    }
}

struct Lent {
    buffer: Vec<u8>,
    to: Buffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.to.give(std::mem::take(&mut self.buffer));
    }
}
