//! `bench load …`: load on any registry, and content for one to start from. One thread that waits on sockets, so that of two
//! processors the server has the other; what it sends is made, and its digests known, before the clock runs.

mod ask;
mod content;
mod crew;
mod push;
mod seed;
mod walk;
mod wire;
mod write;

use anyhow::Context;
use std::{str::FromStr, time::Duration};

pub(crate) const USAGE: &str = "usage: bench load …
  ask ADDRESS GET|HEAD CLIENTS SECONDS PATH…             one request after another, each client
  push ADDRESS monolithic|chunked|streamed CLIENTS PUSHES BYTES REPOSITORY
  repositories ADDRESS CLIENTS COUNT SECONDS PREFIX      new ones, each of one image, at most so many seconds long
  tags ADDRESS CLIENTS COUNT SECONDS REPOSITORY          new ones in one repository
  walk ADDRESS PATH TIMES [PAGES]                        a list to its end by its links, or so many pages of it
  seed FOLDER distribution|zot PREFIX REPOSITORIES TAGS IMAGES
  blob FOLDER distribution|zot REPOSITORY BYTES          one blob; prints its digest";

/// What a load came to, printed as one line of JSON. Times are milliseconds, `seconds` what it took, `own` this process's processor time.
struct Seen {
    requests: u64,
    bytes: u64,
    seconds: f64,
    own: u64,
    times: Vec<f64>,
}

impl Seen {
    fn print(mut self) {
        self.times.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| self.times.get(((self.times.len() as f64 - 1.0) * part).round().max(0.0) as usize).copied().unwrap_or(0.0);
        println!(
            r#"{{"requests":{},"bytes":{},"seconds":{:.6},"p50":{:.3},"p99":{:.3},"own":{}}}"#,
            self.requests,
            self.bytes,
            self.seconds,
            at(0.5),
            at(0.99),
            self.own
        );
    }
}

fn number<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(word: &str) -> anyhow::Result<T> {
    word.parse().with_context(|| format!("{word} is not a number"))
}

fn seconds(word: &str) -> anyhow::Result<Duration> {
    Ok(Duration::from_secs_f64(number(word)?))
}

pub(crate) fn run(words: &[&str]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words {
        ["ask", address, method, clients, time, paths @ ..] if !paths.is_empty() => {
            runtime.block_on(ask::run(address, method, number(clients)?, seconds(time)?, paths))?.print();
        }
        ["push", address, how, clients, pushes, bytes, repository] => {
            let how = how.parse()?;
            runtime.block_on(push::run(address, how, number(clients)?, number(pushes)?, number(bytes)?, repository))?.print();
        }
        ["repositories", address, clients, count, time, prefix] => {
            runtime.block_on(write::repositories(address, number(clients)?, number(count)?, seconds(time)?, prefix))?.print();
        }
        ["tags", address, clients, count, time, repository] => {
            runtime.block_on(write::tags(address, number(clients)?, number(count)?, seconds(time)?, repository))?.print();
        }
        ["walk", address, path, times] => runtime.block_on(walk::run(address, path, number(times)?, usize::MAX))?,
        ["walk", address, path, times, pages] => runtime.block_on(walk::run(address, path, number(times)?, number(pages)?))?,
        ["seed", folder, layout, prefix, repositories, tags, images] => {
            seed::images(folder, layout.parse()?, prefix, number(repositories)?, number(tags)?, number(images)?)?;
        }
        ["blob", folder, layout, repository, bytes] => println!("{}", seed::blob(folder, layout.parse()?, repository, number(bytes)?)?),
        _ => anyhow::bail!(USAGE),
    }
    Ok(())
}
