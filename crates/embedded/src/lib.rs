//! Our own registry: an OCI registry's storage and its `/v2` routes, as a library.
//!
//! [`Local`] is the registry: opened over [`Settings`], it answers over HTTP through [`router`] and in process as a
//! [`registry::Registry`], so that nobody else need know which kind of registry they speak to. [`Store`] is what can be done to its
//! content, written once over the few primitives of a [`driver::Driver`]. The layout is distribution's: a folder of registry:2 or
//! registry:3 is adopted as it is, and given back.
//!
//! What holds everywhere in it:
//!
//! - A change is one [`driver::Driver::commit`]: its steps become visible in order, each whole, and are durable together. "Created" is
//!   said after that. A blob's bytes stand before its link, a manifest's before its revision's, that before its tag's.
//! - A file that is there is not believed: another registry may have left it empty or cut. It is read once before something is built
//!   upon it, and an answer that turns out false while it is sent is cut short.
//! - Nothing holds a blob in memory, and no thread waits for a client.
//! - A request is one hop to the blocking pool, however many files it looks at; none where the kernel has them in memory (a manifest, a
//!   blob to be sent).
//!
//! The router is to be merged, not nested: it reads the request's whole path itself.
//!
//! An [`Observer`] is told of every push, pull, delete and mount. Who may do what is not decided here: the house puts its checks in
//! front of the router, with [`Route`] to tell what a request is about, and [`Readable`] to tell what a mount and the catalogue may
//! show.

mod body;
mod direct;
mod document;
pub mod driver;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hash;
mod intake;
mod layout;
mod local;
pub mod locks;
mod observer;
mod routes;
mod seen;
mod settings;
mod store;
mod upload;

pub use direct::{Direct, DirectStream};
pub use error::{Code, Error, Result};
pub use local::{InProcess, Local};
pub use observer::{Action, Client, Event, Object, Observer};
pub use registry::collect::{Collected, Collection};
pub use routes::{Readable, Route, router};
pub use settings::{Bucket, Durability, Kind, Settings, Storage};
pub use store::{Store, verify::Checked};
pub use upload::UploadId;
