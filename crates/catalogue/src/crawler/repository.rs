//! Reading one repository: its list of tags, then what each of them names.

use super::{
    Pace,
    fetch::read_referrers,
    record,
    tag::{Found, Seen, What, drop_tag, look, put},
};
use crate::{
    catalogue::{Catalogue, now},
    model::{NEVER, NONE, Row},
    record::Write,
    source::Watched,
};
use futures::StreamExt;
use oci::{Digest, RepositoryName, Tag, Target};
use registry::Error;
use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Tags read of one repository, at most.
const MAX_TAGS: usize = 1_000_000;
/// Tags that are taken into lists together while a large repository is read.
const TOGETHER: usize = 250;
/// How long the registry's word on what is attached is good in a crawl.
const REFERRERS: Duration = Duration::from_hours(1);

/// What came of reading a repository.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Tags that the registry lists.
    pub listed: usize,
    /// Tags of which it could not be told what they name, if anything, and why.
    pub unread: Vec<(Tag, Error)>,
}

/// Reads a repository's tags and what they name. New names show at once; what they name follows. A tag the list no
/// longer has is asked for by name, and dropped when that, too, finds nothing.
pub(crate) async fn read_repository(
    catalogue: &Catalogue,
    watched: &Watched,
    repository: &RepositoryName,
    pace: Pace,
) -> Result<Reading, Error> {
    let listed = match list(watched, repository).await {
        Ok(tags) => tags,
        // registry:3 answers so once the last tag is gone, and everyone does where there never was one.
        Err(Error::NotFound(_)) if catalogue.model().find_repo(watched.number, repository.as_str()).is_some() => Vec::new(),
        Err(error) => return Err(error),
    };
    let at = now();
    make_known(catalogue, watched, repository).await;
    let (new, unread, missing, first) = {
        let mut model = catalogue.model_mut();
        let id = model.add_repo(watched.number, repository.as_str(), at);
        let first = model.repo(id).is_none_or(|r| r.crawled == NEVER);
        let listed_set: HashSet<&str> = listed.iter().map(Tag::as_str).collect();
        let (mut have, mut unread, mut missing) = (HashSet::new(), HashSet::new(), Vec::new());
        if let Some(repo) = model.repo(id) {
            for name in repo.names.iter().map(|&n| model.names.text(n)).chain(repo.machinery.iter().map(|(t, _)| t.as_str())) {
                have.insert(name.to_owned());
                if !listed_set.contains(name)
                    && let Ok(tag) = Tag::parse(name)
                {
                    missing.push(tag);
                }
            }
            unread
                .extend(repo.names.iter().zip(&repo.manifests).filter(|&(_, &m)| m == NONE).map(|(&n, _)| model.names.text(n).to_owned()));
        }
        let new: HashSet<String> = listed_set.into_iter().filter(|t| !have.contains(*t)).map(str::to_owned).collect();
        // Names show at once; a list that was never read is not pushed now.
        let row = Row { pushed: NEVER, first_seen: at, told: false, dangling: false, strikes: 0, problem: NONE };
        let mut names = Vec::new();
        for tag in listed.iter().filter(|t| !t.is_machinery() && new.contains(t.as_str())) {
            names.push(model.names.number(tag.as_str()));
        }
        if !names.is_empty()
            && let Some(repo) = model.repo_mut(id)
        {
            for name in names {
                repo.push(name, NONE, row);
            }
            model.settle(id);
        }
        (new, unread, missing, first)
    };
    if !new.is_empty() {
        catalogue.changed(watched, Some(repository.as_str()));
    }
    let whole = first && !fresh_repository(catalogue, watched, repository);
    let since_settled = AtomicUsize::new(0);
    let outage: Mutex<Option<Error>> = Mutex::new(None);
    let failed: Mutex<Vec<(Tag, Error)>> = Mutex::default();
    futures::stream::iter(&listed)
        .for_each_concurrent(pace.tags(), |tag| {
            let (new, unread, since_settled, outage, failed) = (&new, &unread, &since_settled, &outage, &failed);
            async move {
                if outage.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                    return;
                }
                let is_new = new.contains(tag.as_str());
                let turn = catalogue.0.turns.take(watched.number, repository, tag).await;
                // What was there when we first looked, and what a crawl that was cut short left unread, says
                // nothing of when it was pushed.
                let seen = if is_new && whole || !is_new && unread.contains(tag.as_str()) { Seen::Before } else { Seen::Now };
                match look(catalogue, watched, repository, tag, seen, None).await {
                    Ok(Found::Read(_)) => {}
                    Ok(Found::Named(digest, error)) => {
                        tracing::debug!(registry = %watched.source.name, %repository, %tag, %digest, %error, "what a tag names cannot be read");
                    }
                    Ok(Found::Nothing(_)) if tag.is_machinery() => drop_tag(catalogue, watched, repository, tag).await,
                    // Listed, but not to be had: a tag whose manifest was deleted beneath it.
                    Ok(Found::Nothing(error)) => {
                        let what = What { problem: Some(&error.to_string()), dangling: true, ..What::default() };
                        put(catalogue, watched, repository, tag, what, seen).await;
                    }
                    Ok(Found::Unread(error)) => {
                        tracing::debug!(registry = %watched.source.name, %repository, %tag, %error, "a tag cannot be read");
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push((tag.clone(), error));
                    }
                    Err(error) => {
                        outage.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        return;
                    }
                }
                drop(turn);
                if since_settled.fetch_add(1, Ordering::Relaxed) % TOGETHER == TOGETHER - 1 {
                    settle(catalogue, watched, repository);
                }
            }
        })
        .await;
    for tag in missing {
        let _turn = catalogue.0.turns.take(watched.number, repository, &tag).await;
        match watched.source.registry.resolve(repository, &Target::Tag(tag.clone())).await {
            Err(Error::NotFound(_)) => drop_tag(catalogue, watched, repository, &tag).await,
            Err(error) if error.is_outage() => {
                outage.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                break;
            }
            Err(error) => failed.lock().unwrap_or_else(PoisonError::into_inner).push((tag, error)),
            // The list left it out. What it names is read with the next event or page that asks.
            Ok(_) => {}
        }
    }
    if let Some(error) = outage.into_inner().unwrap_or_else(PoisonError::into_inner) {
        settle(catalogue, watched, repository);
        return Err(error);
    }
    let write = {
        let mut model = catalogue.model_mut();
        let id = model.add_repo(watched.number, repository.as_str(), at);
        model.repo_mut(id).map(|repo| {
            repo.crawled = now();
            Write::Repository(record(watched, repo))
        })
    };
    settle(catalogue, watched, repository);
    if let Some(write) = write {
        catalogue.0.write(write).await;
    }
    Ok(Reading { listed: listed.len(), unread: failed.into_inner().unwrap_or_else(PoisonError::into_inner) })
}

