//! The whole server, from outside. One binary, so that it is linked once.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod assets;
mod backup;
mod changing;
mod cli;
mod cli_changes;
mod errors;
mod foreign;
mod forms;
mod gc;
mod headers;
mod pages;
mod program;
mod reading;
mod serving;
mod settings;
mod support;
mod tls;
