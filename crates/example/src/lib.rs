//! The content of an example registry: what a company of a few teams has after two years, made in process from nothing but a time.
//!
//! [`steps`] gives it as [`Step`]s in the order in which it was pushed, so that whoever carries them out has a registry that is
//! whole after every step, and whose tags moved as tags do. One image is made at a time; nothing is read, nothing is kept but digests.
//! The same `now` gives the same bytes.
//!
//! ```
//! let now = "2026-11-26T00:00:00Z".parse::<jiff::Timestamp>()?;
//! for step in example::steps(now).take(10) {
//!     let step = step?;
//!     match step.put {
//!         example::Put::Blob { digest, bytes } => println!("{}@{digest}: {} bytes", step.repository, bytes.len()),
//!         example::Put::Mount { digest, from } => println!("{}@{digest}: as in {from}", step.repository),
//!         example::Put::Manifest { digest, tags, .. } => println!("{}@{digest}: {tags:?} at {}", step.repository, step.at),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Inside, from the ground up: [`seed`] makes bytes, [`files`] archives, [`layer`] compresses, [`document`] has what is written as JSON,
//! [`build`] speaks Dockerfile, [`maker`] puts it all out; [`series`] says what was released when. The rest is content, by namespace.

mod attached;
mod build;
mod charts;
mod document;
mod files;
mod layer;
mod library;
mod maker;
mod models;
mod packages;
mod seed;
mod series;
mod step;
mod team;
mod tools;

#[cfg(test)]
mod tests;

pub use step::{Error, Put, Step, Steps};

use jiff::Timestamp;

/// Everything that was pushed in the two years before `now`, oldest first.
///
/// An error is told once and ends the steps; it means a `now` at the very edge of what a [`Timestamp`] holds.
pub fn steps(now: Timestamp) -> Steps {
    let mut jobs = library::jobs();
    jobs.extend(team::jobs());
    jobs.extend(charts::jobs());
    jobs.extend(models::jobs());
    jobs.extend(tools::jobs());
    Steps::new(now, jobs)
}
