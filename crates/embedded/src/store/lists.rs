//! Lists: a repository's tags; walking over all repositories.

use super::{Store, listed::Tags};
use crate::{
    driver::Entry,
    error::{Code, Result},
    layout,
};
use oci::{RepositoryName, Tag};
use std::time::Instant;

/// Folders inside folders that are walked into: a name has at most 255 characters, so 128 parts.
const DEPTH: usize = 128;

impl Store {
    /// A repository's tags in ASCII order; `None` where there is no such repository.
    pub(crate) fn tag_names(&self, name: &RepositoryName) -> Result<Option<Tags>> {
        let (seen, mark) = (Instant::now(), self.driver.mark(&layout::tags(name))?);
        if let Some(tags) = mark.and_then(|mark| self.listed.get(name, mark)) {
            return Ok(Some(tags));
        }
        let Some(entries) = self.driver.list(&layout::tags(name))? else {
            // One whose manifests were all put by digest has no folder for tags yet.
            return Ok(self.driver.list(&layout::manifests(name))?.map(|_| Tags::default()));
        };
        let mut tags: Vec<String> = entries.into_iter().filter(|e| e.folder && Tag::is_valid(&e.name)).map(|e| e.name).collect();
        tags.sort_unstable();
        if !self.tagged.has(name) {
            // Other registries make a tag in two steps, and may leave one that names nothing. We do not: once all were whole, they are.
            let before = tags.len();
            let mut result = Ok(());
            tags.retain(|tag| {
                let whole = Tag::parse(tag).is_ok_and(|tag| {
                    self.is_whole(name, &tag).unwrap_or_else(|error| {
                        result = Err(error);
                        false
                    })
                });
                if !whole {
                    tracing::warn!(repository = %name, tag, "a tag in the storage names no manifest; it is not listed");
                }
                whole
            });
            result?;
            if tags.len() == before {
                self.tagged.add(name);
            }
        }
        let tags = Tags::from(tags);
        // One that names nothing may come to name something without a change of the folder.
        if let Some(mark) = mark.filter(|_| self.tagged.has(name)) {
            self.listed.add(name, mark, seen, &tags);
        }
        Ok(Some(tags))
    }

    /// Whether a tag names a manifest that is there.
    pub(super) fn is_whole(&self, name: &RepositoryName, tag: &Tag) -> Result<bool> {
        match self.resolve(name, tag) {
            Ok(digest) => self.linked(&layout::revision(name, &digest)),
            Err(error) if error.code == Code::ManifestUnknown => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Calls for every folder that has the parts of a repository, with their names: `_manifests`, `_layers`, `_uploads`.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(&RepositoryName, &[Entry]) -> Result<()>) -> Result<()> {
        let mut open = vec![(String::new(), 0)];
        while let Some((path, depth)) = open.pop() {
            let folder = if path.is_empty() { layout::REPOSITORIES.to_owned() } else { format!("{}/{path}", layout::REPOSITORIES) };
            // It may be gone by now.
            let Some(entries) = self.driver.list(&folder)? else { continue };
            let (parts, below): (Vec<Entry>, Vec<Entry>) = entries.into_iter().filter(|e| e.folder).partition(|e| e.name.starts_with('_'));
            if !parts.is_empty()
                && let Ok(name) = RepositoryName::parse(&path)
            {
                visit(&name, &parts)?;
            }
            if depth < DEPTH {
                let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                open.extend(below.iter().map(|e| (inside(&e.name), depth + 1)));
            }
        }
        Ok(())
    }

    /// Reads all names of repositories that have manifests.
    pub(crate) fn repositories(&self) -> Result<Vec<RepositoryName>> {
        let mut names = Vec::new();
        self.walk(&mut |name, parts| {
            if parts.iter().any(|part| part.name == "_manifests") && self.has_manifests(name)? {
                names.push(name.clone());
            }
            Ok(())
        })?;
        Ok(names)
    }
}
