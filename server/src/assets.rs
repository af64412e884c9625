//! The built front end, inside the binary: what `cargo xtask site` left in `target/site`, served as it lies there,
//! compressed beforehand, for ever where a name carries its content's hash.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
#[allow_missing = true]
struct Site;

/// What `assets.json` holds: the names of the built files, which change with their content.
#[derive(Debug, Default, Deserialize)]
struct Names {
    #[serde(default)]
    css: String,
    #[serde(default)]
    js: String,
    #[serde(default)]
    wasm: String,
}

/// The built files' paths below the base; empty where nothing was built, and pages are then plain.
pub fn names() -> app::Assets {
    let names: Names = Site::get("assets.json").and_then(|f| serde_json::from_slice(&f.data).ok()).unwrap_or_default();
    let path = |name: String| match name {
        name if name.is_empty() => name,
        name if name.starts_with('/') => name,
        name if name.starts_with("pkg/") => format!("/{name}"),
        name => format!("/pkg/{name}"),
    };
    app::Assets { css: path(names.css), js: path(names.js), wasm: path(names.wasm) }
}

/// Whether there is such a file to be served. `path` has no slash in front.
pub fn exists(path: &str) -> bool {
    // Where files are read from the disk (debug builds), a path must not climb.
    let plain = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\\');
    plain && path != "assets.json" && !matches!(path.rsplit('.').next(), Some("br" | "gz")) && Site::get(path).is_some()
}

/// A file, by its path without a slash in front; `None` when there is none of that name.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Response> {
    if !exists(path) {
        return None;
    }
    let mut coding = [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(coding, _)| accepts(headers, coding));
    let (encoding, file) = coding
        .find_map(|(coding, ending)| Some((Some(coding), Site::get(&format!("{path}{ending}"))?)))
        .or_else(|| Some((None, Site::get(path)?)))?;
    // Strong for these very bytes: the hash is taken over the coded file.
    let hash = file.metadata.sha256_hash();
    let etag = format!("\"{}\"", tag(&hash));
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    let body = match (unchanged, file.data) {
        (true, _) => Body::empty(),
        (false, Cow::Borrowed(data)) => Body::from(bytes::Bytes::from_static(data)),
        (false, Cow::Owned(data)) => Body::from(data),
    };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        if let Some(encoding) = encoding {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    let out = response.headers_mut();
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let cache = if hashed(path) { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    Some(response)
}

/// A hash's first 128 bits, as hexadecimal digits: enough to tell contents apart.
pub(crate) fn tag(hash: &[u8; 32]) -> String {
    let (half, _) = hash.split_at(16);
    format!("{:032x}", half.iter().fold(0_u128, |n, &b| n << 8 | u128::from(b)))
}

/// Whether a coding is taken (RFC 9110, 12.5.3): named, or by `*`, and not with weight 0.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut star = false;
    for item in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let zero = parts.any(|p| p.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0));
        if name.eq_ignore_ascii_case(coding) {
            return !zero;
        }
        star |= name == "*" && !zero;
    }
    star
}

/// Whether a name carries a hash of its content: `pkg/name.0123456789abcdef.css`, with 8 hexadecimal digits or more.
fn hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("pkg/") && name.split(['.', '-', '_']).any(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_taken_when_it_is_named_and_not_weighed_nothing() {
        let accepts = |given: &str, coding| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, given.parse().unwrap());
            accepts(&headers, coding)
        };
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.5, *", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("*, br;q=0.0", "br"));
        assert!(!accepts("gzip", "br"));
        assert!(!super::accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn only_what_carries_its_hash_is_kept_for_ever() {
        assert!(hashed("pkg/supercargo.0123abcd4567.css"));
        assert!(hashed("pkg/supercargo-0123abcd4567_bg.wasm"));
        assert!(!hashed("pkg/supercargo.css"));
        assert!(!hashed("favicon.0123abcd4567.svg"));
    }

    #[test]
    fn the_list_of_names_and_the_coded_copies_are_no_addresses_of_their_own() {
        for path in ["assets.json", "../Cargo.toml", "pkg/../assets.json", "favicon.svg.br", "", "/etc/passwd"] {
            assert!(serve(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
