//! Other registries on the same folder, and on the same bucket where a server of S3 is installed that does all they want: docker-registry 2.8 (`docker-registry`, or `DOCKER_REGISTRY`) and registry v3 (`registry-v3` or
//! `registry`, or `REGISTRY_V3`). What is not installed is skipped, with a note.

use crate::{
    s3::{KEY, NAME, PREFIX, Place, S3, SECRET},
    support::{Server, config, image, serve, sha256},
};
use oci::{
    Digest, RepositoryName, Tag, Target,
    media_type::{OCI_INDEX, OCI_MANIFEST},
};
use registry::{
    Registry,
    remote::{Remote, RemoteSettings},
};
use serde_json::json;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Another registry, over a folder or a bucket.
struct Peer {
    child: Child,
    remote: Remote,
    _folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn programs() -> Vec<String> {
    let is = |program: &str, version: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(version))
    };
    let find = |variable: &str, names: &[&str], version: &str| {
        let found =
            std::env::var(variable).ok().into_iter().chain(names.iter().map(|&n| n.to_owned())).find(|program| is(program, version));
        if found.is_none() {
            eprintln!("SKIPPED: no registry of version{version} is on PATH or in {variable}");
        }
        found
    };
    find("DOCKER_REGISTRY", &["docker-registry"], " ")
        .into_iter()
        .chain(find("REGISTRY_V3", &["registry-v3", "registry"], " v3."))
        .collect()
}

