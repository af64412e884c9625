//! Changes made to real registries: Debian's docker-registry (2.8), and registry v3 where the environment names its program in
//! `REGISTRY_V3` or PATH has a `registry-v3` or a `registry` of that version. What is not there is skipped, with a note.

use super::*;
use super::{
    docker::{Docker, start},
    uploads::noise,
};
use bytes::Bytes;
use oci::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use registry::{BlobOf, Error, Family, Untagged, fake::content};
use serde_json::json;
use std::{process::Command, sync::Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const MB: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V2,
    V3,
}

fn programs() -> Vec<(Version, String)> {
    let says =
        |program: &str| Command::new(program).arg("--version").output().ok().map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let named = std::env::var("REGISTRY_V3").ok();
    let v3 = named.into_iter().chain(["registry-v3", "registry"].map(str::to_owned)).find(|p| says(p).is_some_and(|v| v.contains(" v3.")));
    if v3.is_none() {
        eprintln!("skipped for registry v3: there is none on PATH or in REGISTRY_V3");
    }
    let v2 = says("docker-registry").map(|_| "docker-registry".to_owned());
    if v2.is_none() {
        eprintln!("skipped for registry v2: docker-registry is not installed");
    }
    v2.map(|p| (Version::V2, p)).into_iter().chain(v3.map(|p| (Version::V3, p))).collect()
}

async fn each(delete: bool, other: bool) -> Vec<(Version, Docker, Option<Docker>)> {
    let mut all = Vec::new();
    for (version, program) in programs() {
        let one = start(&program, "", "", delete).await.unwrap();
        let two = if other { start(&program, "", "", delete).await } else { None };
        all.push((version, one, two));
    }
    all
}

async fn write(remote: &Remote, repository: &str, bytes: &Bytes) -> Digest {
    let digest = content::sha256(bytes);
    remote.write_blob(&name(repository), &digest, bytes.len() as u64, bytes, &|_| {}).await.unwrap();
    digest
}

/// Pushes an image of one small layer through the trait.
async fn push(remote: &Remote, repository: &str, target: Option<&str>, seed: &str, kind: &str) -> (Digest, Bytes) {
    let config = Bytes::from(
        json!({"architecture": "amd64", "os": "linux", "author": seed, "rootfs": {"type": "layers", "diff_ids": []}}).to_string(),
    );
    let layer = Bytes::from(format!("layer of {seed}"));
    let (config_digest, layer_digest) = (write(remote, repository, &config).await, write(remote, repository, &layer).await);
    let (config_kind, layer_kind) = match Family::of(kind) {
        Family::Oci => (oci::media_type::OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+gzip"),
        Family::Docker => (oci::media_type::DOCKER_CONFIG, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    };
    let manifest = json!({
        "schemaVersion": 2, "mediaType": kind,
        "config": {"mediaType": config_kind, "digest": config_digest, "size": config.len()},
        "layers": [{"mediaType": layer_kind, "digest": layer_digest, "size": layer.len()}],
    });
    let bytes = Bytes::from(manifest.to_string());
    let digest = content::sha256(&bytes);
    let target = target.map_or_else(|| at(&digest), tag);
    assert_eq!(remote.put_manifest(&name(repository), &target, kind, bytes.clone()).await.unwrap(), digest);
    (digest, bytes)
}

fn one() -> Tag {
    Tag::parse("1").unwrap()
}

async fn can(remote: &Remote, what: &str) -> Option<bool> {
    remote.probe().await.unwrap().into_iter().find(|c| c.name == what).unwrap().can
}

#[tokio::test]
async fn a_manifest_is_put_retagged_and_deleted_by_digest() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        for kind in [OCI_MANIFEST, DOCKER_MANIFEST] {
            let (digest, bytes) = push(&remote, "a", Some("1"), kind, kind).await;
            let old = remote.manifest(&name("a"), &tag("1")).await.unwrap();
            assert_eq!((&old.bytes, old.media_type.as_deref()), (&bytes, Some(kind)), "{version:?}");
            assert_eq!(remote.put_manifest(&name("a"), &tag("2"), kind, old.bytes).await.unwrap(), digest);
            assert_eq!(remote.resolve(&name("a"), &tag("2")).await.unwrap().digest, digest);
            remote.delete_manifest(&name("a"), &digest).await.unwrap();
            for t in [tag("1"), tag("2"), at(&digest)] {
                assert!(matches!(remote.resolve(&name("a"), &t).await, Err(Error::NotFound(_))), "{version:?} {t}");
            }
            assert!(matches!(remote.delete_manifest(&name("a"), &digest).await, Err(Error::NotFound(_))), "{version:?}");
            // Undone: the layers are still there.
            assert_eq!(remote.put_manifest(&name("a"), &tag("1"), kind, bytes).await.unwrap(), digest);
            assert_eq!(remote.resolve(&name("a"), &tag("1")).await.unwrap().digest, digest);
        }
        assert_eq!(can(&remote, "delete").await, Some(true), "{version:?}");
        assert_eq!(can(&remote, "delete-tag").await, Some(version == Version::V3), "{version:?}");
    }
}

