//! Lists of repositories and of tags, page by page.

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Freshness, List, Repository, Tag};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use catalogue::{
    evaluate::Evaluation,
    lists::{Place, RepositoryOrder, TagOrder},
    model::NONE,
    query::Query,
};
use oci::Reference;
use std::{collections::HashMap, sync::Arc};

/// What to list of repositories.
#[derive(Debug, Clone, Default)]
pub struct RepositoriesQuery {
    /// Only of this registry.
    pub registry: Option<String>,
    /// In the query language.
    pub q: String,
    /// Only in this namespace and below.
    pub namespace: Option<String>,
    /// `name | pushed | updated | size | tags`, ascending; `-` before it turns it round. `name` when absent.
    pub sort: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
}

/// What to list of a repository's tags.
#[derive(Debug, Clone, Default)]
pub struct TagsQuery {
    /// In the query language.
    pub q: String,
    /// `version` (newest first) `| name | pushed | created | size`, the others ascending; `-` before it turns it
    /// round. `version` when absent.
    pub sort: Option<String>,
    /// 1 to 1000; 100 when absent.
    pub limit: Option<u32>,
    pub after: Option<String>,
    /// One row for each digest instead of one for each tag: the row is the newest name's, the others are its aliases.
    pub gathered: bool,
}

/// A page of a list, and where it stands.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    pub list: List<T>,
    /// How many items come before this page.
    pub offset: u64,
    /// `after` of the page before; empty for the first page, none where this is the first.
    pub previous: Option<String>,
}

/// Sorted lists of the last queries; good until something they show changes.
pub(crate) struct Cache {
    lists: moka::sync::Cache<Key, Arc<Vec<u32>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Repositories { generation: u64, q: String, registry: Option<u16>, namespace: Option<String>, order: RepositoryOrder, reverse: bool },
    Tags { repository: u32, generation: u32, q: String, order: TagOrder, reverse: bool, gathered: bool },
    Hits { generation: u64, q: String, all: bool },
}

impl Default for Cache {
    fn default() -> Self {
        // Numbers of four bytes, 32 MiB of them at most.
        let weigher = |_: &Key, list: &Arc<Vec<u32>>| (list.len() as u32).saturating_mul(4).saturating_add(200);
        // Times move under age: and pushed: terms, so nothing is kept for long.
        Self {
            lists: moka::sync::Cache::builder()
                .max_capacity(32 << 20)
                .weigher(weigher)
                .time_to_live(std::time::Duration::from_secs(30))
                .build(),
        }
    }
}

impl Service {
    pub async fn repositories(&self, caller: &Caller, query: &RepositoriesQuery) -> Result<List<Repository>> {
        self.repositories_paged(caller, query).await.map(|p| p.list)
    }

    /// The same, with where the page stands.
    pub async fn repositories_paged(&self, _caller: &Caller, query: &RepositoriesQuery) -> Result<Paged<Repository>> {
        let registry = query.registry.as_deref().map(|name| self.registry_of(name).map(|(n, _)| n)).transpose()?;
        let parsed = parse(&query.q)?;
        let (order, reverse) = sort(
            query.sort.as_deref(),
            "name",
            &[
                ("name", RepositoryOrder::Name),
                ("pushed", RepositoryOrder::Updated),
                ("updated", RepositoryOrder::Updated),
                ("size", RepositoryOrder::Size),
                ("tags", RepositoryOrder::Tags),
            ],
        )?;
        let limit = limit(query.limit)?;
        let after = query.after.as_deref().map(place).transpose()?;
        let freshness = self.freshness(registry);
        let model = self.0.catalogue.model();
        let key = Key::Repositories {
            generation: model.generation(),
            q: query.q.clone(),
            registry,
            namespace: query.namespace.clone(),
            order,
            reverse,
        };
        let all = self.0.lists.lists.get_with(key, || {
            let evaluation = Evaluation::new(&model, &parsed, catalogue::now());
            Arc::new(catalogue::lists::repositories(&model, &evaluation, registry, query.namespace.as_deref(), order, reverse))
        });
        let at = |id: u32| catalogue::lists::repository_place(&model, id, order);
        let page = cut(&all, after.as_ref(), limit, reverse, false, at);
        let items = all[page.from..page.to].iter().filter_map(|&id| model.repo(id).map(|r| show::repository(&model, r))).collect();
        Ok(page.around(items, all.len(), freshness))
    }

    /// One repository.
    pub async fn repository(&self, _caller: &Caller, reference: &Reference) -> Result<Repository> {
        let (_, id) = self.repository_of(reference).await?;
        let model = self.0.catalogue.model();
        model.repo(id).map(|r| show::repository(&model, r)).ok_or_else(|| crate::no_repository(reference))
    }

    pub async fn tags(&self, caller: &Caller, reference: &Reference, query: &TagsQuery) -> Result<List<Tag>> {
        self.tags_paged(caller, reference, query).await.map(|p| p.list)
    }

