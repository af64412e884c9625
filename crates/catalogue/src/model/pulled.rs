use super::{Model, Repo};
use hashbrown::HashMap;

/// When something was last pulled, as far as registries tell. By a repository's place, which stays when the repository
/// goes and comes back, and the number of a name or manifest. Most tags are not in it.
#[derive(Default)]
pub(super) struct Pulled {
    names: HashMap<(u32, u32), i64>,
    manifests: HashMap<(u32, u32), i64>,
}

impl Model {
    /// A tag, or a manifest by its digest, was pulled from a repository. What is not known is left out: there is nothing
    /// here that it could keep.
    pub(crate) fn pull(&mut self, repository: u32, name: &str, at: i64) {
        let Some(place) = self.repo(repository).map(|r| r.place) else { return };
        let (map, number) = if name.contains(':') {
            (&mut self.pulled.manifests, self.digests.find(name))
        } else {
            (&mut self.pulled.names, self.names.find(name))
        };
        if let Some(number) = number {
            let last = map.entry((place, number)).or_insert(at);
            *last = at.max(*last);
        }
    }

    /// When a tag was last pulled: by its name, by the digest it names, or by that of an entry of the index it names.
    pub fn last_pull(&self, repo: &Repo, position: usize) -> Option<i64> {
        if self.pulled.names.is_empty() && self.pulled.manifests.is_empty() {
            return None;
        }
        let (&name, &manifest) = (repo.names.get(position)?, repo.manifests.get(position)?);
        let of = |manifest: u32| self.pulled.manifests.get(&(repo.place, manifest)).copied();
        let entries = self.manifests.children(manifest).iter().filter_map(|c| of(c.manifest)).max();
        self.pulled.names.get(&(repo.place, name)).copied().max(of(manifest)).max(entries)
    }
}
