//! The same registry in process and over HTTP: what the trait says of it must not differ.

use crate::s3::{Place, places};
use crate::support::{config, image, serve, sha256};
use embedded::{Action, Event, InProcess, Object, Observer};
use oci::{RepositoryName, Tag, Target, media_type::OCI_MANIFEST};
use registry::{
    BlobOf, Error, Registry, Untagged,
    remote::{Remote, RemoteSettings},
};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn happened(&self, event: &Event<'_>) {
        let object = match event.object {
            Object::Manifest => "manifest",
            Object::Blob => "blob",
            Object::Tag => "tag",
        };
        let tag = event.tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        self.0.lock().unwrap().push(format!("{:?} {object} {}{tag}", event.action, event.repository));
        assert!(event.action == Action::Deleted || event.size.is_some());
        assert!(event.client.address.is_some_and(|address| address.is_loopback()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_process_as_over_http() {
    for place in places() {
        compare(&place).await;
    }
}

async fn compare(place: &Place) {
    let server = serve(place.storage(), |_| {});
    let told = Arc::new(Told::default());
    server.local.observe(told.clone());
    let url = format!("http://{}", server.address);
    let remote = Remote::new(RemoteSettings { name: "self".into(), url, ..RemoteSettings::default() }).unwrap();
    let local = InProcess(server.local.clone());
    let all: [(&str, &dyn Registry); 2] = [("remote", &remote), ("local", &local)];
    let (a, b) = (RepositoryName::parse("a").unwrap(), RepositoryName::parse("b/c").unwrap());
    for (which, registry) in all {
        let (config, layer) = (config(which), which.repeat(200_000));
        for blob in [&config, &layer] {
            let bytes = bytes::Bytes::from(blob.clone());
            let digest = sha256(&bytes);
            assert_eq!(registry.blob_size(&a, &digest).await.unwrap(), None);
            registry.write_blob(&a, &digest, bytes.len() as u64, &bytes, &|_| {}).await.unwrap();
            assert_eq!(registry.blob_size(&a, &digest).await.unwrap(), Some(bytes.len() as u64));
            assert!(registry.mount_blob(&b, &digest, &a).await.unwrap());
            assert!(registry.write_blob(&a, &sha256(b"other"), bytes.len() as u64, &bytes, &|_| {}).await.is_err());
            let from = BlobOf { registry, repository: &a, digest: &digest };
            let copy = RepositoryName::parse(&format!("copy/{which}")).unwrap();
            local.write_blob(&copy, &digest, bytes.len() as u64, &from, &|_| {}).await.unwrap();
        }
        let manifest = bytes::Bytes::from(image(&config, &layer, Some(&sha256(b"subject"))));
        let tag = Tag::parse(which).unwrap();
        let target = Target::Tag(tag.clone());
        let digest = registry.put_manifest(&a, &target, OCI_MANIFEST, manifest.clone()).await.unwrap();
        assert_eq!(registry.resolve(&a, &target).await.unwrap().digest, digest);
        assert_eq!(registry.manifest(&a, &Target::Digest(digest.clone())).await.unwrap().bytes, manifest);
        assert_eq!(registry.blob(&a, &sha256(config.as_bytes()), 1 << 20).await.unwrap(), config);
        assert!(matches!(registry.blob(&a, &sha256(layer.as_bytes()), 10).await, Err(Error::TooLarge(_))), "{which}");
        assert_eq!(registry.referrers(&a, &sha256(b"subject")).await.unwrap().len(), 1, "{which}");
        assert_eq!(registry.tags(&a, None).await.unwrap().items, std::slice::from_ref(&tag));
        assert_eq!(registry.repositories(None).await.unwrap().items, std::slice::from_ref(&a));
        let lacking = bytes::Bytes::from(image("absent", "absent", None));
        match registry.put_manifest(&a, &target, OCI_MANIFEST, lacking).await {
            Err(Error::Incomplete { missing, .. }) => assert_eq!(missing.len(), 2, "{which}"),
            other => panic!("{which}: {other:?}"),
        }
        assert_eq!(registry.delete_tag(&a, &tag, &digest).await.unwrap(), Untagged::ByName);
        assert!(matches!(registry.resolve(&a, &target).await, Err(Error::NotFound(_))));
        registry.delete_manifest(&a, &digest).await.unwrap();
        assert!(matches!(registry.delete_manifest(&a, &digest).await, Err(Error::NotFound(_))));
    }
    let can = local.probe().await.unwrap();
    assert!(can.iter().all(|capability| capability.can == Some(true)), "{can:?}");
    let told = told.0.lock().unwrap().clone();
    for expected in [
        "Pushed blob a",
        "Mounted blob b/c",
        "Pushed manifest a:remote",
        "Pulled manifest a",
        "Pulled blob a",
        "Deleted tag a:remote",
        "Deleted manifest a",
    ] {
        assert!(told.iter().any(|event| event == expected), "{expected} is not in {told:?}");
    }
}
