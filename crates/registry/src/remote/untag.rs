//! Taking one tag away with the help of a placeholder, on a registry that deletes digests only.

use super::{client::Client, delete::Deletes, manifests::HeadWorks, upload::Upload};
use crate::{Error, Family, RawManifest, Result, placeholder};
use bytes::Bytes;
use oci::{Digest, RepositoryName, Tag, Target};

/// One tag on its way out.
pub(super) struct Untag<'a> {
    pub(super) client: &'a Client,
    pub(super) deletes: &'a Deletes,
    pub(super) works: &'a HeadWorks,
    pub(super) repository: &'a RepositoryName,
    pub(super) tag: &'a Tag,
    pub(super) expected: &'a Digest,
    pub(super) family: Family,
}

impl Untag<'_> {
    pub(super) async fn run(&self) -> Result<()> {
        // Before anything is changed: could the placeholder be deleted again?
        self.client.must_delete(self.deletes, self.repository).await?;
        let target = Target::Tag(self.tag.clone());
        let now = self.client.manifest(self.repository, &target).await?;
        if now.digest == *self.expected {
            let stands = self.put(&target, &now).await?;
            return self.delete(&target, &now, &stands).await;
        }
        if placeholder::of(&now.bytes).as_ref() == Some(self.expected) {
            // Ours, from a time when we were cut off.
            let expected = Target::Digest(self.expected.clone());
            let old = self.client.manifest(self.repository, &expected).await?;
            return self.delete(&target, &old, &now.digest).await;
        }
        Err(self.moved(&now.digest))
    }

    /// Puts the placeholder under the tag and sees that it is there.
    async fn put(&self, target: &Target, old: &RawManifest) -> Result<Digest> {
        let config = Bytes::from(placeholder::config());
        let config_digest = super::body::sha256(&config);
        let upload = Upload {
            client: self.client,
            repository: self.repository,
            digest: &config_digest,
            size: config.len() as u64,
            progress: &|_| {},
        };
        upload.run(&config, false).await?;
        let manifest = Bytes::from(placeholder::manifest(self.family, &config_digest, config.len(), self.expected));
        let digest = super::body::sha256(&manifest);
        let put = self.client.put_manifest(self.works, self.repository, target, self.family.manifest(), &manifest).await;
        if let Err(error) = put {
            return Err(self.back(target, old, &digest, error).await);
        }
        match self.client.resolve(self.works, self.repository, target).await {
            Ok(is) if is.digest == digest => Ok(digest),
            // Somebody else has moved it since, and that stays.
            Ok(is) => {
                let _ = self.client.delete_manifest(self.deletes, self.repository, &digest).await;
                Err(self.moved(&is.digest))
            }
            Err(error) => Err(self.back(target, old, &digest, error).await),
        }
    }

    /// Deletes the placeholder and sees that the tag is gone with it.
    async fn delete(&self, target: &Target, old: &RawManifest, stands: &Digest) -> Result<()> {
        let deleted = self.client.delete_manifest(self.deletes, self.repository, stands).await;
        match (deleted, self.client.resolve(self.works, self.repository, target).await) {
            (_, Err(Error::NotFound(_))) => Ok(()),
            // Somebody else has put something there at once; ours is gone all the same.
            (_, Ok(is)) if is.digest != *stands => Ok(()),
            (Ok(()), Ok(_)) => {
                let error = Error::Misbehaved(format!(
                    "{} deleted {}@{stands} and shows it all the same under the tag {}",
                    self.client.name, self.repository, self.tag
                ));
                Err(self.back(target, old, stands, error).await)
            }
            (Err(error), Ok(_)) => Err(self.back(target, old, stands, error).await),
            // It may have been done, and could not be seen.
            (Err(error), Err(_)) | (Ok(()), Err(error)) => match self.client.resolve(self.works, self.repository, target).await {
                Err(Error::NotFound(_)) => Ok(()),
                _ => Err(self.back(target, old, stands, error).await),
            },
        }
    }

    /// Makes the tag name again what it named, unless it is gone or names what is neither that nor the placeholder; the error
    /// that brought us here tells how that went.
    async fn back(&self, target: &Target, old: &RawManifest, stands: &Digest, error: Error) -> Error {
        let (name, expected) = (format!("{}:{}", self.repository, self.tag), self.expected);
        match self.client.resolve(self.works, self.repository, target).await {
            Ok(is) if is.digest == *expected => return error.telling(&format!("{name} names {expected} as before")),
            Ok(is) if is.digest != *stands => return error.telling(&format!("{name} names {} by now, which is not ours", is.digest)),
            _ => {}
        }
        let media_type = old.media_type.as_deref().unwrap_or(self.family.manifest());
        match self.client.put_manifest(self.works, self.repository, target, media_type, &old.bytes).await {
            Ok(_) => error.telling(&format!("{name} names {expected} again, as before")),
            Err(why) => error.telling(&format!(
                "{name} may name {stands} now, which stood in for it, and could not be put back: {why}. Put {expected} under it again, or try again"
            )),
        }
    }

    fn moved(&self, to: &Digest) -> Error {
        Error::Moved(format!("{}:{} names {to} by now, not {}; it was left alone", self.repository, self.tag, self.expected))
    }
}
