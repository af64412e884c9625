//! The `supercargo` binary: command line, settings, routes, wiring. A library only so that tests can reach its parts.
//!
//! [`cli::run`] is the program. [`router`](router::router) makes every address out of an [`AppState`], apart from
//! listening ([`listen`]), so that tests have the whole of it without a process. What is decided is decided in
//! `service`; what is drawn is drawn in `app`; this crate carries the one to the other.
#![recursion_limit = "256"]

pub mod assets;
pub mod cli;
mod embedded;
mod failure;
mod following;
mod json;
pub mod listen;
pub mod logs;
pub mod metrics;
pub mod middleware;
mod pages;
mod query;
pub mod router;
pub mod settings;
mod state;
pub mod tls;

pub use state::AppState;
