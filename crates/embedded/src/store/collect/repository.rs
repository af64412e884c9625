//! One repository: what in it is live, and taking the rest out of it.

use super::{
    CLOSED, Run,
    graph::{Graph, Node},
};
use crate::{
    document::{self, Names},
    driver::Step,
    error::Result,
    layout,
    store::Store,
};
use oci::{Digest, RepositoryName, Tag};
use registry::collect::Collected;
use std::{collections::HashSet, time::Instant};

/// Manifests taken out by one commit.
const TOGETHER: usize = 64;

impl Store {
    pub(super) fn collect_repository(&self, run: &mut Run<'_>, name: &RepositoryName) -> Result<()> {
        // What has uploads alone was never a repository, or was emptied before.
        let there = self.driver.list(&layout::manifests(name))?.is_some() || self.driver.list(&layout::layers(name))?.is_some();
        let mut graph = self.graph(run, name)?;
        let mut roots = self.roots(name)?;
        for root in &roots {
            // A tag may name what has no link of its own: an interrupted push of another registry. Its content is held all the same.
            if !graph.nodes.contains_key(root) {
                let node = self.node(root)?;
                graph.nodes.insert(root.clone(), node);
            }
        }
        let young = |(digest, node): (&Digest, &Node)| (node.linked && (node.young || !run.how.untagged)).then(|| digest.clone());
        roots.extend(graph.nodes.iter().filter_map(young));
        let live = graph.reached(&roots);
        let mut going: HashSet<Digest> =
            graph.nodes.iter().filter(|(digest, node)| node.linked && !live.contains(digest)).map(|(digest, _)| digest.clone()).collect();
        drop(live);
        while !going.is_empty() && !run.stopped {
            let mut next = graph.next(&going);
            next.truncate(TOGETHER);
            let spared = self.collect_manifests(run, name, &graph, &next)?;
            going.retain(|digest| !next.contains(digest));
            if !spared.is_empty() {
                roots.extend(spared);
                let live = graph.reached(&roots);
                going.retain(|digest| !live.contains(digest));
            }
        }
        if run.stopped {
            return Ok(());
        }
        let live: HashSet<Digest> = graph.reached(&roots).into_iter().cloned().collect();
        let mut unread = false;
        let mut held: HashSet<&Digest> = HashSet::new();
        for digest in &live {
            run.live.add(digest);
            let Some(node) = graph.nodes.get(digest) else { continue };
            held.extend(&node.blobs);
            node.blobs.iter().for_each(|blob| run.live.add(blob));
            if node.unread {
                unread = true;
                run.tell(Collected::Unread { repository: name.clone(), digest: digest.clone() });
            }
        }
        let layers = self.collect_links(run, name, &held, unread)?;
        if there && live.is_empty() && layers == 0 && !run.stopped {
            self.collect_emptied(run, name)?;
        }
        Ok(())
    }

    fn graph(&self, run: &Run<'_>, name: &RepositoryName) -> Result<Graph> {
        let mut graph = Graph::default();
        for digest in self.pairs(&layout::revisions(name))? {
            let link = format!("{}/{}", layout::revision(name, &digest), layout::LINK);
            // A folder without its link says nothing.
            if self.driver.stat(&link)?.is_none() {
                continue;
            }
            let mut node = self.node(&digest)?;
            node.linked = true;
            node.young = self.is_young(run, &link)?;
            graph.nodes.insert(digest, node);
        }
        Ok(graph)
    }

    fn node(&self, digest: &Digest) -> Result<Node> {
        let Some(stored) = self.stored(digest)? else { return Ok(Node { unread: true, ..Node::default() }) };
        let size = stored.bytes.len() as u64;
        let Some(Names { mut blobs, elsewhere, children }) = document::stored_names(&stored.bytes) else {
            return Ok(Node { size, unread: true, ..Node::default() });
        };
        // Where they were pushed all the same, they are held.
        blobs.extend(elsewhere);
        let subject = document::reference(&stored.bytes).map(|reference| reference.subject);
        Ok(Node { size, blobs, children, subject, ..Node::default() })
    }

    /// What the tags name.
    fn roots(&self, name: &RepositoryName) -> Result<HashSet<Digest>> {
        let mut roots = HashSet::new();
        for entry in self.driver.list(&layout::tags(name))?.unwrap_or_default() {
            if let Ok(tag) = Tag::parse(&entry.name) {
                roots.extend(self.link(&format!("{}/{}", layout::tag(name, &tag), layout::CURRENT))?);
            }
        }
        Ok(roots)
    }

