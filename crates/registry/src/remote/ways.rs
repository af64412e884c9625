//! The connections to a registry and to where it may send us, each with what may be shown there.

use super::{
    RemoteSettings,
    base::Base,
    explain,
    redirect::{self, Guard},
    tls,
};
use reqwest::{Client, redirect::Policy};
use std::{sync::Arc, time::Duration};

/// Three clients. None follows redirects by itself, keeps cookies or unpacks bodies. A proxy is taken from the environment
/// (HTTPS_PROXY, NO_PROXY), but not to a registry on this machine.
pub(super) struct Ways {
    /// To the registry itself, with the client certificate.
    pub(super) home: Client,
    /// To realms elsewhere, without it.
    pub(super) plain: Client,
    /// To where redirects lead: without it, and resolving names through the guard.
    pub(super) away: Client,
    pub(super) guard: Arc<Guard>,
}

impl Ways {
    /// Reads the files of certificates; the error names the setting.
    pub(super) fn new(settings: &RemoteSettings, base: &Base) -> Result<Self, String> {
        let trust = tls::Trust {
            ca_file: settings.ca_file.as_deref(),
            client_cert_file: settings.client_cert_file.as_deref(),
            client_key_file: settings.client_key_file.as_deref(),
            insecure_skip_verify: settings.insecure_skip_verify,
        };
        let guard = redirect::guard();
        let build = |identify: bool, guarded: bool| {
            let mut client = Client::builder()
                .tls_backend_preconfigured(tls::configuration(&trust, identify)?)
                .user_agent(concat!("supercargo/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(settings.timeouts.connect)
                .pool_idle_timeout(Duration::from_mins(1));
            if base.is_loopback() {
                client = client.no_proxy();
            }
            if guarded {
                client = client.dns_resolver(Arc::clone(&guard));
            }
            client.build().map_err(|e| format!("the connection cannot be set up: {}", explain::cause(&e)))
        };
        let (home, plain, away) = (build(true, false)?, build(false, false)?, build(false, true)?);
        Ok(Self { home, plain, away, guard })
    }
}
