//! Why something goes or stays, in words.

use crate::{
    marks::{EXPLICIT, FORCED, GOING, LIVE, PRESENT},
    scene::{Name, Scene},
    words::{list, short},
};
use oci::Kind;
use std::{borrow::Cow, fmt::Write};

/// How far up it is looked for a tag through indexes that have none.
const DEPTH: usize = 8;

impl Scene<'_> {
    fn first_tag(&self, manifest: u32) -> Option<&str> {
        self.tags(manifest).next().map(|tag| &*self.repository.tags[tag as usize].name)
    }

    /// `v1.2 (sha256:3f2a…9c01)`, or the digest alone.
    pub(crate) fn label(&self, manifest: u32) -> String {
        let digest = short(self.world.digest(manifest));
        self.first_tag(manifest).map_or_else(|| digest.clone(), |tag| format!("{tag} ({digest})"))
    }

    /// `v1.2`, or the digest.
    fn title(&self, manifest: u32) -> String {
        self.first_tag(manifest).map_or_else(|| short(self.world.digest(manifest)), str::to_owned)
    }

    /// What a list of what is attached, kept under a fallback tag, is about.
    fn list_about(&self, manifest: u32) -> Option<u32> {
        self.names(manifest).find_map(|(_, name)| match name {
            Name::Machinery(i) if !self.text(name).contains('.') => {
                self.repository.machinery[i as usize].subject.filter(|&s| s != manifest)
            }
            _ => None,
        })
    }

    /// `signature of v1.2 (sha256:…)`.
    fn attached_to(&self, manifest: u32, subject: u32) -> String {
        let what = match self.world.snapshot.manifests[manifest as usize].kind {
            _ if self.list_about(manifest) == Some(subject) => "the list of what is attached to",
            Kind::Signature => "signature of",
            Kind::Sbom => "SBOM of",
            Kind::Provenance => "provenance of",
            _ => "attached to",
        };
        format!("{what} {}", self.label(subject))
    }

    fn least(&self, manifests: impl Iterator<Item = u32>) -> Option<u32> {
        manifests.min_by(|&a, &b| self.compare(a, b))
    }

    fn going_subject(&self, manifest: u32) -> Option<u32> {
        self.least(self.subjects(manifest).filter(|&s| self.marks.has(s, GOING)))
    }

    /// The index that keeps a manifest from being deleted: what lists it, and under which tag.
    pub(crate) fn listed_by(&self, manifest: u32) -> Option<String> {
        let holder = |m: u32| self.least(self.parents(m).filter(|&p| self.marks.has(p, LIVE)));
        let parent = holder(manifest)?;
        if let Some(subject) = self.list_about(parent) {
            return Some(format!("the list of what is attached to {}", self.label(subject)));
        }
        let mut above = parent;
        for _ in 0..DEPTH {
            if above != parent && self.first_tag(above).is_some() {
                return Some(format!("{} through {}", self.label(above), short(self.world.digest(parent))));
            }
            match holder(above) {
                Some(next) if self.first_tag(parent).is_none() => above = next,
                _ => break,
            }
        }
        Some(self.label(parent))
    }

    /// Why a manifest goes.
    pub(crate) fn why_it_goes(&self, manifest: u32) -> Cow<'static, str> {
        if self.marks.has(manifest, EXPLICIT) {
            return "asked for by its digest".into();
        }
        if self.marks.has(manifest, FORCED) {
            return "no other tag names it".into();
        }
        if let Some(subject) = self.going_subject(manifest) {
            return self.attached_to(manifest, subject).into();
        }
        let (going, left): (Vec<u32>, Vec<u32>) = self.parents(manifest).partition(|&p| self.marks.has(p, GOING));
        let going = self.sorted(going);
        match (going.as_slice(), left.as_slice()) {
            ([], []) => "no tag names it".into(),
            ([parent, ..], _) if self.list_about(*parent).is_some() => {
                self.list_about(*parent).map(|subject| self.attached_to(manifest, subject)).unwrap_or_default().into()
            }
            ([parent], []) => format!("only {} was made of it", self.title(*parent)).into(),
            (parents, []) => {
                let titles: Vec<String> = parents.iter().map(|&p| self.title(p)).collect();
                format!("only {} were made of it", list(&titles, 2)).into()
            }
            _ => "no index that has a tag lists it".into(),
        }
    }

    /// Why a manifest stays, given which tags stay.
    pub(crate) fn why_it_stays(&self, manifest: u32, goes: impl Fn(u32) -> bool) -> String {
        let tags: Vec<&str> = self.tags(manifest).filter(|&tag| !goes(tag)).map(|tag| &*self.repository.tags[tag as usize].name).collect();
        let live = |m: &u32| self.marks.has(*m, LIVE) && self.marks.has(*m, PRESENT);
        let mut why = if !tags.is_empty() {
            format!("still tagged {}", list(&tags, 3))
        } else if let Some(index) = self.listed_by(manifest) {
            format!("listed by {index}")
        } else if let Some(subject) = self.least(self.subjects(manifest).filter(live)) {
            self.attached_to(manifest, subject)
        } else if let Some(referrer) = self.least(self.referrers(manifest).filter(live)) {
            format!("{} is attached to it and stays", self.label(referrer))
        } else if let Some((_, name)) = self.names(manifest).find(|(_, name)| matches!(name, Name::Machinery(_))) {
            format!("still tagged {}", self.text(name))
        } else if self.world.may_list_unknown(manifest) {
            "its content was not read".to_owned()
        } else {
            "no tag names it, and it was not asked for".to_owned()
        };
        if let Some(subject) = self.going_subject(manifest) {
            let _ = write!(why, "; what it is attached to, {}, goes", self.label(subject));
        }
        if let Some(child) = self.least(self.world.children(manifest).iter().copied().filter(|&c| self.marks.has(c, GOING))) {
            let _ = write!(why, "; it lists {}, which goes", self.label(child));
        }
        why
    }

    /// What a tag that is only machinery is there for.
    pub(crate) fn why_machinery_goes(&self, machinery: u32) -> String {
        let machinery = &self.repository.machinery[machinery as usize];
        match (machinery.manifest, machinery.subject) {
            (Some(manifest), Some(subject)) if manifest != subject => self.attached_to(manifest, subject),
            (_, Some(subject)) => format!("the list of what is attached to {}", self.label(subject)),
            _ => "its manifest is deleted".to_owned(),
        }
    }
}
