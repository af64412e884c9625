//! A real docker-registry (Debian's 2.8 package); skipped, with a note, where there is none.

use super::tls::Authority;
use super::*;
use registry::{
    Error, Secret,
    fake::{Image, content},
};
use std::{
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
};

pub(super) struct Docker {
    child: Child,
    pub(super) url: String,
    _dir: tempfile::TempDir,
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts one with more configuration under `http:` (indented by two) and at the top.
async fn docker(http: &str, top: &str, delete: bool) -> Option<Docker> {
    start("docker-registry", http, top, delete).await
}

/// The same with any program of distribution's.
pub(super) async fn start(program: &str, http: &str, top: &str, delete: bool) -> Option<Docker> {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: {delete}\nhttp:\n  addr: 127.0.0.1:0\n{http}{top}",
        dir.path().join("data").display()
    );
    std::fs::write(dir.path().join("config.yml"), config).unwrap();
    let started =
        Command::new(program).arg("serve").arg(dir.path().join("config.yml")).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: {program} is not installed");
        return None;
    };
    // It tells which port it got, and goes on logging as long as it lives.
    let log = BufReader::new(child.stderr.take().unwrap());
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut tell = Some(tell);
        for line in log.lines().map_while(io::Result::ok) {
            let port =
                line.split("listening on 127.0.0.1:").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            if let Some((tell, port)) = port.and_then(|port| Some((tell.take()?, port))) {
                let _ = tell.send(port);
            }
        }
    });
    let mut docker = Docker { child, url: String::new(), _dir: dir };
    let port = tokio::time::timeout(Duration::from_secs(20), told).await.expect("it takes too long to start").expect("it does not start");
    let scheme = if http.contains("tls:") { "https" } else { "http" };
    docker.url = format!("{scheme}://127.0.0.1:{port}");
    Some(docker)
}

/// Pushes an image over HTTP, as a client would.
async fn push(docker: &Docker, repository: &str, reference: &str, image: &Image, user: Option<(&str, &str)>) -> Digest {
    let tls = insecure();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
    let with = |request: reqwest::RequestBuilder| match user {
        Some((user, password)) => request.basic_auth(user, Some(password)),
        None => request,
    };
    let url = |path: &str| format!("{}/v2/{repository}/{path}", docker.url);
    let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest()).unwrap();
    // Layers must be there, so they are their own names.
    for (layer, (name, _)) in manifest["layers"].as_array_mut().unwrap().iter_mut().zip(&image.layers) {
        layer["size"] = name.len().into();
    }
    let config = image.config();
    for blob in image.layers.iter().map(|(name, _)| name.as_bytes()).chain([&config[..]]) {
        let begun = with(client.post(url("blobs/uploads/"))).send().await.unwrap();
        assert_eq!(begun.status(), 202);
        let location = begun.headers()["location"].to_str().unwrap().to_owned();
        let put = with(client.put(format!("{location}&digest={}", content::sha256(blob)))).body(blob.to_vec()).send().await.unwrap();
        assert_eq!(put.status(), 201);
    }
    let bytes = manifest.to_string().into_bytes();
    let put = with(client.put(url(&format!("manifests/{reference}"))))
        .header("content-type", oci::media_type::OCI_MANIFEST)
        .body(bytes.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 201, "{}", put.text().await.unwrap());
    content::sha256(&bytes)
}

