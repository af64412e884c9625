//! Bodies that programs send.

use super::fields::wrong;
use crate::failure::Failure;
use api::Code;
use axum::body::Body;
use http::{HeaderMap, header};
use serde_json::Value;

/// The most bytes a body may have: 10,000 references of the longest kind.
const LIMIT: usize = 8 << 20;

/// Reads a body that is JSON, and says so.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Failure::new(Code::UnsupportedMediaType, "This address takes application/json only."));
    }
    let bytes = axum::body::to_bytes(body, LIMIT).await;
    let bytes = bytes.map_err(|_| Failure::new(Code::BodyTooLarge, format!("A body has at most {} MiB.", LIMIT >> 20)))?;
    serde_json::from_slice(&bytes).map_err(|e| wrong(format!("The body is not JSON: {e}.")).into())
}
