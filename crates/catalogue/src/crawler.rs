//! Keeps the catalogue in step with one registry: reads names, tags and what they name, first all at once, then
//! politely again and again, to repair what events missed.
//!
//! [`run`] is the task; [`read_repository`], [`read_tag`] and [`fetch`] are its steps, used by events and by pages
//! that ask for something not known yet.

mod fetch;
mod repository;
mod settling;
mod tag;
mod turns;

pub(crate) use fetch::{fetch, read_referrers};
pub use repository::Reading;
pub(crate) use repository::{read_repository, settle};
pub(crate) use settling::Settling;
pub(crate) use tag::{forget, name, read_tag};
pub(crate) use turns::Turns;

use crate::{
    catalogue::{Catalogue, now},
    model::NEVER,
    record::{RepositoryRecord, Write},
    source::{Progress, Watched},
};
use futures::StreamExt;
use oci::RepositoryName;
use registry::Error;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How hard a registry is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Someone waits: the first crawl, a page.
    Now,
    /// Nobody waits: a crawl that looks after what is known.
    Polite,
}

impl Pace {
    fn repositories(self) -> usize {
        if self == Self::Now { 24 } else { 3 }
    }

    fn tags(self) -> usize {
        if self == Self::Now { 24 } else { 4 }
    }
}

/// Names read of one registry, at most.
const MAX_REPOSITORIES: usize = 1_000_000;
/// How soon a registry that did not answer is asked again.
const RETRY: Duration = Duration::from_secs(2);
/// How often a registry that nobody asks anything is asked whether it is there.
const PULSE: Duration = Duration::from_secs(10);
/// How long an answer about what a registry can do is kept.
const PROBE: i64 = 3_600_000;

/// Crawls a registry until the catalogue closes.
pub(crate) async fn run(catalogue: Catalogue, index: usize) {
    let stop = catalogue.0.stop.clone();
    let watched = &catalogue.0.watched[index];
    loop {
        let wait = tokio::select! {
            () = stop.cancelled() => return,
            wait = registry::remote::behind(crawl_once(&catalogue, watched)) => wait,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = rest(watched, wait) => {}
            () = watched.refresh.notified() => {}
        }
    }
}

/// Waits for the next crawl, or until the registry is gone: then that crawl finds it so.
async fn rest(watched: &Watched, wait: Duration) {
    let end = Instant::now() + wait;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(left.min(PULSE)).await;
        if left > PULSE && !watched.status().down && matches!(watched.source.registry.ping().await, Err(Error::Unreachable(_))) {
            return;
        }
    }
}

/// One crawl for someone who waits for it.
pub(crate) async fn crawl_through(catalogue: &Catalogue, watched: &Watched) -> Result<(), Error> {
    watched.status().progress = Some(Progress { done: 0, total: 0, manifests: 0, started: now() });
    let outcome = crawl(catalogue, watched, Pace::Now).await;
    let mut status = watched.status();
    status.progress = None;
    match outcome {
        Ok(problem) => {
            status.checked = Some(now());
            status.crawled = Some(now());
            status.behind = false;
            problem.map_or(Ok(()), Err)
        }
        Err(error) => Err(error),
    }
}

/// One crawl, and how long to wait for the next.
async fn crawl_once(catalogue: &Catalogue, watched: &Watched) -> Duration {
    let begun = now();
    let name = watched.source.name.as_str();
    let pace = {
        let mut status = watched.status();
        let pace = if status.crawled.is_none() || status.behind { Pace::Now } else { Pace::Polite };
        status.progress = Some(Progress { done: 0, total: 0, manifests: 0, started: begun });
        pace
    };
    let outcome = crawl(catalogue, watched, pace).await;
    let took_ms = now() - begun;
    metrics::histogram!("supercargo_crawl_seconds", "registry" => name.to_owned()).record(took_ms as f64 / 1000.0);
    let mut wait = watched.source.crawl;
    let mut news = true;
    {
        let mut status = watched.status();
        let progress = status.progress.take();
        match outcome {
            Ok(problem) => {
                status.checked = Some(now());
                status.crawled = Some(now());
                status.down = false;
                status.behind = false;
                if let Some(problem) = &problem {
                    tracing::warn!(registry = name, error = %problem, "the registry could be read in part only");
                }
                status.problem = problem;
                let (repositories, manifests) = progress.map_or((0, 0), |p| (p.total, p.manifests));
                tracing::info!(registry = name, repositories, manifests, took_ms, "crawled the registry");
            }
            Err(error) => {
                // Still away, for the same reason: nobody need look again.
                news = !status.down || status.problem.as_ref().is_none_or(|before| before.to_string() != error.to_string());
                if !status.down {
                    tracing::warn!(registry = name, %error, "the registry cannot be crawled");
                }
                if error.is_outage() {
                    status.down = true;
                    status.behind = true;
                    wait = RETRY;
                } else {
                    status.down = false;
                    status.checked = Some(now());
                    // A refusal or a wrong answer will not mend itself at once, but someone may be at work on it.
                    wait = wait.min(Duration::from_secs(30)).max(RETRY);
                }
                status.problem = Some(error);
            }
        }
        metrics::gauge!("supercargo_crawl_finished_timestamp_seconds", "registry" => name.to_owned())
            .set(status.crawled.unwrap_or(0) as f64 / 1000.0);
    }
    catalogue.0.write_registry(watched).await;
    if news {
        catalogue.changed(watched, None);
    }
    // Registries crawled at the same interval should not all begin at once.
    wait + wait.mul_f64(f64::from((begun % 97) as u32) / 970.0)
}

