//! From what was given, in layers, to what is in force.

use super::{
    Fault, Faults, LogFormat, Origin, Settings, Sources, environment, file,
    keys::{self, Key},
    show::{self, Shown},
    value,
};
use ipnet::IpNet;
use registry::Secret;
use service::RegistrySettings;
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// A value as it was given.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    Text(String),
    Bool(bool),
    List(Vec<String>),
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub raw: Raw,
    pub origin: Origin,
}

/// The keys given in one place.
#[derive(Debug, Clone)]
pub(super) struct Section {
    origin: Origin,
    /// The flag tells that the text is the path of a file that holds the value.
    given: BTreeMap<&'static str, (bool, Given)>,
}

/// What one source says.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub top: Section,
    /// None where it says nothing of registries.
    pub registries: Option<Vec<Section>>,
}

impl Layer {
    pub(super) fn new(origin: Origin) -> Self {
        Self { top: Section::new(origin), registries: None }
    }
}

impl Default for Layer {
    fn default() -> Self {
        Self::new(Origin::Default)
    }
}

impl Section {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, given: BTreeMap::new() }
    }

    /// Takes a value. A secret given both itself and by a file is wrong: which one holds could not be seen.
    pub(super) fn insert(&mut self, key: &'static Key, from_file: bool, given: Given, faults: &mut Vec<Fault>) {
        match self.given.entry(key.name) {
            Entry::Vacant(entry) => {
                entry.insert((from_file, given));
            }
            Entry::Occupied(_) => {
                let sentence = format!("“{0}” and “{0}_file” are both given; keep one", key.name);
                faults.push(Fault { origin: given.origin, sentence });
            }
        }
    }
}

/// Sections of falling precedence, read key by key.
struct Reader<'a> {
    sections: Vec<&'a Section>,
    faults: Vec<Fault>,
    shown: Shown,
}

impl Reader<'_> {
    fn find(&self, key: &str) -> Option<&(bool, Given)> {
        self.sections.iter().find_map(|s| s.given.get(key))
    }

    fn origin(&self, key: &str) -> Origin {
        self.find(key).map_or(Origin::Default, |(_, g)| g.origin.clone())
    }

    /// The origin of a key, or of the section where the key is missing.
    fn place(&self, key: &str) -> Origin {
        match self.origin(key) {
            Origin::Default => self.sections.last().map_or(Origin::Default, |s| s.origin.clone()),
            origin => origin,
        }
    }

    fn fault(&mut self, key: &str, sentence: impl Into<String>) {
        let origin = self.place(key);
        self.faults.push(Fault { origin, sentence: sentence.into() });
    }

    fn show(&mut self, key: &str, value: String) {
        let origin = self.origin(key);
        self.shown.entry(key, value, origin);
    }

    fn raw_text(&self, key: &str) -> Option<String> {
        match self.find(key) {
            Some((_, Given { raw: Raw::Text(text), .. })) => Some(text.clone()),
            _ => None,
        }
    }

    /// A text, shown as it is.
    fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.raw_text(key)?;
        self.show(key, show::text(&text));
        Some(text)
    }

    /// A text read by `parse`; shown as it was given.
    fn parsed<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(sentence) => {
                self.fault(key, sentence);
                None
            }
        }
    }

    fn flag(&mut self, key: &'static str) -> bool {
        let value = matches!(self.find(key), Some((_, Given { raw: Raw::Bool(true), .. })));
        self.show(key, value.to_string());
        value
    }

    fn list(&mut self, key: &'static str) -> Vec<String> {
        match self.find(key) {
            Some((_, Given { raw: Raw::List(items), .. })) => {
                let items = items.clone();
                self.show(key, show::list(&items));
                items
            }
            _ => Vec::new(),
        }
    }

    fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A secret, read from its file where it is given by one. Never shown.
    fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let (from_file, given) = self.find(key)?.clone();
        let Raw::Text(text) = given.raw else { return None };
        let shown = if from_file { format!("{key}_file") } else { key.to_owned() };
        let value = if from_file { show::text(&text) } else { show::text("(hidden)") };
        self.shown.entry(shown, value, given.origin.clone());
        let secret = if from_file {
            match std::fs::read_to_string(&text) {
                Ok(held) => held.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    self.fault(key, format!("the file of “{key}”, {text}, cannot be read: {error}"));
                    return None;
                }
            }
        } else {
            text
        };
        if secret.is_empty() {
            self.fault(key, format!("“{key}” is empty"));
            return None;
        }
        Some(Secret::new(secret))
    }
}

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
    let log = top.parsed("log", |t| match t {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("logs are “text” or “json”, not “{t}”")),
    });
    if top.find("log").is_none() {
        top.show("log", show::text("text"));
    }

    // Variables about "the" registry were set for the one the environment names; another one named by a flag must not
    // be given its credentials.
    let replaced = flags.registries.is_some() && environment.layer.registries.is_some();
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
    for section in &sections {
        let mut layers = if single { vec![&environment.registry] } else { Vec::new() };
        layers.push(section);
        let mut reader = Reader { sections: layers, faults, shown };
        reader.shown.section("[[registry]]");
        if let Some(registry) = registry(&mut reader) {
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
        Ok(Settings { listen, public_url, data, database, read_only, trusted_proxies, log, registries, file: path, shown })
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
        ("trusted_proxies", (!proxies.is_empty()).then_some(Raw::List(proxies))),
        ("log", text(&flags.log)),
    ];
    for (name, raw) in given {
        if let (Some(raw), Some((key, _))) = (raw, keys::find(keys::TOP, name)) {
            let origin = Origin::Flag(format!("--{}", name.replace('_', "-")));
            layer.top.insert(key, false, Given { raw, origin }, faults);
        }
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

fn registry(r: &mut Reader<'_>) -> Option<RegistrySettings> {
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
    let crawl = r.parsed("crawl", |t| match value::duration(t)? {
        d if d < Duration::from_secs(1) => Err(format!("“{t}” is too often: crawl is at least 1s")),
        d if d > Duration::from_hours(24 * 365) => Err(format!("“{t}” is too seldom: crawl is at most 365d")),
        d => Ok(d),
    });
    let crawl = crawl.unwrap_or(Duration::from_mins(10));
    if r.find("crawl").is_none() {
        r.show("crawl", show::text(&value::write_duration(crawl)));
    }
    let read_only = r.flag("read_only");
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
    })
}
