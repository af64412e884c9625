//! The section `[embedded]`: our own registry.

use super::{PublicUrl, reader::Reader, show};
use embedded::Storage;
use service::{Collecting, RegistrySettings};
use std::{net::SocketAddr, path::Path, time::Duration};

const YEAR: Duration = Duration::from_hours(365 * 24);

/// How our own registry is set.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// As it stands among the registries.
    pub name: String,
    /// The folder or bucket of its content, in the layout of docker-registry.
    pub storage: Storage,
    /// Whether tags, manifests and blobs may be deleted.
    pub delete: bool,
    /// Whether what was acknowledged survives a power cut.
    pub durable: bool,
    /// Whether manifests are taken of which layers or platforms are missing.
    pub sparse: bool,
    /// How what nothing holds is collected.
    pub collecting: Collecting,
}

/// Reads it; `None` where something is wrong with it.
pub(super) fn read(r: &mut Reader<'_>, data: &Path) -> Option<EmbeddedSettings> {
    let before = r.faults.len();
    let name = r.text("name").unwrap_or_else(|| {
        r.show("name", show::text("local"));
        "local".to_owned()
    });
    if !oci::registry_name(&name) {
        r.fault(
            "name",
            format!("“{name}” cannot name a registry: 1 to 64 letters, digits, “.”, “_” and “-”, beginning with a letter or digit"),
        );
    }
    let storage = r.parsed("storage", str::parse::<Storage>);
    let storage = storage.unwrap_or_else(|| {
        let storage = data.join("registry");
        if r.find("storage").is_none() {
            r.show("storage", show::text(&format!("file:{}", storage.display())));
        }
        Storage::Folder(storage)
    });
    let delete = r.find("delete").is_none() || r.flag("delete");
    if r.find("delete").is_none() {
        r.show("delete", "true".to_owned());
    }
    let durable = r.parsed("durability", |t| match t {
        "full" => Ok(true),
        "relaxed" => Ok(false),
        _ => Err(format!("durability is “full” or “relaxed”, not “{t}”")),
    });
    if r.find("durability").is_none() {
        r.show("durability", show::text("full"));
    }
    let sparse = r.flag("sparse");
    let collecting = collecting(r);
    (r.faults.len() == before).then_some(EmbeddedSettings { name, storage, delete, durable: durable.unwrap_or(true), sparse, collecting })
}

/// When and what is collected.
fn collecting(r: &mut Reader<'_>) -> Collecting {
    let usual = Collecting::default();
    let every = r.duration("gc_every", Duration::from_mins(1)..=YEAR, None);
    let grace = r.duration("gc_grace", Duration::ZERO..=YEAR, Some(usual.grace));
    let untagged = r.parsed("gc_untagged", |t| match t {
        "collect" => Ok(true),
        "keep" => Ok(false),
        _ => Err(format!("gc_untagged is “collect” or “keep”, not “{t}”")),
    });
    if r.find("gc_untagged").is_none() {
        r.show("gc_untagged", show::text("collect"));
    }
    Collecting { every, grace: grace.unwrap_or(usual.grace), untagged: untagged.unwrap_or(usual.untagged) }
}

impl EmbeddedSettings {
    /// As it stands among the registries: people reach it where they reach the pages.
    pub(super) fn among_registries(&self, listen: SocketAddr, public: Option<&PublicUrl>, tls: bool) -> RegistrySettings {
        let scheme = if tls { "https" } else { "http" };
        let url = public.map_or_else(
            || {
                let host = if listen.ip().is_unspecified() || listen.ip().is_loopback() {
                    "localhost".to_owned()
                } else {
                    listen.ip().to_string()
                };
                format!("{scheme}://{host}:{}", listen.port())
            },
            |public| public.origin.clone(),
        );
        RegistrySettings {
            name: self.name.clone(),
            url,
            // What changes it tells of itself; a look now and then finds what another process did.
            crawl: Duration::from_mins(10),
            collecting: self.collecting,
            ..RegistrySettings::default()
        }
    }
}
