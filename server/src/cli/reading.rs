//! What the commands share: the use cases, opened in this process, closed when the command is done; and reading of a registry what a
//! command has to know.

use super::{
    exit::Failed,
    output,
    serve::make_data_directory,
    telling::{TOLD_EVERY, Telling},
};
use crate::{
    embedded::Own,
    logs,
    settings::{self, Flags, Settings, Sources},
};
use api::{Code, Problem};
use catalogue::query::{Expr, Query, Test, TextMatch};
use oci::{Reference, RepositoryName};
use registry::Secret;
use service::{Caller, RepositoriesQuery, Service, TagsQuery};
use std::path::Path;

/// The use cases, for one command.
pub(super) struct Reading {
    pub service: Service,
    pub caller: Caller,
    /// Whether what is learned and done outlives this process.
    pub kept: bool,
}

/// A database that ends with the process.
const IN_MEMORY: &str = "sqlite::memory:";

impl Reading {
    /// Opens the catalogue of the settings. A registry given by `--registry` is in no catalogue, and is read into
    /// memory; so is everything where there is no catalogue yet, since a reading command leaves nothing behind.
    pub(super) async fn open(flags: Flags) -> Result<Self, Failed> {
        Self::open_to(false, flags).await
    }

    /// The same for a command that changes something. Unless the registry is given by `--registry` there is a catalogue afterwards, which
    /// knows what was done and how to undo it.
    pub(super) async fn open_to_change(flags: Flags) -> Result<Self, Failed> {
        let reading = Self::open_to(true, flags).await?;
        reading.service.start_jobs();
        Ok(reading)
    }

    /// The same for a command that only writes something down: no job is begun.
    pub(super) async fn open_to_keep(flags: Flags) -> Result<Self, Failed> {
        let reading = Self::open_to(true, flags).await?;
        if reading.kept {
            return Ok(reading);
        }
        reading.close().await;
        Err(Problem::new(
            Code::BadRequest,
            "What is written down here is kept in the catalogue’s database, and a registry given by --registry has none.",
        )
        .hint("Name the registry in the settings, or give --database too.")
        .into())
    }

    async fn open_to(change: bool, flags: Flags) -> Result<Self, Failed> {
        let passing = !flags.registry.is_empty() && flags.database.is_none();
        let mut settings = settings::load(&Sources::of_process(flags))?;
        logs::begin(settings.log, "error");
        // Whoever asks about a registry of ours that never was forgot to say which is meant; nothing is made for that.
        if let (Some(own), 1) = (&settings.embedded, settings.registries.len())
            && !own.storage.may_exist()
        {
            let problem =
                Problem::new(Code::RegistryNotFound, format!("There is no registry in {} yet, and no other is named.", own.storage))
                    .hint("Give --registry URL, set SUPERCARGO_REGISTRY, or write a [[registry]] section into supercargo.toml.");
            return Err(problem.into());
        }
        if passing || !(change || has_catalogue(&settings)) {
            settings.database = Secret::new(IN_MEMORY);
        } else if change {
            make_data_directory(&settings)?;
        }
        let mut beside = settings.service();
        Own::open(&settings, &mut beside).map_err(Failed::Other)?;
        let service = Service::open(beside).await?;
        service.start_quietly();
        Ok(Self { service, caller: Caller::local(), kept: settings.database.expose() != IN_MEMORY })
    }

