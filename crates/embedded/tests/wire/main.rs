//! The registry over HTTP, on a port and a folder of its own: what others get wrong, hostile clients, other registries on the same
//! folder, and being killed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod child;
mod collect;
mod damage;
mod direct;
mod growth;
mod hostile;
mod kills;
mod objects;
mod peers;
mod replicas;
mod s3;
mod smuggling;
mod support;
mod trait_;
mod traps;
mod verify;
