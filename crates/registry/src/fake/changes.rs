//! What changes the fake: manifests put and deleted, tags taken away through the API of a product.

use super::{Answer, Inner, Product, Seen, lock};
use bytes::Bytes;
use serde_json::{Value, json};

/// Bytes of a manifest, at most.
const MANIFEST: usize = 4 << 20;

impl Inner {
    pub(super) fn put(&self, seen: &Seen, name: &str, reference: &str, bytes: &Bytes) -> Answer {
        let knobs = lock(&self.knobs).clone();
        if bytes.len() > MANIFEST {
            return Answer::error(413, "MANIFEST_INVALID");
        }
        let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return Answer::error(400, "MANIFEST_INVALID") };
        let digest = super::content::sha256(bytes).to_string();
        let mut tag = reference;
        if reference.contains(':') {
            if reference.starts_with("sha256:") && reference != digest {
                return Answer::error(400, "DIGEST_INVALID");
            }
            tag = "";
        }
        let mut store = lock(&self.store);
        if knobs.check_blobs {
            let missing = store.lacking(name, &json);
            if !missing.is_empty() {
                let error = |digest| json!({"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry", "detail": digest});
                let errors: Vec<Value> = missing.into_iter().map(error).collect();
                return Answer { status: 400, ..Answer::of("application/json", json!({"errors": errors}).to_string()) };
            }
        }
        let media_type = seen.header("content-type").unwrap_or_default();
        let stored = if tag.is_empty() { reference } else { &digest };
        store.put_manifest_as(name, tag, media_type, bytes, stored);
        let mut answer = Answer::status(201)
            .header("location", &format!("{}/v2/{name}/manifests/{stored}", self.settings.prefix))
            .header("docker-content-digest", knobs.put_digest.as_deref().unwrap_or(stored));
        if let Some(subject) = json["subject"]["digest"].as_str().filter(|_| knobs.referrers) {
            answer = answer.header("oci-subject", subject);
        }
        if knobs.put_digest.as_deref() == Some("") {
            answer = answer.without("docker-content-digest");
        }
        answer
    }

    pub(super) fn delete(&self, name: &str, reference: &str) -> Answer {
        let knobs = lock(&self.knobs).clone();
        let is_tag = !reference.contains(':');
        if !knobs.delete {
            return Answer::error(405, "UNSUPPORTED");
        }
        if is_tag && knobs.product == Some(Product::Harbor) {
            return Answer::error(400, "UNSUPPORTED");
        }
        if is_tag && !knobs.delete_tag {
            return Answer::error(400, "DIGEST_INVALID");
        }
        let mut store = lock(&self.store);
        let Some(found) = store.manifest(name, reference) else { return Answer::error(404, "MANIFEST_UNKNOWN") };
        if is_tag && !knobs.delete_tag_takes_digest {
            store.delete_tag(name, reference);
        } else {
            store.delete_manifest(name, &found.digest);
        }
        Answer::status(202)
    }

    /// The API of the product that it plays, where the path is that's.
    pub(super) fn product(&self, seen: &Seen) -> Option<Answer> {
        let product = lock(&self.knobs).product?;
        let path = seen.path.strip_prefix(&self.settings.prefix)?;
        match product {
            Product::Harbor => {
                if path == "/api/version" {
                    return Some(Answer::of("application/json", r#"{"version":"v2.0"}"#));
                }
                let rest = path.strip_prefix("/api/v2.0/projects/")?;
                // It never sends a challenge here, and takes passwords only.
                if self.auth.refuse_password(&self.settings.auth, seen) {
                    return Some(Answer::error(401, "UNAUTHORIZED"));
                }
                let (project, rest) = rest.split_once("/repositories/")?;
                let (repository, rest) = rest.split_once("/artifacts/")?;
                let (digest, tag) = rest.split_once("/tags/")?;
                let name = format!("{project}/{}", repository.replace("%252F", "/"));
                Some(self.delete_tag_of_product(seen, &name, Some(digest), tag, 200))
            }
            Product::Azure => {
                let rest = path.strip_prefix("/acr/v1/")?;
                if let Some((name, tag)) = rest.split_once("/_tags/") {
                    let refusal = self.refuse(seen, &format!("repository:{name}:delete"));
                    return Some(refusal.unwrap_or_else(|| self.delete_tag_of_product(seen, name, None, tag, 202)));
                }
                let refusal = self.refuse(seen, &format!("repository:{rest}:metadata_read"));
                let told = || {
                    let answer = Answer::of("application/json", json!({"registry": "fake", "imageName": rest}).to_string());
                    if lock(&self.store).has(rest) { answer } else { Answer::error(404, "NAME_UNKNOWN") }
                };
                Some(refusal.unwrap_or_else(told))
            }
        }
    }

    fn delete_tag_of_product(&self, seen: &Seen, name: &str, digest: Option<&str>, tag: &str, done: u16) -> Answer {
        let mut store = lock(&self.store);
        let found = store.manifest(name, tag).filter(|f| digest.is_none_or(|d| d == f.digest));
        match (seen.method.as_str(), found) {
            ("DELETE", Some(_)) => {
                store.delete_tag(name, tag);
                Answer::status(done)
            }
            ("DELETE", None) => Answer::error(404, "NOT_FOUND"),
            _ => Answer::status(405),
        }
    }
}
