//! What refers to a digest: by the API, else by the fallback tag (distribution-spec 1.1, "Listing Referrers").

use super::{
    client::{Ask, Client},
    explain::{Answer, What},
    link::{self, Mark},
    missing::Missing,
};
use crate::{Error, Result};
use oci::{Descriptor, Digest, RepositoryName, Tag, Target, limits, media_type};
use reqwest::{Method, StatusCode, header::LINK};
use serde_json::Value;
use std::collections::HashSet;

/// Pages that are followed.
const PAGES: usize = 100;

/// What the API said.
pub(super) enum Api {
    Index(Vec<Descriptor>),
    /// The registry has no such API.
    Missing,
    /// Nothing to learn of the API: the repository is unknown.
    Unknown,
}

impl Client {
    pub(super) async fn referrers(&self, missing: &Missing, repository: &RepositoryName, digest: &Digest) -> Result<Vec<Descriptor>> {
        if !missing.is() {
            match self.referrers_api(repository, digest).await? {
                Api::Index(found) => return Ok(found),
                Api::Missing => missing.set(true),
                Api::Unknown => {}
            }
        }
        self.referrers_tag(repository, digest).await
    }

    /// Asks the API, page by page.
    pub(super) async fn referrers_api(&self, repository: &RepositoryName, digest: &Digest) -> Result<Api> {
        let resource = format!("v2/{repository}/referrers/{digest}");
        let what = What::Referrers(repository, digest);
        let misbehaved = |why: &str| Error::Misbehaved(format!("{} was asked for {what} and {why}", self.name));
        let mut found = Vec::new();
        let mut mark = Mark::first(resource.clone());
        for page in 0..PAGES {
            let ask = Ask { accept: Some(media_type::OCI_INDEX), limit: limits::MANIFEST, ..Ask::new(what, &Method::GET, &mark.path) };
            let answer = self.send(&ask).await?;
            let manifests = if answer.status == StatusCode::OK { index(&answer) } else { None };
            let Some(manifests) = manifests else {
                return match (page, absent(&answer)) {
                    (0, Some(api)) => Ok(api),
                    (_, None) => Err(self.refusal(&ask, &answer)),
                    _ => Err(misbehaved("broke off between two pages")),
                };
            };
            found.extend(manifests);
            if found.len() >= limits::DESCRIPTORS {
                tracing::warn!(
                    registry = self.name,
                    "There are more than {} referrers; the rest is left out of {what}.",
                    limits::DESCRIPTORS
                );
                found.truncate(limits::DESCRIPTORS);
                break;
            }
            let lines: Vec<String> =
                answer.headers.get_all(LINK).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
            let Some(target) = link::next(lines.iter().map(String::as_str)).map_err(|why| misbehaved(&format!("sent {why}")))? else {
                break;
            };
            let path = link::reroot(&self.base.join(&mark.path), &resource, &target).map_err(|why| misbehaved(&format!("sent {why}")))?;
            match mark.step(path) {
                Ok(Some(next)) => mark = next,
                _ => break,
            }
        }
        Ok(Api::Index(tidy(found, digest)))
    }

    /// Reads the fallback tag. It is believed only where it names an index other than the subject itself: GitLab resolves such
    /// a tag to the subject, whose platforms are no referrers.
    async fn referrers_tag(&self, repository: &RepositoryName, digest: &Digest) -> Result<Vec<Descriptor>> {
        let Ok(tag) = Tag::parse(&digest.referrers_tag()) else { return Ok(Vec::new()) };
        let manifest = match self.manifest(repository, &Target::Tag(tag)).await {
            Ok(manifest) => manifest,
            Err(Error::NotFound(_) | Error::Unsupported(_)) => return Ok(Vec::new()),
            Err(other) => return Err(other),
        };
        if manifest.digest == *digest
            || manifest.media_type.as_deref().is_some_and(|t| media_type::is_manifest(t) && !media_type::is_index(t))
        {
            return Ok(Vec::new());
        }
        let Some(mut found) = descriptors(&manifest.bytes) else { return Ok(Vec::new()) };
        found.retain(|d| !d.has_platform || d.artifact_type.is_some());
        found.truncate(limits::DESCRIPTORS);
        Ok(tidy(found, digest))
    }
}

/// The referrers in an answer; `None` where it is no index.
fn index(answer: &Answer) -> Option<Vec<Descriptor>> {
    if answer.is_html() {
        return None;
    }
    descriptors(&answer.body)
}

fn descriptors(bytes: &[u8]) -> Option<Vec<Descriptor>> {
    let json: Value = serde_json::from_slice(bytes).ok()?;
    let manifests = json.as_object()?.get("manifests")?;
    match manifests {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => Some(items.iter().filter_map(Descriptor::read).collect()),
        _ => None,
    }
}

/// Each once, the subject itself left out.
fn tidy(mut found: Vec<Descriptor>, subject: &Digest) -> Vec<Descriptor> {
    let mut seen = HashSet::new();
    found.retain(|d| d.digest != *subject && seen.insert(d.digest.clone()));
    found
}

/// What an answer that is no index says of the API; `None` for a failure of another kind.
fn absent(answer: &Answer) -> Option<Api> {
    let no_such = ["NAME_UNKNOWN", "MANIFEST_UNKNOWN"].iter().any(|c| answer.has_code(c));
    match answer.status.as_u16() {
        400 | 404 if no_such => Some(Api::Unknown),
        200 | 403..=406 | 501 => Some(Api::Missing),
        // Harbor before 2.8 answered this path without a challenge.
        401 if !answer.challenged => Some(Api::Missing),
        400 if answer.has_code("UNSUPPORTED") || answer.codes().is_empty() => Some(Api::Missing),
        _ => None,
    }
}
