//! What wakes in the browser. Each island adds to a page that works without it; none stands within another, and what
//! they do to the content they do by listening on the document, so that content may be replaced under them.
//!
//! They take no properties: those would bring a JSON reader into the WASM. What they need to know stands in the page
//! (`data-base` of the document, `data-scope` of `main`). Nor are they reactive: the server draws them, the browser
//! ([`crate::browser`]) changes what they are made of by its ids. Signals and effects for a dozen attributes were a third of the WASM.

pub mod changes;
pub mod companion;
pub mod live;
pub mod search;

pub use changes::Changes;
pub use companion::Companion;
pub use live::Live;
pub use search::SearchBox;

/// An island in the browser: an element that is drawn already, and nothing to be done about it.
#[cfg(feature = "hydrate")]
fn drawn() -> impl leptos::prelude::IntoView {
    leptos::prelude::view! { <div></div> }
}
