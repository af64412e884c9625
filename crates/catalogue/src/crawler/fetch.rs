//! Bringing in a manifest, once in its life, with its configuration and what an index lists.

use crate::{
    catalogue::{Catalogue, now},
    model::{Referrers, Summary},
    record::{ManifestRecord, ReferrersRecord, Write},
    source::Watched,
};
use futures::future::BoxFuture;
use oci::{Body, Digest, ImageConfig, Kind, Manifest, RepositoryName, Target, limits, media_type};
use registry::Error;
use std::sync::{Arc, PoisonError};

/// The number of a manifest, fetched now if it never was. Two who want the same one ask once.
///
/// Children of an index are fetched as well, [`limits::DEPTH`] deep; a child that cannot be had does not fail its index.
pub(crate) async fn fetch(catalogue: &Catalogue, watched: &Watched, repository: &RepositoryName, digest: &Digest) -> Result<u32, Error> {
    fetch_at(catalogue, watched, repository, digest, 0).await
}

fn fetch_at<'a>(
    catalogue: &'a Catalogue,
    watched: &'a Watched,
    repository: &'a RepositoryName,
    digest: &'a Digest,
    depth: usize,
) -> BoxFuture<'a, Result<u32, Error>> {
    Box::pin(async move {
        if let Some(id) = known(catalogue, digest) {
            return Ok(id);
        }
        let cell = {
            let mut on_the_way = catalogue.0.on_the_way.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(on_the_way.entry(digest.to_string()).or_default())
        };
        // Whoever comes second waits for the first's answer; should the first be cancelled, the next one asks.
        let result = cell.get_or_init(|| bring_in(catalogue, watched, repository, digest, depth)).await.clone();
        catalogue.0.on_the_way.lock().unwrap_or_else(PoisonError::into_inner).remove(digest.as_str());
        result
    })
}

/// Known, and to be had from the database or memory.
fn known(catalogue: &Catalogue, digest: &Digest) -> Option<u32> {
    let model = catalogue.model();
    model.find_manifest(digest.as_str()).filter(|&id| model.manifest(id).is_some_and(|m| m.known))
}

async fn bring_in(
    catalogue: &Catalogue,
    watched: &Watched,
    repository: &RepositoryName,
    digest: &Digest,
    depth: usize,
) -> Result<u32, Error> {
    let registry = &watched.source.registry;
    let raw = registry.manifest(repository, &Target::Digest(digest.clone())).await?;
    if registry::placeholder::of(&raw.bytes).is_some() {
        catalogue.expect(digest);
        if catalogue.expects(digest.as_str()) {
            return Err(Error::NotFound(format!("{repository}@{digest} is a placeholder of ours")));
        }
    }
    let manifest =
        Manifest::parse(&raw.bytes, raw.media_type.as_deref()).map_err(|e| Error::Misbehaved(format!("{repository}@{digest}: {e}")))?;
    let config = match &manifest.body {
        Body::Image { config: Some(descriptor), .. }
            if worth_reading(&manifest, &descriptor.media_type) && descriptor.size <= limits::CONFIG as u64 =>
        {
            match registry.blob(repository, &descriptor.digest, limits::CONFIG).await {
                Ok(bytes) => Some(bytes),
                Err(error) if error.is_outage() => return Err(error),
                Err(error) => {
                    tracing::debug!(registry = %watched.source.name, %repository, %digest, %error, "a configuration cannot be read");
                    None
                }
            }
        }
        _ => None,
    };
    if let Body::Index { manifests } = &manifest.body
        && depth < limits::DEPTH
    {
        for child in manifests.iter().filter(|c| media_type::is_manifest(&c.media_type)).take(limits::NODES) {
            match fetch_at(catalogue, watched, repository, &child.digest, depth + 1).await {
                Ok(_) => {}
                Err(error) if error.is_outage() => return Err(error),
                // A sparse index is no fault: what is missing is shown as missing.
                Err(error) => {
                    tracing::debug!(registry = %watched.source.name, %repository, digest = %child.digest, %error, "an index names a manifest that cannot be read");
                }
            }
        }
    }
    let parsed = config.as_ref().and_then(|c| ImageConfig::parse(c));
    let mut summary = Summary::of(&manifest, raw.bytes.len(), parsed.as_ref());
    if summary.kind == Kind::Helm {
        describe_chart(&mut summary, config.as_deref());
    }
    let record = ManifestRecord {
        digest: digest.to_string(),
        media_type: manifest.media_type.clone(),
        summary: summary.encode(),
        body: raw.bytes.to_vec(),
        config: config.map(|c| c.to_vec()),
    };
    catalogue.0.recent.insert(digest.to_string(), Arc::new(record.clone()));
    let id = catalogue.model_mut().learn(digest.as_str(), &summary);
    if let Some(progress) = &mut watched.status().progress {
        progress.manifests += 1;
    }
    catalogue.0.write(Write::Manifest(record)).await;
    Ok(id)
}

/// Configurations that say something: of images, charts, modules and models; not the empty one.
fn worth_reading(manifest: &Manifest, config_type: &str) -> bool {
    media_type::is_image_config(config_type) && !matches!(Kind::of(manifest), Kind::Signature | Kind::Provenance | Kind::Sbom)
        || matches!(Kind::of(manifest), Kind::Helm | Kind::Wasm | Kind::Model)
            && (config_type.ends_with("+json") || config_type.ends_with("/json"))
            && config_type != media_type::OCI_EMPTY
}

/// A chart's own words stand in its configuration, which is Chart.yaml as JSON.
fn describe_chart(summary: &mut Summary, config: Option<&[u8]>) {
    let Some(chart) = config.and_then(|c| serde_json::from_slice::<serde_json::Value>(c).ok()) else { return };
    let text = |key: &str| {
        chart.get(key).and_then(serde_json::Value::as_str).map(|t| t.chars().filter(|c| !c.is_control()).take(300).collect::<String>())
    };
    if summary.description.is_none() {
        summary.description = text("description");
    }
    for key in ["name", "version", "appVersion"] {
        if let Some(value) = text(key) {
            summary.labels.push(format!("chart.{key}={value}"));
        }
    }
}

/// Asks what is attached to a digest and takes it in.
pub(crate) async fn read_referrers(
    catalogue: &Catalogue,
    watched: &Watched,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<(), Error> {
    let descriptors = match watched.source.registry.referrers(repository, digest).await {
        Ok(descriptors) => descriptors,
        Err(Error::NotFound(_) | Error::Unsupported(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let checked = now();
    let record = ReferrersRecord {
        registry: watched.source.name.clone(),
        repository: repository.to_string(),
        digest: digest.to_string(),
        checked,
        descriptors: serde_json::to_string(&descriptors).unwrap_or_else(|_| "[]".to_owned()),
    };
    let changed = {
        let mut model = catalogue.model_mut();
        let Some(id) = model.find_repo(watched.number, repository.as_str()) else { return Ok(()) };
        let subject = model.manifest_number(digest.as_str());
        let Some(repo) = model.repo_mut(id) else { return Ok(()) };
        let before = repo.referrers.insert(subject, Referrers { checked, descriptors: descriptors.into() });
        let after = &repo.referrers[&subject].descriptors;
        let changed = before.as_ref().map_or(!after.is_empty(), |b| b.descriptors != *after);
        if changed {
            model.settle(id);
        }
        changed
    };
    catalogue.0.write(Write::Referrers(record)).await;
    if changed {
        catalogue.changed(watched, Some(repository.as_str()));
    }
    Ok(())
}
