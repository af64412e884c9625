//! TLS as the settings of one registry want it.

use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// The settings that TLS follows.
#[derive(Debug, Default)]
pub(super) struct Trust<'a> {
    pub(super) ca_file: Option<&'a Path>,
    pub(super) client_cert_file: Option<&'a Path>,
    pub(super) client_key_file: Option<&'a Path>,
    pub(super) insecure_skip_verify: bool,
}

/// Makes the configuration: Mozilla's roots, the system's (none in an empty container is fine) and those of `ca_file`; the
/// client certificate only where `identify`. The error names the setting.
pub(super) fn configuration(trust: &Trust<'_>, identify: bool) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS cannot be set up: {e}"))?;
    let builder = if trust.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider.signature_verification_algorithms)))
    } else {
        builder.with_root_certificates(roots(trust.ca_file)?)
    };
    let mut config = match (trust.client_cert_file, trust.client_key_file) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate, "client_cert_file")?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|e| format!("`client_key_file`: {} holds no readable private key: {e}", key.display()))?;
            if identify {
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| format!("`client_cert_file` and `client_key_file` do not go together: {e}"))?
            } else {
                builder.with_no_client_auth()
            }
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) => return Err("`client_cert_file` needs `client_key_file`".to_owned()),
        (None, Some(_)) => return Err("`client_key_file` needs `client_cert_file`".to_owned()),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS with whoever answers: for asking ourselves, who are known by our address. The error says what cannot be set up.
pub fn with_anyone() -> Result<ClientConfig, String> {
    configuration(&Trust { insecure_skip_verify: true, ..Trust::default() }, false)
}

/// TLS as everybody has it, with the authorities of a file besides: for what is no registry. The error says what cannot be set up.
pub fn with_authorities(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut config = configuration(&Trust { ca_file, ..Trust::default() }, false)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let native = rustls_native_certs::load_native_certs();
    if !native.errors.is_empty() {
        tracing::debug!(errors = native.errors.len(), "Not all of the system's certificates could be read.");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = ca_file {
        for certificate in certificates(path, "ca_file")? {
            roots.add(certificate).map_err(|e| format!("`ca_file`: a certificate in {} cannot be used: {e}", path.display()))?;
        }
    }
    Ok(roots)
}

fn certificates(path: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |e: &dyn std::fmt::Display| format!("`{setting}`: {} cannot be read: {e}", path.display());
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(|e| unreadable(&e))?.collect::<Result<_, _>>().map_err(|e| unreadable(&e))?;
    if found.is_empty() {
        return Err(format!("`{setting}`: {} holds no certificate in PEM", path.display()));
    }
    Ok(found)
}

/// Why a handshake failed, in words, with the setting that mends it.
pub(super) fn reason(error: &rustls::Error) -> String {
    use rustls::{AlertDescription as Alert, CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "its certificate has expired".to_owned(),
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; is the clock right?".to_owned()
        }
        E::InvalidCertificate(C::NotValidForName) => "its certificate is for another host name".to_owned(),
        E::InvalidCertificate(C::NotValidForNameContext { expected, presented }) => {
            let presented = presented.iter().take(5).map(|n| super::explain::clean(n, 80)).collect::<Vec<_>>().join(", ");
            format!("its certificate is for another host name ({presented}), not for {}", expected.to_str())
        }
        E::InvalidCertificate(C::UnknownIssuer) => {
            "its certificate is signed by an unknown authority; name that authority's certificate in `ca_file`".to_owned()
        }
        E::InvalidCertificate(C::Revoked) => "its certificate was revoked".to_owned(),
        E::InvalidCertificate(other) => format!("its certificate is not accepted: {other}"),
        E::AlertReceived(Alert::CertificateRequired | Alert::BadCertificate | Alert::UnknownCA | Alert::CertificateUnknown) => {
            "it does not accept our client certificate, or wants one; give `client_cert_file` and `client_key_file`".to_owned()
        }
        E::InvalidMessage(_) => "it does not speak TLS at this port; should `url` begin with http://?".to_owned(),
        other => format!("TLS failed: {other}"),
    }
}

/// Takes any certificate (`insecure_skip_verify`); signatures of the handshake are checked all the same.
#[derive(Debug)]
struct Anyone(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_setting() {
        let missing = Path::new("/nonexistent/ca.pem");
        let error = configuration(&Trust { ca_file: Some(missing), ..Trust::default() }, true).unwrap_err();
        assert!(error.contains("`ca_file`"), "{error}");
        let error = configuration(&Trust { client_cert_file: Some(missing), ..Trust::default() }, true).unwrap_err();
        assert!(error.contains("`client_key_file`"), "{error}");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let error = configuration(&Trust { ca_file: Some(empty.path()), ..Trust::default() }, true).unwrap_err();
        assert!(error.contains("holds no certificate"), "{error}");
    }

    #[test]
    fn it_stands_without_any_file() {
        assert!(configuration(&Trust::default(), true).is_ok());
    }
}
