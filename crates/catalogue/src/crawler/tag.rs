//! Reading one tag: what it names is asked for, taken in and written down.

use super::{
    fetch,
    repository::{make_known, settle},
    settling::settle_soon,
};
use crate::{
    catalogue::{Catalogue, now},
    model::{NEVER, NONE, Row},
    record::{TagRecord, Write},
    source::Watched,
};
use oci::{Digest, RepositoryName, Tag, Target};
use registry::Error;

/// When a change of a tag is said to have happened.
#[derive(Clone, Copy)]
pub(super) enum Seen {
    /// It was so when we came.
    Before,
    /// It changed since we last looked.
    Now,
}

/// Reads one tag and takes in what it names; `told` is what an event said of it. Settles the repository; for an event, soon.
pub(crate) async fn read_tag(
    catalogue: &Catalogue,
    watched: &Watched,
    repository: &RepositoryName,
    tag: &Tag,
    told: Option<(Option<&Digest>, i64)>,
) -> Result<Digest, Error> {
    let read_before = {
        let model = catalogue.model();
        model.find_repo(watched.number, repository.as_str()).and_then(|id| model.repo(id)).is_some_and(|r| r.crawled != NEVER)
    };
    let seen = if read_before || told.is_some() { Seen::Now } else { Seen::Before };
    let _turn = catalogue.0.turns.take(watched.number, repository, tag).await;
    let settle = if told.is_some() { settle_soon } else { settle };
    match look(catalogue, watched, repository, tag, seen, told).await? {
        Found::Read(digest) => {
            settle(catalogue, watched, repository);
            Ok(digest)
        }
        Found::Named(_, error) => {
            settle(catalogue, watched, repository);
            Err(error)
        }
        Found::Nothing(error) => {
            drop_tag(catalogue, watched, repository, tag).await;
            Err(error)
        }
        Found::Unread(error) => Err(error),
    }
}

/// What came of looking at a tag.
pub(super) enum Found {
    /// It names this.
    Read(Digest),
    /// It names this, which cannot be read.
    Named(Digest, Error),
    /// It names nothing: the registry has nothing of that name.
    Nothing(Error),
    /// What it names cannot be told.
    Unread(Error),
}

/// Asks what a tag names and takes it in. The error is an outage.
pub(super) async fn look(
    catalogue: &Catalogue,
    watched: &Watched,
    repository: &RepositoryName,
    tag: &Tag,
    seen: Seen,
    told: Option<(Option<&Digest>, i64)>,
) -> Result<Found, Error> {
    let resolved = match watched.source.registry.resolve(repository, &Target::Tag(tag.clone())).await {
        Ok(resolved) => resolved,
        Err(error @ Error::NotFound(_)) => return Ok(Found::Nothing(error)),
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => {
            let what = What { problem: Some(&error.to_string()), ..What::default() };
            put(catalogue, watched, repository, tag, what, seen).await;
            return Ok(Found::Unread(error));
        }
    };
    let (resolved, pushed) = (resolved.digest, resolved.pushed);
    let read = if catalogue.expects(resolved.as_str()) { Ok(NONE) } else { fetch(catalogue, watched, repository, &resolved).await };
    if catalogue.expects(resolved.as_str()) {
        // A placeholder of ours, gone in a moment: nobody should see the tag name it.
        return Ok(Found::Read(resolved));
    }
    let problem = match read {
        Ok(id) => {
            fallback_entries(catalogue, watched, repository, tag, id).await;
            None
        }
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => Some(error),
    };
    let told = told.and_then(|(digest, at)| digest.is_none_or(|d| *d == resolved).then_some(at.min(now()))).or(pushed);
    let why = problem.as_ref().map(ToString::to_string);
    let what = What { digest: Some(&resolved), told, problem: why.as_deref(), dangling: false };
    put(catalogue, watched, repository, tag, what, seen).await;
    Ok(match problem {
        None => Found::Read(resolved),
        Some(problem) => Found::Named(resolved, problem),
    })
}

/// The index under a fallback tag lists artifacts, which have no platform and are fetched like children; nothing else
/// is to be done for it. A signature's or SBOM's tag names the thing itself.
async fn fallback_entries(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, tag: &Tag, id: u32) {
    if !tag.is_machinery() {
        return;
    }
    let children: Vec<Digest> = {
        let model = catalogue.model();
        model
            .manifest(id)
            .map(|m| {
                m.children
                    .iter()
                    .filter(|c| !model.manifest(c.manifest).is_some_and(|m| m.known))
                    .filter_map(|c| Digest::parse(&model.digest(c.manifest)?).ok())
                    .collect()
            })
            .unwrap_or_default()
    };
    for digest in children {
        if let Err(error) = fetch(catalogue, watched, repository, &digest).await {
            tracing::debug!(registry = %watched.source.name, %repository, %digest, %error, "something attached cannot be read");
        }
    }
}

