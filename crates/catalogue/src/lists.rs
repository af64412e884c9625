//! Lists of repositories and tags: filtered, sorted over the whole, cut into pages by key.

use crate::{
    evaluate::Evaluation,
    model::{Model, NONE, Repo},
};
use oci::VersionKey;
use std::cmp::Ordering;

mod orders;
pub(crate) use orders::Orders;

/// What repositories are sorted by. Ascending; what is unknown comes last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RepositoryOrder {
    /// Registry, then name.
    Name,
    /// When a tag last changed.
    Updated,
    Size,
    Tags,
}

/// What tags are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagOrder {
    /// Newest version first.
    Version,
    Name,
    /// When it came to name what it names.
    Pushed,
    Created,
    Size,
}

/// A place in a list: the sort key and the name of the last item of a page. It stays good when items come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// None for orders that go by the name alone, and for what is unknown.
    pub key: Option<i64>,
    pub name: String,
}

/// The numbers of the repositories that match, sorted.
pub fn repositories(
    model: &Model,
    evaluation: &Evaluation<'_>,
    registry: Option<u16>,
    namespace: Option<&str>,
    order: RepositoryOrder,
    reverse: bool,
) -> Vec<u32> {
    let inside = |repo: &Repo| {
        namespace.is_none_or(|n| {
            let own = repo.namespace();
            own == n || own.strip_prefix(n).is_some_and(|rest| rest.starts_with('/')) || (n.is_empty() && own.is_empty())
        })
    };
    let sorted = model.orders.of(model, order);
    let everything = evaluation.asks_nothing() && registry.is_none() && namespace.is_none();
    let within = evaluation.within();
    let wanted = |id: u32| {
        everything
            || (within.as_ref().is_none_or(|w| w.has(id))
                && model.repo(id).is_some_and(|r| registry.is_none_or(|n| r.registry == n) && inside(r))
                && evaluation.repository(id))
    };
    sorted.each(reverse).filter(|&id| wanted(id)).collect()
}

/// Where a repository stands in an order.
pub fn repository_place(model: &Model, id: u32, order: RepositoryOrder) -> Place {
    let Some(repo) = model.repo(id) else { return Place { key: None, name: String::new() } };
    Place { key: repository_key(repo, order), name: model.place(repo).to_owned() }
}

/// What repositories are sorted by, before their names; none for what is unknown.
fn repository_key(repo: &Repo, order: RepositoryOrder) -> Option<i64> {
    match order {
        RepositoryOrder::Name => None,
        RepositoryOrder::Updated => repo.facts.updated,
        RepositoryOrder::Size => (repo.facts.size > 0).then_some(repo.facts.size as i64),
        RepositoryOrder::Tags => Some(repo.names.len() as i64),
    }
}

/// The positions of the tags that match, sorted. Gathered: one of each digest (its newest name that matches).
pub fn tags(model: &Model, id: u32, evaluation: &Evaluation<'_>, order: TagOrder, reverse: bool, gathered: bool) -> Vec<u32> {
    let Some(repo) = model.repo(id) else { return Vec::new() };
    let mut positions: Vec<u32> = (0..repo.names.len() as u32).filter(|&i| evaluation.tag(id, i as usize)).collect();
    if gathered {
        let mut seen = crate::model::Bits::new(model.manifest_bound());
        positions.retain(|&i| {
            let manifest = repo.manifests[i as usize];
            if manifest == NONE {
                return true;
            }
            let first = !seen.has(manifest);
            seen.set(manifest);
            first
        });
    }
    match order {
        // The columns are kept in this order.
        TagOrder::Version if reverse => positions.reverse(),
        TagOrder::Version => {}
        _ => positions.sort_by_cached_key(|&i| Ordered { place: tag_place(model, repo, i, order), reverse, version: false }),
    }
    positions
}

/// Where a tag stands in an order.
pub fn tag_place(model: &Model, repo: &Repo, position: u32, order: TagOrder) -> Place {
    let i = position as usize;
    let (Some(&name), Some(&manifest)) = (repo.names.get(i), repo.manifests.get(i)) else {
        return Place { key: None, name: String::new() };
    };
    let key = match order {
        TagOrder::Version | TagOrder::Name => None,
        TagOrder::Pushed => model.changed(repo, i),
        TagOrder::Created => model.created(manifest),
        TagOrder::Size => model.size(manifest).map(|s| s as i64),
    };
    Place { key, name: model.names.text(name).to_owned() }
}

/// How many items of a sorted list stand at or before a place, whether or not the item itself is still there.
pub fn after<T: Copy>(items: &[T], place: &Place, reverse: bool, version: bool, at: impl Fn(T) -> Place) -> usize {
    let place = Ordered { place: place.clone(), reverse, version };
    items.partition_point(|&item| Ordered { place: at(item), reverse, version } <= place)
}

/// A place that knows its direction. Unknown keys come last whichever way the list runs.
#[derive(PartialEq, Eq)]
struct Ordered {
    place: Place,
    reverse: bool,
    version: bool,
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        let turn = |o: Ordering| if self.reverse { o.reverse() } else { o };
        let names = || {
            turn(if self.version {
                VersionKey::new(&self.place.name).cmp(&VersionKey::new(&other.place.name))
            } else {
                self.place.name.cmp(&other.place.name)
            })
        };
        match (self.place.key, other.place.key) {
            (Some(a), Some(b)) => turn(a.cmp(&b)).then_with(names),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => names(),
        }
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
