//! What holds what in one repository. Nothing here reads or writes.

use oci::Digest;
use std::collections::{HashMap, HashSet};

/// A manifest of a repository.
#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    pub(super) size: u64,
    /// It has a link of its own: it can be taken out of the repository.
    pub(super) linked: bool,
    /// It is too young to be judged.
    pub(super) young: bool,
    /// What it names is not known: it could not be read.
    pub(super) unread: bool,
    pub(super) blobs: Vec<Digest>,
    pub(super) children: Vec<Digest>,
    pub(super) subject: Option<Digest>,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: HashMap<Digest, Node>,
}

impl Graph {
    /// All that is reached from the roots: what they name, and what refers to what is reached.
    pub(super) fn reached<'a>(&'a self, roots: impl IntoIterator<Item = &'a Digest>) -> HashSet<&'a Digest> {
        let mut referring: HashMap<&Digest, Vec<&Digest>> = HashMap::new();
        for (digest, node) in &self.nodes {
            if let Some(subject) = &node.subject {
                referring.entry(subject).or_default().push(digest);
            }
        }
        let mut reached = HashSet::new();
        let mut open: Vec<&Digest> = roots.into_iter().collect();
        while let Some(digest) = open.pop() {
            if !reached.insert(digest) {
                continue;
            }
            if let Some(node) = self.nodes.get(digest) {
                open.extend(&node.children);
            }
            open.extend(referring.get(digest).into_iter().flatten());
        }
        reached
    }

    /// Of those that may go, the ones that may go first: nothing that stays or goes later names them, and their subject is no
    /// longer there. Whoever is put again meanwhile finds all that it names, or is told what is missing.
    pub(super) fn next(&self, going: &HashSet<Digest>) -> Vec<Digest> {
        let mut held: HashSet<&Digest> = HashSet::new();
        for digest in going {
            held.extend(self.nodes.get(digest).into_iter().flat_map(|node| &node.children));
        }
        let waits = |digest: &Digest| self.nodes.get(digest).and_then(|node| node.subject.as_ref()).is_some_and(|s| going.contains(s));
        let mut next: Vec<Digest> = going.iter().filter(|digest| !held.contains(digest) && !waits(digest)).cloned().collect();
        if next.is_empty() {
            // An index may refer to its own child: then what names others goes first all the same.
            next = going.iter().filter(|digest| !held.contains(digest)).cloned().collect();
        }
        next.sort_unstable();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(n: u8) -> Digest {
        Digest::sha256(&[n; 32])
    }

    /// Manifests that name only those with smaller numbers, as digests make it.
    fn graphs() -> impl Strategy<Value = (Graph, Vec<u8>)> {
        let node = (proptest::collection::vec(any::<u8>(), 0..3), proptest::option::of(any::<u8>()));
        (proptest::collection::vec(node, 1..20), proptest::collection::vec(0..20_u8, 0..3)).prop_map(|(nodes, roots)| {
            let nodes = nodes.into_iter().enumerate().map(|(n, (children, subject))| {
                let n = u8::try_from(n).unwrap();
                let below = |other: u8| if n == 0 { None } else { Some(digest(other % n)) };
                let node = Node {
                    children: children.into_iter().filter_map(below).collect(),
                    subject: subject.and_then(below),
                    ..Node::default()
                };
                (digest(n), node)
            });
            (Graph { nodes: nodes.collect() }, roots)
        })
    }

    proptest! {
        #[test]
        fn what_is_reached_is_closed_and_what_goes_goes_from_above((graph, roots) in graphs()) {
            let roots: Vec<Digest> = roots.into_iter().map(digest).collect();
            let live = graph.reached(&roots);
            for (digest, node) in &graph.nodes {
                if live.contains(digest) {
                    prop_assert!(node.children.iter().all(|child| live.contains(child)));
                }
                if node.subject.as_ref().is_some_and(|subject| live.contains(subject)) {
                    prop_assert!(live.contains(digest));
                }
            }
            let mut going: HashSet<Digest> = graph.nodes.keys().filter(|digest| !live.contains(digest)).cloned().collect();
            while !going.is_empty() {
                let next = graph.next(&going);
                prop_assert!(!next.is_empty());
                for digest in &next {
                    let naming = |other: &Digest| graph.nodes[other].children.contains(digest);
                    prop_assert!(!going.iter().any(naming), "a child before what names it");
                    let waits = |digest: &Digest| graph.nodes[digest].subject.as_ref().is_some_and(|s| going.contains(s));
                    prop_assert!(!waits(digest) || next.iter().all(waits), "before its subject, though others could go");
                }
                going.retain(|digest| !next.contains(digest));
            }
        }
    }
}
