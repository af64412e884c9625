//! The keys that settings have.

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Bool,
    List,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    /// Its value is never shown, and `{name}_file` may name a file that holds it.
    pub secret: bool,
}

const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, secret: false }
}

const fn secret(name: &'static str) -> Key {
    Key { name, shape: Shape::Text, secret: true }
}

/// Outside any section.
pub(super) static TOP: &[Key] = &[
    key("listen", Shape::Text),
    key("public_url", Shape::Text),
    key("data", Shape::Text),
    // A PostgreSQL address may hold a password.
    secret("database"),
    key("read_only", Shape::Bool),
    key("tls_cert", Shape::Text),
    key("tls_key", Shape::Text),
    key("trusted_proxies", Shape::List),
    key("log", Shape::Text),
    key("undo", Shape::Text),
    key("activity", Shape::Text),
];

/// In the section `[embedded]`.
pub(super) static EMBEDDED: &[Key] = &[
    key("name", Shape::Text),
    key("storage", Shape::Text),
    key("delete", Shape::Bool),
    key("durability", Shape::Text),
    key("sparse", Shape::Bool),
    key("gc_every", Shape::Text),
    key("gc_grace", Shape::Text),
    key("gc_untagged", Shape::Text),
];

/// In a `[[registry]]` section.
pub(super) static REGISTRY: &[Key] = &[
    key("name", Shape::Text),
    key("url", Shape::Text),
    key("pull_host", Shape::Text),
    key("username", Shape::Text),
    secret("password"),
    secret("token"),
    secret("notification_secret"),
    key("token_realm", Shape::Text),
    key("ca_file", Shape::Text),
    key("client_cert_file", Shape::Text),
    key("client_key_file", Shape::Text),
    key("insecure_skip_verify", Shape::Bool),
    key("include", Shape::List),
    key("exclude", Shape::List),
    key("repositories", Shape::List),
    key("crawl", Shape::Text),
    key("read_only", Shape::Bool),
    key("trash", Shape::Text),
];

/// The key of a name, and whether the name is that of the file that holds its value.
pub(super) fn find(keys: &'static [Key], name: &str) -> Option<(&'static Key, bool)> {
    let exact = keys.iter().find(|k| k.name == name).map(|k| (k, false));
    exact.or_else(|| {
        let stem = name.strip_suffix("_file")?;
        keys.iter().find(|k| k.secret && k.name == stem).map(|k| (k, true))
    })
}

/// Every name a section takes, those of files included.
pub(super) fn names(keys: &'static [Key]) -> impl Iterator<Item = String> {
    keys.iter().flat_map(|k| std::iter::once(k.name.to_owned()).chain(k.secret.then(|| format!("{}_file", k.name))))
}

/// `; did you mean “…”?` for the likeliest of some names, or nothing when none is like it.
pub(crate) fn nearest(name: &str, names: impl Iterator<Item = String>) -> String {
    names
        .map(|n| (strsim::jaro_winkler(&name.to_lowercase(), &n.to_lowercase()), n))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, n)| format!("; did you mean “{n}”?"))
        .unwrap_or_default()
}
