//! The readers of what clients and other registries write, for the fuzz targets in `fuzz/`. No part of the library's interface.

use crate::{
    Result, Route, UploadId, document, layout,
    routes::{query, range},
};
use oci::{Digest, Target};

/// A manifest as it is taken in.
pub struct Manifest {
    pub media_type: String,
    pub subject: Option<Digest>,
    pub blobs: Vec<(Digest, u64)>,
    pub children: Vec<(Digest, u64)>,
}

/// A manifest as it is read from the storage.
pub struct Stored {
    pub media_type: String,
    pub blobs: Vec<Digest>,
    pub children: Vec<Digest>,
    pub subject: Option<Digest>,
}

/// What a `Range` asks of so many bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Range {
    All,
    /// From the first up to before the second.
    Part(u64, u64),
    Unsatisfiable,
}

pub fn manifest(bytes: &[u8], content_type: Option<&str>) -> Result<Manifest> {
    let read = document::Document::read(bytes, content_type)?;
    let named = |all: Vec<document::Named>| all.into_iter().map(|named| (named.digest, named.size)).collect();
    Ok(Manifest { media_type: read.media_type, subject: read.subject, blobs: named(read.blobs), children: named(read.children) })
}

pub fn stored(bytes: &[u8]) -> Stored {
    let document::Names { blobs, children, .. } = document::stored_names(bytes).unwrap_or_default();
    let subject = document::reference(bytes).map(|reference| reference.subject);
    Stored { media_type: document::stored_type(bytes), blobs, children, subject }
}

pub fn range(header: &str, size: u64) -> Range {
    match range::wanted(Some(header), size) {
        range::Wanted::All => Range::All,
        range::Wanted::Part(from, to) => Range::Part(from, to),
        range::Wanted::Unsatisfiable => Range::Unsatisfiable,
    }
}

/// The first byte's place, and the number of bytes.
pub fn chunk(header: &str) -> Result<(u64, u64)> {
    range::chunk(header).map(|chunk| (chunk.start, chunk.length))
}

pub fn parameters(query: &str, name: &str) -> Vec<Result<String>> {
    query::all(query, name).collect()
}

pub fn page(query: &str) -> Result<(Option<usize>, Option<String>)> {
    query::page(query)
}

pub fn upload_id(text: &str) -> Option<UploadId> {
    UploadId::parse(text)
}

pub fn link(text: &[u8]) -> Option<Digest> {
    layout::linked(text)
}

/// Every path in the storage that is made for a request.
pub fn paths(route: &Route) -> Vec<String> {
    let Some(name) = route.repository() else { return Vec::new() };
    let mut paths = vec![
        layout::repository(name),
        layout::layers(name),
        layout::manifests(name),
        layout::revisions(name),
        layout::tags(name),
        layout::referrers_marker(name),
    ];
    let of_digest = |digest: &Digest| {
        [
            layout::blob_folder(digest),
            layout::blob(digest),
            layout::layer(name, digest),
            layout::revision(name, digest),
            layout::referrers(name, digest),
            layout::referrer(name, digest, digest),
        ]
    };
    match route {
        Route::Blob(_, digest) | Route::Referrers(_, digest) | Route::Manifest(_, Target::Digest(digest)) => {
            paths.extend(of_digest(digest));
        }
        Route::Manifest(_, Target::Tag(tag)) => paths.push(format!("{}/{}", layout::tag(name, tag), layout::CURRENT)),
        Route::Upload(_, id) => paths.push(layout::upload(name, id)),
        _ => {}
    }
    paths
}
