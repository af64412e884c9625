//! What the reading commands share: the use cases, opened in this process, closed when the command is done.

use super::{exit::Failed, output};
use crate::{
    logs,
    settings::{self, Flags, Settings, Sources},
};
use api::{Code, Problem};
use oci::Reference;
use registry::Secret;
use service::{Caller, RepositoriesQuery, Service};
use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    time::Duration,
};

/// The use cases, for one command.
pub(super) struct Reading {
    pub service: Service,
    pub caller: Caller,
}

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(200);

impl Reading {
    /// Opens the catalogue of the settings. A registry given by `--registry` is in no catalogue, and is read into
    /// memory; so is everything where there is no catalogue yet, since a reading command leaves nothing behind.
    pub(super) async fn open(flags: Flags) -> Result<Self, Failed> {
        let passing = !flags.registry.is_empty() && flags.database.is_none();
        let mut settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "error");
        if settings.registries.is_empty() {
            let problem = Problem::new(Code::RegistryNotFound, "No registry is named.")
                .hint("Give --registry URL, set SUPERCARGO_REGISTRY, or write a [[registry]] section into supercargo.toml.");
            return Err(problem.into());
        }
        if passing || !has_catalogue(&settings) {
            settings.database = Secret::new("sqlite::memory:");
        }
        let service = Service::open(settings.service()).await?;
        service.start_quietly();
        Ok(Self { service, caller: Caller::local() })
    }

    /// Reads every registry that was never read whole, and tells people how far that is.
    pub(super) async fn read_registries(&self) -> Result<(), Failed> {
        for registry in self.service.registries(&self.caller).await? {
            let query = RepositoriesQuery { registry: Some(registry.name.clone()), limit: Some(1), ..RepositoriesQuery::default() };
            if self.service.repositories(&self.caller, &query).await?.freshness.at.is_some() {
                continue;
            }
            let reading = self.service.read_through(&self.caller, &registry.name);
            tokio::pin!(reading);
            let told = io::stderr().is_terminal();
            let mut every = tokio::time::interval(TOLD_EVERY);
            let result = loop {
                tokio::select! {
                    result = &mut reading => break result,
                    _ = every.tick(), if told => self.tell(&registry.name).await,
                }
            };
            if told {
                eprint!("\r\u{1b}[K");
            }
            result?;
        }
        Ok(())
    }

    async fn tell(&self, registry: &str) {
        let Ok(found) = self.service.registry(&self.caller, registry).await else { return };
        let far = found.progress.map_or_else(String::new, |p| format!(": {} of {} repositories", p.done, p.total));
        eprint!("\r\u{1b}[Kreading {registry}{far}");
        // Progress that cannot be shown is not missed.
        drop(io::stderr().flush());
    }

    /// A reference as people write it: the registry's name may be left out where there is one only.
    pub(super) fn reference(&self, text: &str) -> Result<Reference, Failed> {
        let names: Vec<_> = self.service.settings().registries.iter().map(|r| r.name.as_str()).collect();
        let named = text.split_once('/').is_some_and(|(first, _)| names.contains(&first));
        let full = if named { text.to_owned() } else { format!("{}/{text}", self.only_registry(text)?) };
        Reference::parse(&full).map_err(|e| service::Error::from(e).into())
    }

    fn only_registry(&self, text: &str) -> Result<&str, Failed> {
        let names: Vec<_> = self.service.settings().registries.iter().map(|r| r.name.as_str()).collect();
        if let [only] = self.service.settings().registries.as_slice() {
            return Ok(&only.name);
        }
        let problem = Problem::new(Code::NotAReference, format!("“{}” does not begin with a registry's name.", output::clean(text)));
        Err(problem.hint(format!("There are {}.", names.join(", "))).into())
    }

    /// Writes what was learned, and ends.
    pub(super) async fn close(self) {
        self.service.close().await;
    }
}

/// Points at the place where a query is wrong, if that is what is wrong.
pub(super) fn pointed(q: &str) -> impl FnOnce(service::Error) -> Failed {
    move |error| match catalogue::query::Query::parse(q) {
        Err(wrong) if error.code() == Code::BadQuery => Failed::Query(error.0, wrong.pointed(q)),
        _ => error.into(),
    }
}

/// Whether there is a database to read. One on a server is asked.
fn has_catalogue(settings: &Settings) -> bool {
    match settings.database.expose().strip_prefix("sqlite:") {
        Some(path) => Path::new(path.trim_start_matches("//").split('?').next().unwrap_or_default()).exists(),
        None => true,
    }
}
