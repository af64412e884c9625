//! A real docker-registry with content, and a service beside it.

use bytes::Bytes;
use oci::{Digest, RepositoryName, Tag, Target, media_type};
use registry::{
    Registry,
    remote::{Remote, RemoteSettings},
};
use serde_json::json;
use service::{Caller, RegistrySettings, Service, Settings};
use sha2::Digest as _;
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A docker-registry on a port and a folder of its own.
pub(crate) struct Docker {
    child: Child,
    pub(crate) url: String,
    port: u16,
    program: String,
    folder: tempfile::TempDir,
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Docker {
    /// `None`, with a note, where the program is not installed. `DOCKER_REGISTRY` names another, such as a registry:3.
    pub(crate) async fn start(delete: bool) -> Option<Self> {
        let program = &std::env::var("DOCKER_REGISTRY").unwrap_or_else(|_| "docker-registry".to_owned());
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: {delete}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            folder.path().join("data").display()
        );
        std::fs::write(folder.path().join("config.yml"), config).unwrap();
        let Some(child) = spawn(program, folder.path().join("config.yml")) else {
            eprintln!("skipped: {program} is not installed");
            return None;
        };
        let docker = Self { child, url: format!("http://127.0.0.1:{port}"), port, program: program.to_owned(), folder };
        docker.answers().await;
        Some(docker)
    }

    async fn answers(&self) {
        let started = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "docker-registry did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(&self.program, self.folder.path().join("config.yml")).unwrap();
        self.answers().await;
    }

    pub(crate) fn client(&self) -> Remote {
        Remote::new(RemoteSettings { name: "test".into(), url: self.url.clone(), ..RemoteSettings::default() }).unwrap()
    }

    /// Pushes an image of one layer under tags; its content follows from `seed`.
    pub(crate) async fn push(&self, repository: &str, seed: &str, tags: &[&str]) -> Digest {
        let client = self.client();
        let repository = name(repository);
        let (manifest, _) = image(&client, &repository, seed, "amd64").await;
        let mut digest = None;
        for tag in tags {
            digest = Some(client.put_manifest(&repository, &tagged(tag), media_type::OCI_MANIFEST, manifest.clone()).await.unwrap());
        }
        digest.unwrap_or_else(|| sha256(&manifest))
    }

    /// Pushes an index of two platforms; returns its digest and those of its children.
    pub(crate) async fn push_index(&self, repository: &str, seed: &str, tags: &[&str]) -> (Digest, Vec<Digest>) {
        let client = self.client();
        let repository = name(repository);
        let mut entries = Vec::new();
        let mut children = Vec::new();
        for architecture in ["amd64", "arm64"] {
            let (manifest, digest) = image(&client, &repository, &format!("{seed}-{architecture}"), architecture).await;
            client.put_manifest(&repository, &Target::Digest(digest.clone()), media_type::OCI_MANIFEST, manifest.clone()).await.unwrap();
            entries.push(json!({"mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": manifest.len(),
                "platform": {"os": "linux", "architecture": architecture}}));
            children.push(digest);
        }
        let index = Bytes::from(json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries}).to_string());
        for tag in tags {
            client.put_manifest(&repository, &tagged(tag), media_type::OCI_INDEX, index.clone()).await.unwrap();
        }
        (sha256(&index), children)
    }

    /// What a tag or digest names, asked from outside.
    pub(crate) async fn names(&self, repository: &str, what: &str) -> Option<String> {
        let target = if what.contains(':') { Target::Digest(Digest::parse(what).unwrap()) } else { tagged(what) };
        match self.client().resolve(&name(repository), &target).await {
            Ok(resolved) => Some(resolved.digest.to_string()),
            Err(registry::Error::NotFound(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Its tags, sorted.
    pub(crate) async fn tags(&self, repository: &str) -> Vec<String> {
        let mut tags: Vec<String> = self.client().tags(&name(repository), None).await.unwrap().items.iter().map(Tag::to_string).collect();
        tags.sort();
        tags
    }
}

fn spawn(program: &str, config: PathBuf) -> Option<Child> {
    Command::new(program).arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

/// Writes an image's blobs; returns its manifest.
async fn image(client: &Remote, repository: &RepositoryName, seed: &str, architecture: &str) -> (Bytes, Digest) {
    let layer = Bytes::from(format!("the layer of {seed}, {}", "x".repeat(1000)));
    let config = Bytes::from(
        json!({"os": "linux", "architecture": architecture, "created": "2024-01-02T03:04:05Z", "config": {"Labels": {"seed": seed}},
            "rootfs": {"type": "layers", "diff_ids": [sha256(&layer)]}, "history": [{"created_by": format!("COPY {seed} /")}]})
        .to_string(),
    );
    for blob in [&layer, &config] {
        client.write_blob(repository, &sha256(blob), blob.len() as u64, blob, &|_| {}).await.unwrap();
    }
    let manifest = Bytes::from(
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": media_type::OCI_CONFIG, "digest": sha256(&config), "size": config.len()},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": sha256(&layer), "size": layer.len()}]})
        .to_string(),
    );
    let digest = sha256(&manifest);
    (manifest, digest)
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&sha2::Sha256::digest(bytes).into())
}

pub(crate) fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

pub(crate) fn tagged(tag: &str) -> Target {
    Target::Tag(Tag::parse(tag).unwrap())
}

pub(crate) fn caller() -> Caller {
    Caller::local()
}

/// A service that has read the registries and carries out jobs.
pub(crate) async fn beside(registries: &[(&str, &str)]) -> Service {
    opened(Settings { registries: registries.iter().map(|(n, u)| registry(n, u)).collect(), ..Settings::default() }).await
}

pub(crate) fn registry(name: &str, url: &str) -> RegistrySettings {
    RegistrySettings { name: name.into(), url: url.into(), crawl: Duration::from_hours(1), ..RegistrySettings::default() }
}

pub(crate) async fn opened(settings: Settings) -> Service {
    let service = Service::open(settings).await.unwrap();
    service.start();
    for settings in &service.settings().registries.clone() {
        let began = Instant::now();
        while service.registry(&caller(), &settings.name).await.unwrap().state != api::State::Fresh {
            assert!(began.elapsed() < Duration::from_mins(1), "the first crawl does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    service
}
