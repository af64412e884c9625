//! Registries that have an API of their own beside `/v2`, of which we use one thing: to take a single tag away.

use super::{
    client::{Ask, Client},
    explain::What,
};
use crate::Result;
use oci::RepositoryName;
use reqwest::Method;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use url::Host;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Harbor,
    /// Azure Container Registry.
    Azure,
    /// One that has nothing beside `/v2`, as far as we know.
    Plain,
}

/// What a registry was found to be; `None` where it was not looked at yet.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Product>>);

impl Known {
    fn get(&self) -> Option<Product> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was found to be this one.
    pub(super) fn is(&self, product: Product) -> bool {
        self.get() == Some(product)
    }

    fn set(&self, product: Product) -> Product {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(product);
        product
    }

    /// Has it looked at anew.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Product {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Harbor => "Harbor",
            Self::Azure => "Azure's registry",
            Self::Plain => "the registry",
        }
    }

    /// Where a tag is deleted; `None` where there is no such place, or for a name that the product cannot hold.
    pub(super) fn tag_path(self, repository: &RepositoryName, digest: &str, tag: &str) -> Option<String> {
        match self {
            Self::Harbor => {
                let (project, rest) = repository.as_str().split_once('/')?;
                // A slash inside the name is encoded twice: what stands before Harbor undoes it once.
                let rest = rest.replace('/', "%252F");
                Some(format!("api/v2.0/projects/{project}/repositories/{rest}/artifacts/{digest}/tags/{tag}"))
            }
            Self::Azure => Some(format!("acr/v1/{repository}/_tags/{tag}")),
            Self::Plain => None,
        }
    }
}

impl Client {
    /// Whether it is one of the products whose API is known here: told by where it sends us for tokens, and confirmed by asking
    /// for something that only the product has. Reads only; looked at once.
    pub(super) async fn product(&self, known: &Known, repository: &RepositoryName) -> Result<Product> {
        if let Some(product) = known.get() {
            return Ok(product);
        }
        let azure = ["azurecr.io", "azurecr.cn", "azurecr.us"];
        if let Some(Host::Domain(host)) = self.base.host()
            && azure.iter().any(|a| host.strip_suffix(a).is_some_and(|rest| rest.ends_with('.')))
        {
            return Ok(known.set(Product::Azure));
        }
        if self.auth.challenge(&What::Ping).await.is_none() {
            match self.send(&Ask::new(What::Ping, &Method::GET, "v2/")).await {
                Err(error) if error.is_outage() => return Err(error),
                _ => {}
            }
        }
        let Some(bearer) = self.auth.challenge(&What::Ping).await else {
            return Ok(known.set(Product::Plain));
        };
        let found = if bearer.service() == Some("harbor-registry") {
            let version = self.json(What::Product(None), "api/version").await?;
            let version = version.as_ref().and_then(|v| v.get("version")?.as_str());
            version.is_some_and(|v| v.starts_with("v2")).then_some(Product::Harbor)
        } else if bearer.realm().path() == "/oauth2/token" && self.base.is_host_of(bearer.realm()) {
            let told = self.json(What::Product(Some(repository)), &format!("acr/v1/{repository}")).await?;
            let name = told.as_ref().and_then(|v| v.get("imageName")?.as_str());
            (name == Some(repository.as_str())).then_some(Product::Azure)
        } else {
            None
        };
        Ok(known.set(found.unwrap_or(Product::Plain)))
    }

    /// Harbor's own API knows no tokens.
    pub(super) fn may_ask_product(&self, product: Product) -> bool {
        product != Product::Harbor || self.auth.credentials.basic(false).is_some()
    }

    /// What a path answers, where that is JSON. Only an outage is an error.
    async fn json(&self, what: What<'_>, path: &str) -> Result<Option<Value>> {
        let ask = Ask { accept: Some("application/json"), ..Ask::new(what, &Method::GET, path) };
        match self.send(&ask).await {
            Ok(answer) if answer.status == 200 => Ok(serde_json::from_slice(&answer.body).ok()),
            Err(error) if error.is_outage() => Err(error),
            Ok(_) | Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_in_harbors_names_is_encoded_twice() {
        let path = |name: &str| Product::Harbor.tag_path(&RepositoryName::parse(name).unwrap(), "sha256:1", "v1");
        assert_eq!(path("team/api").unwrap(), "api/v2.0/projects/team/repositories/api/artifacts/sha256:1/tags/v1");
        assert_eq!(path("team/a/b/c").unwrap(), "api/v2.0/projects/team/repositories/a%252Fb%252Fc/artifacts/sha256:1/tags/v1");
        assert_eq!(path("api"), None);
        let base = super::super::base::Base::parse("https://harbor.example").unwrap();
        assert!(base.join(&path("team/a/b").unwrap()).as_str().contains("/repositories/a%252Fb/"));
    }
}
