//! Deleting: by digest, and tags by their name where that can be done.

use super::{
    client::{Ask, Client},
    explain::{Answer, What},
    manifests::{HeadWorks, manifest_path},
    missing::Missing,
    product::{Known, Product},
};
use crate::{Error, Result, Untagged};
use oci::{Digest, RepositoryName, Tag, Target};
use reqwest::Method;
use std::sync::atomic::{AtomicBool, Ordering};

/// The setting that lets distribution's registry delete.
pub(super) const DELETE_SETTING: &str = "For the registry of docker and distribution: REGISTRY_STORAGE_DELETE_ENABLED=true, or `storage: delete: enabled: true` in its configuration.";
/// A digest that nothing has.
pub(super) const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What was learnt of how a registry deletes.
#[derive(Debug, Default)]
pub(super) struct Deletes {
    /// It was found to take no tag away by its name.
    pub(super) by_name: Missing,
    /// It deleted, or would have.
    on: AtomicBool,
    pub(super) product: Known,
}

impl Deletes {
    fn cannot_by_name(&self) -> Untagged {
        self.by_name.set(true);
        Untagged::CannotByName
    }
}

impl Client {
    pub(super) async fn delete_manifest(&self, deletes: &Deletes, repository: &RepositoryName, digest: &Digest) -> Result<()> {
        let path = format!("v2/{repository}/manifests/{digest}");
        let ask = Ask::new(What::DeleteManifest(repository, digest), &Method::DELETE, &path);
        let answer = self.send(&ask).await?;
        self.deleted(&ask, &answer)?;
        deletes.on.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether an answer says that something is gone. A 404 after a try whose answer was lost says that this one did it.
    fn deleted(&self, ask: &Ask<'_>, answer: &Answer) -> Result<()> {
        if answer.status.is_success() {
            return Ok(());
        }
        if matches!(answer.status.as_u16(), 405 | 501) || answer.has_code("UNSUPPORTED") {
            let said = format!("{} was asked for {} and answered {}", self.name, ask.what, answer.said());
            return Err(Error::Unsupported(format!("{said}: deleting is switched off. {DELETE_SETTING}")));
        }
        match self.refusal(ask, answer) {
            Error::NotFound(_) if answer.repeated => Ok(()),
            error => Err(error),
        }
    }

    /// Refuses where deleting by digest is known or found to be switched off, changing nothing.
    pub(super) async fn must_delete(&self, deletes: &Deletes, repository: &RepositoryName) -> Result<()> {
        if deletes.on.load(Ordering::Relaxed) {
            return Ok(());
        }
        let path = format!("v2/{repository}/manifests/{NOTHING}");
        let ask = Ask::new(What::DeleteNothing(repository), &Method::DELETE, &path);
        if let Err(error @ (Error::Unsupported(_) | Error::Refused(_))) = self.deleted(&ask, &self.send(&ask).await?) {
            return Err(error);
        }
        // That there is no such thing is what a registry says that would delete it. Anything else is no clear answer.
        deletes.on.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(super) async fn delete_tag(
        &self,
        deletes: &Deletes,
        works: &HeadWorks,
        repository: &RepositoryName,
        tag: &Tag,
        expected: &Digest,
    ) -> Result<Untagged> {
        let product = self.product(&deletes.product, repository).await?;
        if self.may_ask_product(product)
            && let Some(path) = product.tag_path(repository, expected.as_str(), tag.as_str())
            && self.delete_product_tag(product, &path, works, repository, tag).await?
        {
            return Ok(Untagged::ByName);
        }
        if deletes.by_name.is() {
            return Ok(Untagged::CannotByName);
        }
        let target = Target::Tag(tag.clone());
        let path = manifest_path(repository, &target);
        let ask = Ask::new(What::DeleteTag(repository, tag), &Method::DELETE, &path);
        let answer = self.send(&ask).await?;
        match answer.status.as_u16() {
            200..300 => Ok(Untagged::ByName),
            404 if answer.repeated => self.gone_or_cannot(works, repository, &target, true).await,
            404 => self.gone_or_cannot(works, repository, &target, false).await,
            // registry:2 says that a tag is no digest; others that they do not do this.
            405 | 501 => Ok(deletes.cannot_by_name()),
            400 if answer.has_code("DIGEST_INVALID") || answer.has_code("UNSUPPORTED") => Ok(deletes.cannot_by_name()),
            400 => Ok(Untagged::CannotByName),
            _ => Err(self.refusal(&ask, &answer)),
        }
    }

    /// What a 404 to the deletion of a tag means: that there is no such tag, or that tags are not deleted so.
    async fn gone_or_cannot(&self, works: &HeadWorks, repository: &RepositoryName, tag: &Target, by_us: bool) -> Result<Untagged> {
        match self.resolve(works, repository, tag).await {
            Ok(_) => Ok(Untagged::CannotByName),
            Err(Error::NotFound(_)) if by_us => Ok(Untagged::ByName),
            Err(error) => Err(error),
        }
    }

    /// `false` where the product's API does not do it after all.
    async fn delete_product_tag(
        &self,
        product: Product,
        path: &str,
        works: &HeadWorks,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<bool> {
        let ask = Ask::new(What::ProductTag(product, repository, Some(tag)), &Method::DELETE, path);
        let answer = self.send(&ask).await?;
        match answer.status.as_u16() {
            200..300 => Ok(true),
            404 => {
                let gone = self.gone_or_cannot(works, repository, &Target::Tag(tag.clone()), answer.repeated).await?;
                Ok(gone == Untagged::ByName)
            }
            400 | 405 | 501 => Ok(false),
            _ => Err(self.refusal(&ask, &answer)),
        }
    }
}
