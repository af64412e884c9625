//! What people see: pages, islands, components. Compiles for the server (`ssr`) and for WASM (`hydrate`).
//!
//! The server fills a [`Page`] with its model and gives it with a [`Frame`] to [`shell`], which draws the whole
//! document. Pages are plain functions over plain data: they fetch nothing and wait for nothing. The islands
//! ([`islands`]) only add to a page that works without them.

#![recursion_limit = "512"]

mod ago;
mod html;
pub mod islands;
mod text;
mod ui;

#[cfg(feature = "ssr")]
mod address;
#[cfg(feature = "ssr")]
mod format;
#[cfg(feature = "ssr")]
mod instruction;
#[cfg(feature = "ssr")]
mod json;
#[cfg(feature = "ssr")]
mod link;
#[cfg(feature = "ssr")]
mod model;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod reference;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(feature = "ssr")]
pub use model::*;
#[cfg(feature = "ssr")]
pub use pages::clean_up::PREVIEW;
#[cfg(feature = "ssr")]
pub use shell::{fragment, preview, shell, to_html};

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
pub use browser::wake;