    /// Reads what a query is about: the repositories that it names letter for letter, else every registry, or the only one meant.
    pub(super) async fn read_for(&self, q: &str, registry: Option<&str>) -> Result<(), Failed> {
        let Some(repositories) = Query::parse(q).ok().and_then(|query| named(&query)) else {
            return self.read_registries(registry).await;
        };
        for settings in self.service.settings().registries.iter().filter(|r| registry.is_none_or(|only| only == r.name)) {
            for repository in &repositories {
                let reference = Reference { registry: settings.name.clone(), repository: repository.clone(), target: None };
                let tags = TagsQuery { limit: Some(1), ..TagsQuery::default() };
                match self.service.tags(&self.caller, &reference, &tags).await {
                    // A query finds what there is.
                    Err(error) if error.code() != Code::RepositoryNotFound => return Err(error.into()),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Reads every registry that was never read whole, or only one, and tells people how far that is.
    pub(super) async fn read_registries(&self, only: Option<&str>) -> Result<(), Failed> {
        for registry in self.service.registries(&self.caller).await? {
            if only.is_some_and(|only| only != registry.name) {
                continue;
            }
            let query = RepositoriesQuery { registry: Some(registry.name.clone()), limit: Some(1), ..RepositoriesQuery::default() };
            if self.service.repositories(&self.caller, &query).await?.freshness.at.is_some() {
                continue;
            }
            let reading = self.service.read_through(&self.caller, &registry.name);
            tokio::pin!(reading);
            let telling = Telling::new();
            let mut every = tokio::time::interval(TOLD_EVERY);
            let result = loop {
                tokio::select! {
                    result = &mut reading => break result,
                    _ = every.tick(), if telling.is_seen() => self.tell(&telling, &registry.name).await,
                }
            };
            telling.clear();
            result?;
        }
        Ok(())
    }

    async fn tell(&self, telling: &Telling, registry: &str) {
        let Ok(found) = self.service.registry(&self.caller, registry).await else { return };
        let far = found.progress.map_or_else(String::new, |p| format!(": {} of {} repositories", p.done, p.total));
        telling.tell(|| format!("reading {registry}{far}"));
    }

    /// A reference as people write it: the registry's name may be left out where there is one only.
    pub(super) fn reference(&self, text: &str) -> Result<Reference, Failed> {
        Reference::parse(&self.with_registry(text)?).map_err(|e| service::Error::from(e).into())
    }

    /// A reference, or a pattern of them, that begins with a registry's name.
    pub(super) fn with_registry(&self, text: &str) -> Result<String, Failed> {
        let named = text.split_once('/').is_some_and(|(first, _)| self.has_registry(first));
        if named { Ok(text.to_owned()) } else { Ok(format!("{}/{text}", self.only_registry(text)?)) }
    }

    /// Whether a registry has this name.
    pub(super) fn has_registry(&self, name: &str) -> bool {
        self.service.settings().registries.iter().any(|r| r.name == name)
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

/// Takes out of the flags the registry that `--registry` gives by name rather than by address, for commands that are about one or all.
pub(super) fn registry_name(flags: &mut Flags) -> Result<Option<String>, Failed> {
    let (mut names, addresses): (Vec<_>, Vec<_>) = std::mem::take(&mut flags.registry).into_iter().partition(|r| oci::registry_name(r));
    flags.registry = addresses;
    let name = names.pop();
    if names.is_empty() {
        return Ok(name);
    }
    Err(Problem::new(Code::BadRequest, "--registry is given with several names; this is about one registry, or about all.").into())
}

/// The repositories to which a query confines itself by their whole names, if it does.
fn named(query: &Query) -> Option<Vec<RepositoryName>> {
    let parts = match query.expr() {
        Expr::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    parts.iter().find_map(|part| {
        let Expr::Term(term) = part else { return None };
        let Test::Repository(any) = &term.test else { return None };
        any.iter().map(|m| if let TextMatch::Exact(name) = m { RepositoryName::parse(name).ok() } else { None }).collect()
    })
}

/// Whether there is a database to read. One on a server is asked.
fn has_catalogue(settings: &Settings) -> bool {
    match settings.database.expose().strip_prefix("sqlite:") {
        Some(path) => Path::new(path.trim_start_matches("//").split('?').next().unwrap_or_default()).exists(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_names_its_repositories_needs_no_others() {
        let found = |q: &str| named(&Query::parse(q).unwrap()).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found("repo:=team/api tag:v1.*"), Some(vec!["team/api".to_owned()]));
        assert_eq!(found("tag:v1.* repo:=a,=b"), Some(vec!["a".to_owned(), "b".to_owned()]));
        for wider in ["", "repo:team/api", "repo:team/*", "repo:=a,b", "-repo:=a", "repo:=a OR repo:=b", "team"] {
            assert_eq!(found(wider), None, "{wider}");
        }
    }

    #[test]
    fn a_registry_is_given_by_name_or_by_address() {
        let given = ["prod", "http://a", "x=http://b", "localhost:5000"].map(str::to_owned).to_vec();
        let mut flags = Flags { registry: given, ..Flags::default() };
        assert_eq!(registry_name(&mut flags).unwrap(), Some("prod".to_owned()));
        assert_eq!(flags.registry, ["http://a", "x=http://b", "localhost:5000"]);
        assert_eq!(registry_name(&mut flags).unwrap(), None);
        flags.registry = vec!["a".into(), "b".into()];
        assert_eq!(registry_name(&mut flags).unwrap_err().status(), 2);
    }
}