#[tokio::test]
async fn what_is_switched_off_is_told_and_changes_nothing() {
    for (version, docker, _) in each(false, false).await {
        let remote = remote(&docker.url);
        let (digest, _) = push(&remote, "a", Some("1"), "x", OCI_MANIFEST).await;
        push(&remote, "a", Some("2"), "x", OCI_MANIFEST).await;
        let off =
            |error: Error| assert!(matches!(&error, Error::Unsupported(why) if why.contains("DELETE_ENABLED")), "{version:?} {error}");
        off(remote.delete_manifest(&name("a"), &digest).await.unwrap_err());
        assert_eq!(remote.delete_tag(&name("a"), &one(), &digest).await.unwrap(), Untagged::CannotByName, "{version:?}");
        off(remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::Oci).await.unwrap_err());
        for t in ["1", "2"] {
            assert_eq!(remote.resolve(&name("a"), &tag(t)).await.unwrap().digest, digest, "{version:?}");
        }
        assert_eq!((can(&remote, "delete").await, can(&remote, "delete-tag").await), (Some(false), Some(false)), "{version:?}");
    }
}

#[tokio::test]
async fn one_of_two_tags_goes_by_its_name_or_by_the_placeholder() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        for kind in [OCI_MANIFEST, DOCKER_MANIFEST] {
            let (digest, bytes) = push(&remote, "a", Some("1"), kind, kind).await;
            push(&remote, "a", Some("2"), kind, kind).await;
            let by_name = remote.delete_tag(&name("a"), &one(), &digest).await.unwrap();
            assert_eq!(by_name == Untagged::ByName, version == Version::V3);
            if by_name == Untagged::ByName {
                push(&remote, "a", Some("1"), kind, kind).await;
            }
            remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::of(kind)).await.unwrap();
            assert_eq!(all_tags(&remote, "a").await.unwrap(), ["2"], "{version:?}");
            let left = remote.manifest(&name("a"), &tag("2")).await.unwrap();
            assert_eq!((left.digest, left.bytes), (digest, bytes), "{version:?}");
        }
    }
}

#[tokio::test]
async fn an_index_loses_one_name_and_keeps_its_children() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        for (kind, child_kind) in [(OCI_INDEX, OCI_MANIFEST), (DOCKER_LIST, DOCKER_MANIFEST)] {
            let mut children = Vec::new();
            for architecture in ["amd64", "arm64"] {
                let (digest, bytes) = push(&remote, "a", None, &format!("{kind} {architecture}"), child_kind).await;
                children.push(json!({"mediaType": child_kind, "digest": digest, "size": bytes.len(), "platform": {"os": "linux", "architecture": architecture}}));
            }
            let bytes = Bytes::from(json!({"schemaVersion": 2, "mediaType": kind, "manifests": children}).to_string());
            let digest = remote.put_manifest(&name("a"), &tag("1"), kind, bytes.clone()).await.unwrap();
            remote.put_manifest(&name("a"), &tag("2"), kind, bytes.clone()).await.unwrap();
            remote.untag_by_placeholder(&name("a"), &one(), &digest, Family::of(kind)).await.unwrap();
            assert_eq!(all_tags(&remote, "a").await.unwrap(), ["2"], "{version:?}");
            assert_eq!(remote.manifest(&name("a"), &tag("2")).await.unwrap().bytes, bytes);
            for child in &children {
                let child = at(&child["digest"].as_str().unwrap().parse().unwrap());
                remote.manifest(&name("a"), &child).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_a_manifest_lacks_is_told() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        let (_, bytes) = push(&remote, "a", Some("1"), "x", OCI_MANIFEST).await;
        let error = remote.put_manifest(&name("b"), &tag("1"), OCI_MANIFEST, bytes).await.unwrap_err();
        assert!(
            matches!(&error, Error::Incomplete { missing, .. } if missing.contains(&content::sha256(b"layer of x"))),
            "{version:?} {error}"
        );
        let gone = content::sha256(b"gone");
        let index =
            json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"mediaType": OCI_MANIFEST, "digest": gone, "size": 9}]});
        let error = remote.put_manifest(&name("a"), &tag("1"), OCI_INDEX, index.to_string().into()).await.unwrap_err();
        assert!(matches!(&error, Error::Incomplete { missing, .. } if *missing == [gone]), "{version:?} {error}");
    }
}

