//! `team/edge-filter`: a WebAssembly module, as wasm-to-oci and its successors push it.

use crate::{
    Error,
    document::about,
    maker::{Artifact, Maker},
    series::{Alias, Job, Release, Series},
};
use serde_json::json;

pub(super) fn jobs() -> Vec<Job> {
    let series =
        Series { name: "edge-filter", minors: &[("0.3", 2), ("0.4", 3)], first: 210.0, last: 11.0, prefix: "", aliases: &[Alias::Latest] };
    series.jobs("team/edge-filter", push)
}

/// A module that engines accept: the header, one type, one function that returns `answer`, exported as `answer`.
fn module(answer: usize) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend_from_slice(&[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f]);
    module.extend_from_slice(&[0x03, 0x02, 0x01, 0x00]);
    module.extend_from_slice(b"\x07\x0a\x01\x06answer\0\0");
    module.extend_from_slice(&[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, answer as u8 & 0x3f, 0x0b]);
    module
}

fn push(maker: &mut Maker<'_>, release: Release) -> Result<(), Error> {
    let code = maker.file("filter.wasm", "application/wasm", module(release.place));
    let config = json!({
        "created": maker.created(),
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [code.digest],
        "component": {
            "exports": ["wasi:http/incoming-handler@0.2.0"],
            "imports": ["wasi:logging/logging"],
            "target": "wasi:http/proxy@0.2.0",
        },
    });
    let config = Some(maker.json("application/vnd.wasm.config.v0+json", &config)?);
    let annotations = about([
        ("created", maker.created()),
        ("description", "Drops requests that look like scans, at the edge"),
        ("version", &release.version),
        ("source", "https://git.example.com/acme/edge-filter"),
    ]);
    maker.artifact(Artifact { config, layers: vec![code], annotations, ..Artifact::default() }, &release.tags)?;
    Ok(())
}
