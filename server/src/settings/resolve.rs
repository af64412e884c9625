//! From what was given, in layers, to what is in force.

use super::{
    Fault, Faults, LogFormat, Origin, Settings, Sources, embedded, environment, file, keys,
    reader::{Given, Layer, Raw, Reader, Section},
    registry,
    show::{self, Shown},
    value,
};
use crate::tls::TlsFiles;
use ::registry::Secret;
use ipnet::IpNet;
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longer than anyone keeps anything.
const YEARS: Duration = Duration::from_hours(24 * 365 * 10);

/// Reads all sources.
pub(super) fn resolve(sources: &Sources) -> Result<Settings, Faults> {
    let mut faults = Vec::new();
    let flags = flags(sources, &mut faults);
    let environment = environment::read(&sources.environment, &mut faults);
    let (path, file) = settings_file(sources, &mut faults);

    let mut top = Reader { sections: vec![&flags.top, &environment.layer.top, &file.top], faults, shown: Shown::default() };
    top.shown.section("");
    let listen =
        top.parsed("listen", |t| t.parse().map_err(|_| format!("“{t}” is not an address and port such as 127.0.0.1:5080 or 0.0.0.0:5080")));
    let listen = listen.unwrap_or_else(|| {
        if top.find("listen").is_none() {
            top.show("listen", show::text("127.0.0.1:5080"));
        }
        SocketAddr::from(([127, 0, 0, 1], 5080))
    });
    let public_url = top.parsed("public_url", value::public_url);
    let data = top.path("data").unwrap_or_else(|| {
        top.show("data", show::text("./data"));
        PathBuf::from("./data")
    });
    let database = database(&mut top, &data);
    let read_only = top.flag("read_only");
    let trusted_proxies = networks(&mut top);
    let tls = match (top.path("tls_cert"), top.path("tls_key")) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (certificate, _) => {
            top.fault(if certificate.is_some() { "tls_cert" } else { "tls_key" }, "tls_cert and tls_key go together");
            None
        }
    };
    let log = top.parsed("log", |t| match t {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("logs are “text” or “json”, not “{t}”")),
    });
    if top.find("log").is_none() {
        top.show("log", show::text("text"));
    }
    let defaults = service::Settings::default();
    let undo = top.duration("undo", Duration::ZERO..=YEARS, Some(defaults.undo)).unwrap_or(defaults.undo);
    let activity = top.duration("activity", Duration::from_hours(1)..=YEARS, Some(defaults.activity)).unwrap_or(defaults.activity);

    // Variables about "the" registry were set for the one the environment names; another one named by a flag must not
    // be given its credentials.
    let flagged = flags.registries.is_some();
    let replaced = flagged && environment.layer.registries.is_some();
    let sections = flags.registries.or(environment.layer.registries).or(file.registries).unwrap_or_default();
    let (Reader { mut faults, mut shown, .. }, single) = (top, sections.len() == 1 && !replaced);
    if !single && !replaced {
        for (_, given) in environment.registry.given.values() {
            let how_many = if sections.is_empty() { "no registry is named" } else { "several registries are named" };
            faults.push(Fault { origin: given.origin.clone(), sentence: format!("this is about a single registry, but {how_many}") });
        }
    }
    let mut registries = Vec::new();
    let mut names = BTreeSet::new();
    // A registry that a flag names is the only one meant. Else ours is there where it is spoken of, or nothing else is.
    let own: Vec<&Section> = [&flags.embedded, &environment.layer.embedded, &file.embedded].into_iter().flatten().collect();
    let mut embedded = None;
    if flags.embedded.is_some() || !flagged && (sections.is_empty() || !own.is_empty()) {
        let mut reader = Reader { sections: own, faults, shown };
        reader.shown.section("[embedded]");
        embedded = embedded::read(&mut reader, &data);
        Reader { faults, shown, .. } = reader;
        if let Some(own) = &embedded {
            names.insert(own.name.clone());
            registries.push(own.among_registries(listen, public_url.as_ref(), tls.is_some()));
        }
    }
    for section in &sections {
        let mut layers = if single { vec![&environment.registry] } else { Vec::new() };
        layers.push(section);
        let mut reader = Reader { sections: layers, faults, shown };
        reader.shown.section("[[registry]]");
        if let Some(registry) = registry::read(&mut reader) {
            if names.insert(registry.name.clone()) {
                registries.push(registry);
            } else {
                let sentence = format!("two registries are called “{}”; give one another name", registry.name);
                reader.fault("name", sentence);
            }
        }
        Reader { faults, shown, .. } = reader;
    }
    if faults.is_empty() {
        let log = log.unwrap_or_default();
        Ok(Settings {
            listen,
            public_url,
            data,
            database,
            read_only,
            trusted_proxies,
            tls,
            log,
            undo,
            activity,
            registries,
            embedded,
            file: path,
            shown,
        })
    } else {
        Err(Faults(faults))
    }
}