/// Reads everything. `Ok(Some)` when it came to its end but the registry refused part of it.
async fn crawl(catalogue: &Catalogue, watched: &Watched, pace: Pace) -> Result<Option<Error>, Error> {
    let (names, incoming) = mpsc::channel::<RepositoryName>(10_000);
    let reader = read_names(catalogue, watched, names);
    let incoming = futures::stream::unfold(incoming, |mut rx| async { rx.recv().await.map(|name| (name, rx)) });
    // The first failure that says the registry is gone ends the crawl; others belong to one repository.
    let mut outage = None;
    let mut refused = None;
    let worker = async {
        let mut done = std::pin::pin!(
            incoming
                .map(|name| async move {
                    let result = read_repository(catalogue, watched, &name, pace).await;
                    (name, result)
                })
                .buffer_unordered(pace.repositories())
        );
        while let Some((name, result)) = done.next().await {
            if let Some(progress) = &mut watched.status().progress {
                progress.done += 1;
            }
            match result {
                Ok(_) => {}
                Err(error) if error.is_outage() => {
                    outage = Some(error);
                    break;
                }
                Err(error) => {
                    tracing::debug!(registry = %watched.source.name, repository = %name, %error, "a repository cannot be read");
                    refused = Some(error);
                }
            }
        }
    };
    let (listed, ()) = tokio::join!(reader, worker);
    if let Some(outage) = outage {
        return Err(outage);
    }
    let (seen, problem) = listed?;
    probe(catalogue, watched).await;
    if problem.is_none() {
        drop_vanished(catalogue, watched, &seen).await;
    }
    let known: Vec<RepositoryName> = {
        let model = catalogue.model();
        model.repos().filter(|(_, r)| r.registry == watched.number).filter_map(|(_, r)| RepositoryName::parse(&r.name).ok()).collect()
    };
    for name in known {
        match repository::read_attached(catalogue, watched, &name, pace).await {
            Err(error) if error.is_outage() => return Err(error),
            _ => {}
        }
    }
    Ok(problem.or(refused))
}

/// Reads the registry's names page by page, makes them known at once and hands each on to be read. Also hands on the
/// names that are configured or were known before. The error is an outage; any other failure of the registry's own list
/// leaves what is known and is told beside it.
async fn read_names(
    catalogue: &Catalogue,
    watched: &Watched,
    out: mpsc::Sender<RepositoryName>,
) -> Result<(HashSet<RepositoryName>, Option<Error>), Error> {
    let mut seen: HashSet<RepositoryName> = HashSet::new();
    let mut dropped = 0;
    let mut problem = None;
    let fixed = watched.source.repositories.clone();
    take_names(catalogue, watched, fixed, &mut seen, &out).await;
    let mut cursor = None;
    loop {
        match watched.source.registry.repositories(cursor.as_ref()).await {
            Ok(page) => {
                {
                    let mut status = watched.status();
                    status.checked = Some(now());
                    status.down = false;
                }
                dropped += page.dropped;
                let before = seen.len();
                let empty = page.items.is_empty();
                take_names(catalogue, watched, page.items, &mut seen, &out).await;
                // A page that brings nothing new would be followed for ever.
                let stuck = seen.len() == before && !empty;
                match page.next {
                    Some(next) if !stuck && seen.len() < MAX_REPOSITORIES => cursor = Some(next),
                    Some(_) if seen.len() >= MAX_REPOSITORIES => {
                        problem = Some(Error::TooLarge(format!(
                            "the registry lists more than {MAX_REPOSITORIES} repositories; the rest is left out"
                        )));
                        break;
                    }
                    _ => break,
                }
            }
            Err(error) if error.is_outage() => return Err(error),
            Err(error) => {
                // Without a list of its own, what is configured is all there is, and no problem.
                if watched.source.repositories.is_empty()
                    || !matches!(error, Error::Unsupported(_) | Error::Refused(_) | Error::NotFound(_))
                {
                    problem = Some(error);
                }
                break;
            }
        }
    }
    watched.status().dropped = dropped;
    // What is known but was not listed is read as well: a list can be partial, forbidden or late.
    let known: Vec<RepositoryName> = {
        let model = catalogue.model();
        model
            .repos()
            .filter(|(_, r)| r.registry == watched.number)
            .filter_map(|(_, r)| RepositoryName::parse(&r.name).ok())
            .filter(|n| !seen.contains(n))
            .collect()
    };
    if let Some(progress) = &mut watched.status().progress {
        progress.total += known.len() as u64;
    }
    for name in known {
        if out.send(name).await.is_err() {
            break;
        }
    }
    Ok((seen, problem))
}

