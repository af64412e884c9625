//! What registries tell of themselves.

use crate::{Error, Result, Service};
use api::Code;
use catalogue::events::{Event, EventError};
use subtle::ConstantTimeEq;

impl Service {
    /// What a registry's notification endpoint received. `authorization` is the header as sent; `body` is at most
    /// 1 MiB. Returns how many events were taken. Where a secret is configured it must be sent as `Bearer …`.
    pub async fn notify(&self, registry: &str, authorization: Option<&str>, body: &[u8]) -> Result<usize> {
        let (number, settings) = self.registry_of(registry)?;
        if let Some(secret) = &settings.notification_secret {
            let given = authorization
                .and_then(|a| a.split_once(' '))
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map_or("", |(_, token)| token.trim());
            if !bool::from(given.as_bytes().ct_eq(secret.expose().as_bytes())) {
                return Err(Error::new(Code::SignInRequired, "The notification does not carry this registry's secret.")
                    .hint("Send the header “Authorization: Bearer …” with notification_secret: in the registry's configuration, under notifications.endpoints.headers."));
            }
        }
        let taken = self.0.catalogue.notified(number, body).await.map_err(|error| match error {
            // The registry sends it again.
            EventError::Store(error) => Error::internal(error.to_string()),
            wrong => Error::new(Code::BadRequest, format!("{wrong}.")),
        })?;
        tracing::debug!(registry, taken, "took a notification");
        Ok(taken)
    }

    /// What happened in a registry of this process. What cannot be written down is lost to the activity; the next crawl finds it.
    pub async fn happened(&self, registry: &str, events: &[Event]) -> Result<()> {
        let (number, _) = self.registry_of(registry)?;
        self.0.catalogue.happened(number, events).await.map(drop).map_err(|error| Error::internal(error.to_string()))
    }
}
