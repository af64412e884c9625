//! Putting manifests, and making sure that what was stored is what was sent.

use super::{
    body::{digest_like, schema1_payload, sha256},
    client::{Ask, Client},
    explain::{Answer, What, refusal},
    manifests::{HeadWorks, manifest_path, told},
};
use crate::{Error, Result};
use bytes::Bytes;
use oci::{Digest, RepositoryName, Target, limits};
use reqwest::Method;

impl Client {
    pub(super) async fn put_manifest(
        &self,
        works: &HeadWorks,
        repository: &RepositoryName,
        target: &Target,
        media_type: &str,
        bytes: &Bytes,
    ) -> Result<Digest> {
        let what = What::PutManifest(repository, target);
        if bytes.len() > limits::MANIFEST {
            return Err(Error::TooLarge(format!("{what} was not asked for: it has {} bytes, more than {}", bytes.len(), limits::MANIFEST)));
        }
        let digest = match target {
            Target::Tag(_) => Sum::of(bytes).like_sha256(),
            Target::Digest(wanted) => match Sum::of(bytes).like(wanted) {
                Some(is) if is == *wanted => is,
                Some(is) => return Err(Error::Misbehaved(format!("{what} was not asked for: its bytes have the digest {is}"))),
                None => return Err(Error::Unsupported(format!("{what} cannot be verified: its algorithm is not known here"))),
            },
        };
        let path = manifest_path(repository, target);
        let ask = Ask { content: Some((media_type, bytes)), ..Ask::new(what, &Method::PUT, &path) };
        let answer = self.send(&ask).await?;
        if !answer.status.is_success() {
            return Err(self.put_refused(&what, &answer));
        }
        let stored = match told(&answer) {
            Some(stored) => stored,
            // It does not say: see what it has.
            None => self.resolve(works, repository, target).await?.digest,
        };
        match Sum::of(bytes).like(&stored) {
            Some(is) if is != stored => {
                Err(Error::Misbehaved(format!("{} was asked for {what}, whose digest is {is}, and stored {stored}", self.name)))
            }
            _ => Ok(digest),
        }
    }

    fn put_refused(&self, what: &What<'_>, answer: &Answer) -> Error {
        let lacks = ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].iter().any(|c| answer.has_code(c));
        let status = answer.status.as_u16();
        let said = format!("{} was asked for {what} and answered {}", self.name, answer.said());
        if lacks && matches!(status, 400 | 404 | 409 | 412 | 422) {
            let missing = answer.digests();
            let named = if missing.is_empty() { String::new() } else { format!(" ({})", join(&missing)) };
            return Error::Incomplete { message: format!("{said}: it lacks blobs or manifests that this one names{named}"), missing };
        }
        if matches!(status, 405 | 501) || answer.has_code("UNSUPPORTED") {
            return Error::Unsupported(format!(
                "{said}: it takes no pushes. A pull-through cache takes none, nor does one set to read only"
            ));
        }
        refusal(&self.name, what, answer)
    }
}

fn join(digests: &[Digest]) -> String {
    digests.iter().map(Digest::as_str).collect::<Vec<_>>().join(", ")
}

/// What the digest of a manifest is made over: its bytes, or for a signed schema 1 manifest those without its signatures.
struct Sum<'a> {
    bytes: &'a [u8],
    payload: Option<Vec<u8>>,
}

impl<'a> Sum<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, payload: schema1_payload(bytes) }
    }

    fn content(&self) -> &[u8] {
        self.payload.as_deref().unwrap_or(self.bytes)
    }

    fn like_sha256(&self) -> Digest {
        sha256(self.content())
    }

    fn like(&self, other: &Digest) -> Option<Digest> {
        digest_like(other, self.content())
    }
}