#[tokio::test]
async fn a_blob_is_written_sized_mounted_and_read() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        for length in [0, 1, 300, MB, 20 * MB] {
            let bytes = noise(length);
            let digest = write(&remote, "a", &bytes).await;
            assert_eq!(remote.blob_size(&name("a"), &digest).await.unwrap(), Some(length as u64), "{version:?}");
            assert!(remote.mount_blob(&name("b/c"), &digest, &name("a")).await.unwrap(), "{version:?}");
            assert_eq!(remote.blob_size(&name("b/c"), &digest).await.unwrap(), Some(length as u64));
            for from in [0, length / 3, length] {
                let mut stream = remote.read_blob(&name("b/c"), &digest, from as u64).await.unwrap();
                let mut read = Vec::new();
                while let Some(piece) = futures::StreamExt::next(&mut stream).await {
                    read.extend_from_slice(&piece.unwrap());
                }
                assert!(read == bytes[from..], "{version:?} {length} {from}");
            }
        }
        let gone = content::sha256(b"gone");
        assert_eq!(remote.blob_size(&name("a"), &gone).await.unwrap(), None);
        assert!(!remote.mount_blob(&name("b"), &gone, &name("a")).await.unwrap());
    }
}

#[tokio::test]
async fn wrong_bytes_are_not_kept() {
    for (_, docker, _) in each(true, false).await {
        let remote = remote(&docker.url);
        for length in [100, 3 * MB] {
            let (right, wrong) = (content::sha256(&noise(length)), Bytes::from(vec![7; length]));
            assert!(remote.write_blob(&name("a"), &right, length as u64, &wrong, &|_| {}).await.is_err());
            for digest in [right, content::sha256(&wrong)] {
                assert_eq!(remote.blob_size(&name("a"), &digest).await.unwrap(), None);
            }
        }
    }
}

/// Stands before a registry and cuts connections: the n-th one to send more than so many bytes, as many bytes on.
async fn proxy(url: &str, cuts: Vec<usize>) -> String {
    let to = url.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cuts = std::sync::Arc::new(Mutex::new(cuts));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (to, cuts) = (to.clone(), std::sync::Arc::clone(&cuts));
            tokio::spawn(async move {
                let registry = TcpStream::connect(to).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_registry, mut to_registry) = registry.into_split();
                let back = tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut from_registry, &mut to_client).await;
                });
                let (mut buffer, mut sent) = (vec![0; 64 << 10], 0);
                while let Ok(read) = from_client.read(&mut buffer).await {
                    sent += read;
                    let cut = |c: &mut Vec<usize>| c.first().is_some_and(|&at| sent > at).then(|| c.remove(0));
                    if read == 0 || cut(&mut cuts.lock().unwrap()).is_some() || to_registry.write_all(&buffer[..read]).await.is_err() {
                        break;
                    }
                }
                back.abort();
            });
        }
    });
    url
}

#[tokio::test]
async fn an_upload_that_breaks_ends_right() {
    for (version, docker, _) in each(true, false).await {
        let remote = remote(&proxy(&docker.url, vec![9 * MB, 5 * MB]).await);
        let bytes = noise(30 * MB);
        let digest = content::sha256(&bytes);
        let told = Mutex::new(Vec::new());
        let progress = |at| told.lock().unwrap().push(at);
        remote.write_blob(&name("a"), &digest, bytes.len() as u64, &InPieces(bytes.clone()), &progress).await.unwrap();
        assert_eq!(remote.blob_size(&name("a"), &digest).await.unwrap(), Some(30 << 20), "{version:?}");
        assert!(remote.blob(&name("a"), &digest, 64 * MB).await.unwrap() == bytes, "{version:?}");
        let told = told.into_inner().unwrap();
        let falls: Vec<u64> = told.windows(2).filter(|w| w[1] < w[0]).map(|w| w[1]).collect();
        // 2.8 forgets an upload that broke; v3 goes on with it.
        assert_eq!(falls.len(), 2, "{version:?} {falls:?}");
        assert!(falls.iter().all(|&at| (at > 4 << 20) == (version == Version::V3)), "{version:?} {falls:?}");
    }
}

/// In pieces of 64 kB, as they come from a network.
struct InPieces(Bytes);

#[async_trait::async_trait]
impl registry::BlobSource for InPieces {
    async fn open(&self, from: u64) -> Result<registry::BlobStream> {
        let rest = self.0.slice(from as usize..);
        let pieces = (0..rest.len()).step_by(64 << 10).map(move |at| Ok(rest.slice(at..rest.len().min(at + (64 << 10)))));
        Ok(futures::StreamExt::boxed(futures::stream::iter(pieces)))
    }
}

#[tokio::test]
async fn an_image_is_copied_from_one_registry_to_another() {
    for (version, docker, other) in each(true, true).await {
        let other = other.unwrap();
        let (source, target) = (remote(&docker.url), remote(&other.url));
        let bytes = noise(50 * MB);
        let digest = write(&source, "a", &bytes).await;
        let blob = BlobOf { registry: &source, repository: &name("a"), digest: &digest };
        let told = Mutex::new(0);
        let progress = |at| *told.lock().unwrap() = at;
        target.write_blob(&name("b"), &digest, bytes.len() as u64, &blob, &progress).await.unwrap();
        assert_eq!(
            (target.blob_size(&name("b"), &digest).await.unwrap(), *told.lock().unwrap()),
            (Some(50 << 20), 50 << 20),
            "{version:?}"
        );
        assert!(target.blob(&name("b"), &digest, 64 * MB).await.unwrap() == bytes, "{version:?}");
    }
}
