//! Many small writes: new repositories, new tags.

use super::{
    Seen,
    content::{Image, MANIFEST},
    crew::{Until, work},
    push::{How, blob, salt},
    wire::Wire,
};
use std::time::Duration;

async fn manifest(wire: &mut Wire, repository: &str, tag: &str, image: &Image) -> anyhow::Result<()> {
    let path = format!("/v2/{repository}/manifests/{tag}");
    wire.ask("PUT", &path, &format!("Content-Type: {MANIFEST}\r\n"), &[image.manifest.as_bytes()]).await?.expect(201)?;
    Ok(())
}

/// New repositories, each with an image of its own: a blob, then a manifest.
pub(super) async fn repositories(address: &str, clients: usize, count: u64, time: Duration, prefix: &str) -> anyhow::Result<Seen> {
    let (salt, prefix) = (salt(), prefix.to_owned());
    work(address, clients, Until { count, time, cut: false }, async move |wire, number| {
        let repository = format!("{prefix}/{salt:x}-{number:05}");
        let image = Image::named(&repository);
        blob(wire, &repository, How::Monolithic, &[image.config.as_bytes()], &image.config_digest).await?;
        manifest(wire, &repository, "latest", &image).await
    })
    .await
}

/// New tags, each of a manifest of its own over one configuration that is there.
pub(super) async fn tags(address: &str, clients: usize, count: u64, time: Duration, repository: &str) -> anyhow::Result<Seen> {
    let (salt, repository) = (salt(), repository.to_owned());
    let first = Image::named(&format!("{salt:x}"));
    blob(&mut Wire::open(address).await?, &repository, How::Monolithic, &[first.config.as_bytes()], &first.config_digest).await?;
    work(address, clients, Until { count, time, cut: false }, async move |wire, number| {
        let tag = format!("{salt:x}-{number:05}");
        manifest(wire, &repository, &tag, &Image::with(first.config.clone(), &tag)).await
    })
    .await
}
