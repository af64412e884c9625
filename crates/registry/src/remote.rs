//! A registry over HTTP: [`Remote`] speaks `/v2` (distribution-spec 1.1, and what registries really do) to one registry.
//!
//! Everything goes through one client that alone owns signing in, retry, the breaker, how many requests run at a time,
//! redirects, and the bounds on what is read. What it relies on, and who is never given what:
//!
//! - Passwords and identity tokens go to the origin of `url` (scheme, host and port), and to a token realm on the same host and
//!   port or at `token_realm`. No other realm is asked for anything.
//! - A redirect is followed for content only, at most five hops, never from https to http, never into a network that only this
//!   machine reaches, and without credentials as soon as it leaves the origin.
//! - What changes something goes to the origin only, never after a redirect, and not at all where `read_only` is set. An upload
//!   goes on where its registry says only if that is on the origin, too.
//! - Every body is bounded, unpacked nowhere, and verified where it was asked for by digest; a blob that is read as a stream is
//!   counted and verified by whoever takes it, as writing one does.
//!
//! Logs and errors tell no secret: addresses are told without their query.

mod auth;
mod base;
mod blobs;
mod body;
mod breaker;
mod challenge;
mod client;
mod delete;
mod explain;
mod hash;
mod limit;
mod link;
mod manifests;
mod missing;
mod pages;
mod probe;
mod product;
mod put;
mod redirect;
mod referrers;
mod retry;
mod tls;
mod token;
mod untag;
mod upload;
mod ways;
mod zone;

pub use limit::behind;
pub use tls::{with_anyone, with_authorities};

use crate::{BlobSource, BlobStream, Capability, Cursor, Family, Health, Page, RawManifest, Registry, Resolved, Result, Secret, Untagged};
use async_trait::async_trait;
use bytes::Bytes;
use client::{Ask, Client};
use explain::What;
use oci::{Descriptor, Digest, RepositoryName, Tag, Target};
use pages::{Ladder, List};
use reqwest::Method;
use std::{path::PathBuf, time::Duration};

tokio::task_local! {
    /// The W3C `traceparent` to pass on to registries; set it around a call with `TRACEPARENT.scope(…)`.
    pub static TRACEPARENT: String;
}

/// The same work with the `traceparent` of whoever calls this, on whatever task it runs.
pub fn traced<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let parent = TRACEPARENT.try_with(Clone::clone).ok();
    async move {
        match parent {
            Some(parent) => TRACEPARENT.scope(parent, work).await,
            None => work.await,
        }
    }
}

/// One registry's address and credentials.
#[derive(Debug, Clone, Default)]
pub struct RemoteSettings {
    /// What it is called in sentences, metrics and logs.
    pub name: String,
    /// `scheme://host[:port][/path]`, without credentials, query and `/v2/`.
    pub url: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// An identity (refresh) token, given to the token realm instead of a password.
    pub token: Option<Secret>,
    /// The origin of another host that may be given the credentials.
    pub token_realm: Option<String>,
    /// PEM certificates to trust beside Mozilla's and the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM; goes to the origin of `url` only.
    pub client_cert_file: Option<PathBuf>,
    pub client_key_file: Option<PathBuf>,
    /// Takes any certificate.
    pub insecure_skip_verify: bool,
    /// Nothing but GET and HEAD is sent to it (and POST to its token realm).
    pub read_only: bool,
    pub timeouts: Timeouts,
}

/// How long a registry may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To connect, TLS included: 10 s.
    pub connect: Duration,
    /// From a request to its answer's first bytes: 30 s.
    pub header: Duration,
    /// Between two pieces of a body: 15 s.
    pub idle: Duration,
    /// For a manifest or configuration in all, tries and waits included: 60 s.
    pub total: Duration,
    /// The same for a page of a list: 180 s; distribution walks its storage for a catalogue.
    pub list: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), header: seconds(30), idle: seconds(15), total: seconds(60), list: seconds(180) }
    }
}

/// Settings that cannot work. The sentence names the registry and the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("registry {registry}: {reason}")]
pub struct SettingsError {
    pub registry: String,
    pub reason: String,
}

/// A registry over HTTP.
pub struct Remote {
    client: Client,
    read_only: bool,
    catalog: Ladder,
    tags: Ladder,
    works: manifests::HeadWorks,
    missing: missing::Missing,
    deletes: delete::Deletes,
    sample: probe::Sample,
}