/// What is known of a tag.
#[derive(Default)]
pub(super) struct What<'a> {
    pub digest: Option<&'a Digest>,
    /// When it came to name that, as an event told.
    pub told: Option<i64>,
    pub problem: Option<&'a str>,
    pub dangling: bool,
}

/// Takes in that a tag names a digest since a time, as somebody knows who put it there. Settles the repository.
pub(crate) async fn name(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, tag: &Tag, digest: &Digest, at: i64) {
    let what = What { digest: Some(digest), told: Some(at.min(now())), ..What::default() };
    let _turn = catalogue.0.turns.take(watched.number, repository, tag).await;
    put(catalogue, watched, repository, tag, what, Seen::Now).await;
    settle(catalogue, watched, repository);
}

/// Writes down what a tag names, in the model and for the database.
pub(super) async fn put(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, tag: &Tag, what: What<'_>, seen: Seen) {
    let What { digest, told, problem, dangling } = what;
    let at = now();
    make_known(catalogue, watched, repository).await;
    let write = {
        let mut model = catalogue.model_mut();
        let id = model.add_repo(watched.number, repository.as_str(), at);
        let manifest = digest.map_or(NONE, |d| model.manifest_number(d.as_str()));
        let name = model.names.number(tag.as_str());
        let problem_text = problem.map_or(NONE, |p| model.texts.number(p));
        let machinery = tag.is_machinery();
        let Some(repo) = model.repo(id) else { return };
        let before = repo.names.iter().position(|&n| n == name).map(|i| (repo.manifests[i], repo.rows[i]));
        let moved = before.is_none_or(|(m, _)| m != manifest);
        let row = Row {
            pushed: match (told, seen) {
                (Some(at), _) => at,
                (None, Seen::Now) if moved => at,
                _ => before.map_or(NEVER, |(_, r)| r.pushed),
            },
            first_seen: before.map_or(at, |(_, r)| r.first_seen),
            told: told.is_some() || !moved && before.is_some_and(|(_, r)| r.told),
            dangling,
            strikes: 0,
            problem: problem_text,
        };
        if !machinery && before.is_some_and(|(m, r)| m == manifest && r == row) {
            return;
        }
        let Some(repo) = model.repo_mut(id) else { return };
        if machinery {
            match repo.machinery.iter_mut().find(|(t, _)| t == tag) {
                Some((_, m)) if *m == manifest => return,
                Some((_, m)) => *m = manifest,
                None => repo.machinery.push((tag.clone(), manifest)),
            }
        } else {
            repo.put(name, manifest, row);
        }
        Write::Tag(TagRecord {
            registry: watched.source.name.clone(),
            repository: repository.to_string(),
            tag: tag.to_string(),
            digest: digest.map(ToString::to_string),
            first_seen: row.first_seen,
            pushed: (row.pushed != NEVER).then_some(row.pushed),
            told: row.told,
            strikes: 0,
            problem: problem.map(str::to_owned),
        })
    };
    catalogue.0.write(write).await;
}

/// Drops a tag of which somebody knows that the registry no longer has it.
pub(crate) async fn forget(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, tag: &Tag) {
    let _turn = catalogue.0.turns.take(watched.number, repository, tag).await;
    drop_tag(catalogue, watched, repository, tag).await;
}

/// Drops a tag, in whose turn somebody found that it is gone.
pub(super) async fn drop_tag(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, tag: &Tag) {
    {
        let mut model = catalogue.model_mut();
        let Some(id) = model.find_repo(watched.number, repository.as_str()) else { return };
        let name = model.names.find(tag.as_str());
        let Some(repo) = model.repo_mut(id) else { return };
        if let Some(name) = name {
            repo.remove(name);
        }
        repo.machinery.retain(|(t, _)| t != tag);
        model.settle(id);
    }
    catalogue.changed(watched, Some(repository.as_str()));
    catalogue
        .0
        .write(Write::DropTag {
            registry: watched.source.name.clone(),
            repository: repository.to_string(),
            tag: tag.to_string(),
            at: now(),
        })
        .await;
}
