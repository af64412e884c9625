//! One version of one application, with the facts that a good build writes down.

use crate::{
    Error,
    attached::{self, Origin},
    build::Build,
    document::{self, Descriptor, Dialect, Words},
    maker::{Base, Maker},
    seed,
    series::Release,
};

#[derive(Clone, Copy)]
pub(super) struct Application {
    pub(super) name: &'static str,
    pub(super) team: &'static str,
    pub(super) description: &'static str,
    pub(super) licenses: &'static str,
    pub(super) on: &'static str,
    pub(super) platforms: &'static [&'static str],
    pub(super) build: fn(Build, Application, &Release, &'static str) -> Build,
}

/// What was pushed.
pub(super) struct Pushed {
    pub(super) descriptor: Descriptor,
    pub(super) origin: Origin,
}

impl Application {
    /// An index, or one image where there is a single platform and nothing to attest.
    pub(super) fn push(self, maker: &mut Maker<'_>, release: &Release, attest: bool) -> Result<Pushed, Error> {
        let base = maker.base(self.on);
        let origin = self.origin(release, base.as_ref());
        let facts = self.facts(maker, &origin);
        let alone = self.platforms.len() == 1 && !attest;
        let mut manifests = Vec::new();
        for &platform in self.platforms {
            let mut labels = facts.clone();
            labels.extend(document::words([("team", self.team), ("com.example.cost-centre", "cc-1207")]));
            let build = Build::new(platform, base.as_ref().and_then(|base| base.image(platform))).author("Acme build service");
            let mut build = (self.build)(build, self, release, platform).labels(labels);
            if alone {
                build = build.annotations(facts.clone());
            }
            manifests.push(maker.image(build, if alone { &release.tags } else { &[] })?.descriptor);
        }
        if attest {
            let attestations: Vec<_> =
                manifests.iter().map(|image| attached::attestation(maker, image, &origin)).collect::<Result<_, _>>()?;
            manifests.extend(attestations);
        }
        let descriptor = match manifests.pop() {
            Some(only) if alone => only,
            last => {
                manifests.extend(last);
                maker.index(manifests, Dialect::Oci, facts, &release.tags)?
            }
        };
        Ok(Pushed { descriptor, origin })
    }

    fn origin(self, release: &Release, base: Option<&Base>) -> Origin {
        Origin {
            version: release.version.clone(),
            revision: seed::hex(&format!("{} {}", self.name, release.version), 40),
            source: format!("https://git.example.com/acme/{}", self.name),
            base: base.map(|base| (base.name.clone(), base.digest.clone())),
        }
    }

    fn facts(self, maker: &Maker<'_>, origin: &Origin) -> Words {
        let name = self.name;
        let mut facts = document::about([
            ("title", name),
            ("version", &origin.version),
            ("description", self.description),
            ("source", &origin.source),
            ("url", &format!("https://acme.example.com/{name}")),
            ("documentation", &format!("https://docs.example.com/{name}")),
            ("revision", &origin.revision),
            ("created", maker.created()),
            ("licenses", self.licenses),
            ("vendor", "Acme"),
        ]);
        if let Some((base, digest)) = &origin.base {
            facts.extend(document::about([("base.name", base), ("base.digest", digest.as_str())]));
        }
        facts
    }
}