    /// The same, with where the page stands.
    pub async fn tags_paged(&self, _caller: &Caller, reference: &Reference, query: &TagsQuery) -> Result<Paged<Tag>> {
        let parsed = parse(&query.q)?;
        let (order, reverse) = sort(
            query.sort.as_deref(),
            "version",
            &[
                ("version", TagOrder::Version),
                ("name", TagOrder::Name),
                ("pushed", TagOrder::Pushed),
                ("created", TagOrder::Created),
                ("size", TagOrder::Size),
            ],
        )?;
        let limit = limit(query.limit)?;
        let after = query.after.as_deref().map(place).transpose()?;
        let (registry, id) = self.repository_of(reference).await?;
        let freshness = self.freshness(Some(registry));
        let model = self.0.catalogue.model();
        let repo = model.repo(id).ok_or_else(|| crate::no_repository(reference))?;
        let key = Key::Tags { repository: id, generation: repo.generation, q: query.q.clone(), order, reverse, gathered: query.gathered };
        let all = self.0.lists.lists.get_with(key, || {
            let evaluation = Evaluation::new(&model, &parsed, catalogue::now());
            Arc::new(catalogue::lists::tags(&model, id, &evaluation, order, reverse, query.gathered))
        });
        let at = |i: u32| catalogue::lists::tag_place(&model, repo, i, order);
        let page = cut(&all, after.as_ref(), limit, reverse, order == TagOrder::Version, at);
        // Found out once for the page: to look through all tags for each row would take a large page as long as drawing it.
        let mut same: HashMap<u32, Vec<usize>> = HashMap::new();
        for (i, &manifest) in repo.manifests.iter().enumerate().filter(|(_, m)| **m != NONE) {
            same.entry(manifest).or_default().push(i);
        }
        let of = |i: usize| same.get(&repo.manifests[i]).into_iter().flatten().copied();
        let items = all[page.from..page.to].iter().map(|&i| show::tag(&model, repo, i as usize, of(i as usize))).collect();
        Ok(page.around(items, all.len(), freshness))
    }

    /// How far what is shown of one registry, or the worst of all, can be trusted.
    pub(crate) fn freshness(&self, registry: Option<u16>) -> Freshness {
        let one =
            |n: u16| Freshness { state: show::state(self.0.catalogue.state(n)), at: self.0.catalogue.status(n).crawled.map(show::time) };
        match registry {
            Some(n) => one(n),
            None => show::worst((0..self.0.settings.registries.len() as u16).map(one)),
        }
    }

    /// Numbers found before for the same question, or found now.
    pub(crate) fn remembered(&self, generation: u64, q: &str, all: bool, find: impl FnOnce() -> Vec<u32>) -> Arc<Vec<u32>> {
        self.0.lists.lists.get_with(Key::Hits { generation, q: q.to_owned(), all }, || Arc::new(find()))
    }
}

/// Whether a query can be read, before anything is asked because of it.
pub fn check_query(q: &str) -> Result<()> {
    parse(q).map(drop)
}

/// A query, or the error that points at its wrong term.
pub(crate) fn parse(q: &str) -> Result<Query> {
    Query::parse(q).map_err(|e| {
        let term = q.get(e.start..e.end).map(str::trim).filter(|t| !t.is_empty());
        let detail = match term {
            Some(term) => format!("“{}” cannot be read: {}.", term.chars().take(80).collect::<String>(), e.message),
            None => format!("The query cannot be read: {}.", e.message),
        };
        let error = Error::new(Code::BadQuery, detail);
        match &e.hint {
            Some(hint) => error.hint(sentence(hint)),
            None => error,
        }
    })
}

/// A remark as a sentence.
fn sentence(remark: &str) -> String {
    let mut letters = remark.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if remark.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// 1 to 1000; 100 when absent.
pub(crate) fn limit(limit: Option<u32>) -> Result<usize> {
    match limit {
        None => Ok(100),
        Some(n @ 1..=1000) => Ok(n as usize),
        Some(n) => Err(Error::new(Code::BadQuery, format!("A limit is 1 to 1000, not {n}."))),
    }
}

fn sort<T: Copy>(sort: Option<&str>, default: &str, known: &[(&str, T)]) -> Result<(T, bool)> {
    let text = sort.filter(|s| !s.is_empty()).unwrap_or(default);
    let (name, reverse) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    known.iter().find(|(n, _)| *n == name).map(|&(_, order)| (order, reverse)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(n, _)| *n).collect();
        Error::new(Code::BadQuery, format!("Nothing is sorted by “{}”.", name.chars().take(40).collect::<String>()))
            .hint(format!("Sort by {}; “-” before it turns it round.", names.join(", ")))
    })
}

/// A page cut out of a list.
struct Cut {
    from: usize,
    to: usize,
    next: Option<String>,
    previous: Option<String>,
}

fn cut(all: &[u32], after: Option<&Place>, limit: usize, reverse: bool, version: bool, at: impl Fn(u32) -> Place) -> Cut {
    let from = after.map_or(0, |place| catalogue::lists::after(all, place, reverse, version, &at));
    let to = (from + limit).min(all.len());
    let cursor = |i: usize| all.get(i).map(|&item| text(&at(item)));
    let next = if to < all.len() { to.checked_sub(1).and_then(cursor) } else { None };
    let previous = match from {
        0 => None,
        n if n <= limit => Some(String::new()),
        n => cursor(n - limit - 1),
    };
    Cut { from, to, next, previous }
}

impl Cut {
    fn around<T>(self, items: Vec<T>, total: usize, freshness: Freshness) -> Paged<T> {
        Paged { list: List { items, next: self.next, total: total as u64, freshness }, offset: self.from as u64, previous: self.previous }
    }
}

/// A place as a cursor: opaque to others.
fn text(place: &Place) -> String {
    let key = place.key.map(|k| k.to_string()).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(format!("{key} {}", place.name))
}

pub(crate) fn place(cursor: &str) -> Result<Place> {
    let read = || {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (key, name) = text.split_once(' ')?;
        let key = if key.is_empty() { None } else { Some(key.parse().ok()?) };
        Some(Place { key, name: name.to_owned() })
    };
    if cursor.len() > 1024 {
        return Err(Error::new(Code::BadQuery, "“after” is not a place in this list."));
    }
    read().ok_or_else(|| {
        Error::new(Code::BadQuery, "“after” is not a place in this list.").hint("Give back “next” of the page before as it came.")
    })
}
