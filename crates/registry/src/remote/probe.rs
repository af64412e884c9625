//! What a registry can do, in words, with the setting that changes it.

use super::{
    client::{Ask, Client},
    delete::{DELETE_SETTING, Deletes, NOTHING},
    explain::What,
    link,
    manifests::HeadWorks,
    missing::Missing,
    pages::List,
    referrers::Api,
};
use crate::{Capability, Error, Result};
use oci::{Digest, RepositoryName, Tag, media_type};
use reqwest::{Method, header::LINK};
use std::sync::{Mutex, PoisonError};

/// Repositories tried in search of one with a tag.
const SAMPLES: usize = 5;
const NOT_ALONE: &str = "A tag cannot be deleted alone by its name: deleting its digest takes every tag of that digest along, so it is moved to a placeholder first. registry:3 and zot can.";
const SPEC_SETTING: &str = "Harbor from 2.8, zot, Quay from 3.12 and Azure's registry have it; registry:2 and registry:3 do not.";

/// A repository and tag that were there when they were last asked for, for registries without a catalogue.
#[derive(Debug, Default)]
pub(super) struct Sample(Mutex<Option<(RepositoryName, Option<Tag>)>>);

impl Sample {
    pub(super) fn keep(&self, repository: &RepositoryName, tag: Option<&Tag>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tag.is_some() || held.is_none() {
            *held = Some((repository.clone(), tag.cloned()));
        }
    }

    fn get(&self) -> Option<(RepositoryName, Option<Tag>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) struct Probe<'a> {
    pub(super) client: &'a Client,
    pub(super) catalog: List<'a>,
    pub(super) tags: &'a super::pages::Ladder,
    pub(super) works: &'a HeadWorks,
    pub(super) missing: &'a Missing,
    pub(super) deletes: &'a Deletes,
    pub(super) sample: &'a Sample,
    pub(super) read_only: bool,
}

