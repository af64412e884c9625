//! What was released when.

use crate::{Error, maker::Maker, seed};

/// One push: what is done, where, and how long ago.
pub(crate) struct Job {
    pub(crate) repository: &'static str,
    /// Days before now on which it was built.
    pub(crate) days: f64,
    pub(crate) make: Make,
}

type Make = Box<dyn FnOnce(&mut Maker<'_>) -> Result<(), Error> + Send>;

impl Job {
    pub(crate) fn new(
        repository: &'static str,
        days: f64,
        make: impl FnOnce(&mut Maker<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Self {
        Self { repository, days, make: Box::new(make) }
    }
}

/// A tag that moves with the releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alias {
    /// `2.14`
    Minor,
    /// `2`
    Major,
    Latest,
}

pub(crate) const ALL: &[Alias] = &[Alias::Minor, Alias::Major, Alias::Latest];

/// Releases from `first` to `last` days ago, a little unevenly.
#[derive(Clone, Copy)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// `("2.14", 3)` for 2.14.0, 2.14.1 and 2.14.2; oldest first.
    pub(crate) minors: &'static [(&'static str, u32)],
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// Before the version in its tag: `v`, or nothing.
    pub(crate) prefix: &'static str,
    pub(crate) aliases: &'static [Alias],
}

#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) version: String,
    pub(crate) minor: String,
    pub(crate) major: String,
    /// Its place in the series.
    pub(crate) place: usize,
    /// How many came after it.
    pub(crate) behind: usize,
    pub(crate) days: f64,
    /// The tags that named it when it was new.
    pub(crate) tags: Vec<String>,
}

impl Release {
    /// One that is no part of a series: a candidate, a pull request, a night's build.
    pub(crate) fn single(version: impl Into<String>, days: f64, tags: &[&str]) -> Self {
        let version = version.into();
        let mut parts = version.splitn(3, '.');
        let major = parts.next().unwrap_or_default().to_owned();
        let minor = format!("{major}.{}", parts.next().unwrap_or_default());
        Self { version, minor, major, place: 0, behind: usize::MAX, days, tags: tags.iter().map(|&tag| tag.to_owned()).collect() }
    }
}

impl Series {
    pub(crate) fn releases(&self) -> Vec<Release> {
        let versions: Vec<_> = self.minors.iter().flat_map(|&(minor, patches)| (0..patches).map(move |patch| (minor, patch))).collect();
        let steps = versions.len().saturating_sub(1).max(1) as f64;
        let step = (self.first - self.last) / steps;
        let count = versions.len();
        let release = |(place, (minor, patch)): (usize, (&str, u32))| {
            let version = format!("{minor}.{patch}");
            let major = minor.split('.').next().unwrap_or_default();
            let at_an_end = place == 0 || place + 1 == count;
            let jitter = if at_an_end { 0.0 } else { (seed::share(&format!("{}{version}", self.name)) - 0.5) * 0.6 };
            let mut tags = vec![format!("{}{version}", self.prefix)];
            tags.extend(self.aliases.iter().map(|alias| match alias {
                Alias::Minor => minor.to_owned(),
                Alias::Major => major.to_owned(),
                Alias::Latest => "latest".to_owned(),
            }));
            let days = self.last + step * (steps - place as f64 + jitter);
            Release { version, minor: minor.to_owned(), major: major.to_owned(), place, behind: count - 1 - place, days, tags }
        };
        versions.into_iter().enumerate().map(release).collect()
    }

    /// A push for each release.
    pub(crate) fn jobs(
        &self,
        repository: &'static str,
        make: impl Fn(&mut Maker<'_>, Release) -> Result<(), Error> + Clone + Send + 'static,
    ) -> Vec<Job> {
        let job = |release: Release| {
            let make = make.clone();
            Job::new(repository, release.days, move |maker| make(maker, release))
        };
        self.releases().into_iter().map(job).collect()
    }
}
