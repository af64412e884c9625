//! Lists of repositories and of tags, page by page.

use crate::{Caller, Error, Result, Service, show};
use api::{Code, Freshness, List, Repository, Tag};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use catalogue::{
    evaluate::Evaluation,
    lists::{Place, RepositoryOrder, TagOrder},
    model::{Model, NONE, Repo},
    query::Query,
};
use oci::Reference;
use std::sync::Arc;
use tokio::task::JoinError;

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

impl Cache {
    fn knows(&self, key: &Key) -> bool {
        self.lists.contains_key(key)
    }
}

/// A question about repositories, read.
struct Repositories {
    registry: Option<u16>,
    q: String,
    parsed: Query,
    namespace: Option<String>,
    order: RepositoryOrder,
    reverse: bool,
    limit: usize,
    after: Option<Place>,
}

impl Repositories {
    fn key(&self, model: &Model) -> Key {
        Key::Repositories {
            generation: model.generation(),
            q: self.q.clone(),
            registry: self.registry,
            namespace: self.namespace.clone(),
            order: self.order,
            reverse: self.reverse,
        }
    }
}

/// A question about a repository's tags, read.
struct Tags {
    id: u32,
    registry: u16,
    reference: Reference,
    q: String,
    parsed: Query,
    order: TagOrder,
    reverse: bool,
    gathered: bool,
    limit: usize,
    after: Option<Place>,
}

impl Tags {
    fn key(&self, repo: &Repo) -> Key {
        let Self { id, order, reverse, gathered, .. } = *self;
        Key::Tags { repository: id, generation: repo.generation, q: self.q.clone(), order, reverse, gathered }
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
        let (q, namespace) = (query.q.clone(), query.namespace.clone());
        let asked = Repositories { registry, q, parsed, namespace, order, reverse, limit, after };
        let quick = asked.parsed.is_empty() || self.0.lists.knows(&asked.key(&self.0.catalogue.model()));
        self.aside(quick, move |service| Ok(service.page_of_repositories(&asked))).await
    }

    fn page_of_repositories(&self, asked: &Repositories) -> Paged<Repository> {
        let Repositories { registry, ref parsed, ref namespace, order, reverse, limit, ref after, .. } = *asked;
        let freshness = self.freshness(registry);
        let model = self.0.catalogue.model();
        let all = self.0.lists.lists.get_with(asked.key(&model), || {
            let evaluation = Evaluation::new(&model, parsed, catalogue::now());
            Arc::new(catalogue::lists::repositories(&model, &evaluation, registry, namespace.as_deref(), order, reverse))
        });
        let at = |id: u32| catalogue::lists::repository_place(&model, id, order);
        let page = cut(&all, after.as_ref(), limit, reverse, false, at);
        let items = all[page.from..page.to].iter().filter_map(|&id| model.repo(id).map(|r| show::repository(&model, r))).collect();
        page.around(items, all.len(), freshness)
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
        let (reference, q, gathered) = (reference.clone(), query.q.clone(), query.gathered);
        let asked = Tags { id, registry, reference, q, parsed, order, reverse, gathered, limit, after };
        let quick = asked.parsed.is_empty() || {
            let model = self.0.catalogue.model();
            model.repo(id).is_some_and(|repo| self.0.lists.knows(&asked.key(repo)))
        };
        self.aside(quick, move |service| service.page_of_tags(&asked)).await
    }

    fn page_of_tags(&self, asked: &Tags) -> Result<Paged<Tag>> {
        let Tags { id, registry, ref parsed, order, reverse, gathered, limit, ref after, .. } = *asked;
        let freshness = self.freshness(Some(registry));
        let model = self.0.catalogue.model();
        let repo = model.repo(id).ok_or_else(|| crate::no_repository(&asked.reference))?;
        let all = self.0.lists.lists.get_with(asked.key(repo), || {
            let evaluation = Evaluation::new(&model, parsed, catalogue::now());
            Arc::new(catalogue::lists::tags(&model, id, &evaluation, order, reverse, gathered))
        });
        let at = |i: u32| catalogue::lists::tag_place(&model, repo, i, order);
        let page = cut(&all, after.as_ref(), limit, reverse, order == TagOrder::Version, at);
        let aliases = Aliases::of(repo);
        let items = all[page.from..page.to].iter().map(|&i| show::tag(&model, repo, i as usize, aliases.at(repo, i as usize))).collect();
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

    /// Answers a question: at once where that is quick, else beside the threads that serve, so that it holds up none that asks for
    /// less. Over a million tags some take longer than all else of a hundred pages; only as many are looked for at a time as there
    /// are processors.
    pub(crate) async fn aside<T: Send + 'static>(&self, quick: bool, find: impl FnOnce(&Self) -> Result<T> + Send + 'static) -> Result<T> {
        if quick {
            return find(self);
        }
        let ending = |_| Error::internal("The server is ending.");
        let permit = Arc::clone(&self.0.searches).acquire_owned().await.map_err(ending)?;
        let service = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let found = find(&service);
            drop(permit);
            found
        });
        match found.await.map_err(JoinError::try_into_panic) {
            Ok(found) => found,
            // As if it had happened here.
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(ended)) => Err(Error::internal(ended.to_string())),
        }
    }

    /// Whether [`Service::remembered`] has the answer.
    pub(crate) fn remembers(&self, generation: u64, q: &str, all: bool) -> bool {
        self.0.lists.knows(&Key::Hits { generation, q: q.to_owned(), all })
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

/// Tags by what they name, found out once for a page: to look through all tags for each row would take a large page as long as
/// drawing it.
struct Aliases(Vec<(u32, u32)>);

impl Aliases {
    fn of(repo: &Repo) -> Self {
        let mut all: Vec<(u32, u32)> = (0..).zip(&repo.manifests).filter(|&(_, &m)| m != NONE).map(|(i, &m)| (m, i)).collect();
        if all.len() == repo.facts.images as usize {
            // Each names another.
            return Self(Vec::new());
        }
        all.sort_unstable();
        Self(all)
    }

    /// The positions of all tags that name the same as the one at a position.
    fn at(&self, repo: &Repo, i: usize) -> impl Iterator<Item = usize> {
        let manifest = repo.manifests[i];
        let from = self.0.partition_point(|&(m, _)| m < manifest);
        self.0[from..].iter().take_while(move |&&(m, _)| m == manifest && m != NONE).map(|&(_, i)| i as usize)
    }
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
