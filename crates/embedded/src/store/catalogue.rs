//! The names of all repositories, in memory and in order: read at the start, kept by our own writes, and read anew in the background
//! when they are asked for and old, since another process may have written.

use oci::RepositoryName;
use std::{
    collections::BTreeSet,
    ops::Bound,
    sync::{Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

#[derive(Default)]
pub(crate) struct Catalogue {
    names: RwLock<BTreeSet<RepositoryName>>,
    walk: Mutex<Walk>,
}

#[derive(Default)]
struct Walk {
    ended: Option<Instant>,
    /// What we changed while a walk was under way, which it may have seen or not.
    meanwhile: Option<Vec<(RepositoryName, bool)>>,
}

impl Catalogue {
    /// Whether it was ever read.
    pub(crate) fn is_ready(&self) -> bool {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner).ended.is_some()
    }

    /// Whether it was read longer ago than this, and is not being read now.
    pub(crate) fn is_old(&self, age: Duration) -> bool {
        let walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        walk.meanwhile.is_none() && walk.ended.is_none_or(|ended| ended.elapsed() >= age)
    }

    /// Whether it should be read anew now; then the caller does, and ends with [`Self::walked`].
    pub(crate) fn begin_walk(&self, age: Duration) -> bool {
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        if walk.meanwhile.is_some() || walk.ended.is_some_and(|ended| ended.elapsed() < age) {
            return false;
        }
        walk.meanwhile = Some(Vec::new());
        true
    }

    /// Takes what was read; nothing where reading failed.
    pub(crate) fn walked(&self, names: Option<Vec<RepositoryName>>) {
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        let meanwhile = walk.meanwhile.take().unwrap_or_default();
        let Some(names) = names else { return };
        let mut names: BTreeSet<RepositoryName> = names.into_iter().collect();
        for (name, there) in meanwhile {
            if there {
                names.insert(name);
            } else {
                names.remove(&name);
            }
        }
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
        walk.ended = Some(Instant::now());
    }

    pub(crate) fn added(&self, name: &RepositoryName) {
        self.change(name, true);
    }

    pub(crate) fn removed(&self, name: &RepositoryName) {
        self.change(name, false);
    }

    fn change(&self, name: &RepositoryName, there: bool) {
        // In this order everywhere: the walk's lock, then the names'.
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meanwhile) = &mut walk.meanwhile {
            meanwhile.push((name.clone(), there));
        }
        if self.names.read().unwrap_or_else(PoisonError::into_inner).contains(name) != there {
            let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
            if there {
                names.insert(name.clone());
            } else {
                names.remove(name);
            }
        }
    }

    /// Up to `n` names after one, of those that are `wanted`.
    pub(crate) fn page(&self, after: Option<&str>, n: usize, wanted: &dyn Fn(&RepositoryName) -> bool) -> Vec<RepositoryName> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        // A name's order is its text's; what is no name is compared the slow way.
        match after.map(RepositoryName::parse) {
            None => names.iter().filter(|name| wanted(name)).take(n).cloned().collect(),
            Some(Ok(after)) => {
                names.range((Bound::Excluded(after), Bound::Unbounded)).filter(|name| wanted(name)).take(n).cloned().collect()
            }
            Some(Err(_)) => names.iter().filter(|name| Some(name.as_str()) > after && wanted(name)).take(n).cloned().collect(),
        }
    }

    pub(crate) fn all(&self) -> Vec<RepositoryName> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> RepositoryName {
        RepositoryName::parse(text).unwrap()
    }

    #[test]
    fn writes_during_a_walk_are_kept() {
        let catalogue = Catalogue::default();
        assert!(!catalogue.is_ready());
        assert!(catalogue.begin_walk(Duration::ZERO));
        assert!(!catalogue.begin_walk(Duration::ZERO), "one at a time");
        catalogue.added(&name("b"));
        catalogue.removed(&name("c"));
        catalogue.walked(Some(vec![name("a"), name("c"), name("d/e")]));
        let page = |after, n| catalogue.page(after, n, &|_| true).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(page(None, 9), ["a", "b", "d/e"]);
        assert_eq!(page(Some("a"), 1), ["b"]);
        assert_eq!(page(Some("B"), 9), ["a", "b", "d/e"]);
        assert!(!catalogue.begin_walk(Duration::from_mins(1)));
        assert!(catalogue.begin_walk(Duration::ZERO));
        catalogue.walked(None);
        assert_eq!(catalogue.all().len(), 3);
    }
}
