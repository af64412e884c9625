//! What happens to every request before and after its handler. One file, one concern.

pub mod client;
pub mod cross_site;
pub mod csrf;
pub mod headers;
mod limits;
mod observe;
mod prefix;

pub use client::{Client, Peer};
pub(crate) use limits::{Exact, compression, deadline, panicked};
pub(crate) use observe::{RequestId, observe};
pub(crate) use prefix::{below_base, is_registry, under_base};
