//! The use cases. Every one takes the caller, checks the right, acts, records. Pages, JSON and command line are
//! three doors to them; nothing else decides. Knows neither axum nor Leptos.
//!
//! [`Service`] is the whole of it, one file for each subject: `registries`, `lists`, `image`, `search`, `notify`.
//! [`import`] reads other tools' options. [`Settings`] says what it stands beside; [`Error`] becomes an [`api::Problem`] in one place.

#![expect(clippy::unused_async, reason = "a use case may ask the database or a registry tomorrow; its callers need not change for that")]

mod caller;
mod change;
mod collecting;
mod compare;
mod error;
mod image;
pub mod import;
mod lists;
mod news;
mod notify;
mod registries;
mod search;
mod settings;
mod show;

pub use caller::Caller;
pub use catalogue::now;
pub use change::{ActivityQuery, JobsQuery};
pub use collecting::{Collecting, Visit};
pub use error::{Error, Result};
pub use image::ManifestBytes;
pub use lists::{Paged, RepositoriesQuery, TagsQuery, check_query};
pub use news::Missed;
pub use settings::{Provided, RegistrySettings, Settings};

use api::{Change, Code};
use catalogue::{Catalogue, Source};
use oci::{Reference, RepositoryName};
use std::sync::Arc;
use tokio::sync::{Semaphore, broadcast};

/// Everything the product does. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    settings: Settings,
    catalogue: Catalogue,
    lists: lists::Cache,
    /// By registry, and by namespace in it.
    totals: registries::Sums,
    /// A permit for each question that is looked for beside the threads that serve.
    searches: Arc<Semaphore>,
    news: news::News,
    work: change::Work,
    locks: change::KnownLocks,
    collected: collecting::Last,
}

impl Service {
    /// Opens the database, loads what is known; asks no registry yet. Must be called inside a Tokio runtime.
    pub async fn open(settings: Settings) -> Result<Self> {
        let mut sources = Vec::new();
        for registry in &settings.registries {
            sources.push(source(registry, settings.read_only)?);
        }
        let catalogue = Catalogue::open(settings.database.expose(), sources).await.map_err(|e| Error::internal(e.to_string()))?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            settings,
            catalogue,
            lists: lists::Cache::default(),
            totals: registries::Sums::default(),
            searches: Arc::new(Semaphore::new(processors)),
            news: news::News::default(),
            work: change::Work::new(),
            locks: change::KnownLocks::default(),
            collected: collecting::Last::default(),
        })))
    }

    /// Begins crawling and carrying out jobs, until [`Service::close`].
    pub fn start(&self) {
        self.0.catalogue.start();
        self.start_jobs();
        self.start_clock();
        let (mut from, to) = (self.0.catalogue.changes(), Arc::downgrade(&self.0));
        let registries: Vec<String> = self.0.settings.registries.iter().map(|r| r.name.clone()).collect();
        // Ends by itself: the catalogue drops its sender when it is closed and let go.
        tokio::spawn(async move {
            loop {
                let told = match from.recv().await {
                    Ok(changed) => vec![Change { registry: changed.registry, repository: changed.repository }],
                    // What was missed is not known: anything may have changed.
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        registries.iter().map(|registry| Change { registry: registry.clone(), repository: None }).collect()
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                let Some(inner) = to.upgrade() else { return };
                let at = now();
                told.into_iter().for_each(|change| inner.news.tell(at, change));
            }
        });
    }

    /// For a single command: nothing is crawled unless asked for, but what is learned is kept.
    pub fn start_quietly(&self) {
        self.0.catalogue.start_writing();
    }

    /// Ends the crawlers and the jobs, which go on at the next start, and writes what they hold.
    pub async fn close(&self) {
        self.0.work.close().await;
        self.0.catalogue.close().await;
    }

    /// Changes as they are learned, each with its time in milliseconds since 1970, and those that were told since a time: a page
    /// drawn then has not seen them. A receiver that falls behind is told so and should read anew.
    pub fn changes(&self, since: Option<i64>) -> (Missed, broadcast::Receiver<(i64, Change)>) {
        self.0.news.listen(since)
    }

    /// Tells that a repository changed for people, though not in its registry.
    fn tell(&self, registry: &str, repository: &str) {
        self.0.news.tell(now(), Change { registry: registry.to_owned(), repository: Some(repository.to_owned()) });
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The registry's number in the model, and its settings.
    fn registry_of(&self, name: &str) -> Result<(u16, &RegistrySettings)> {
        self.0.settings.registries.iter().enumerate().find(|(_, r)| r.name == name).map(|(i, r)| (i as u16, r)).ok_or_else(|| {
            let known: Vec<&str> = self.0.settings.registries.iter().map(|r| r.name.as_str()).collect();
            let error = Error::new(Code::RegistryNotFound, format!("No registry is called “{name}”."));
            if known.is_empty() {
                error.hint("None is configured: set SUPERCARGO_REGISTRY.")
            } else {
                error.hint(format!("There is {}.", known.join(", ")))
            }
        })
    }

    /// The repository's number in the model; asks the registry about one that is not known.
    async fn repository_of(&self, reference: &Reference) -> Result<(u16, u32)> {
        let (registry, _) = self.registry_of(&reference.registry)?;
        let found = self.0.catalogue.model().find_repo(registry, reference.repository.as_str());
        let crawled = found.is_some_and(|id| self.0.catalogue.model().repo(id).is_some_and(|r| r.crawled != catalogue::model::NEVER));
        if let (Some(id), true) = (found, crawled) {
            return Ok((registry, id));
        }
        match self.0.catalogue.ensure_repository(registry, &reference.repository).await {
            Ok(id) => Ok((registry, id)),
            // What is known is shown, however little it is.
            Err(_) if found.is_some() => found.map(|id| (registry, id)).ok_or_else(|| no_repository(reference)),
            Err(registry::Error::NotFound(_) | registry::Error::Unsupported(_)) => Err(no_repository(reference)),
            Err(error) => Err(error.into()),
        }
    }
}

fn no_repository(reference: &Reference) -> Error {
    Error::new(Code::RepositoryNotFound, format!("{} has no repository {}.", reference.registry, reference.repository))
}

/// A registry as the catalogue wants it, made of its settings.
fn source(settings: &RegistrySettings, read_only: bool) -> Result<Source> {
    let wrong = |e: String| Error::new(Code::BadRequest, format!("registry “{}”: {e}", settings.name));
    let mut repositories = Vec::new();
    for name in &settings.repositories {
        repositories.push(RepositoryName::parse(name).map_err(|e| wrong(e.to_string()))?);
    }
    let registry: Arc<dyn registry::Registry> = match &settings.provided {
        Some(provided) => Arc::clone(&provided.0),
        None => Arc::new(registry::remote::Remote::new(settings.remote(read_only)).map_err(|e| wrong(e.to_string()))?),
    };
    Ok(Source {
        name: settings.name.clone(),
        registry,
        include: settings.include.clone(),
        exclude: settings.exclude.clone(),
        repositories,
        crawl: settings.crawl,
    })
}
