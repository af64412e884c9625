//! Images of one name, released in a series, for several platforms.

use crate::{
    Error, attached,
    build::Build,
    document::{self, Dialect, Words},
    maker::{Base, Maker},
    series::{Job, Release, Series},
};
use std::collections::BTreeMap;

/// What the releases of one name have in common.
#[derive(Clone, Copy)]
pub(super) struct Family {
    pub(super) repository: &'static str,
    pub(super) description: &'static str,
    pub(super) licenses: &'static str,
    pub(super) series: Series,
    pub(super) platforms: &'static [&'static str],
    pub(super) on: Option<&'static str>,
    pub(super) dialect: Dialect,
    /// Others stand on this.
    pub(super) is_base: bool,
    /// How many of the newest are signed.
    pub(super) signed: usize,
    pub(super) build: fn(Build, &Release, &'static str) -> Build,
}

impl Family {
    pub(super) fn jobs(self) -> Vec<Job> {
        self.series.jobs(self.repository, move |maker, release| self.push(maker, release))
    }

    /// An index, or one image where there is a single platform.
    fn push(self, maker: &mut Maker<'_>, release: Release) -> Result<(), Error> {
        let base = self.on.and_then(|name| maker.base(name));
        let facts = self.facts(&release, base.as_ref());
        let single = self.platforms.len() == 1;
        let tags = if single { release.tags.as_slice() } else { &[] };
        let mut images = BTreeMap::new();
        let mut manifests = Vec::new();
        for &platform in self.platforms {
            let mut build = Build::new(platform, base.as_ref().and_then(|base| base.image(platform)));
            if self.dialect == Dialect::Docker {
                build = build.docker();
            }
            build = (self.build)(build, &release, platform);
            if !self.is_base {
                build = build.labels(facts.clone());
            }
            let image = maker.image(build, tags)?;
            manifests.push(image.descriptor.clone());
            images.insert(platform.to_owned(), image);
        }
        let newest = match manifests.pop() {
            Some(only) if single => only,
            last => {
                manifests.extend(last);
                // Docker's lists have no annotations.
                let annotations = if self.dialect == Dialect::Docker { Words::new() } else { facts };
                maker.index(manifests, self.dialect, annotations, &release.tags)?
            }
        };
        if release.behind < self.signed {
            attached::bundle(maker, &newest)?;
        }
        if self.is_base {
            maker.set_base(self.series.name, &release.version, newest.digest, images);
        }
        Ok(())
    }

    fn facts(self, release: &Release, base: Option<&Base>) -> Words {
        let name = self.series.name;
        let mut facts = document::about([
            ("title", name),
            ("version", &release.version),
            ("description", self.description),
            ("licenses", self.licenses),
            ("source", &format!("https://git.example.com/library/{name}")),
            ("url", &format!("https://hub.example.com/_/{name}")),
        ]);
        if let Some(base) = base {
            facts.extend(document::about([("base.name", &base.name), ("base.digest", base.digest.as_str())]));
        }
        facts
    }
}
