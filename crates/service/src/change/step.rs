//! One step, done to a registry: checked just before, told to the catalogue just after.

use super::jobs::Kept;
use crate::{Error, Result, Service};
use api::Code;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use oci::{Digest, RepositoryName, Tag, Target};
use plan::{Step, Way};
use registry::{Error as Fault, Family, Registry, Untagged};

/// What came of a step.
#[derive(Debug)]
pub(super) enum Came {
    /// It was done; how, where that is worth telling.
    Done(Option<String>),
    /// Nothing was left to be done.
    Already(&'static str),
    /// What it is about is no longer what the plan says: nothing was done.
    Stale(String),
    /// The registry as a whole is away or busy; the step may be done later.
    Away(Fault),
    /// It failed.
    Failed(Error),
}

impl From<Fault> for Came {
    fn from(fault: Fault) -> Self {
        match fault {
            fault if fault.is_outage() => Self::Away(fault),
            Fault::Moved(detail) => Self::Stale(detail),
            fault => Self::Failed(fault.into()),
        }
    }
}

impl From<Error> for Came {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The parts of a step that name something, as what they are.
struct Named {
    repository: RepositoryName,
    digest: Digest,
}

impl Service {
    /// Does one step. Whatever happens, the registry is whole afterwards: each step is one request that does what it does or not.
    pub(super) async fn do_step(&self, kept: &Kept) -> Came {
        match self.attempt(kept).await {
            Ok(came) | Err(came) => came,
        }
    }

    async fn attempt(&self, kept: &Kept) -> std::result::Result<Came, Came> {
        let (number, _) = self.registry_of(&kept.registry)?;
        let registry = self.0.catalogue.registry(number).ok_or_else(|| Error::internal("a registry without a connection"))?;
        let registry = registry.as_ref();
        match &kept.step {
            Step::Untag { repository, tag, digest, media_type, way } => {
                let named = named(repository, digest)?;
                self.untag(number, registry, &named, &parsed_tag(tag)?, media_type, *way).await
            }
            Step::DeleteManifest { repository, digest, tags, .. } => {
                let named = named(repository, digest)?;
                self.delete_manifest(number, registry, &named, tags).await
            }
            Step::PutTag { repository, tag, digest, media_type, was } => {
                let named = named(repository, digest)?;
                let tag = parsed_tag(tag)?;
                let now = resolved(registry, &named.repository, &Target::Tag(tag.clone())).await?;
                if now.as_ref() == Some(&named.digest) {
                    self.0.catalogue.tag_names(number, &named.repository, &tag, &named.digest, catalogue::now()).await;
                    return Ok(Came::Already("it named this already"));
                }
                if now.as_ref().map(Digest::as_str) != was.as_deref() {
                    return Ok(Came::Stale(match now {
                        Some(now) => format!("{repository}:{tag} names {now} by now."),
                        None => format!("{repository}:{tag} is not there any more."),
                    }));
                }
                let (bytes, media_type) = self.bytes(number, registry, &named, kept.body.as_deref(), media_type).await?;
                let put = registry.put_manifest(&named.repository, &Target::Tag(tag.clone()), &media_type, bytes).await?;
                if put != named.digest {
                    return Err(wrong_digest(&put, &named.digest).into());
                }
                // The registry's word is not taken for it.
                match resolved(registry, &named.repository, &Target::Tag(tag.clone())).await? {
                    Some(now) if now == named.digest => {}
                    Some(now) => return Err(wrong_digest(&now, &named.digest).into()),
                    None => {
                        let error =
                            Error::new(Code::UpstreamMisbehaved, format!("The registry took {repository}:{tag} and does not have it."));
                        return Err(error.into());
                    }
                }
                self.0.catalogue.tag_names(number, &named.repository, &tag, &named.digest, catalogue::now()).await;
                Ok(Came::Done(None))
            }
            Step::PutManifest { repository, digest, media_type } => {
                let named = named(repository, digest)?;
                let target = Target::Digest(named.digest.clone());
                if resolved(registry, &named.repository, &target).await?.is_some() {
                    return Ok(Came::Already("it is there"));
                }
                let (bytes, media_type) = self.bytes(number, registry, &named, kept.body.as_deref(), media_type).await?;
                let put = registry.put_manifest(&named.repository, &target, &media_type, bytes).await?;
                if put != named.digest {
                    return Err(wrong_digest(&put, &named.digest).into());
                }
                self.0.catalogue.manifest_came(number, &named.repository, &named.digest).await;
                Ok(Came::Done(None))
            }
            Step::Copy { .. } => Err(Error::internal("a copy is no single step").into()),
        }
    }