impl Probe<'_> {
    /// Asks about everything. Only a registry that cannot be reached at all is an error.
    pub(super) async fn all(&self) -> Result<Vec<Capability>> {
        let mut found = vec![self.auth().await?];
        let (catalog, names) = self.catalog().await?;
        found.push(catalog);
        let (repository, tag) = self.sample(names).await?;
        let Some(repository) = repository else {
            let why = "It can be told once there is a repository to try it on.";
            let names = ["tag-paging", "digest-header", "etag", "referrers", "delete", "delete-tag"];
            found.extend(names.map(|name| capability(name, None, why)));
            return Ok(found);
        };
        found.push(self.paging(&repository).await?);
        found.extend(self.headers(&repository, tag.as_ref()).await?);
        found.push(self.referrers(&repository).await?);
        found.extend(self.deletes(&repository).await?);
        Ok(found)
    }

    async fn auth(&self) -> Result<Capability> {
        let ask = Ask::new(What::Ping, &Method::GET, "v2/");
        let answer = match self.client.send(&ask).await {
            Ok(answer) => answer,
            Err(Error::Refused(why)) => return Ok(capability("auth", Some(false), &why)),
            Err(other) => return Err(other),
        };
        Ok(match answer.status.as_u16() {
            200 => capability("auth", Some(true), &self.client.auth.how(&ask.what).await),
            401 | 403 => capability("auth", Some(false), &self.client.refusal(&ask, &answer).to_string()),
            404 => capability(
                "auth",
                None,
                "There is no /v2/ at this address. Check the path of `url`; some registries (Nexus in path mode) answer so and work all the same.",
            ),
            _ => capability("auth", None, &self.client.refusal(&ask, &answer).to_string()),
        })
    }

    async fn catalog(&self) -> Result<(Capability, Vec<RepositoryName>)> {
        let told = |can, hint: &str| capability("catalog", can, hint);
        match self.client.page(&self.catalog, None, |n| RepositoryName::parse(n).ok()).await {
            Ok(page) if page.items.is_empty() => Ok((
                told(
                    Some(true),
                    "The catalogue is empty: there are no repositories, or `username` may see none of them. Those can be named under `repositories`.",
                ),
                Vec::new(),
            )),
            Ok(page) => Ok((told(Some(true), "All repositories are found by themselves."), page.items)),
            Err(e) if e.is_outage() => Err(e),
            Err(e) => Ok((told(Some(false), &e.to_string()), Vec::new())),
        }
    }

    /// A repository, with a tag if one of the first has any.
    async fn sample(&self, names: Vec<RepositoryName>) -> Result<(Option<RepositoryName>, Option<Tag>)> {
        if let Some((repository, Some(tag))) = self.sample.get() {
            return Ok((Some(repository), Some(tag)));
        }
        let kept = self.sample.get().map(|(r, _)| r);
        let mut first = None;
        for repository in kept.into_iter().chain(names).take(SAMPLES) {
            let resource = format!("v2/{repository}/tags/list");
            let list = List { what: What::Tags(&repository), resource: &resource, ladder: self.tags };
            match self.client.page(&list, None, |t| Tag::parse(t).ok()).await {
                Ok(page) => {
                    if let Some(tag) = page.items.into_iter().next() {
                        return Ok((Some(repository), Some(tag)));
                    }
                }
                Err(e) if e.is_outage() => return Err(e),
                Err(_) => continue,
            }
            first.get_or_insert(repository);
        }
        Ok((first, None))
    }

    async fn paging(&self, repository: &RepositoryName) -> Result<Capability> {
        let resource = format!("v2/{repository}/tags/list");
        let path = format!("{resource}?n=1");
        let ask = Ask { accept: Some("application/json"), limit: 32 << 20, ..Ask::new(What::Tags(repository), &Method::GET, &path) };
        let answer = match self.client.send(&ask).await {
            Ok(answer) => answer,
            Err(e) if e.is_outage() => return Err(e),
            Err(e) => return Ok(capability("tag-paging", None, &e.to_string())),
        };
        let lines: Vec<String> = answer.headers.get_all(LINK).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
        let linked = matches!(link::next(lines.iter().map(String::as_str)), Ok(Some(_)));
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let count = json.get("tags").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        Ok(match (answer.status.as_u16(), linked, count) {
            (200, true, _) => capability("tag-paging", Some(true), "Long tag lists come in pages."),
            (200, false, 2..) => capability(
                "tag-paging",
                Some(false),
                "Tag lists come whole, however long they are; registry:2 does so. Nothing needs to be done.",
            ),
            (200, ..) => capability("tag-paging", None, "The repository that was tried has too few tags to tell."),
            _ => capability("tag-paging", Some(false), &self.client.refusal(&ask, &answer).to_string()),
        })
    }

    async fn headers(&self, repository: &RepositoryName, tag: Option<&Tag>) -> Result<[Capability; 2]> {
        let Some(tag) = tag else {
            let why = "It can be told once there is a tag to try it on.";
            return Ok([capability("digest-header", None, why), capability("etag", None, why)]);
        };
        let target = oci::Target::Tag(tag.clone());
        let path = format!("v2/{repository}/manifests/{tag}");
        let ask = Ask { accept: Some(media_type::ACCEPT), ..Ask::new(What::Head(repository, &target), &Method::HEAD, &path) };
        let answer = match self.client.send(&ask).await {
            Ok(answer) => answer,
            Err(e) if e.is_outage() => return Err(e),
            Err(e) => return Ok(["digest-header", "etag"].map(|name| capability(name, None, &e.to_string()))),
        };
        let told = answer.status == 200 && answer.header("docker-content-digest").is_some_and(|d| Digest::parse(d.trim()).is_ok());
        let digest = if told {
            capability("digest-header", Some(true), "What a tag names is checked with a request that carries no content.")
        } else {
            // Whether it can be had otherwise is what matters to people.
            let resolved = self.client.resolve(self.works, repository, &target).await;
            let hint = match &resolved {
                Ok(_) => "HEAD tells no digest (Docker-Content-Digest is missing), so manifests are read whole to see whether a tag has moved. A proxy that drops the header can be told to keep it.".to_owned(),
                Err(e) => e.to_string(),
            };
            capability("digest-header", Some(false), &hint)
        };
        let etag = match answer.header("etag") {
            Some(_) => capability("etag", Some(true), "Manifests carry an ETag."),
            None if answer.status == 200 => capability("etag", Some(false), "Manifests carry no ETag. Nothing needs to be done."),
            None => capability("etag", None, "It could not be told."),
        };
        Ok([digest, etag])
    }

    async fn referrers(&self, repository: &RepositoryName) -> Result<Capability> {
        let Ok(digest) = Digest::parse(NOTHING) else { return Ok(capability("referrers", None, "")) };
        Ok(match self.client.referrers_api(repository, &digest).await {
            Ok(Api::Index(_)) => {
                self.missing.set(false);
                capability("referrers", Some(true), "Signatures, SBOMs and other attached things are found by the referrers API.")
            }
            Ok(Api::Missing) => {
                self.missing.set(true);
                capability(
                    "referrers",
                    Some(false),
                    &format!("It has no referrers API; attached things are found by their tags (sha256-…). {SPEC_SETTING}"),
                )
            }
            Ok(Api::Unknown) => capability("referrers", None, "It could not be told: the repository that was tried is gone."),
            Err(e) if e.is_outage() => return Err(e),
            Err(e) => capability("referrers", None, &e.to_string()),
        })
    }

    /// Asks to delete a digest and a tag that do not exist: nothing is changed, and the refusal tells whether it could be.
    async fn deletes(&self, repository: &RepositoryName) -> Result<[Capability; 2]> {
        if self.read_only {
            let why = "It is not tried, as `read_only = true` is set for this registry.";
            return Ok([capability("delete", None, why), capability("delete-tag", None, why)]);
        }
        let path = format!("v2/{repository}/manifests/{NOTHING}");
        let by_digest = self.delete_nothing(What::DeleteNothing(repository), &path, false).await?;
        let delete = match &by_digest {
            Outcome::Off(said) => capability("delete", Some(false), &format!("Deleting is switched off ({said}). {DELETE_SETTING}")),
            Outcome::On => capability("delete", Some(true), "Manifests can be deleted by digest."),
            Outcome::Forbidden(why) => capability("delete", Some(false), &format!("{why}. Give `username` the right to delete.")),
            Outcome::NotByTag | Outcome::Unknown(_) => capability("delete", None, &by_digest.words()),
        };
        // A name nobody gives a tag; on the wire it is one.
        let tag: String =
            std::iter::once("supercargo-probe-".to_owned()).chain((0..23).map(|_| format!("{:x}", rand::random_range(0..16u8)))).collect();
        if delete.can != Some(false)
            && let Some(found) = self.product_deletes_tag(repository, &tag).await?
        {
            return Ok([delete, found]);
        }
        let path = format!("v2/{repository}/manifests/{tag}");
        let by_tag = self.delete_nothing(What::DeleteNothing(repository), &path, true).await?;
        let delete_tag = match &by_tag {
            Outcome::NotByTag => capability("delete-tag", Some(false), NOT_ALONE),
            Outcome::Off(_) if delete.can == Some(true) => capability("delete-tag", Some(false), NOT_ALONE),
            Outcome::Off(said) => capability("delete-tag", Some(false), &format!("Deleting is switched off ({said}). {DELETE_SETTING}")),
            Outcome::On => capability("delete-tag", Some(true), "A tag can be deleted alone; its manifest and other tags stay."),
            Outcome::Forbidden(why) => capability("delete-tag", Some(false), &format!("{why}. Give `username` the right to delete.")),
            Outcome::Unknown(_) => capability("delete-tag", None, &by_tag.words()),
        };
        self.deletes.by_name.set(delete_tag.can == Some(false) && !matches!(by_tag, Outcome::Forbidden(_)));
        Ok([delete, delete_tag])
    }

    /// Whether a tag can be deleted through the API of a product that is known here; `None` where it is no such product, or does
    /// not say.
    async fn product_deletes_tag(&self, repository: &RepositoryName, tag: &str) -> Result<Option<Capability>> {
        // It may have become another since it was last looked at.
        self.deletes.product.forget();
        let product = self.client.product(&self.deletes.product, repository).await?;
        if !self.client.may_ask_product(product) {
            return Ok(None);
        }
        let Some(path) = product.tag_path(repository, NOTHING, tag) else { return Ok(None) };
        let outcome = self.delete_nothing(What::ProductTag(product, repository, None), &path, true).await?;
        Ok(match outcome {
            Outcome::On => {
                let hint = format!("A tag can be deleted alone, through {}'s own API; its manifest and other tags stay.", product.name());
                Some(capability("delete-tag", Some(true), &hint))
            }
            Outcome::Forbidden(why) => {
                Some(capability("delete-tag", Some(false), &format!("{why}. Give `username` the right to delete tags.")))
            }
            _ => None,
        })
    }

    async fn delete_nothing(&self, what: What<'_>, path: &str, by_tag: bool) -> Result<Outcome> {
        let ask = Ask::new(what, &Method::DELETE, path);
        let answer = match self.client.send(&ask).await {
            Ok(answer) => answer,
            Err(e @ Error::Refused(_)) => return Ok(Outcome::Forbidden(e.to_string())),
            Err(e) if e.is_outage() => return Err(e),
            Err(e) => return Ok(Outcome::Unknown(e.to_string())),
        };
        Ok(match answer.status.as_u16() {
            400 if answer.has_code("DIGEST_INVALID") && by_tag => Outcome::NotByTag,
            405 | 501 => Outcome::Off(answer.said()),
            _ if answer.has_code("UNSUPPORTED") => Outcome::Off(answer.said()),
            401 | 403 => Outcome::Forbidden(self.client.refusal(&ask, &answer).to_string()),
            404 if answer.has_code("NAME_UNKNOWN") || (answer.codes().is_empty() && answer.is_html()) => {
                Outcome::Unknown(self.client.refusal(&ask, &answer).to_string())
            }
            202 | 404 => Outcome::On,
            _ if answer.has_code("MANIFEST_UNKNOWN") => Outcome::On,
            _ => Outcome::Unknown(self.client.refusal(&ask, &answer).to_string()),
        })
    }
}

enum Outcome {
    On,
    Off(String),
    NotByTag,
    Forbidden(String),
    Unknown(String),
}

impl Outcome {
    fn words(&self) -> String {
        match self {
            Self::Unknown(why) => format!("It could not be told: {why}."),
            _ => "It could not be told.".to_owned(),
        }
    }
}

fn capability(name: &str, can: Option<bool>, hint: &str) -> Capability {
    Capability { name: name.to_owned(), can, hint: (!hint.is_empty()).then(|| hint.to_owned()) }
}
