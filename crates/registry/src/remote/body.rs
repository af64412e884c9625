//! Reading bodies within bounds, and verifying what was asked for by digest.

use super::hash::Hash;
use bytes::{Bytes, BytesMut};
use oci::Digest;
use reqwest::{Response, header::HeaderMap};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Why a body was not read.
#[derive(Debug)]
pub(super) enum Broken {
    /// More than the bound: bytes, where the registry told them.
    TooLarge(Option<u64>),
    /// Compressed though we asked for it plain: it could unfold to anything.
    Encoded(String),
    /// No byte for too long.
    Stalled,
    /// The connection broke; how many bytes had come.
    CutOff(usize, String),
}

/// Reads a body of at most `limit` bytes. A Content-Length beyond it is refused before anything is read; `idle` bounds the
/// wait for each piece.
pub(super) async fn read(response: Response, limit: usize, idle: Duration) -> Result<Bytes, Broken> {
    if let Some(encoding) = encoding(response.headers()) {
        return Err(Broken::Encoded(encoding));
    }
    if let Some(length) = response.content_length().filter(|&l| l > limit as u64) {
        return Err(Broken::TooLarge(Some(length)));
    }
    let (body, cut) = pieces(response, limit, idle).await?;
    if cut { Err(Broken::TooLarge(None)) } else { Ok(body) }
}

/// How a body is packed, where it is.
pub(super) fn encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = String::from_utf8_lossy(headers.get("content-encoding")?.as_bytes()).trim().to_ascii_lowercase();
    (!encoding.is_empty() && encoding != "identity").then_some(encoding)
}

/// Reads at most `limit` bytes of a body that is only looked at for its words: an error's.
pub(super) async fn glance(response: Response, limit: usize, idle: Duration) -> Bytes {
    if response.headers().contains_key("content-encoding") {
        return Bytes::new();
    }
    pieces(response, limit, idle).await.map_or_else(|_| Bytes::new(), |(body, _)| body)
}

async fn pieces(mut response: Response, limit: usize, idle: Duration) -> Result<(Bytes, bool), Broken> {
    let mut body = BytesMut::new();
    loop {
        match tokio::time::timeout(idle, response.chunk()).await {
            Err(_) => return Err(Broken::Stalled),
            Ok(Err(e)) => return Err(Broken::CutOff(body.len(), super::explain::cause(&e))),
            Ok(Ok(None)) => return Ok((body.freeze(), false)),
            Ok(Ok(Some(piece))) => {
                let room = limit - body.len();
                if piece.len() > room {
                    body.extend_from_slice(&piece[..room]);
                    return Ok((body.freeze(), true));
                }
                body.extend_from_slice(&piece);
            }
        }
    }
}

/// The digest of some bytes by the algorithm of `like`; `None` for one that we cannot compute.
pub(super) fn digest_like(like: &Digest, bytes: &[u8]) -> Option<Digest> {
    let mut hash = Hash::like(like)?;
    hash.update(bytes);
    Digest::parse(&hash.text()).ok()
}

pub(super) fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// What the digest of a signed schema 1 manifest is made over: the payload without the signatures, put together as its
/// first signature's `protected` header says (formatLength, formatTail). `None` where it is no such manifest.
pub(super) fn schema1_payload(bytes: &[u8]) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let protected = json.get("signatures")?.get(0)?.get("protected")?.as_str()?.trim_end_matches('=');
    let header: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(protected).ok()?).ok()?;
    let length = usize::try_from(header.get("formatLength")?.as_u64()?).ok()?;
    let tail = URL_SAFE_NO_PAD.decode(header.get("formatTail")?.as_str()?.trim_end_matches('=')).ok()?;
    let mut payload = bytes.get(..length)?.to_vec();
    payload.extend_from_slice(&tail);
    Some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    #[test]
    fn digests_are_computed_by_their_algorithm() {
        let empty = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
        assert!(digest_like(&empty, b"").unwrap().as_str().starts_with("sha512:cf83e1357eefb8bd"));
        assert_eq!(sha256(b"").as_str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(digest_like(&"blake3:ab".parse().unwrap(), b"").is_none());
    }

    #[test]
    fn the_payload_of_schema_1_leaves_the_signatures_out() {
        let payload = "{\n   \"schemaVersion\": 1\n}";
        let protected = URL_SAFE_NO_PAD.encode(format!(
            "{{\"formatLength\":{},\"formatTail\":\"{}\"}}",
            payload.len() - 2,
            URL_SAFE_NO_PAD.encode("\n}")
        ));
        let signed = format!("{},\n   \"signatures\": [{{\"protected\": \"{protected}\"}}]\n}}", &payload[..payload.len() - 2]);
        assert_eq!(schema1_payload(signed.as_bytes()).unwrap(), payload.as_bytes());
        for other in ["{}", "[]", "x", r#"{"signatures":[{"protected":"!"}]}"#, r#"{"signatures":[{"protected":"e30"}]}"#] {
            assert!(schema1_payload(other.as_bytes()).is_none(), "{other}");
        }
    }
}
