//! What several targets say of what they read.

use std::{collections::BTreeSet, sync::OnceLock};
use tokio::runtime::{Builder, Runtime};

/// The text of an input, up to the first line break, and what follows.
pub fn first_line(data: &[u8]) -> (&str, &[u8]) {
    let end = data.iter().position(|&b| b == b'\n').unwrap_or(data.len());
    (std::str::from_utf8(&data[..end]).unwrap_or_default(), data.get(end + 1..).unwrap_or_default())
}

/// A path in the storage stays below its top, and is one that a file system takes.
pub fn is_inside(path: &str) {
    let parts: Vec<&str> = path.split('/').collect();
    assert!(path.starts_with("docker/registry/v2/"), "{path:?}");
    assert!(path.len() < 2048, "{path:?}");
    for part in parts {
        assert!((1..=255).contains(&part.len()) && part != "." && part != "..", "{path:?}");
        assert!(part.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'), "{path:?}");
    }
}

/// Whether two lists name the same, in whatever order and however often.
pub fn same<T: Ord + Clone>(one: &[T], other: &[T]) -> bool {
    let set = |all: &[T]| all.iter().cloned().collect::<BTreeSet<T>>();
    set(one) == set(other)
}

/// Runs to the end, on one runtime for all inputs.
pub fn run(what: impl Future<Output = ()>) {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_current_thread().enable_time().max_blocking_threads(2).build().unwrap()).block_on(what);
}
