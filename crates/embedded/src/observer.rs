//! What happened, for whoever keeps track of it.

use oci::{Digest, RepositoryName, Tag};
use std::net::IpAddr;

/// Told of what happened, once it is decided and before the answer is sent. It must not block, and should hand on what takes time.
pub trait Observer: Send + Sync + 'static {
    fn happened(&self, event: &Event<'_>);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Pushed,
    Pulled,
    Deleted,
    Mounted,
}

#[derive(Debug, Clone)]
pub struct Event<'a> {
    pub action: Action,
    pub repository: &'a RepositoryName,
    pub object: Object,
    /// Absent where a tag was deleted.
    pub digest: Option<&'a Digest>,
    /// The tag that was pulled, pushed or deleted; one event for each of several.
    pub tag: Option<&'a Tag>,
    pub media_type: Option<&'a str>,
    /// Bytes of the manifest or blob, where known.
    pub size: Option<u64>,
    /// Where a blob was mounted from.
    pub from: Option<&'a RepositoryName>,
    pub client: &'a Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    Manifest,
    Blob,
    Tag,
}

/// Who asked. The house puts its own into a request's extensions; else the connection's address and the User-Agent are taken.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// The user's name, where the house knows one.
    pub user: Option<String>,
}
