//! What the program is told: flag over environment over file.
//!
//! [`load`] reads all three into [`Settings`], or says everything that is wrong at once, each with the place where it
//! stands. The keys are one table ([`keys`]), so that a key cannot be known to the file and unknown to the environment.

mod embedded;
mod environment;
mod file;
mod keys;
mod reader;
mod registry;
mod resolve;
mod show;
mod value;

pub use embedded::EmbeddedSettings;
pub(crate) use keys::nearest;
pub(crate) use value::duration as parse_duration;

use crate::tls::TlsFiles;
use ::registry::Secret;
use ipnet::IpNet;
use service::RegistrySettings;
use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf, time::Duration};

/// Where the settings file is looked for when `--config` and `SUPERCARGO_CONFIG` name none, in this order.
pub const DEFAULT_FILES: [&str; 2] = ["./supercargo.toml", "/etc/supercargo/supercargo.toml"];

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address listened on.
    pub listen: SocketAddr,
    /// Where people reach us, if it was told.
    pub public_url: Option<PublicUrl>,
    /// The directory of the database.
    pub data: PathBuf,
    /// `sqlite:path`, `sqlite::memory:` or `postgres://…`.
    pub database: Secret,
    /// Nothing can be changed through us.
    pub read_only: bool,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Serves TLS with these; plain HTTP where there are none.
    pub tls: Option<TlsFiles>,
    /// How logs are written.
    pub log: LogFormat,
    /// How long it is offered to undo a change; none is where it is zero.
    pub undo: Duration,
    /// How long it is remembered what was done.
    pub activity: Duration,
    /// The registries, our own among them.
    pub registries: Vec<RegistrySettings>,
    /// Our own, where it is on.
    pub embedded: Option<EmbeddedSettings>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    shown: show::Shown,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Where people reach us, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// `https` rather than `http`.
    pub secure: bool,
    /// Scheme, host and port: `https://images.example`.
    pub origin: String,
    /// The path before all of ours, without a slash at its end: empty, or `/images`.
    pub base: String,
}

/// What stands on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// The settings file [default: ./supercargo.toml, else /etc/supercargo/supercargo.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:5080]
    #[arg(long, global = true, value_name = "ADDRESS", hide_short_help = true)]
    pub listen: Option<String>,
    /// Where people reach the server; may end in a path
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub public_url: Option<String>,
    /// The directory of the database [default: ./data]
    #[arg(long, global = true, value_name = "DIRECTORY", hide_short_help = true)]
    pub data: Option<String>,
    /// sqlite:PATH or postgres://… [default: sqlite:DATA/catalogue.db]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub database: Option<String>,
    /// Nothing can be changed
    #[arg(long, global = true, hide_short_help = true)]
    pub read_only: bool,
    /// Serve TLS with this certificate, in PEM; reread when it changes
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub tls_cert: Option<String>,
    /// The certificate's private key, in PEM
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub tls_key: Option<String>,
    /// Whose X-Forwarded-* and Forwarded are believed: networks, separated by commas
    #[arg(long, global = true, value_name = "CIDR", hide_short_help = true)]
    pub trusted_proxies: Vec<String>,
    /// text or json
    #[arg(long, global = true, value_name = "FORMAT", hide_short_help = true)]
    pub log: Option<String>,
    /// Where our own registry keeps its content: file:DIRECTORY or s3://BUCKET/PREFIX [default: file:DATA/registry]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub storage: Option<String>,
    /// A registry, as URL or NAME=URL; may be repeated. Stands in for those of environment and file
    #[arg(long, global = true, value_name = "[NAME=]URL")]
    pub registry: Vec<String>,
}

/// What the settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The command line.
    pub flags: Flags,
    /// The environment; variables that do not begin with `SUPERCARGO_` are passed over.
    pub environment: BTreeMap<String, String>,
    /// The files tried in turn when none is named.
    pub default_files: Vec<PathBuf>,
}

impl Sources {
    /// The process's own environment, and the usual files.
    pub fn of_process(flags: Flags) -> Self {
        let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        Self { flags, environment, default_files: DEFAULT_FILES.iter().map(PathBuf::from).collect() }
    }
}

/// Reads the settings.
///
/// # Errors
/// Everything that is wrong, not only the first.
pub fn load(sources: &Sources) -> Result<Settings, Faults> {
    resolve::resolve(sources)
}

impl Settings {
    /// What the service needs of them.
    pub fn service(&self) -> service::Settings {
        service::Settings {
            database: self.database.clone(),
            read_only: self.read_only,
            registries: self.registries.clone(),
            undo: self.undo,
            activity: self.activity,
        }
    }

    /// The settings in force as TOML, each with where it came from; secrets are hidden.
    pub fn show(&self) -> String {
        self.shown.to_string()
    }

    /// The path before all of ours: empty, or `/images`.
    pub fn base(&self) -> &str {
        self.public_url.as_ref().map_or("", |u| &u.base)
    }
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// A flag, with its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A line of the settings file, counted from 1.
    Line(PathBuf, usize),
    /// The settings file as a whole.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Line(path, line) => write!(f, "{} line {line}", path.display()),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong, and what would be right.
    pub sentence: String,
}

/// All that is wrong with the settings; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {}", fault.origin, fault.sentence)?;
        }
        Ok(())
    }
}
