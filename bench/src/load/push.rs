//! Blobs that no registry has yet, in the three ways that clients send them.

use super::{
    Seen,
    content::Bulk,
    crew::{Until, work},
    wire::{Answer, Wire},
};
use std::{
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

#[derive(Clone, Copy)]
pub(super) enum How {
    /// POST, then everything by one PUT.
    Monolithic,
    /// Four PATCHes that say their range, then an empty PUT.
    Chunked,
    /// One PATCH of unsaid length, as docker sends it, then an empty PUT.
    Streamed,
}

impl FromStr for How {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word {
            "monolithic" => Self::Monolithic,
            "chunked" => Self::Chunked,
            "streamed" => Self::Streamed,
            _ => anyhow::bail!("{word} is no way to push"),
        })
    }
}

const CHUNKS: usize = 4;
/// What Go's clients send at a time.
const PIECE: usize = 32 << 10;
const BYTES: &str = "Content-Type: application/octet-stream\r\n";

/// Another number in each run, so that nothing was pushed before.
pub(super) fn salt() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

fn with_digest(location: &str, digest: &str) -> String {
    format!("{location}{}digest={digest}", if location.contains('?') { '&' } else { '?' })
}

/// Pushes one blob whose bytes are `parts`, one after another.
pub(super) async fn blob(wire: &mut Wire, repository: &str, how: How, parts: &[&[u8]], digest: &str) -> anyhow::Result<()> {
    let begun = wire.ask("POST", &format!("/v2/{repository}/blobs/uploads/"), "", &[]).await?.expect(202)?;
    let mut location = begun.location()?;
    match how {
        How::Monolithic => {
            wire.ask("PUT", &with_digest(&location, digest), BYTES, parts).await?.expect(201)?;
            return Ok(());
        }
        How::Chunked => {
            let whole: usize = parts.iter().map(|part| part.len()).sum();
            let mut from = 0;
            for nth in 1..=CHUNKS {
                let to = whole * nth / CHUNKS;
                let range = format!("{BYTES}Content-Range: {from}-{}\r\n", to - 1);
                location = wire.ask("PATCH", &location, &range, &cut(parts, from, to)).await?.expect(202)?.location()?;
                from = to;
            }
        }
        How::Streamed => location = stream(wire, &location, parts).await?.expect(202)?.location()?,
    }
    wire.ask("PUT", &with_digest(&location, digest), "", &[]).await?.expect(201)?;
    Ok(())
}

/// The bytes from `from` to `to` of parts that follow one another.
fn cut<'a>(parts: &[&'a [u8]], from: usize, to: usize) -> Vec<&'a [u8]> {
    let mut at = 0;
    let mut found = Vec::new();
    for part in parts {
        let (begin, end) = (from.clamp(at, at + part.len()) - at, to.clamp(at, at + part.len()) - at);
        found.push(&part[begin..end]);
        at += part.len();
    }
    found
}

async fn stream(wire: &mut Wire, location: &str, parts: &[&[u8]]) -> anyhow::Result<Answer> {
    let pieces: Vec<&[u8]> = parts.iter().flat_map(|part| part.chunks(PIECE)).collect();
    let frames: Vec<String> = pieces.iter().map(|piece| format!("\r\n{:x}\r\n", piece.len())).collect();
    let mut body: Vec<&[u8]> = Vec::with_capacity(2 * pieces.len() + 1);
    for (nth, (piece, frame)) in pieces.iter().zip(&frames).enumerate() {
        // The line that ends a chunk begins the next one's frame; before the first there is none.
        body.push(&frame.as_bytes()[if nth == 0 { 2 } else { 0 }..]);
        body.push(piece);
    }
    body.push(b"\r\n0\r\n\r\n");
    wire.send("PATCH", location, &format!("{BYTES}Transfer-Encoding: chunked\r\n"), &body).await?;
    wire.answer(false, true, None).await
}

pub(super) async fn run(address: &str, how: How, clients: usize, pushes: u64, bytes: usize, repository: &str) -> anyhow::Result<Seen> {
    let (bulk, salt, repository) = (Bulk::of(bytes), salt(), repository.to_owned());
    let until = Until { count: pushes, time: Duration::from_hours(1), cut: false };
    let seen = work(address, clients, until, async move |wire, number| {
        let (ending, digest) = bulk.ending(salt, number);
        blob(wire, &repository, how, &[&bulk.shared, &ending], &digest).await
    })
    .await?;
    Ok(Seen { bytes: pushes * bytes as u64, ..seen })
}
