//! What wakes in the browser. Each island adds to a page that works without it; none stands within another, and what
//! they do to the content they do by listening on the document, so that content may be replaced under them.
//!
//! They take no properties: those would bring a JSON reader into the WASM. What they need to know stands in the page
//! (`data-base` of the document, `data-scope` of `main`).

pub mod companion;
pub mod live;
pub mod search;

pub use companion::Companion;
pub use live::Live;
pub use search::SearchBox;
