use registry::Secret;
use std::{path::PathBuf, time::Duration};

/// What the service stands beside. The server makes this of flags, environment and file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:path`, `sqlite::memory:` or `postgres://…`.
    pub database: Secret,
    pub read_only: bool,
    pub registries: Vec<RegistrySettings>,
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
}