async fn take_names(
    catalogue: &Catalogue,
    watched: &Watched,
    names: Vec<RepositoryName>,
    seen: &mut HashSet<RepositoryName>,
    out: &mpsc::Sender<RepositoryName>,
) {
    let names: Vec<RepositoryName> = names.into_iter().filter(|n| watched.wants(n.as_str()) && seen.insert(n.clone())).collect();
    if names.is_empty() {
        return;
    }
    let at = now();
    let mut records = Vec::new();
    {
        let mut model = catalogue.model_mut();
        for name in &names {
            let new = model.find_repo(watched.number, name.as_str()).is_none();
            let id = model.add_repo(watched.number, name.as_str(), at);
            if let Some(repo) = model.repo_mut(id)
                && (new || repo.strikes > 0)
            {
                repo.strikes = 0;
                records.push(record(watched, repo));
            }
        }
    }
    if let Some(progress) = &mut watched.status().progress {
        progress.total += names.len() as u64;
    }
    catalogue.changed(watched, None);
    for record in records {
        catalogue.0.write(Write::Repository(record)).await;
    }
    for name in names {
        if out.send(name).await.is_err() {
            return;
        }
    }
}

pub(crate) fn record(watched: &Watched, repo: &crate::model::Repo) -> RepositoryRecord {
    RepositoryRecord {
        registry: watched.source.name.clone(),
        repository: repo.name.to_string(),
        first_seen: repo.first_seen,
        crawled: (repo.crawled != NEVER).then_some(repo.crawled),
        strikes: i64::from(repo.strikes),
    }
}

/// Gives what was not listed a strike, and drops it on the second.
async fn drop_vanished(catalogue: &Catalogue, watched: &Watched, seen: &HashSet<RepositoryName>) {
    let mut writes = Vec::new();
    {
        let mut model = catalogue.model_mut();
        let missing: Vec<u32> = model
            .repos()
            .filter(|(_, r)| r.registry == watched.number)
            // A repository with tags is there, whatever the list says.
            .filter(|(_, r)| {
                r.names.is_empty() && r.machinery.is_empty() && !RepositoryName::parse(&r.name).is_ok_and(|n| seen.contains(&n))
            })
            .map(|(id, _)| id)
            .collect();
        for id in missing {
            let Some(repo) = model.repo_mut(id) else { continue };
            repo.strikes = repo.strikes.saturating_add(1);
            if repo.strikes < 2 {
                writes.push(Write::Repository(record(watched, repo)));
                continue;
            }
            writes.push(Write::DropRepository { registry: watched.source.name.clone(), repository: repo.name.to_string(), at: now() });
            model.drop_repo(id);
        }
    }
    for write in writes {
        catalogue.0.write(write).await;
    }
}

/// Asks what the registry can do, unless that was asked of late.
pub(crate) async fn probe(catalogue: &Catalogue, watched: &Watched) {
    let _probing = watched.probing.lock().await;
    if watched.status().probed.is_some_and(|p| now() - p < PROBE) {
        return;
    }
    let empty = !catalogue.model().repos().any(|(_, repo)| repo.registry == watched.number);
    match watched.source.registry.probe().await {
        Ok(capabilities) => {
            let mut status = watched.status();
            status.capabilities = capabilities;
            status.probed = (!empty).then(now);
        }
        Err(error) => tracing::debug!(registry = %watched.source.name, %error, "the registry could not be asked what it can do"),
    }
    catalogue.changed(watched, None);
}