    /// Takes manifests out of the repository, but those that were dated meanwhile, which are returned.
    fn collect_manifests(&self, run: &mut Run<'_>, name: &RepositoryName, graph: &Graph, next: &[Digest]) -> Result<Vec<Digest>> {
        let mut spared = Vec::new();
        let mut gone = Vec::new();
        {
            let _closed = if run.how.dry_run { None } else { Some(self.locks.close()?) };
            let mut steps = Vec::new();
            for digest in next {
                let revision = layout::revision(name, digest);
                if self.is_young(run, &format!("{revision}/{}", layout::LINK))? {
                    spared.push(digest.clone());
                    continue;
                }
                steps.push(Step::Remove { path: revision });
                if let Some(subject) = graph.nodes.get(digest).and_then(|node| node.subject.as_ref()) {
                    steps.push(Step::Remove { path: layout::referrer(name, subject, digest) });
                }
                gone.push(digest);
            }
            if !run.how.dry_run && !steps.is_empty() {
                self.driver.commit(&steps)?;
            }
        }
        if !run.how.dry_run && !gone.is_empty() {
            self.forget_history(name, &gone)?;
        }
        for digest in gone {
            let size = graph.nodes.get(digest).map_or(0, |node| node.size);
            run.tell(Collected::Manifest { repository: name.clone(), digest: digest.clone(), size });
        }
        Ok(spared)
    }

    /// Tags remember what they have named (distribution's `index`): what is gone is forgotten.
    fn forget_history(&self, name: &RepositoryName, gone: &[&Digest]) -> Result<()> {
        let gone: HashSet<&Digest> = gone.iter().copied().collect();
        for entry in self.driver.list(&layout::tags(name))?.unwrap_or_default() {
            let Ok(tag) = Tag::parse(&entry.name) else { continue };
            let folder = layout::tag(name, &tag);
            for digest in self.pairs(&format!("{folder}/index"))? {
                // What was put again meanwhile has its link again, and this is its.
                if gone.contains(&digest) && !self.linked(&layout::revision(name, &digest))? {
                    self.driver.discard(&format!("{folder}/{}", layout::tag_index(&digest)))?;
                }
            }
        }
        Ok(())
    }

    /// Takes away the links of blobs that no live manifest of the repository names. Returns how many stay; their blobs are live.
    fn collect_links(&self, run: &mut Run<'_>, name: &RepositoryName, held: &HashSet<&Digest>, unread: bool) -> Result<usize> {
        let mut going = Vec::new();
        let mut staying = 0;
        for digest in self.pairs(&layout::layers(name))? {
            let link = format!("{}/{}", layout::layer(name, &digest), layout::LINK);
            if unread || held.contains(&digest) || self.is_young(run, &link)? {
                run.live.add(&digest);
                staying += 1;
            } else {
                going.push(digest);
            }
        }
        if run.how.dry_run {
            return Ok(staying);
        }
        let mut going = going.into_iter().peekable();
        while going.peek().is_some() {
            let _closed = self.locks.close()?;
            let began = Instant::now();
            for digest in going.by_ref() {
                let folder = layout::layer(name, &digest);
                if self.is_young(run, &format!("{folder}/{}", layout::LINK))? {
                    run.live.add(&digest);
                    staying += 1;
                } else {
                    self.driver.discard(&folder)?;
                }
                if began.elapsed() >= CLOSED {
                    break;
                }
            }
        }
        Ok(staying)
    }

    /// Takes away what is left of a repository that has nothing in it: no manifest, no blob.
    fn collect_emptied(&self, run: &mut Run<'_>, name: &RepositoryName) -> Result<()> {
        if !run.how.dry_run {
            let _closed = self.locks.close()?;
            let repository = layout::repository(name);
            // An upload may begin at any moment, without passing: their folder stays.
            if self.has_manifests(name)? || !self.pairs(&layout::layers(name))?.is_empty() || !self.roots(name)?.is_empty() {
                return Ok(());
            }
            for part in ["_manifests", "_layers", "_referrers"] {
                self.driver.discard(&format!("{repository}/{part}"))?;
            }
            for seen in [&self.prepared, &self.indexed, &self.tagged] {
                seen.forget(name);
            }
            self.catalogue.removed(name);
        }
        run.tell(Collected::Repository { repository: name.clone() });
        Ok(())
    }
}
