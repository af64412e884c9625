//! Certificates, good and bad, made with the openssl command; skipped where there is none.

use super::*;
use registry::Error;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

pub(crate) struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    /// A certificate authority of our own; `None`, with a note, without openssl.
    pub(crate) fn new() -> Option<Self> {
        let authority = Self { dir: tempfile::tempdir().unwrap() };
        let made = authority
            .openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=test-ca");
        if !made {
            eprintln!("skipped: there is no usable openssl");
        }
        made.then_some(authority)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    fn openssl(&self, arguments: &str) -> bool {
        Command::new("openssl").args(arguments.split(' ')).current_dir(self.dir.path()).output().is_ok_and(|o| o.status.success())
    }

    /// Makes a self-signed RSA certificate for signing tokens.
    pub(crate) fn signer(&self, file: &str) {
        assert!(self.openssl(&format!("req -x509 -newkey rsa:2048 -nodes -keyout {file}.key -out {file}.pem -days 30 -subj /CN={file}")));
    }

    /// Makes `{file}.pem` and `{file}.key` for a name such as `IP:127.0.0.1`; `dates` are more arguments of `openssl ca`.
    pub(crate) fn issue(&self, file: &str, name: &str, dates: &str) {
        std::fs::write(self.path("index.txt"), "").unwrap();
        std::fs::write(self.path("serial"), format!("{:02x}\n", rand::random_range(16u8..=255))).unwrap();
        let config = format!(
            "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ncertificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName={name}\nbasicConstraints=CA:FALSE\n"
        );
        std::fs::write(self.path("ca.cnf"), config).unwrap();
        assert!(self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {file}.key -out {file}.csr -subj /CN={file}"
        )));
        assert!(self.openssl(&format!("ca -batch -notext -config ca.cnf -in {file}.csr -out {file}.pem {dates}")));
    }
}

const SOON: &str = "-days 30";

/// Answers every HTTPS request with an empty catalogue. With `clients`, it wants their certificates.
fn serve(certificate: &Path, key: &Path, clients: Option<&Path>) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let config = Arc::new(builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream));
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|n| n > 2) {
                line.clear();
            }
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\nconnection: close\r\n\r\n{\"repositories\":[]}");
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        }
    });
    url
}

#[tokio::test]
async fn only_a_good_certificate_is_taken_and_the_reason_is_told() {
    let Some(ca) = Authority::new() else { return };
    ca.issue("good", "IP:127.0.0.1", SOON);
    ca.issue("expired", "IP:127.0.0.1", "-startdate 20200101000000Z -enddate 20200201000000Z");
    ca.issue("other", "DNS:other.example", SOON);
    let trusting = |url: &str| RemoteSettings { ca_file: Some(ca.path("ca.pem")), ..settings(url) };
    let why = |error: Error| match error {
        Error::Unreachable(why) => why,
        other => panic!("{other:?}"),
    };
    let url = serve(&ca.path("good.pem"), &ca.path("good.key"), None);
    Remote::new(trusting(&url)).unwrap().repositories(None).await.unwrap();
    let unknown = why(remote(&url).repositories(None).await.unwrap_err());
    assert!(unknown.contains("unknown authority") && unknown.contains("`ca_file`"), "{unknown}");
    let insecure = RemoteSettings { insecure_skip_verify: true, ..settings(&url) };
    Remote::new(insecure).unwrap().repositories(None).await.unwrap();
    let url = serve(&ca.path("expired.pem"), &ca.path("expired.key"), None);
    let expired = why(Remote::new(trusting(&url)).unwrap().repositories(None).await.unwrap_err());
    assert!(expired.contains("expired"), "{expired}");
    let url = serve(&ca.path("other.pem"), &ca.path("other.key"), None);
    let other = why(Remote::new(trusting(&url)).unwrap().repositories(None).await.unwrap_err());
    assert!(other.contains("another host name") && other.contains("other.example"), "{other}");
    let fake = fake().await;
    let plain = why(remote(&fake.url().replace("http:", "https:")).repositories(None).await.unwrap_err());
    assert!(plain.contains("does not speak TLS"), "{plain}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_wanted() {
    let Some(ca) = Authority::new() else { return };
    ca.issue("server", "IP:127.0.0.1", SOON);
    ca.issue("client", "DNS:supercargo.example", SOON);
    let url = serve(&ca.path("server.pem"), &ca.path("server.key"), Some(&ca.path("ca.pem")));
    let without = RemoteSettings { ca_file: Some(ca.path("ca.pem")), ..settings(&url) };
    let error = Remote::new(without.clone()).unwrap().repositories(None).await.unwrap_err();
    assert!(error.is_outage() && error.to_string().contains("`client_cert_file`"), "{error}");
    let with = RemoteSettings { client_cert_file: Some(ca.path("client.pem")), client_key_file: Some(ca.path("client.key")), ..without };
    Remote::new(with).unwrap().repositories(None).await.unwrap();
}