    async fn untag(
        &self,
        number: u16,
        registry: &dyn Registry,
        named: &Named,
        tag: &Tag,
        media_type: &str,
        way: Way,
    ) -> std::result::Result<Came, Came> {
        let Named { repository, digest } = named;
        match resolved(registry, repository, &Target::Tag(tag.clone())).await? {
            None => {
                self.0.catalogue.tag_went(number, repository, tag).await;
                return Ok(Came::Already("it was gone"));
            }
            // Cut off half way before: the placeholder is still there, and is done with below.
            Some(now) if now != *digest && is_placeholder(registry, repository, &now, digest).await => {}
            Some(now) if now != *digest => return Ok(Came::Stale(format!("{repository}:{tag} names {now} by now, not {digest}."))),
            Some(_) => {}
        }
        let mut how = None;
        let by_name = match way {
            Way::ByName => match registry.delete_tag(repository, tag, digest).await {
                Ok(Untagged::ByName) | Err(Fault::NotFound(_)) => true,
                Ok(Untagged::CannotByName) => false,
                Err(fault) => return Err(fault.into()),
            },
            Way::Placeholder => false,
        };
        if by_name {
            // Some registries delete the digest with all its names, whatever they are asked.
            if resolved(registry, repository, &Target::Digest(digest.clone())).await?.is_none() {
                return Err(self.put_siblings_back(number, registry, named, tag, media_type).await.into());
            }
        } else {
            registry.untag_by_placeholder(repository, tag, digest, Family::of(media_type)).await?;
            how = Some("a placeholder took its place and was deleted".to_owned());
        }
        self.0.catalogue.tag_went(number, repository, tag).await;
        Ok(Came::Done(how))
    }

    /// A registry took a digest with its other names, though asked for one name only: they are put back.
    async fn put_siblings_back(&self, number: u16, registry: &dyn Registry, named: &Named, gone: &Tag, media_type: &str) -> Error {
        let Named { repository, digest } = named;
        let told = format!("The registry was asked to delete {repository}:{gone} and deleted {digest} with all its tags.");
        let siblings: Vec<Tag> = {
            let model = self.0.catalogue.model();
            let repo = model.find_repo(number, repository.as_str()).and_then(|id| model.repo(id));
            repo.zip(model.find_manifest(digest.as_str()))
                .map(|(repo, manifest)| repo.tags_of(manifest).filter_map(|i| Tag::parse(model.names.text(repo.names[i])).ok()).collect())
                .unwrap_or_default()
        };
        let Ok(Some(kept)) = self.0.catalogue.manifest_bytes(digest).await else {
            return Error::new(Code::UpstreamMisbehaved, format!("{told} Its bytes are not known, so it could not be put back."));
        };
        let (bytes, media_type) =
            (Bytes::from(kept.bytes), if kept.media_type.is_empty() { media_type.to_owned() } else { kept.media_type });
        let mut back = Vec::new();
        let mut failed = None;
        if let Err(fault) = registry.put_manifest(repository, &Target::Digest(digest.clone()), &media_type, bytes.clone()).await {
            failed = Some(fault);
        }
        for tag in siblings.into_iter().filter(|t| t != gone) {
            match registry.put_manifest(repository, &Target::Tag(tag.clone()), &media_type, bytes.clone()).await {
                Ok(_) => back.push(tag.to_string()),
                Err(fault) => failed = Some(fault),
            }
        }
        let end = match failed {
            Some(fault) => format!("Not all could be put back: {fault}."),
            None => format!("Put back: {}.", back.join(", ")),
        };
        Error::new(Code::UpstreamMisbehaved, format!("{told} {end}")).hint("Nothing more is deleted there by tag.")
    }