impl Remote {
    /// Checks the settings and reads the files they name. Nothing is sent.
    pub fn new(settings: RemoteSettings) -> std::result::Result<Self, SettingsError> {
        let client = Client::new(&settings).map_err(|reason| SettingsError { registry: settings.name.clone(), reason })?;
        Ok(Self {
            client,
            read_only: settings.read_only,
            catalog: Ladder::default(),
            tags: Ladder::default(),
            works: manifests::HeadWorks::default(),
            missing: missing::Missing::default(),
            deletes: delete::Deletes::default(),
            sample: probe::Sample::default(),
        })
    }

    fn catalog(&self) -> List<'_> {
        List { what: What::Catalog, resource: "v2/_catalog", ladder: &self.catalog }
    }
}

#[async_trait]
impl Registry for Remote {
    async fn repositories(&self, after: Option<&Cursor>) -> Result<Page<RepositoryName>> {
        self.client.page(&self.catalog(), after, |n| RepositoryName::parse(n).ok()).await
    }

    async fn tags(&self, repository: &RepositoryName, after: Option<&Cursor>) -> Result<Page<Tag>> {
        let resource = format!("v2/{repository}/tags/list");
        let list = List { what: What::Tags(repository), resource: &resource, ladder: &self.tags };
        let page = self.client.page(&list, after, |t| Tag::parse(t).ok()).await?;
        self.sample.keep(repository, page.items.first());
        Ok(page)
    }

    async fn resolve(&self, repository: &RepositoryName, target: &Target) -> Result<Resolved> {
        self.client.resolve(&self.works, repository, target).await
    }

    async fn manifest(&self, repository: &RepositoryName, target: &Target) -> Result<RawManifest> {
        self.client.manifest(repository, target).await
    }

    async fn blob(&self, repository: &RepositoryName, digest: &Digest, limit: usize) -> Result<Bytes> {
        self.client.blob(repository, digest, limit).await
    }

    async fn referrers(&self, repository: &RepositoryName, digest: &Digest) -> Result<Vec<Descriptor>> {
        self.client.referrers(&self.missing, repository, digest).await
    }

    async fn probe(&self) -> Result<Vec<Capability>> {
        let probe = probe::Probe {
            client: &self.client,
            catalog: self.catalog(),
            tags: &self.tags,
            works: &self.works,
            missing: &self.missing,
            deletes: &self.deletes,
            sample: &self.sample,
            read_only: self.read_only,
        };
        probe.all().await
    }

    async fn ping(&self) -> Result<()> {
        match self.client.send(&Ask::new(What::Ping, &Method::GET, "v2/")).await {
            Err(error) if error.is_outage() => Err(error),
            _ => Ok(()),
        }
    }

    fn health(&self) -> Health {
        self.client.health()
    }

    async fn put_manifest(&self, repository: &RepositoryName, target: &Target, media_type: &str, bytes: Bytes) -> Result<Digest> {
        self.client.put_manifest(&self.works, repository, target, media_type, &bytes).await
    }

    async fn delete_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Result<()> {
        self.client.delete_manifest(&self.deletes, repository, digest).await
    }

    async fn delete_tag(&self, repository: &RepositoryName, tag: &Tag, expected: &Digest) -> Result<Untagged> {
        self.client.delete_tag(&self.deletes, &self.works, repository, tag, expected).await
    }

    async fn untag_by_placeholder(&self, repository: &RepositoryName, tag: &Tag, expected: &Digest, family: Family) -> Result<()> {
        let (client, deletes, works) = (&self.client, &self.deletes, &self.works);
        untag::Untag { client, deletes, works, repository, tag, expected, family }.run().await
    }

    async fn blob_size(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<u64>> {
        self.client.blob_size(repository, digest).await
    }

    async fn mount_blob(&self, repository: &RepositoryName, digest: &Digest, from: &RepositoryName) -> Result<bool> {
        self.client.mount_blob(repository, digest, from).await
    }

    async fn read_blob(&self, repository: &RepositoryName, digest: &Digest, from: u64) -> Result<BlobStream> {
        self.client.read_blob(repository, digest, from).await
    }

    async fn write_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
        source: &dyn BlobSource,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<()> {
        let upload = upload::Upload { client: &self.client, repository, digest, size, progress };
        // Azure's registry breaks streams of more than some 20 MB.
        upload.run(source, self.deletes.product.is(product::Product::Azure)).await
    }
}
