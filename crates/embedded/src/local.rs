//! The registry in this process: its storage, who watches it, and what it does by itself.

mod registry;

pub use registry::InProcess;

use crate::{
    Checked, Collected, Collection, Settings, Store,
    error::{Code, Error, Result},
    observer::{Event, Observer},
};
use oci::{RepositoryName, Tag};
use std::{
    sync::{Arc, OnceLock, atomic::AtomicUsize},
    time::{Duration, SystemTime},
};
use tokio::sync::{Semaphore, watch};

/// Our own registry. Answers over `/v2` through [`crate::router`], and in process as a [`registry::Registry`].
pub struct Local {
    pub(crate) store: Arc<Store>,
    observer: OnceLock<Arc<dyn Observer>>,
    /// Walks over the repositories that may be under way: more would only wait for each other.
    walks: Arc<Semaphore>,
    walked: watch::Sender<()>,
    /// Bodies that are being taken into uploads.
    pub(crate) intakes: AtomicUsize,
}

impl Local {
    /// Opens the storage of the settings.
    pub fn open(settings: Settings) -> Result<Arc<Self>> {
        Ok(Self::over(Store::open(settings)?))
    }

    /// The same over any store.
    pub fn over(store: Store) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::new(store),
            observer: OnceLock::new(),
            walks: Arc::new(Semaphore::new(1)),
            walked: watch::Sender::new(()),
            intakes: AtomicUsize::new(0),
        })
    }

    /// Who is told what happens; the first that is set.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let _ = self.observer.set(observer);
    }

    /// Reads the catalogue, brings the index of referrers up to date, and from then on throws expired uploads away. Runs until it is
    /// dropped: give it a task.
    pub async fn keep(self: Arc<Self>) {
        self.refresh_catalogue(Duration::ZERO).await;
        let result = self
            .run(|store| {
                let names = store.catalogue.all();
                // What is indexed already costs a look at each revision's time.
                let failed = names.iter().filter_map(|name| store.index_referrers(name).err()).last();
                tracing::debug!(repositories = names.len(), "the index of referrers is up to date");
                failed.map_or(Ok(()), Err)
            })
            .await;
        if let Err(error) = result {
            tracing::warn!(%error, "the index of referrers could not be brought up to date");
        }
        let mut interval = tokio::time::interval(self.store.settings.storage.tidied_every());
        loop {
            interval.tick().await;
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "expired uploads could not be thrown away");
            }
        }
    }

    /// Throws away uploads that have expired, and what a kill left half made.
    pub async fn tidy(&self) -> Result<()> {
        self.run(Store::tidy).await
    }

    /// Reads everything that is stored and tells what it found, until the end or until `visit` says `false`. What is damaged is taken as
    /// missing from then on, and with `quarantine` put aside; nothing else is changed.
    pub async fn verify(&self, quarantine: bool, mut visit: impl FnMut(Checked) -> bool + Send + 'static) -> Result<()> {
        self.run(move |store| store.verify(quarantine, &mut visit)).await
    }

    /// Takes away what nothing holds, while the registry serves, and tells what; until the end or until `visit` says `false`.
    pub async fn collect(&self, how: Collection, mut visit: impl FnMut(Collected) -> bool + Send + 'static) -> Result<()> {
        self.run(move |store| store.collect(&how, &mut visit)).await
    }

    /// Sets when a tag was pushed, for content that is older than its coming here. `false` where there is no such tag.
    pub async fn date(&self, name: &RepositoryName, tag: &Tag, at: SystemTime) -> Result<bool> {
        let (name, tag) = (name.clone(), tag.clone());
        self.run(move |store| store.date(&name, &tag, at)).await
    }

    /// Does what blocks on the blocking pool, in one hop.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Store) -> Result<T> + Send + 'static) -> Result<T> {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or_else(|_| Err(Error::new(Code::Storage, "the request was given up")))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = self.observer.get() {
            observer.happened(event);
        }
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observer.get().is_some()
    }

    /// Up to `n` names of repositories after one. Waits for the first reading of the storage, never for a later one.
    pub(crate) async fn repository_names(
        self: &Arc<Self>,
        after: Option<&str>,
        n: usize,
        wanted: &(dyn Fn(&RepositoryName) -> bool + Send + Sync),
    ) -> Result<Vec<RepositoryName>> {
        if self.store.catalogue.is_ready() {
            let local = self.clone();
            // Looks at the clock first: mostly there is nothing to do.
            if self.store.catalogue.is_old(self.store.settings.catalogue_age) {
                tokio::spawn(async move { local.refresh_catalogue(local.store.settings.catalogue_age).await });
            }
        } else {
            let mut walked = self.walked.subscribe();
            self.refresh_catalogue(Duration::ZERO).await;
            // Another's walk may have been under way.
            while !self.store.catalogue.is_ready() {
                if tokio::time::timeout(Duration::from_secs(30), walked.changed()).await.is_err() {
                    return Err(Error::new(Code::Storage, "the storage is still being read for the names of its repositories"));
                }
            }
        }
        Ok(self.store.catalogue.page(after, n, wanted))
    }

    async fn refresh_catalogue(&self, age: Duration) {
        let Ok(_walk) = self.walks.clone().try_acquire_owned() else { return };
        if !self.store.catalogue.begin_walk(age) {
            return;
        }
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || {
            let names = store.repositories();
            if let Err(error) = &names {
                tracing::error!(%error, "the names of the repositories could not be read");
            }
            store.catalogue.walked(names.ok());
        });
        let _ = read.await;
        self.walked.send_replace(());
    }
}
