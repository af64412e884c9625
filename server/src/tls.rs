//! Serving TLS ourselves: a certificate and its key from two files, read again when they change.

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at: what renews certificates does so days before they end.
const LOOK: Duration = Duration::from_secs(5);

/// The two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and its authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What is presented now.
#[derive(Debug)]
struct Presented(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Makes what accepts TLS, HTTP/2 offered first, and reads the files again when they change, until `stopping` is cancelled. Must be
/// called inside a Tokio runtime.
///
/// # Errors
/// A sentence that names the setting, where the files cannot be used. What they become later is only logged: the last good pair stays.
pub fn acceptor(files: TlsFiles, stopping: CancellationToken) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(ring::default_provider());
    let presented = Arc::new(Presented(RwLock::new(Arc::new(read(&files, &provider)?))));
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}."))?
        .with_no_client_auth()
        .with_cert_resolver(presented.clone());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut seen = times(&files);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = every.tick() => {}
            }
            let now = times(&files);
            if now == seen {
                continue;
            }
            match read(&files, &provider) {
                Ok(pair) => {
                    *presented.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                    tracing::info!(certificate = %files.certificate.display(), "presents the certificate that is there now");
                }
                // A certificate and a key that are written one after the other do not go together for a moment.
                Err(error) => tracing::warn!(%error, "the certificate changed and cannot be used; the one before stays"),
            }
            seen = now;
        }
    });
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn times(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.certificate, &files.key].map(|path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok())
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let unreadable =
        |setting: &str, path: &Path, error: &dyn std::fmt::Display| format!("{setting}: {} cannot be read: {error}.", path.display());
    let of_certificate = |error: &dyn std::fmt::Display| unreadable("tls_cert", &files.certificate, error);
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .map_err(|error| of_certificate(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| of_certificate(&error))?;
    if chain.is_empty() {
        return Err(format!("tls_cert: {} holds no certificate in PEM.", files.certificate.display()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unreadable("tls_key", &files.key, &error))?;
    let pair =
        CertifiedKey::from_der(chain, key, provider).map_err(|error| format!("tls_cert and tls_key do not go together: {error}."))?;
    Ok(pair)
}

/// A handshake's outcome, as the listener wants it.
pub(crate) async fn accept(
    acceptor: &TlsAcceptor,
    stream: tokio::net::TcpStream,
    within: Duration,
) -> io::Result<tokio_rustls::server::TlsStream<tokio::net::TcpStream>> {
    tokio::time::timeout(within, acceptor.accept(stream)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
