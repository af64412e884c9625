//! A list read by the links of its pages, to its end or as far as is wanted.

use super::wire::{Wire, origin_form};
use anyhow::Context;
use std::time::Instant;

/// Prints how many names it had, in how many pages, and how long each walk took, in milliseconds.
pub(super) async fn run(address: &str, path: &str, times: usize, most: usize) -> anyhow::Result<()> {
    let mut wire = Wire::open(address).await?;
    let (mut names, mut pages, mut took) = (0, 0, Vec::new());
    for _ in 0..times {
        (names, pages) = (0, 0);
        let begun = Instant::now();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = wire.ask("GET", &path, "", &[]).await?.expect(200)?;
            // A repository’s name stands before its tags; a name in the list has two quotes.
            let text = String::from_utf8_lossy(&answer.body);
            let list = text.rfind('[').map_or("", |at| &text[at..]);
            names += list.matches('"').count() / 2;
            pages += 1;
            next = if pages == most { None } else { answer.header("link").map(|link| target(link).map(str::to_owned)).transpose()? };
        }
        took.push(format!("{:.3}", begun.elapsed().as_secs_f64() * 1e3));
    }
    println!(r#"{{"names":{names},"pages":{pages},"took":[{}]}}"#, took.join(","));
    Ok(())
}

/// `</v2/_catalog?last=z&n=100>; rel="next"`
fn target(link: &str) -> anyhow::Result<&str> {
    let (_, rest) = link.split_once('<').context("no address in Link")?;
    let (url, _) = rest.split_once('>').context("no address in Link")?;
    Ok(origin_form(url))
}
