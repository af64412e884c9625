//! `/r/{registry}/{repository}:{tag}` and `@{digest}`.

use super::{now, render::Head};
use crate::{AppState, query::Query};
use api::{Code, Problem};
use app::{Document, ImageModel, Tab};
use oci::{Digest, Platform, Reference, Target};
use service::{Caller, ManifestBytes};

pub(super) async fn model(state: &AppState, head: &Head, query: &Query, reference: &Reference) -> Result<ImageModel, Problem> {
    let caller = head.client.caller();
    let tab = query.text("tab")?.unwrap_or_default();
    let tab = Tab::parse(tab).ok_or_else(|| {
        let known: Vec<_> = Tab::ALL.iter().map(|t| t.as_str()).collect();
        Problem::new(Code::BadQuery, "An image has no such tab.").hint(format!("It has {}.", known.join(", ")))
    })?;
    let platform = query.owned("platform")?;
    if platform.as_deref().is_some_and(|p| Platform::parse(p).is_none()) {
        return Err(Problem::new(Code::BadQuery, "“platform” is an operating system and an architecture, such as linux/amd64."));
    }
    let registry = state.service.registry(&caller, &reference.registry).await?;
    let image = state.service.image(&caller, reference, platform.as_deref()).await?;
    let mut manifests = Vec::new();
    let mut configuration = None;
    match tab {
        Tab::Manifest => {
            let mut digests = vec![image.digest.clone()];
            digests.extend(image.platform_digest.clone().filter(|d| *d != image.digest));
            for digest in digests {
                manifests.push(document(manifest(state, &caller, reference, &digest).await?));
            }
        }
        Tab::Configuration => {
            configuration = state.service.configuration(&caller, reference, platform.as_deref()).await?.map(document);
        }
        Tab::Overview | Tab::Layers | Tab::Attached => {}
    }
    let mut locks = state.service.locks(&caller, Some(&reference.registry), Some(reference.repository.as_str())).await?;
    let place = format!("{}/{}", image.registry, image.repository);
    locks.retain(|lock| match lock.reference.strip_prefix(&place).map(|rest| rest.strip_prefix(':').unwrap_or(rest)) {
        Some(name) => name.is_empty() || image.tags.iter().any(|tag| tag == name),
        None => false,
    });
    Ok(ImageModel { now: now(), registry, image, tab, platform, manifests, configuration, locks })
}

/// The manifest of a digest in the reference's repository.
async fn manifest(state: &AppState, caller: &Caller, reference: &Reference, digest: &str) -> Result<ManifestBytes, Problem> {
    let digest = Digest::parse(digest).map_err(service::Error::from)?;
    let pinned = Reference { target: Some(Target::Digest(digest)), ..reference.clone() };
    Ok(state.service.manifest(caller, &pinned).await?)
}

fn document(bytes: ManifestBytes) -> Document {
    Document {
        digest: bytes.digest,
        media_type: bytes.media_type,
        text: String::from_utf8_lossy(&bytes.bytes).into_owned(),
        size: bytes.bytes.len() as u64,
    }
}
