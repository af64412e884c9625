//! The repeated looks. A class string is written once, here; pages put components together.

pub(crate) mod icon;

#[cfg(feature = "ssr")]
pub(crate) mod actions;
#[cfg(feature = "ssr")]
pub(crate) mod digest;
#[cfg(feature = "ssr")]
pub(crate) mod effects;
#[cfg(feature = "ssr")]
pub(crate) mod field;
#[cfg(feature = "ssr")]
pub(crate) mod keys;
#[cfg(feature = "ssr")]
pub(crate) mod list;
#[cfg(feature = "ssr")]
pub(crate) mod menu;
#[cfg(feature = "ssr")]
pub(crate) mod more;
#[cfg(feature = "ssr")]
pub(crate) mod nav;
#[cfg(feature = "ssr")]
pub(crate) mod notice;
#[cfg(feature = "ssr")]
pub(crate) mod page;
#[cfg(feature = "ssr")]
pub(crate) mod panel;
#[cfg(feature = "ssr")]
pub(crate) mod progress;
#[cfg(feature = "ssr")]
pub(crate) mod search;
#[cfg(feature = "ssr")]
pub(crate) mod state;
#[cfg(feature = "ssr")]
pub(crate) mod theme;
#[cfg(feature = "ssr")]
pub(crate) mod value;