fn insecure() -> rustls::ClientConfig {
    #[derive(Debug)]
    struct Anyone;
    impl rustls::client::danger::ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &[rustls::pki_types::CertificateDer<'_>],
            _: &rustls::pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> std::result::Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(std::sync::Arc::new(Anyone))
        .with_no_client_auth()
}

async fn reads_all(remote: &Remote, digest: &Digest, image: &Image) {
    assert_eq!(all_repositories(remote).await.unwrap(), ["team/api"]);
    assert_eq!(all_tags(remote, "team/api").await.unwrap(), ["1.0.0"]);
    let repository = name("team/api");
    assert_eq!(remote.resolve(&repository, &tag("1.0.0")).await.unwrap().digest, *digest);
    let manifest = remote.manifest(&repository, &at(digest)).await.unwrap();
    assert_eq!((&manifest.digest, manifest.media_type.as_deref()), (digest, Some(oci::media_type::OCI_MANIFEST)));
    let config = content::sha256(&image.config());
    assert_eq!(remote.blob(&repository, &config, 1 << 20).await.unwrap(), image.config());
    assert!(remote.referrers(&repository, digest).await.unwrap().is_empty());
    assert!(matches!(remote.resolve(&repository, &tag("gone")).await, Err(Error::NotFound(_))));
    assert!(matches!(remote.tags(&name("no/such"), None).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn plain() {
    let Some(docker) = docker("", "", true).await else { return };
    let image = Image::new("real").label("team", "blue");
    let digest = push(&docker, "team/api", "1.0.0", &image, None).await;
    let remote = remote(&docker.url);
    reads_all(&remote, &digest, &image).await;
    let found = remote.probe().await.unwrap();
    let can = |name: &str| found.iter().find(|c| c.name == name).unwrap().can;
    assert_eq!(["auth", "catalog", "digest-header", "etag", "delete"].map(can), [Some(true); 5], "{found:?}");
    assert_eq!(["referrers", "delete-tag"].map(can), [Some(false); 2], "{found:?}");
    // Nothing was deleted by asking.
    assert_eq!(remote.resolve(&name("team/api"), &tag("1.0.0")).await.unwrap().digest, digest);
    for n in 0..3 {
        push(&docker, "team/api", &format!("2.{n}"), &image, None).await;
    }
    let found = remote.probe().await.unwrap();
    assert_eq!(found.iter().find(|c| c.name == "tag-paging").unwrap().can, Some(false));
    assert_eq!(all_tags(&remote, "team/api").await.unwrap().len(), 4);
}

#[tokio::test]
async fn deletes_switched_off() {
    let Some(docker) = docker("", "", false).await else { return };
    push(&docker, "team/api", "1.0.0", &Image::new("real"), None).await;
    let found = remote(&docker.url).probe().await.unwrap();
    let delete = found.iter().find(|c| c.name == "delete").unwrap();
    assert!(delete.can == Some(false) && delete.hint.as_ref().unwrap().contains("REGISTRY_STORAGE_DELETE_ENABLED"), "{delete:?}");
}

/// A token server that gives everybody who asks a token for what is asked, signed as docker-registry wants it (RS256, the
/// certificate in the header). Only GETs with the right password get one.
fn token_server(ca: &Authority) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pem = std::fs::read_to_string(ca.path("signer.pem")).unwrap();
    let der: String = pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let key = ca.path("signer.key");
    std::thread::spawn(move || {
        use std::io::Write;
        while let Ok((stream, _)) = listener.accept() {
            let mut stream = BufReader::new(stream);
            let (mut request, mut line, mut signed_in) = (String::new(), String::new(), false);
            while stream.read_line(&mut line).is_ok_and(|n| n > 2) {
                if request.is_empty() {
                    request.clone_from(&line);
                }
                signed_in |= line.trim() == "authorization: Basic YW5uOmh1c2g=";
                line.clear();
            }
            let query = request.split(' ').nth(1).and_then(|p| p.split_once('?')).map(|(_, q)| q.to_owned()).unwrap_or_default();
            let scopes: Vec<_> =
                url::form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == "scope").map(|(_, v)| v.into_owned()).collect();
            let (status, body) = if signed_in { ("200 OK", jwt(&key, &der, &scopes)) } else { ("401 Unauthorized", "{}".to_owned()) };
            let _ = write!(stream.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        }
    });
    url
}

fn jwt(key: &std::path::Path, certificate: &str, scopes: &[String]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use std::io::Write;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let access: Vec<_> = scopes
        .iter()
        .map(|s| {
            let (kind, rest) = s.split_once(':').unwrap();
            let (name, actions) = rest.rsplit_once(':').unwrap();
            serde_json::json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()})
        })
        .collect();
    let header = serde_json::json!({"typ": "JWT", "alg": "RS256", "x5c": [certificate]}).to_string();
    let claims = serde_json::json!({"iss": "test", "aud": "test-registry", "sub": "ann", "nbf": now - 10, "iat": now, "exp": now + 300, "jti": "1", "access": access});
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut openssl =
        Command::new("openssl").args(["dgst", "-sha256", "-sign"]).arg(key).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    openssl.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
    let signature = openssl.wait_with_output().unwrap().stdout;
    serde_json::json!({"token": format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)), "expires_in": 300}).to_string()
}

