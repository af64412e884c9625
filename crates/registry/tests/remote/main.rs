//! The client against a fake registry with faults, against bare TLS servers, and against a real docker-registry.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod auth;
mod blobs;
mod content;
mod docker;
mod lists;
mod outage;
mod placeholder;
mod probe;
mod products;
mod real;
mod redirects;
mod referrers;
mod tls;
mod uploads;
mod writes;

use oci::{Digest, RepositoryName, Tag, Target};
use registry::{
    Registry, Result,
    fake::{Fake, FakeSettings},
    remote::{Remote, RemoteSettings, Timeouts},
};
use std::time::Duration;

async fn fake() -> Fake {
    Fake::start(FakeSettings::default()).await.unwrap()
}

async fn fake_with(repositories: usize, tags: usize) -> Fake {
    Fake::start(FakeSettings { repositories, tags, ..FakeSettings::default() }).await.unwrap()
}

fn settings(url: &str) -> RemoteSettings {
    let ms = Duration::from_millis;
    RemoteSettings {
        name: "prod".to_owned(),
        url: url.to_owned(),
        timeouts: Timeouts { connect: ms(2000), header: ms(2000), idle: ms(400), total: ms(5000), list: ms(5000) },
        ..RemoteSettings::default()
    }
}

fn remote(url: &str) -> Remote {
    Remote::new(settings(url)).unwrap()
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn tag(text: &str) -> Target {
    Target::Tag(Tag::parse(text).unwrap())
}

fn at(digest: &Digest) -> Target {
    Target::Digest(digest.clone())
}

/// Reads a list to its end, as the catalogue does: following cursors.
async fn all_repositories(remote: &Remote) -> Result<Vec<String>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = remote.repositories(after.as_ref()).await?;
        all.extend(page.items.iter().map(ToString::to_string));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn all_tags(remote: &Remote, repository: &str) -> Result<Vec<String>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = remote.tags(&name(repository), after.as_ref()).await?;
        all.extend(page.items.iter().map(ToString::to_string));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}
