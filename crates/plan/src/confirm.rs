//! How much a plan takes, and what is to be confirmed.

use crate::{Repository, Text, words::count};

/// What a plan takes, counted.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// Tags that people gave.
    tags: usize,
    first_tag: Option<Text>,
    /// Manifests, with their parts.
    manifests: usize,
    first_manifest: Option<Text>,
    /// Images that nothing names afterwards; their parts are not counted.
    images: usize,
    /// Over half the tags of a repository.
    half: bool,
    /// Repositories that lose something.
    repositories: usize,
    first_repository: Option<Text>,
}

impl Loss {
    /// `goes` says of each tag whether it does.
    pub(crate) fn repository(&mut self, repository: &Repository, goes: &[bool], changed: bool) {
        let going = goes.iter().filter(|g| **g).count();
        self.tags += going;
        self.half |= going * 2 > goes.len();
        if self.tags == 1 && going == 1 {
            self.first_tag = goes.iter().zip(&repository.tags).find(|(goes, _)| **goes).map(|(_, tag)| tag.name.clone());
        }
        if changed {
            self.repositories += 1;
            self.first_repository.get_or_insert_with(|| repository.name.clone());
        }
    }

    /// What follows takes this.
    pub(crate) fn add(&mut self, other: Self) {
        self.tags += other.tags;
        self.manifests += other.manifests;
        self.images += other.images;
        self.repositories += other.repositories;
        self.half |= other.half;
        let first = |one: &mut Option<Text>, other: Option<Text>| *one = one.take().or(other);
        first(&mut self.first_tag, other.first_tag);
        first(&mut self.first_manifest, other.first_manifest);
        first(&mut self.first_repository, other.first_repository);
    }

    /// A manifest goes; `own`: it is no part of another that goes.
    pub(crate) fn manifest(&mut self, digest: &Text, own: bool) {
        self.manifests += 1;
        self.images += usize::from(own);
        if own {
            self.first_manifest.get_or_insert_with(|| digest.clone());
        }
    }

    /// Over half of a repository's tags, or more than one image.
    pub(crate) fn is_wide(&self) -> bool {
        self.half || self.images > 1
    }

    pub(crate) fn confirm(&self, registry: &Text) -> String {
        match (&self.first_repository, &self.first_tag, &self.first_manifest) {
            (Some(repository), ..) if self.is_wide() && self.repositories == 1 => repository.to_string(),
            (Some(_), ..) if self.is_wide() => registry.to_string(),
            (_, Some(tag), _) if self.tags == 1 => format!("delete {tag}"),
            _ if self.tags > 0 => format!("delete {}", count(self.tags, "tag")),
            (.., Some(digest)) if self.images == 1 => format!("delete {}", beginning(digest)),
            _ if self.manifests > 0 => format!("delete {}", count(self.manifests, "manifest")),
            _ => NOTHING.to_owned(),
        }
    }
}

/// What confirms a plan without steps.
pub(crate) const NOTHING: &str = "nothing";

/// `sha256:3f2a9c0188ab`: what can be typed.
pub(crate) fn beginning(digest: &str) -> &str {
    let end = digest.find(':').map_or(0, |colon| colon + 1) + 12;
    digest.get(..end).unwrap_or(digest)
}