#[tokio::test]
async fn token_auth() {
    let Some(ca) = Authority::new() else { return };
    ca.signer("signer");
    let realm = token_server(&ca);
    let top = format!(
        "auth:\n  token:\n    realm: {realm}/token\n    service: test-registry\n    issuer: test\n    rootcertbundle: {}\n",
        ca.path("signer.pem").display()
    );
    let Some(docker) = docker("", &top, true).await else { return };
    let ann = RemoteSettings { username: Some("ann".to_owned()), password: Some(Secret::new("hush")), ..settings(&docker.url) };
    // The realm is not at the registry's own host and port, so it has to be named.
    let error = Remote::new(ann.clone()).unwrap().repositories(None).await.unwrap_err();
    assert!(matches!(&error, Error::Misbehaved(why) if why.contains(&format!("token_realm = \"{realm}\""))), "{error}");
    let remote = Remote::new(RemoteSettings { token_realm: Some(realm.clone()), ..ann.clone() }).unwrap();
    assert!(remote.repositories(None).await.unwrap().items.is_empty());
    assert!(matches!(remote.tags(&name("no/such"), None).await, Err(Error::NotFound(_))), "the token is accepted");
    let wrong = RemoteSettings { password: Some(Secret::new("wrong")), token_realm: Some(realm), ..ann };
    assert!(matches!(Remote::new(wrong).unwrap().repositories(None).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn htpasswd_behind_tls() {
    let Some(ca) = Authority::new() else { return };
    ca.issue("server", "IP:127.0.0.1", "-days 30");
    let Ok(made) = Command::new("htpasswd").args(["-Bbn", "ann", "hush"]).output() else {
        eprintln!("skipped: there is no htpasswd");
        return;
    };
    std::fs::write(ca.path("htpasswd"), made.stdout).unwrap();
    let http = format!("  tls:\n    certificate: {}\n    key: {}\n", ca.path("server.pem").display(), ca.path("server.key").display());
    let top = format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", ca.path("htpasswd").display());
    let Some(docker) = docker(&http, &top, true).await else { return };
    let image = Image::new("real");
    let digest = push(&docker, "team/api", "1.0.0", &image, Some(("ann", "hush"))).await;
    let settings = RemoteSettings {
        username: Some("ann".to_owned()),
        password: Some(Secret::new("hush")),
        ca_file: Some(ca.path("ca.pem")),
        ..settings(&docker.url)
    };
    reads_all(&Remote::new(settings.clone()).unwrap(), &digest, &image).await;
    let wrong = RemoteSettings { password: Some(Secret::new("wrong")), ..settings.clone() };
    assert!(matches!(Remote::new(wrong).unwrap().repositories(None).await, Err(Error::Refused(_))));
    let plain = RemoteSettings { url: docker.url.replace("https:", "http:"), ..settings };
    let error = Remote::new(plain).unwrap().repositories(None).await.unwrap_err();
    assert!(error.to_string().contains("https://"), "{error}");
}
