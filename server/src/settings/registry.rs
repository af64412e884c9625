//! A `[[registry]]` section.

use super::{reader::Reader, show, value};
use service::{Collecting, RegistrySettings};
use std::time::Duration;

const YEAR: Duration = Duration::from_hours(24 * 365);

/// Reads one; `None` where something is wrong with it.
pub(super) fn read(r: &mut Reader<'_>) -> Option<RegistrySettings> {
    let before = r.faults.len();
    let name = r.text("name");
    let url = match r.raw_text("url") {
        None => {
            r.fault("url", "this registry has no url");
            None
        }
        Some(text) => match value::http_url(&text) {
            Err(sentence) => {
                r.fault("url", sentence);
                None
            }
            Ok(url) => {
                r.show("url", show::text(url.as_str().trim_end_matches('/')));
                Some(url)
            }
        },
    };
    let name = name.or_else(|| url.as_ref().map(value::name_of)).unwrap_or_default();
    if url.is_some() && !oci::registry_name(&name) {
        r.fault(
            "name",
            format!("“{name}” cannot name a registry: 1 to 64 letters, digits, “.”, “_” and “-”, beginning with a letter or digit"),
        );
    }
    if r.find("name").is_none() {
        r.show("name", show::text(&name));
    }
    let pull_host = r.parsed("pull_host", |t| {
        let plain = !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '/'));
        if plain && !t.contains("://") { Ok(t.to_owned()) } else { Err(format!("“{t}” is not a host such as registry.example:5000")) }
    });
    let username = r.text("username");
    let password = r.secret("password");
    let token = r.secret("token");
    let notification_secret = r.secret("notification_secret");
    let token_realm = r.parsed("token_realm", |t| {
        let url = value::http_url(t)?;
        if url.path() == "/" { Ok(url.origin().ascii_serialization()) } else { Err(format!("“{t}” has a path; name the host only")) }
    });
    let (has_password, has_token) = (r.find("password").is_some(), r.find("token").is_some());
    match (&username, has_password) {
        (Some(_), false) if !has_token => r.fault("username", "there is a username without password or password_file"),
        (None, true) => r.fault("password", "there is a password without username"),
        _ if has_password && has_token => r.fault("token", "there is both a password and a token; keep one"),
        _ => {}
    }
    let ca_file = r.path("ca_file");
    let client_cert_file = r.path("client_cert_file");
    let client_key_file = r.path("client_key_file");
    if client_cert_file.is_some() != client_key_file.is_some() {
        let given = if client_cert_file.is_some() { "client_cert_file" } else { "client_key_file" };
        r.fault(given, "client_cert_file and client_key_file go together");
    }
    let insecure_skip_verify = r.flag("insecure_skip_verify");
    let include = r.list("include");
    let exclude = r.list("exclude");
    let repositories = r.list("repositories");
    for name in &repositories {
        if let Err(error) = oci::RepositoryName::parse(name) {
            r.fault("repositories", error.to_string());
        }
    }
    let defaults = RegistrySettings::default();
    let crawl = r.duration("crawl", Duration::from_secs(1)..=YEAR, Some(defaults.crawl)).unwrap_or(defaults.crawl);
    let read_only = r.flag("read_only");
    let trash = r.duration("trash", Duration::from_mins(1)..=YEAR, None);
    if r.faults.len() > before {
        return None;
    }
    let url = url?.as_str().trim_end_matches('/').to_owned();
    Some(RegistrySettings {
        name,
        url,
        pull_host,
        username,
        password,
        token,
        notification_secret,
        token_realm,
        ca_file,
        client_cert_file,
        client_key_file,
        insecure_skip_verify,
        include,
        exclude,
        repositories,
        crawl,
        read_only,
        trash,
        provided: None,
        collecting: Collecting::default(),
    })
}
