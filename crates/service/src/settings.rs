use crate::Collecting;
use registry::Secret;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What the service stands beside. The server makes this of flags, environment and file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:path`, `sqlite::memory:` or `postgres://…`.
    pub database: Secret,
    pub read_only: bool,
    pub registries: Vec<RegistrySettings>,
    /// How long it is offered to undo a change; none is where it is zero.
    pub undo: Duration,
    /// How long it is remembered what was done.
    pub activity: Duration,
}

impl Default for Settings {
    /// A catalogue in memory beside nothing.
    fn default() -> Self {
        Self {
            database: Secret::new("sqlite::memory:"),
            read_only: false,
            registries: Vec::new(),
            undo: Duration::from_hours(24),
            activity: Duration::from_hours(24 * 365),
        }
    }
}

/// One registry.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    pub name: String,
    /// Scheme, host, port and path prefix.
    pub url: String,
    /// What people type; the host and port of `url` when absent.
    pub pull_host: Option<String>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// An identity token, given to the token realm instead of a password.
    pub token: Option<Secret>,
    pub notification_secret: Option<Secret>,
    /// Another host that may be given the credentials: its origin.
    pub token_realm: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub client_cert_file: Option<PathBuf>,
    pub client_key_file: Option<PathBuf>,
    pub insecure_skip_verify: bool,
    /// Globs over repository names (`team/**`); all when empty.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Names where the registry has no catalogue.
    pub repositories: Vec<String>,
    /// How long between two crawls; at least a second.
    pub crawl: Duration,
    pub read_only: bool,
    /// How long reserved tags keep from garbage collection what was deleted; none are made when absent.
    pub trash: Option<Duration>,
    /// The registry itself, where it is in this process; else it is spoken to at `url`.
    pub provided: Option<Provided>,
    /// How its garbage is collected, where that is ours to do.
    pub collecting: Collecting,
}

/// A registry in this process.
#[derive(Clone)]
pub struct Provided(pub Arc<dyn registry::Registry>);

impl std::fmt::Debug for Provided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provided")
    }
}

impl Default for RegistrySettings {
    /// One without name and address, told nothing.
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            pull_host: None,
            username: None,
            password: None,
            token: None,
            notification_secret: None,
            token_realm: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            insecure_skip_verify: false,
            include: Vec::new(),
            exclude: Vec::new(),
            repositories: Vec::new(),
            crawl: Duration::from_mins(10),
            read_only: false,
            trash: None,
            provided: None,
            collecting: Collecting::default(),
        }
    }
}

impl RegistrySettings {
    /// What people type before the repository: as set, else the host and port of the address.
    pub fn pull_host(&self) -> String {
        self.pull_host.clone().unwrap_or_else(|| {
            url::Url::parse(&self.url)
                .ok()
                .and_then(|u| Some(format!("{}{}", u.host_str()?, u.port().map(|p| format!(":{p}")).unwrap_or_default())))
                .unwrap_or_default()
        })
    }

    /// What the client needs of it.
    pub(crate) fn remote(&self, read_only: bool) -> registry::remote::RemoteSettings {
        registry::remote::RemoteSettings {
            name: self.name.clone(),
            url: self.url.clone(),
            username: self.username.clone(),
            password: self.password.clone(),
            token: self.token.clone(),
            token_realm: self.token_realm.clone(),
            ca_file: self.ca_file.clone(),
            client_cert_file: self.client_cert_file.clone(),
            client_key_file: self.client_key_file.clone(),
            insecure_skip_verify: self.insecure_skip_verify,
            read_only: read_only || self.read_only,
            ..registry::remote::RemoteSettings::default()
        }
    }
}
