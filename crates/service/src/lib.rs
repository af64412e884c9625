//! The use cases. Every one takes the caller, checks the right, acts, records. Pages, JSON and command line are
//! three doors to them; nothing else decides. Knows neither axum nor Leptos.
//!
//! [`Service`] is the whole of it; [`Settings`] says what it stands beside; [`Error`] becomes an [`api::Problem`]
//! in one place.

mod caller;
mod error;
mod settings;

pub use caller::Caller;
pub use error::{Error, Result};
pub use settings::{RegistrySettings, Settings};

use api::{Change, Hit, Image, List, Problem, Registry, Repository, Tag, Totals};
use oci::Reference;
use tokio::sync::broadcast;

/// Everything the product does. Cheap to clone.
#[derive(Clone)]
pub struct Service {}

/// What to list of repositories.
#[derive(Debug, Clone, Default)]
pub struct RepositoriesQuery {
    /// Only of this registry.
    pub registry: Option<String>,
    /// In the query language.
    pub q: String,
    /// Only in this namespace and below.
    pub namespace: Option<String>,
    /// `name | pushed | updated | size | tags`, `-` before it turns it round. `pushed` is newest first.
    pub sort: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

/// What to list of a repository's tags.
#[derive(Debug, Clone, Default)]
pub struct TagsQuery {
    /// In the query language.
    pub q: String,
    /// `version` (newest first) `| name | pushed | created | size`, `-` before it turns it round.
    pub sort: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
    /// One row for each digest instead of one for each tag: the row is the newest tag's, the others are its aliases.
    pub gathered: bool,
}

impl Service {
    /// Opens the database, loads what is known; asks no registry yet.
    pub async fn open(_settings: Settings) -> Result<Self> {
        Err(Error::internal("not built"))
    }

    /// Begins crawling, until [`Service::close`].
    pub fn start(&self) {}

    /// Ends the crawlers and writes what they hold.
    pub async fn close(&self) {}

    pub async fn registries(&self, _caller: &Caller) -> Result<Vec<Registry>> {
        Err(Error::internal("not built"))
    }

    pub async fn registry(&self, _caller: &Caller, _name: &str) -> Result<Registry> {
        Err(Error::internal("not built"))
    }

    /// Has the registry read anew, now; returns at once.
    pub async fn refresh(&self, _caller: &Caller, _registry: &str) -> Result<()> {
        Err(Error::internal("not built"))
    }

    pub async fn repositories(&self, _caller: &Caller, _query: &RepositoriesQuery) -> Result<List<Repository>> {
        Err(Error::internal("not built"))
    }

    pub async fn repository(&self, _caller: &Caller, _reference: &Reference) -> Result<Repository> {
        Err(Error::internal("not built"))
    }

    pub async fn tags(&self, _caller: &Caller, _reference: &Reference, _query: &TagsQuery) -> Result<List<Tag>> {
        Err(Error::internal("not built"))
    }

    /// One image; of an index, the platform asked for or its default. Without tag and digest: the newest tag.
    pub async fn image(&self, _caller: &Caller, _reference: &Reference, _platform: Option<&str>) -> Result<Image> {
        Err(Error::internal("not built"))
    }

    /// A manifest's exact bytes.
    pub async fn manifest(&self, _caller: &Caller, _reference: &Reference) -> Result<ManifestBytes> {
        Err(Error::internal("not built"))
    }

    pub async fn referrers(&self, _caller: &Caller, _reference: &Reference) -> Result<List<api::Descriptor>> {
        Err(Error::internal("not built"))
    }

    pub async fn search(&self, _caller: &Caller, _q: &str, _limit: Option<u32>, _after: Option<&str>) -> Result<List<Hit>> {
        Err(Error::internal("not built"))
    }

    /// The counts above the catalogue, of one registry or of all.
    pub async fn totals(&self, _caller: &Caller, _registry: Option<&str>) -> Result<Totals> {
        Err(Error::internal("not built"))
    }

    /// What a registry's notification endpoint received. `authorization` is the header as sent; `body` is at most
    /// 1 MiB. Returns how many events were taken.
    pub async fn notify(&self, _registry: &str, _authorization: Option<&str>, _body: &[u8]) -> Result<usize> {
        Err(Error::internal("not built"))
    }

    /// Changes as they are learned; a receiver that falls behind is told so and should read anew.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        broadcast::channel(1).1
    }

    /// What is wrong right now, by registry; empty when all is well.
    pub fn problems(&self) -> Vec<(String, Problem)> {
        Vec::new()
    }
}

/// A manifest as stored.
#[derive(Debug, Clone)]
pub struct ManifestBytes {
    pub digest: String,
    pub media_type: String,
    pub bytes: bytes::Bytes,
}
