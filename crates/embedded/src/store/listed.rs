//! Lists of tags that are known to be as they were: their folder tells when it changed.

use crate::driver::Mark;
use moka::sync::Cache;
use oci::RepositoryName;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes of lists that are kept.
const MOST: u64 = 16 << 20;
/// Longer than a tick of any storage's clock, within which a folder may change twice and tell of it once.
const TICK: Duration = Duration::from_secs(2);

/// A repository's tags in ASCII order.
pub(crate) type Tags = Arc<[String]>;

pub(super) struct Listed(Cache<RepositoryName, Entry>);

#[derive(Clone)]
struct Entry {
    mark: Mark,
    /// When the folder was first seen with this mark.
    since: Instant,
    /// None while the folder might have changed again without telling.
    tags: Option<Tags>,
}

impl Default for Listed {
    fn default() -> Self {
        let weight = |name: &RepositoryName, entry: &Entry| {
            let tags = entry.tags.iter().flat_map(|tags| tags.iter()).map(|tag| tag.len() + size_of::<String>()).sum::<usize>();
            u32::try_from(name.as_str().len() + size_of::<Entry>() + tags).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MOST).weigher(weight).build())
    }
}

impl Listed {
    /// The tags of a repository whose folder has this mark now.
    pub(super) fn get(&self, name: &RepositoryName, mark: Mark) -> Option<Tags> {
        self.0.get(name).filter(|entry| entry.mark == mark)?.tags
    }

    /// Takes note of a list that was read after its folder was seen with this mark, at that time.
    pub(super) fn add(&self, name: &RepositoryName, mark: Mark, seen: Instant, tags: &Tags) {
        let since = self.0.get(name).filter(|entry| entry.mark == mark).map_or(seen, |entry| entry.since);
        let settled = seen.saturating_duration_since(since) >= TICK;
        self.0.insert(name.clone(), Entry { mark, since, tags: settled.then(|| Arc::clone(tags)) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_once_its_folder_had_a_tick_of_rest() {
        let listed = Listed::default();
        let name = RepositoryName::parse("team/api").expect("a name");
        let mark = |changed| Mark { device: 1, inode: 2, changed: (changed, 0) };
        let (one, two): (Tags, Tags) = (Arc::new(["v1".into()]), Arc::new(["v1".into(), "v2".into()]));
        let began = Instant::now();
        listed.add(&name, mark(1), began, &one);
        assert_eq!(listed.get(&name, mark(1)), None, "another tag may come within the tick");
        listed.add(&name, mark(1), began + TICK / 2, &two);
        assert_eq!(listed.get(&name, mark(1)), None);
        listed.add(&name, mark(1), began + TICK, &two);
        assert_eq!(listed.get(&name, mark(1)), Some(two.clone()));
        assert_eq!(listed.get(&name, mark(2)), None, "it changed");
        listed.add(&name, mark(2), began + TICK * 2, &one);
        assert_eq!(listed.get(&name, mark(2)), None);
        assert_eq!(listed.get(&name, mark(1)), None);
    }
}