/// Makes the repository known, here and in the database, before anything in it is written.
pub(super) async fn make_known(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName) {
    if catalogue.model().find_repo(watched.number, repository.as_str()).is_some() {
        return;
    }
    let write = {
        let mut model = catalogue.model_mut();
        let id = model.add_repo(watched.number, repository.as_str(), now());
        model.repo(id).map(|repo| Write::Repository(record(watched, repo)))
    };
    if let Some(write) = write {
        catalogue.0.write(write).await;
    }
    catalogue.changed(watched, None);
}

/// Whether the repository became known after the registry had been read whole: then its tags are new as well.
fn fresh_repository(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName) -> bool {
    let crawled = watched.status().crawled;
    let model = catalogue.model();
    let first_seen = model.find_repo(watched.number, repository.as_str()).and_then(|id| model.repo(id)).map(|r| r.first_seen);
    matches!((crawled, first_seen), (Some(crawled), Some(seen)) if seen > crawled)
}

/// All pages of a repository's tags, each once.
async fn list(watched: &Watched, repository: &RepositoryName) -> Result<Vec<Tag>, Error> {
    let mut seen = HashSet::new();
    let mut tags = Vec::new();
    let mut cursor = None;
    loop {
        let page = watched.source.registry.tags(repository, cursor.as_ref()).await?;
        let before = tags.len();
        for tag in page.items {
            if seen.insert(tag.clone()) {
                tags.push(tag);
            }
        }
        if tags.len() > MAX_TAGS {
            return Err(Error::TooLarge(format!("{repository} has more than {MAX_TAGS} tags")));
        }
        match page.next {
            // A page that brings nothing new would be followed for ever.
            Some(next) if tags.len() > before => cursor = Some(next),
            _ => return Ok(tags),
        }
    }
}

pub(crate) fn settle(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName) {
    {
        let mut model = catalogue.model_mut();
        if let Some(id) = model.find_repo(watched.number, repository.as_str()) {
            model.settle(id);
        }
    }
    catalogue.changed(watched, Some(repository.as_str()));
}

/// Asks what is attached to each image, where the registry has an interface for that and was not asked of late.
pub(super) async fn read_attached(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, pace: Pace) -> Result<(), Error> {
    if !watched.can("referrers") {
        return Ok(());
    }
    let due = now() - REFERRERS.as_millis() as i64;
    let digests: Vec<Digest> = {
        let model = catalogue.model();
        let Some(repo) = model.find_repo(watched.number, repository.as_str()).and_then(|id| model.repo(id)) else { return Ok(()) };
        let mut tagged: Vec<u32> =
            repo.manifests.iter().copied().filter(|&m| m != NONE && repo.referrers.get(&m).is_none_or(|r| r.checked < due)).collect();
        tagged.sort_unstable();
        tagged.dedup();
        tagged.into_iter().filter_map(|m| Digest::parse(&model.digest(m)?).ok()).collect()
    };
    let results = futures::stream::iter(digests)
        .map(|digest| async move { read_referrers(catalogue, watched, repository, &digest).await })
        .buffer_unordered(pace.tags())
        .collect::<Vec<_>>()
        .await;
    results.into_iter().find_map(|r| r.err().filter(Error::is_outage)).map_or(Ok(()), Err)
}
