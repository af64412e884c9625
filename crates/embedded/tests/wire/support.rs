//! A registry on a port and a folder of its own, and a client that sends exactly what it is told.

use embedded::{Local, Settings, Storage, Store, router};
use oci::Digest;
use sha2::Digest as _;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) local: Arc<Local>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without waiting, so that it may be dropped anywhere.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts one over a folder or a bucket.
pub(crate) fn serve(storage: impl Into<Storage>, set: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings::new(storage);
    set(&mut settings);
    serve_over(Store::open(settings).unwrap())
}

/// Starts one over any store.
pub(crate) fn serve_over(store: Store) -> Server {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let local = Local::over(store);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router(local.clone());
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener).unwrap()
    };
    runtime.spawn(async move { axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await });
    Server { address, local, runtime: Some(runtime) }
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends bytes, reads to the end. `None` where there is no whole answer.
pub(crate) fn raw(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    // The server may have answered and closed before all was sent.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = bytes.split_off(end + 4);
    let answer = Answer { status, head, body };
    let whole = answer.header("content-length").is_none_or(|length| length.parse::<usize>().is_ok_and(|l| l == answer.body.len()));
    (whole || request.starts_with(b"HEAD ")).then_some(answer)
}

/// A request with a body and headers.
pub(crate) fn asked(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: registry.test\r\nConnection: close\r\n").into_bytes();
    for (name, value) in headers {
        request.extend(format!("{name}: {value}\r\n").bytes());
    }
    if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
        request.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    request.extend(b"\r\n");
    request.extend(body);
    raw(address, &request)
}

impl Server {
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        asked(self.address, method, path, headers, body).unwrap_or_else(|| panic!("{method} {path}: no whole answer"))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub(crate) fn push_blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = sha256(bytes);
        let answer = self.ask("POST", &format!("/v2/{name}/blobs/uploads/?digest={digest}"), &[], bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        digest
    }

    /// Pushes an image of one layer under a tag.
    pub(crate) fn push(&self, name: &str, tag: &str, seed: &str) -> Digest {
        let (config, layer) = (config(seed), format!("layer of {seed}"));
        self.push_blob(name, config.as_bytes());
        self.push_blob(name, layer.as_bytes());
        let manifest = image(&config, &layer, None);
        let answer = self.ask(
            "PUT",
            &format!("/v2/{name}/manifests/{tag}"),
            &[("Content-Type", oci::media_type::OCI_MANIFEST)],
            manifest.as_bytes(),
        );
        assert_eq!(answer.status, 201, "{}", answer.text());
        sha256(manifest.as_bytes())
    }
}

pub(crate) fn config(seed: &str) -> String {
    serde_json::json!({"os": "linux", "architecture": "amd64", "author": seed, "rootfs": {"type": "layers", "diff_ids": []}}).to_string()
}

pub(crate) fn image(config: &str, layer: &str, subject: Option<&Digest>) -> String {
    let mut manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": oci::media_type::OCI_MANIFEST,
        "config": {"mediaType": oci::media_type::OCI_CONFIG, "digest": sha256(config.as_bytes()), "size": config.len()},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": sha256(layer.as_bytes()), "size": layer.len()}],
    });
    if let Some(subject) = subject {
        manifest["artifactType"] = "application/spdx+json".into();
        manifest["subject"] = serde_json::json!({"mediaType": oci::media_type::OCI_MANIFEST, "digest": subject, "size": 1});
        manifest["annotations"] = serde_json::json!({"made.by": "a test"});
    }
    manifest.to_string()
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&sha2::Sha256::digest(bytes).into())
}