fn flags(sources: &Sources, faults: &mut Vec<Fault>) -> Layer {
    let flags = &sources.flags;
    let mut layer = Layer::new(Origin::Flag("the command line".into()));
    let text = |t: &Option<String>| t.clone().map(Raw::Text);
    let proxies: Vec<_> = flags.trusted_proxies.iter().flat_map(|t| value::commas(t)).collect();
    let given = [
        ("listen", text(&flags.listen)),
        ("public_url", text(&flags.public_url)),
        ("data", text(&flags.data)),
        ("database", text(&flags.database)),
        ("read_only", flags.read_only.then_some(Raw::Bool(true))),
        ("tls_cert", text(&flags.tls_cert)),
        ("tls_key", text(&flags.tls_key)),
        ("trusted_proxies", (!proxies.is_empty()).then_some(Raw::List(proxies))),
        ("log", text(&flags.log)),
    ];
    for (name, raw) in given {
        if let (Some(raw), Some((key, _))) = (raw, keys::find(keys::TOP, name)) {
            let origin = Origin::Flag(format!("--{}", name.replace('_', "-")));
            layer.top.insert(key, false, Given { raw, origin }, faults);
        }
    }
    if let (Some(storage), Some((key, _))) = (&flags.storage, keys::find(keys::EMBEDDED, "storage")) {
        let origin = Origin::Flag("--storage".into());
        let mut own = Section::new(origin.clone());
        own.insert(key, false, Given { raw: Raw::Text(storage.clone()), origin }, faults);
        layer.embedded = Some(own);
    }
    let registries: Vec<_> = flags.registry.iter().flat_map(|t| value::commas(t)).collect();
    if !registries.is_empty() {
        layer.registries = Some(environment::registries(&registries, &Origin::Flag("--registry".into()), faults));
    }
    layer
}

fn settings_file(sources: &Sources, faults: &mut Vec<Fault>) -> (Option<PathBuf>, Layer) {
    let variable = sources.environment.get("SUPERCARGO_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
    let named = sources.flags.config.clone().or(variable);
    let Some(path) = named.or_else(|| sources.default_files.iter().find(|p| p.exists()).cloned()) else {
        return (None, Layer::default());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let layer = file::read(&path, &text, faults);
            (Some(path), layer)
        }
        Err(error) => {
            faults.push(Fault { origin: Origin::File(path.clone()), sentence: format!("the settings file cannot be read: {error}") });
            (Some(path), Layer::default())
        }
    }
}

fn database(top: &mut Reader<'_>, data: &Path) -> Secret {
    let default = || Secret::new(format!("sqlite:{}", data.join("catalogue.db").display()));
    if top.find("database").is_none() {
        let text = default();
        top.show("database", show::text(text.expose()));
        return text;
    }
    let secret = top.secret("database").unwrap_or_else(default);
    if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| secret.expose().starts_with(scheme)) {
        top.fault("database", "a database is sqlite:PATH or postgres://…");
    }
    secret
}

fn networks(top: &mut Reader<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in top.list("trusted_proxies") {
        // A single address is the network that holds only it.
        match text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => top.fault("trusted_proxies", format!("“{text}” is not a network such as 10.0.0.0/8")),
        }
    }
    networks
}
