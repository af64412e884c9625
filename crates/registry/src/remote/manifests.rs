//! Manifests and small blobs: what a tag names, and the bytes, verified.

use super::{
    body::{digest_like, schema1_payload, sha256},
    client::{Ask, Client},
    explain::{Answer, What, clean},
};
use crate::{Error, RawManifest, Resolved, Result};
use bytes::Bytes;
use oci::{Digest, RepositoryName, Target, limits, media_type};
use reqwest::{Method, StatusCode};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this registry's HEAD ever told a digest: then its 404 is believed.
#[derive(Debug, Default)]
pub(super) struct HeadWorks(AtomicBool);

impl Client {
    pub(super) async fn resolve(&self, works: &HeadWorks, repository: &RepositoryName, target: &Target) -> Result<Resolved> {
        let path = manifest_path(repository, target);
        let what = What::Head(repository, target);
        let head = |accept| Ask { accept: Some(accept), ..Ask::new(what, &Method::HEAD, &path) };
        let answer = self.send(&head(media_type::ACCEPT)).await?;
        match answer.status.as_u16() {
            200 => {
                if let Some(resolved) = self.resolved(&what, target, &answer)? {
                    works.0.store(true, Ordering::Relaxed);
                    return Ok(resolved);
                }
            }
            404 | 406 if works.0.load(Ordering::Relaxed) => {
                let old = self.send(&head(media_type::ACCEPT_OLD)).await?;
                return match old.status {
                    StatusCode::OK => match self.resolved(&what, target, &old)? {
                        Some(resolved) => Ok(resolved),
                        None => self.resolve_by_get(repository, target).await,
                    },
                    _ => Err(self.refusal(&head(media_type::ACCEPT), &answer)),
                };
            }
            404..=406 | 501 => {}
            _ => return Err(self.refusal(&head(media_type::ACCEPT), &answer)),
        }
        self.resolve_by_get(repository, target).await
    }

    async fn resolve_by_get(&self, repository: &RepositoryName, target: &Target) -> Result<Resolved> {
        let manifest = self.manifest(repository, target).await?;
        Ok(Resolved { digest: manifest.digest, media_type: manifest.media_type, size: Some(manifest.bytes.len() as u64), pushed: None })
    }

    /// What a HEAD tells; `None` where it tells no digest.
    fn resolved(&self, what: &What<'_>, target: &Target, answer: &Answer) -> Result<Option<Resolved>> {
        if answer.is_html() {
            return Err(Error::Misbehaved(format!("{} was asked for {what} and answered with a web page", self.name)));
        }
        let told = told(answer);
        let digest = match (target, told) {
            (Target::Digest(asked), Some(told)) if told.algorithm() == asked.algorithm() && told != *asked => {
                return Err(Error::Misbehaved(format!("{} was asked for {what} and answered with another digest, {told}", self.name)));
            }
            (Target::Digest(asked), _) => asked.clone(),
            (Target::Tag(_), Some(told)) => told,
            (Target::Tag(_), None) => return Ok(None),
        };
        let size = answer.header("content-length").and_then(|l| l.parse().ok()).filter(|&l| l > 0);
        Ok(Some(Resolved { digest, media_type: answer.media_type(), size, pushed: None }))
    }

    pub(super) async fn manifest(&self, repository: &RepositoryName, target: &Target) -> Result<RawManifest> {
        let path = manifest_path(repository, target);
        let what = What::Manifest(repository, target);
        let ask = |accept| Ask { accept: Some(accept), limit: limits::MANIFEST, ..Ask::new(what, &Method::GET, &path) };
        let answer = self.send(&ask(media_type::ACCEPT)).await?;
        let known = answer.media_type().is_none_or(|t| media_type::is_manifest(&t) || t == "application/json" || t == "text/plain");
        match answer.status.as_u16() {
            200 if known => self.verified(&what, target, answer),
            200 => {
                // A type we did not ask for: perhaps an older one fits better.
                match self.send(&ask(media_type::ACCEPT_OLD)).await {
                    Ok(old) if old.status == 200 && old.media_type().is_some_and(|t| media_type::is_manifest(&t)) => {
                        self.verified(&what, target, old)
                    }
                    _ => self.verified(&what, target, answer),
                }
            }
            404 | 406 => {
                let old = self.send(&ask(media_type::ACCEPT_OLD)).await?;
                if old.status == 200 { self.verified(&what, target, old) } else { Err(self.refusal(&ask(media_type::ACCEPT), &answer)) }
            }
            _ => Err(self.refusal(&ask(media_type::ACCEPT), &answer)),
        }
    }

    /// Checks an answer's bytes against the digest that was asked for, or else the one that came with them.
    fn verified(&self, what: &What<'_>, target: &Target, answer: Answer) -> Result<RawManifest> {
        let misbehaved = |why: &str| Err(Error::Misbehaved(format!("{} was asked for {what} and {why}", self.name)));
        let bytes = answer.body.clone();
        if bytes.is_empty() {
            return misbehaved("sent nothing");
        }
        if answer.is_html() {
            return misbehaved("answered with a web page");
        }
        if bytes.trim_ascii_start().first() != Some(&b'{') && !bytes.starts_with(b"\xef\xbb\xbf") {
            let kind = answer.media_type().unwrap_or_else(|| "no type".to_owned());
            return misbehaved(&format!("sent something that is no manifest ({})", clean(&kind, 60)));
        }
        let promised = match target {
            Target::Digest(asked) => Some(asked.clone()),
            Target::Tag(_) => told(&answer),
        };
        let digest = match promised.and_then(|p| digest_like(&p, &bytes).map(|is| (p, is))) {
            None => schema1_payload(&bytes).map_or_else(|| sha256(&bytes), |payload| sha256(&payload)),
            Some((promised, is)) if promised == is => promised,
            Some((promised, is)) => {
                // The digest of a signed schema 1 manifest leaves its signatures out.
                let payload = schema1_payload(&bytes).and_then(|payload| digest_like(&promised, &payload));
                if payload.as_ref() != Some(&promised) {
                    return misbehaved(&format!("sent content whose digest is {is}, not {promised}"));
                }
                promised
            }
        };
        Ok(RawManifest { digest, media_type: answer.media_type(), bytes })
    }

    pub(super) async fn blob(&self, repository: &RepositoryName, digest: &Digest, limit: usize) -> Result<Bytes> {
        let path = format!("v2/{repository}/blobs/{digest}");
        let what = What::Blob(repository, digest);
        if digest_like(digest, b"").is_none() {
            return Err(Error::Unsupported(format!("{what} cannot be verified: its algorithm is not known here")));
        }
        let answer = self.get(&Ask { limit, ..Ask::new(what, &Method::GET, &path) }).await?;
        let is = digest_like(digest, &answer.body);
        if is.as_ref() != Some(digest) {
            let is = is.map_or_else(String::new, |d| d.to_string());
            return Err(Error::Misbehaved(format!("{} was asked for {what} and sent content whose digest is {is}", self.name)));
        }
        Ok(answer.body)
    }
}

pub(super) fn manifest_path(repository: &RepositoryName, target: &Target) -> String {
    match target {
        Target::Tag(tag) => format!("v2/{repository}/manifests/{tag}"),
        Target::Digest(digest) => format!("v2/{repository}/manifests/{digest}"),
    }
}

/// Docker-Content-Digest, where it is well-formed.
pub(super) fn told(answer: &Answer) -> Option<Digest> {
    Digest::parse(answer.header("docker-content-digest")?.trim()).ok()
}
