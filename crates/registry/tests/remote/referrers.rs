use super::*;
use oci::media_type::{OCI_INDEX, OCI_MANIFEST};
use registry::{
    Error,
    fake::{Answer, Fault, Image, Seen, content},
};
use serde_json::json;

fn api(r: &Seen) -> bool {
    r.path.contains("/referrers/")
}

#[tokio::test]
async fn the_api_is_asked() {
    let fake = fake().await;
    let subject = fake.push("a", "1", &Image::new("x"));
    let signature = fake.push("a", "", &Image::new("signature").subject(&subject, "application/vnd.cncf.notary.signature"));
    let found = remote(fake.url()).referrers(&name("a"), &subject).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].digest.clone(), found[0].artifact_type.as_deref()), (signature, Some("application/vnd.cncf.notary.signature")));
    assert!(remote(fake.url()).referrers(&name("a"), &content::sha256(b"no such")).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_are_followed_and_bounded() {
    let fake = fake().await;
    let subject = fake.push("a", "1", &Image::new("x"));
    let entry = |seed: &str| json!({"mediaType": OCI_MANIFEST, "digest": content::sha256(seed.as_bytes()), "size": 1});
    let page = |from: usize, count: usize| {
        let list: Vec<_> = (from..from + count).map(|i| entry(&i.to_string())).chain([json!({"digest": subject, "size": 1})]).collect();
        Answer::of(OCI_INDEX, json!({"manifests": list}).to_string())
    };
    let next = format!("</v2/a/referrers/{subject}?page=2>; rel=\"next\"");
    fake.fault(|r| api(r) && r.query.is_empty(), Fault::Answer(page(0, 3).header("link", &next)), 1);
    fake.fault(|r| api(r) && r.query == "page=2", Fault::Answer(page(2, 3)), 1);
    let found = remote(fake.url()).referrers(&name("a"), &subject).await.unwrap();
    assert_eq!(found.len(), 5, "each once, without the subject");
    // A registry that never ends.
    let circle = format!("</v2/a/referrers/{subject}?again>; rel=\"next\"");
    fake.fault(api, Fault::Answer(page(0, 4000).header("link", &circle)), 100);
    let found = remote(fake.url()).referrers(&name("a"), &subject).await.unwrap();
    assert_eq!(found.len(), 4000);
    assert!(fake.count(api) < 10);
}

#[tokio::test]
async fn without_the_api_the_fallback_tag_is_read_and_the_api_left_alone() {
    for absent in [
        None,
        Some(Answer::status(401)),
        Some(Answer::error(403, "DENIED")),
        Some(Answer::error(400, "UNSUPPORTED")),
        Some(Answer::status(405)),
        Some(Answer::of("text/html", "<html>")),
        Some(Answer::of("application/json", "{}")),
    ] {
        let fake = fake().await;
        fake.knobs(|k| {
            k.referrers = false;
            k.referrers_absent.clone_from(&absent);
        });
        let subject = fake.push("a", "1", &Image::new("x"));
        let entry =
            json!({"mediaType": OCI_MANIFEST, "digest": content::sha256(b"sbom"), "size": 1, "artifactType": "application/spdx+json"});
        let platform = json!({"mediaType": OCI_MANIFEST, "digest": content::sha256(b"child"), "size": 1, "platform": {"os": "linux", "architecture": "amd64"}});
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry, platform]}).to_string();
        fake.push_manifest("a", &subject.referrers_tag(), OCI_INDEX, index.as_bytes());
        let remote = remote(fake.url());
        for _ in 0..2 {
            let found = remote.referrers(&name("a"), &subject).await.unwrap();
            assert_eq!(found.len(), 1, "{absent:?}");
        }
        assert_eq!(fake.count(api), 1, "{absent:?}");
        assert!(remote.referrers(&name("a"), &content::sha256(b"other")).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_sha512_subject_has_a_short_fallback_tag() {
    let fake = fake().await;
    fake.knobs(|k| k.referrers = false);
    let subject: Digest = format!("sha512:{}", "ab".repeat(64)).parse().unwrap();
    let entry = json!({"mediaType": OCI_MANIFEST, "digest": content::sha256(b"x"), "size": 1});
    fake.push_manifest("a", &format!("sha512-{}", "ab".repeat(32)), OCI_INDEX, json!({"manifests": [entry]}).to_string().as_bytes());
    assert_eq!(remote(fake.url()).referrers(&name("a"), &subject).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fallback_tag_that_names_the_subject_has_no_referrers() {
    let fake = fake().await;
    fake.knobs(|k| {
        k.referrers = false;
        k.gitlab_fallback = true;
    });
    let (amd, arm) = (Image::new("x"), Image::new("x").architecture("arm64"));
    let index = fake.push_manifest("a", "multi", OCI_INDEX, &content::index(&[amd.clone(), arm]));
    let image = fake.push("a", "1", &amd);
    for subject in [index, image] {
        assert!(remote(fake.url()).referrers(&name("a"), &subject).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_outage_is_no_missing_api() {
    let fake = fake().await;
    let subject = fake.push("a", "1", &Image::new("x"));
    let remote = remote(fake.url());
    fake.fault(api, Fault::Answer(Answer::status(503)), 3);
    assert!(matches!(remote.referrers(&name("a"), &subject).await, Err(Error::Busy { .. })));
    assert!(remote.referrers(&name("a"), &subject).await.unwrap().is_empty());
    assert_eq!(fake.count(api), 4);
}
