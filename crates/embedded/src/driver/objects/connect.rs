//! From an address and the environment to a bucket that can be asked.
//!
//! The connections are ours, so that TLS is what it is everywhere in the house: Mozilla's authorities and the system's (`SSL_CERT_FILE`),
//! with those of `AWS_CA_BUNDLE` besides.

use super::{COPY_MOST, failure};
use crate::settings::{Bucket, Kind};
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    client::{HttpClient, HttpConnector},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    multipart::MultipartStore,
};
use std::{io, path::Path, sync::Arc, time::Duration};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may take, and each piece of it. S3 copies up to 5 GiB before it has answered whole.
const ANSWER: Duration = Duration::from_mins(5);

/// How long the machine's own role is asked for, where no keys are given.
const ROLE: Duration = Duration::from_secs(3);

/// Failed requests are sent again so often, within so long.
const TRIES: usize = 4;
const TRY_FOR: Duration = Duration::from_mins(1);

pub(super) struct Connected {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    /// Objects that are larger are copied part by part.
    pub(super) copy_most: u64,
}

pub(super) fn connect(bucket: &Bucket) -> io::Result<Connected> {
    let variables = bucket.variables();
    let value = |name: &str| variables.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let connector = Connector::new(value("AWS_CA_BUNDLE").map(Path::new)).map_err(io::Error::other)?;
    // What is no setting of the storage's (AWS_PROFILE, …) is not for us.
    let settings = variables.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let failed = |error| failure::told(error, bucket);
    match bucket.kind {
        Kind::S3 => {
            let insecure = value("AWS_ALLOW_HTTP").is_some_and(|value| matches!(value, "true" | "1"));
            if let Some(endpoint) = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|&name| value(name))
                && endpoint.starts_with("http://")
                && !insecure
            {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{bucket}: {endpoint} is without TLS; AWS_ALLOW_HTTP=true allows that"),
                ));
            }
            let builder = settings
                .filter_map(|(name, value)| Some((name.parse::<AmazonS3ConfigKey>().ok()?, value)))
                .fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_bucket_name(&bucket.name).with_retry(retry()).with_http_connector(connector);
            both(builder.build().map_err(failed)?, COPY_MOST)
        }
        Kind::Google => {
            let builder = settings
                .filter_map(|(name, value)| Some((name.parse::<GoogleConfigKey>().ok()?, value)))
                .fold(GoogleCloudStorageBuilder::new(), |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_bucket_name(&bucket.name).with_retry(retry()).with_http_connector(connector);
            both(builder.build().map_err(failed)?, u64::MAX)
        }
        Kind::Azure => {
            let builder = settings
                .filter_map(|(name, value)| Some((name.parse::<AzureConfigKey>().ok()?, value)))
                .fold(MicrosoftAzureBuilder::new(), |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_container_name(&bucket.name).with_retry(retry()).with_http_connector(connector);
            both(builder.build().map_err(failed)?, u64::MAX)
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the end of each arm above")]
fn both<T: ObjectStore + MultipartStore>(store: T, copy_most: u64) -> io::Result<Connected> {
    let store = Arc::new(store);
    Ok(Connected { store: store.clone(), parts: store, copy_most })
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2. };
    RetryConfig { backoff, max_retries: TRIES, retry_timeout: TRY_FOR }
}

/// Makes the connections.
#[derive(Debug)]
struct Connector(rustls::ClientConfig);

impl Connector {
    fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        registry::remote::with_authorities(ca_file).map(Self)
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let is = |key, default: &ClientOptions| options.get_config_value(&key) == default.get_config_value(&key);
        // For the machine's role the library shortens the time to connect; the rest of what it would set is set here.
        let role = !is(ClientConfigKey::ConnectTimeout, &ClientOptions::new());
        let insecure = options.get_config_value(&ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.0.clone())
            .user_agent(concat!("supercargo/", env!("CARGO_PKG_VERSION")))
            .https_only(!insecure)
            .referer(false)
            .connect_timeout(if role { ROLE } else { CONNECT })
            .pool_idle_timeout(Duration::from_mins(1))
            .read_timeout(ANSWER);
        if role {
            client = client.timeout(ROLE).no_proxy();
        }
        let client = client.build().map_err(|error| object_store::Error::Generic { store: "HTTP", source: Box::new(error) })?;
        Ok(HttpClient::new(client))
    }
}
