use super::{Dice, digest};
use crate::{Blob, Machinery, Manifest, Referrer, Repository, Snapshot, Tag, Text, Ways};
use oci::{Kind, media_type};

/// When the registries made up here are looked at, in milliseconds since 1970.
pub const NOW: i64 = 1_790_000_000_000;

const DAY: i64 = 86_400_000;

/// How large a registry is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Repositories.
    pub repositories: u32,
    /// Tags in each.
    pub tags: u32,
    /// Images in each that tags name; with their parts there are some more manifests.
    pub images: u32,
    /// Exactly so many; else at most.
    pub exact: bool,
}

impl Shape {
    /// Three small repositories at most, for property tests.
    pub const SMALL: Self = Self { repositories: 3, tags: 9, images: 6, exact: false };
    /// One repository of 10,000 tags and about 4,000 digests.
    pub const DEEP: Self = Self { repositories: 1, tags: 10_000, images: 2_200, exact: true };
    /// 1,000,000 tags in 20,000 repositories.
    pub const WIDE: Self = Self { repositories: 20_000, tags: 50, images: 40, exact: true };
}

/// A registry made up from a seed.
pub fn registry(seed: u64, shape: Shape) -> Snapshot {
    draw(&mut Dice::seeded(seed), shape)
}

/// A registry made up from any choices. All of it was read.
pub fn draw(dice: &mut Dice, shape: Shape) -> Snapshot {
    let ways = Ways { delete: Some(true), delete_tag: Some(true), placeholder: true, read_only: false };
    let registry = Snapshot { registry: "local".into(), ways, pulls_since: Some(NOW - 200 * DAY), ..Snapshot::default() };
    let mut drawing = Drawing {
        dice,
        registry,
        shape,
        bases: Vec::new(),
        media_types: [media_type::OCI_MANIFEST.into(), media_type::OCI_INDEX.into()],
        empty: None,
    };
    for _ in 0..4 {
        let base = drawing.blob();
        drawing.bases.push(base);
    }
    for number in 0..drawing.count(shape.repositories) {
        drawing.repository(number);
    }
    drawing.registry
}

struct Drawing<'a> {
    dice: &'a mut Dice,
    registry: Snapshot,
    shape: Shape,
    /// Layers that many images begin with.
    bases: Vec<u32>,
    /// Of an image and of an index.
    media_types: [Text; 2],
    /// The index that lists nothing, where there is one.
    empty: Option<u32>,
}