    async fn delete_manifest(
        &self,
        number: u16,
        registry: &dyn Registry,
        named: &Named,
        tags: &[plan::Text],
    ) -> std::result::Result<Came, Came> {
        let Named { repository, digest } = named;
        for tag in tags {
            let tag = parsed_tag(tag)?;
            match resolved(registry, repository, &Target::Tag(tag.clone())).await? {
                Some(now) if now != *digest => return Ok(Came::Stale(format!("{repository}:{tag} names {now} by now, not {digest}."))),
                _ => {}
            }
        }
        let came = match registry.delete_manifest(repository, digest).await {
            Ok(()) => Came::Done(None),
            Err(Fault::NotFound(_)) => Came::Already("it was gone"),
            Err(fault) => return Err(fault.into()),
        };
        self.0.catalogue.manifest_went(number, repository, digest).await;
        Ok(came)
    }

    /// A manifest's exact bytes: those that came with the step, else the registry's, else the ones the catalogue keeps.
    async fn bytes(
        &self,
        number: u16,
        registry: &dyn Registry,
        named: &Named,
        body: Option<&str>,
        media_type: &str,
    ) -> std::result::Result<(Bytes, String), Came> {
        if let Some(bytes) = body.and_then(|b| BASE64_STANDARD.decode(b).ok()) {
            return Ok((bytes.into(), media_type.to_owned()));
        }
        match registry.manifest(&named.repository, &Target::Digest(named.digest.clone())).await {
            Ok(raw) => Ok((raw.bytes, raw.media_type.filter(|t| oci::media_type::is_manifest(t)).unwrap_or_else(|| media_type.to_owned()))),
            Err(Fault::NotFound(_)) => {
                if let Some(kept) = self.0.catalogue.manifest_bytes(&named.digest).await.map_err(Error::from)? {
                    Ok((kept.bytes.into(), if kept.media_type.is_empty() { media_type.to_owned() } else { kept.media_type }))
                } else {
                    let text = format!("{}@{} is neither in the registry nor kept here.", named.repository, named.digest);
                    Err(Error::new(Code::ManifestNotFound, text).into())
                }
            }
            Err(fault) => {
                tracing::debug!(number, %fault, "a manifest could not be read");
                Err(fault.into())
            }
        }
    }

    /// What undoing a step needs, kept before it is done: of a manifest that is to be deleted, its bytes.
    pub(super) async fn before(&self, kept: &Kept) -> std::result::Result<Option<String>, Came> {
        let Step::DeleteManifest { repository, digest, .. } = &kept.step else { return Ok(None) };
        let (number, _) = self.registry_of(&kept.registry)?;
        let named = named(repository, digest)?;
        match self.0.catalogue.manifest(number, &named.repository, &named.digest).await {
            Ok(record) => Ok(Some(BASE64_STANDARD.encode(&record.body))),
            // Gone already: there is nothing to be kept, and nothing will be deleted.
            Err(Fault::NotFound(_)) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// What a tag or digest names now; none where it is not there.
pub(super) async fn resolved(
    registry: &dyn Registry,
    repository: &RepositoryName,
    target: &Target,
) -> std::result::Result<Option<Digest>, Fault> {
    match registry.resolve(repository, target).await {
        Ok(resolved) => Ok(Some(resolved.digest)),
        Err(Fault::NotFound(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a manifest is a placeholder of ours for another.
async fn is_placeholder(registry: &dyn Registry, repository: &RepositoryName, digest: &Digest, before: &Digest) -> bool {
    let manifest = registry.manifest(repository, &Target::Digest(digest.clone())).await;
    manifest.is_ok_and(|m| registry::placeholder::of(&m.bytes).as_ref() == Some(before))
}

fn named(repository: &str, digest: &str) -> Result<Named> {
    Ok(Named { repository: RepositoryName::parse(repository)?, digest: Digest::parse(digest)? })
}

fn parsed_tag(tag: &str) -> Result<Tag> {
    Ok(Tag::parse(tag)?)
}

fn wrong_digest(is: &Digest, wanted: &Digest) -> Error {
    Error::new(Code::UpstreamMisbehaved, format!("The registry has {is} where {wanted} was put."))
}
