//! The registries themselves: how they stand, what they can do.

use crate::{Caller, Error, Result, Service, show};
use api::{Answer, Capability, Code, Problem, Progress, Registry, Totals};
use catalogue::model::Model;
use std::time::{Duration, Instant};

/// Counts that need everything to be read, by registry and by namespace in it; kept while nothing changes, and for a while when
/// something does.
pub(crate) struct Sums(moka::sync::Cache<(u16, Option<String>), Sum>);

#[derive(Clone)]
struct Sum {
    generation: u64,
    at: Instant,
    totals: Totals,
}

/// How old a sum may be that is not true any more.
const AGE: Duration = Duration::from_secs(5);

impl Default for Sums {
    fn default() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(10_000).build())
    }
}

impl Sums {
    fn get(&self, model: &Model, registry: u16, namespace: Option<&str>, sum: impl FnOnce() -> Totals) -> Totals {
        let generation = model.generation();
        let entry = self.0.entry((registry, namespace.map(str::to_owned)));
        let new = || Sum { generation, at: Instant::now(), totals: sum() };
        entry.or_insert_with_if(new, |old| old.generation != generation && old.at.elapsed() > AGE).into_value().totals
    }
}

impl Service {
    pub async fn registries(&self, caller: &Caller) -> Result<Vec<Registry>> {
        let names: Vec<String> = self.0.settings.registries.iter().map(|r| r.name.clone()).collect();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            all.push(self.registry(caller, &name).await?);
        }
        Ok(all)
    }

    pub async fn registry(&self, caller: &Caller, name: &str) -> Result<Registry> {
        let (number, settings) = self.registry_of(name)?;
        let totals = self.totals(caller, Some(name)).await?;
        let status = self.0.catalogue.status(number);
        let health = self.0.catalogue.registry(number).map(|r| r.health()).unwrap_or_default();
        let capabilities = status
            .capabilities
            .iter()
            .map(|c| Capability {
                name: c.name.clone(),
                state: match c.can {
                    Some(true) => Answer::Yes,
                    Some(false) => Answer::No,
                    None => Answer::Unknown,
                },
                hint: c.hint.clone(),
            })
            .collect();
        Ok(Registry {
            name: settings.name.clone(),
            url: settings.url.clone(),
            pull_host: settings.pull_host(),
            state: show::state(self.0.catalogue.state(number)),
            checked: status.checked.map(show::time),
            capabilities,
            repositories: totals.repositories,
            tags: totals.tags,
            progress: status.progress.map(|p| Progress {
                done: p.done,
                total: p.total,
                manifests: p.manifests,
                started: show::time(p.started),
            }),
            problem: status.problem.map(|e| Problem::from(Error::from(e))),
            latency_ms: health.latency_ms,
            read_only: settings.read_only || self.0.settings.read_only,
            size: Some(totals.size),
        })
    }

    /// Has the registry read anew, now; returns at once.
    pub async fn refresh(&self, _caller: &Caller, registry: &str) -> Result<()> {
        let (number, _) = self.registry_of(registry)?;
        self.0.catalogue.refresh(number);
        Ok(())
    }

    /// Reads the registry whole and waits for it, for commands: nothing is crawled in the background.
    pub async fn read_through(&self, _caller: &Caller, registry: &str) -> Result<()> {
        let (number, _) = self.registry_of(registry)?;
        self.0.catalogue.crawl_now(number).await?;
        Ok(())
    }

    /// The counts above the catalogue, of one registry or of all.
    pub async fn totals(&self, _caller: &Caller, registry: Option<&str>) -> Result<Totals> {
        let shown = |t: catalogue::model::Totals, registries| Totals {
            registries,
            repositories: t.repositories,
            tags: t.tags,
            size: t.size,
            size_unshared: t.unshared,
        };
        let count = self.0.settings.registries.len() as u64;
        let Some(name) = registry else { return Ok(shown(self.0.catalogue.model().totals(), count)) };
        let (number, _) = self.registry_of(name)?;
        if count == 1 {
            return Ok(shown(self.0.catalogue.model().totals(), 1));
        }
        let model = self.0.catalogue.model();
        Ok(self.0.totals.get(&model, number, None, || shown(model.totals_of(number), 1)))
    }

    /// The counts of what stands directly in a namespace; empty for names without one.
    pub async fn namespace_totals(&self, _caller: &Caller, registry: &str, namespace: &str) -> Result<Totals> {
        let (number, _) = self.registry_of(registry)?;
        let model = self.0.catalogue.model();
        Ok(self.0.totals.get(&model, number, Some(namespace), || {
            let t = model.totals_where(|repo| repo.registry == number && repo.namespace() == namespace);
            Totals { registries: 1, repositories: t.repositories, tags: t.tags, size: t.size, size_unshared: t.unshared }
        }))
    }

    /// What is wrong right now, by registry; empty when all is well.
    pub fn problems(&self) -> Vec<(String, Problem)> {
        let registries = self.0.settings.registries.iter().enumerate();
        registries
            .filter_map(|(i, r)| self.0.catalogue.status(i as u16).problem.map(|e| (r.name.clone(), Problem::from(Error::from(e)))))
            .collect()
    }

    /// Whether anything is configured to stand beside.
    pub fn has_registries(&self) -> bool {
        !self.0.settings.registries.is_empty()
    }

    /// The only registry's name, where there is one only.
    pub fn only_registry(&self) -> Result<&str> {
        match self.0.settings.registries.as_slice() {
            [only] => Ok(&only.name),
            [] => {
                Err(Error::new(Code::RegistryNotFound, "No registry is configured.")
                    .hint("Give --registry URL or set SUPERCARGO_REGISTRY."))
            }
            _ => Err(Error::new(Code::NotAReference, "There are several registries: begin the reference with the name of one.")),
        }
    }
}