impl Drawing<'_> {
    fn count(&mut self, most: u32) -> u32 {
        if self.shape.exact { most } else { self.dice.below(most + 1) }
    }

    fn blob(&mut self) -> u32 {
        let number = self.registry.blobs.len() as u32;
        let size = 1_000 + 37 * u64::from(number);
        self.registry.blobs.push(Blob { digest: None, size: Some(size), outside: self.dice.once_in(16) });
        number
    }

    fn manifest(&mut self, kind: Kind, children: Vec<u32>, blobs: Vec<u32>) -> u32 {
        let number = self.registry.manifests.len() as u32;
        self.registry.manifests.push(Manifest {
            digest: digest(&number.to_string()),
            media_type: self.media_types[usize::from(kind == Kind::Index)].clone(),
            kind,
            known: true,
            bytes: 500,
            children,
            blobs,
            subject: None,
        });
        number
    }

    fn image(&mut self, kind: Kind) -> u32 {
        let mut blobs = vec![self.blob()];
        if let Some(&base) = self.dice.pick(&self.bases) {
            blobs.push(base);
        }
        if self.dice.once_in(2) {
            blobs.push(self.blob());
        }
        self.manifest(kind, Vec::new(), blobs)
    }

    /// An index over some of what there is and something new.
    fn index(&mut self, there: &[u32]) -> u32 {
        let mut children = vec![self.image(Kind::Image)];
        if self.dice.once_in(2) {
            children.push(self.image(Kind::Image));
        }
        if self.dice.once_in(3) {
            children.extend(self.dice.pick(there));
        }
        children.dedup();
        self.manifest(Kind::Index, children, Vec::new())
    }

    /// Something attached, in one of the ways there are. What came to be.
    fn attach(&mut self, repository: &mut Repository, subject: u32, tops: &mut Vec<u32>) -> u32 {
        let kind = *self.dice.pick(&[Kind::Signature, Kind::Sbom, Kind::Provenance, Kind::Artifact]).unwrap_or(&Kind::Signature);
        let stem = self.registry.manifests[subject as usize].digest.replacen(':', "-", 1);
        let way = self.dice.below(6);
        let tag = if way == 0 { format!("{stem}.sig") } else { stem };
        let taken = repository.machinery.iter().any(|m| *m.tag == *tag);
        let mut machinery = |tag: &str, manifest: u32, subject: Option<u32>| {
            repository.machinery.push(Machinery { tag: tag.into(), manifest: Some(manifest), subject });
        };
        if way == 1 && !taken {
            // All of it was taken off again: such a list is the same for every image.
            let empty = self.empty.unwrap_or_else(|| self.manifest(Kind::Index, Vec::new(), Vec::new()));
            self.empty = Some(empty);
            machinery(&tag, empty, Some(subject));
            return empty;
        }
        let manifest = self.image(kind);
        match way {
            0 if !taken => machinery(&tag, manifest, Some(subject)),
            2 if !taken => {
                self.registry.manifests[manifest as usize].subject = Some(subject);
                let list = self.manifest(Kind::Index, vec![manifest], Vec::new());
                machinery(&tag, list, Some(subject));
            }
            // Left behind: nobody knows any more what it is about.
            3 => machinery(&format!("sha256-{manifest:064x}.att"), manifest, None),
            4 => {
                self.registry.manifests[manifest as usize].subject = Some(subject);
                tops.push(manifest);
            }
            _ => {
                self.registry.manifests[manifest as usize].subject = Some(subject);
                repository.referrers.push(Referrer { subject, manifest });
            }
        }
        manifest
    }

    fn repository(&mut self, number: u32) {
        let mut repository = Repository {
            name: format!(
                "{}/{}-{number}",
                ["team", "library", "platform", "edge"][number as usize % 4],
                ["api", "web", "worker"][number as usize % 3]
            )
            .into(),
            whole: true,
            candidate: !self.dice.once_in(4),
            ..Repository::default()
        };
        let elsewhere = self.registry.manifests.len() as u32;
        // What may get a tag, and everything that lies here.
        let mut tops: Vec<u32> = Vec::new();
        for _ in 0..self.count(self.shape.images) {
            let top = match self.dice.below(8) {
                0..=3 => self.image(Kind::Image),
                4 | 5 => self.index(&tops),
                6 if elsewhere > 0 => self.dice.below(elsewhere),
                6 => self.image(Kind::Helm),
                _ => {
                    let inner = self.index(&tops);
                    let mut children = vec![inner];
                    children.extend(self.dice.pick(&tops).filter(|&&t| t < inner));
                    self.manifest(Kind::Index, children, Vec::new())
                }
            };
            tops.push(top);
            if self.dice.once_in(3) {
                // To the image, or to a part of it.
                let part = self.registry.manifests[top as usize].children.first().copied().filter(|_| self.dice.once_in(2));
                let attached = self.attach(&mut repository, part.unwrap_or(top), &mut tops);
                if self.dice.once_in(3) {
                    self.attach(&mut repository, attached, &mut tops);
                }
            }
        }
        self.tags(&mut repository, &tops);
        if self.shape.exact {
            // As a catalogue keeps them.
            repository.tags.sort_by(|a, b| oci::VersionKey::new(&a.name).cmp(&oci::VersionKey::new(&b.name)));
        }
        // What got no tag: some is known to be there.
        let reached: std::collections::HashSet<u32> = {
            let mut reached = std::collections::HashSet::new();
            let mut open: Vec<u32> = repository.tags.iter().filter_map(|t| t.manifest).collect();
            open.extend(repository.machinery.iter().filter_map(|m| m.manifest));
            while let Some(manifest) = open.pop() {
                if reached.insert(manifest) {
                    open.extend(&self.registry.manifests[manifest as usize].children);
                }
            }
            reached
        };
        for &top in &tops {
            if !reached.contains(&top) && !repository.untagged.contains(&top) {
                repository.untagged.push(top);
            }
        }
        self.registry.repositories.push(repository);
    }

    fn tags(&mut self, repository: &mut Repository, tops: &[u32]) {
        if tops.is_empty() {
            return;
        }
        let count = self.count(self.shape.tags);
        for n in 0..count {
            // Spread over the images in turn, with aliases among neighbours.
            let place = if self.shape.exact {
                n as usize * tops.len() / count.max(1) as usize
            } else {
                self.dice.below(tops.len() as u32) as usize
            };
            let mut manifest = tops[place.min(tops.len() - 1)];
            if self.dice.once_in(10) {
                manifest = self.registry.manifests[manifest as usize].children.last().copied().unwrap_or(manifest);
            }
            let pushed = NOW - i64::from(n) * DAY - i64::from(self.dice.below(20)) * DAY;
            let known = |dice: &mut Dice, at: i64| (!dice.once_in(7)).then_some(at);
            repository.tags.push(Tag {
                name: name(n, self.dice.below(4)),
                manifest: Some(manifest),
                dangling: false,
                pushed: known(self.dice, pushed),
                created: known(self.dice, pushed - DAY),
                pulled: self.dice.once_in(3).then_some(pushed + 10 * DAY),
                candidate: !self.dice.once_in(6),
                protected: self.dice.once_in(12).then(|| Text::from("locked by mira")),
            });
        }
        if !self.shape.exact && self.dice.once_in(12) {
            repository.tags.push(Tag { name: "broken".into(), dangling: true, candidate: true, ..Tag::default() });
        }
    }
}

/// The n-th tag of a repository: a version mostly.
fn name(n: u32, variant: u32) -> Text {
    let (major, minor, patch) = (n / 30 + 1, n / 5 % 6, n % 5);
    match (n, variant) {
        (0, _) => "latest".into(),
        (1, _) => "main".into(),
        (n, _) if n % 7 == 6 => format!("pr-{}", 1000 + n).into(),
        (_, 0) => format!("v{major}.{minor}.{patch}").into(),
        (_, 1) => format!("{major}.{minor}.{patch}").into(),
        (n, 2) => format!("{major}.{minor}.{patch}-rc.{n}").into(),
        (n, _) => format!("build-{n}").into(),
    }
}
