//! A large piece of work in as many parts as there are processors.

use std::{num::NonZero, panic::resume_unwind, thread};

/// Fewer things than this are done at once: a thread costs more.
const LEAST: usize = 500;

/// At most so many parts.
const MOST: usize = 4;

/// Does the work on consecutive parts of the things, and gives what comes of each, in order. How many parts there are depends on the
/// machine; what is made of them must not.
pub(crate) fn in_parts<T: Send, R: Send>(things: &mut [T], work: impl Fn(&mut [T]) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    if things.len() < LEAST || processors == 1 {
        return vec![work(things)];
    }
    let size = things.len().div_ceil(processors);
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = things.chunks_mut(size).map(|part| scope.spawn(move || work(part))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_order_and_nothing_is_left_out() {
        for count in [0, 1, LEAST - 1, LEAST, LEAST * 3 + 1] {
            let mut things: Vec<usize> = (0..count).collect();
            let parts = in_parts(&mut things, |part| part.iter_mut().map(|n| std::mem::take(n) + 1).collect::<Vec<_>>());
            assert_eq!(parts.concat(), (1..=count).collect::<Vec<_>>());
        }
    }
}