fn start(program: &str, place: &Place) -> Peer {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let storage = match place {
        Place::Folder(folder) => format!("  filesystem:\n    rootdirectory: {}\n", folder.path().display()),
        Place::Bucket(server) => format!(
            "  redirect:\n    disable: true\n  s3:\n    accesskey: {KEY}\n    secretkey: {SECRET}\n    region: us-east-1\n    \
             regionendpoint: http://{}\n    forcepathstyle: true\n    secure: false\n    bucket: {NAME}\n    rootdirectory: /{PREFIX}\n",
            server.address
        ),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registry.yml");
    let text =
        format!("version: 0.1\nlog:\n  level: error\nstorage:\n{storage}  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:{port}\n");
    fs::write(&file, text).unwrap();
    let child = Command::new(program)
        .arg("serve")
        .arg(&file)
        // The library of 2.8 takes none.
        .env_remove("AWS_CA_BUNDLE")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "{program} does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    let settings = RemoteSettings { name: "peer".into(), url: format!("http://127.0.0.1:{port}"), ..RemoteSettings::default() };
    Peer { child, remote: Remote::new(settings).unwrap(), _folder: folder }
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn tag(text: &str) -> Target {
    Target::Tag(Tag::parse(text).unwrap())
}

impl Peer {
    async fn push(&self, repository: &str, tag_: &str, seed: &str, subject: Option<&Digest>) -> Digest {
        let (config, layer) = (config(seed), format!("layer of {seed}"));
        for blob in [&config, &layer] {
            let bytes = bytes::Bytes::from(blob.clone());
            self.remote.write_blob(&name(repository), &sha256(&bytes), bytes.len() as u64, &bytes, &|_| {}).await.unwrap();
        }
        let manifest = image(&config, &layer, subject);
        self.remote.put_manifest(&name(repository), &tag(tag_), OCI_MANIFEST, manifest.into()).await.unwrap()
    }

    async fn tags(&self, repository: &str) -> Vec<String> {
        let mut tags: Vec<String> = self.remote.tags(&name(repository), None).await.unwrap().items.iter().map(Tag::to_string).collect();
        tags.sort();
        tags
    }

    async fn repositories(&self) -> Vec<String> {
        let mut names: Vec<String> = self.remote.repositories(None).await.unwrap().items.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }
}

fn listed(server: &Server, path: &str, field: &str) -> Vec<String> {
    server.get(path).json()[field].as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// There, back, and there again: each sees what the other wrote, and what it deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_adopted_and_given_back() {
    for program in programs() {
        adopted_and_given_back(&program, &Place::Folder(tempfile::tempdir().unwrap())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_adopted_and_given_back() {
    for program in programs() {
        let Some(server) = S3::gateway() else {
            eprintln!("SKIPPED: versitygw is not on PATH, nor in VERSITYGW");
            return;
        };
        adopted_and_given_back(&program, &Place::Bucket(server)).await;
    }
}

async fn adopted_and_given_back(program: &str, place: &Place) {
    let (first, referrer);
    {
        let peer = start(program, place);
        first = peer.push("theirs/app", "v1", "theirs 1", None).await;
        peer.push("theirs/app", "v2", "theirs 2", None).await;
        referrer = peer.push("theirs/app", "sbom", "theirs sbom", Some(&first)).await;
    }

    let server = serve(place.storage(), |_| {});
    let ours;
    {
        assert_eq!(listed(&server, "/v2/_catalog", "repositories"), ["theirs/app"], "{program}");
        assert_eq!(listed(&server, "/v2/theirs/app/tags/list", "tags"), ["sbom", "v1", "v2"]);
        let got = server.get("/v2/theirs/app/manifests/v1");
        assert_eq!((got.status, sha256(&got.body)), (200, first.clone()));
        for layer in got.json()["layers"].as_array().unwrap() {
            let digest = layer["digest"].as_str().unwrap();
            let blob = server.get(&format!("/v2/theirs/app/blobs/{digest}"));
            assert_eq!((blob.status, sha256(&blob.body).as_str()), (200, digest));
            let mount = server.ask("POST", &format!("/v2/ours/mounted/blobs/uploads/?mount={digest}&from=theirs/app"), &[], b"");
            assert_eq!(mount.status, 201);
        }
        let referrers = server.get(&format!("/v2/theirs/app/referrers/{first}")).json();
        assert_eq!(referrers["manifests"][0]["digest"], json!(referrer), "{program}");
        ours = server.push("ours/app", "v1", "ours");
        server.push("theirs/app", "v3", "ours in theirs");
        server.push("theirs/app", "v2", "moved by us");
        assert_eq!(server.ask("DELETE", "/v2/theirs/app/manifests/sbom", &[], b"").status, 202);
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).to_string();
        assert_eq!(server.ask("PUT", "/v2/indexes/manifests/v1", &[("Content-Type", OCI_INDEX)], index.as_bytes()).status, 201);
    }
    drop(server);

    {
        let peer = start(program, place);
        let names = peer.repositories().await;
        // docker-registry 2.x knows a repository by its folder `_layers`; in a bucket there is none without a layer.
        let there = if place.is_bucket() { &["ours/app", "theirs/app"][..] } else { &["indexes", "ours/app", "theirs/app"] };
        for &there in there {
            assert!(names.iter().any(|n| n == there), "{program}: {there} is not in {names:?}");
        }
        assert!(names.iter().all(|n| !n.contains('_')), "{names:?}");
        assert_eq!(peer.tags("theirs/app").await, ["v1", "v2", "v3"], "{program}");
        let manifest = peer.remote.manifest(&name("ours/app"), &tag("v1")).await.unwrap();
        assert_eq!(manifest.digest, ours);
        let document = oci::Manifest::parse(&manifest.bytes, None).unwrap();
        let oci::Body::Image { config: Some(config), layers } = document.body else { panic!("{program}") };
        for blob in layers.iter().chain([&config]) {
            let bytes = peer.remote.blob(&name("ours/app"), &blob.digest, 1 << 20).await.unwrap();
            assert_eq!(sha256(&bytes), blob.digest, "{program}");
        }
        peer.push("ours/app", "v1", "moved by them", None).await;
        peer.push("ours/app", "v2", "theirs in ours", None).await;
        peer.remote.delete_manifest(&name("theirs/app"), &first).await.unwrap();
    }

    let server = serve(place.storage(), |_| {});
    assert_eq!(listed(&server, "/v2/theirs/app/tags/list", "tags"), ["v2", "v3"], "{program}");
    assert_eq!(listed(&server, "/v2/ours/app/tags/list", "tags"), ["v1", "v2"], "{program}");
    let moved = server.get("/v2/ours/app/manifests/v1");
    assert!(moved.status == 200 && sha256(&moved.body) != ours, "{program}");
    assert_eq!(server.get(&format!("/v2/theirs/app/manifests/{first}")).status, 404);
    println!("{program}: adopted, given back, adopted again");
}
