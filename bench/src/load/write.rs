//! Many small writes: new repositories, new tags.

use super::{
    Seen,
    content::{Image, MANIFEST},
    push::{How, blob, salt},
    wire::Wire,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::task::LocalSet;

async fn manifest(wire: &mut Wire, repository: &str, tag: &str, image: &Image) -> anyhow::Result<()> {
    let path = format!("/v2/{repository}/manifests/{tag}");
    wire.ask("PUT", &path, &format!("Content-Type: {MANIFEST}\r\n"), &[image.manifest.as_bytes()]).await?.expect(201)?;
    Ok(())
}

/// New repositories, each with an image of its own: a blob, then a manifest.
pub(super) async fn repositories(address: &str, clients: usize, count: u64, time: Duration, prefix: &str) -> anyhow::Result<Seen> {
    let (salt, prefix) = (salt(), prefix.to_owned());
    many(address, clients, count, time, async move |wire, number| {
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
    many(address, clients, count, time, async move |wire, number| {
        let tag = format!("{salt:x}-{number:05}");
        manifest(wire, &repository, &tag, &Image::with(first.config.clone(), &tag)).await
    })
    .await
}

async fn many(
    address: &str,
    clients: usize,
    count: u64,
    time: Duration,
    one: impl AsyncFn(&mut Wire, u64) -> anyhow::Result<()> + 'static,
) -> anyhow::Result<Seen> {
    let (one, next, times) = (Rc::new(one), Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::new())));
    let mut wires = Vec::new();
    for _ in 0..clients {
        wires.push(Wire::open(address).await?);
    }
    let begun = Instant::now();
    let set = LocalSet::new();
    let mut tasks = Vec::new();
    for mut wire in wires {
        let (one, next, times) = (one.clone(), next.clone(), times.clone());
        tasks.push(set.spawn_local(async move {
            loop {
                let number = next.replace(next.get() + 1);
                if number >= count || begun.elapsed() >= time {
                    return anyhow::Ok(());
                }
                let asked = Instant::now();
                one(&mut wire, number).await?;
                times.borrow_mut().push(asked.elapsed().as_secs_f64() * 1e3);
            }
        }));
    }
    set.run_until(async {
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(())
    })
    .await?;
    let times = times.take();
    Ok(Seen { requests: times.len() as u64, bytes: 0, seconds: begun.elapsed().as_secs_f64(), times })
}
