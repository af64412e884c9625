//! The environment: `SUPERCARGO_…`, and `SUPERCARGO_REGISTRY_…` for a single registry.

use super::{
    Fault, Origin,
    keys::{self, Key, Shape},
    reader::{Given, Layer, Raw, Section},
    value,
};
use std::collections::BTreeMap;

const PREFIX: &str = "SUPERCARGO_";

/// What the environment says.
pub(super) struct Environment {
    /// The keys at the top, and `SUPERCARGO_REGISTRY`.
    pub layer: Layer,
    /// `SUPERCARGO_REGISTRY_…`: more about the only registry there is.
    pub registry: Section,
}

/// Reads the variables; what is wrong goes to `faults`.
pub(super) fn read(variables: &BTreeMap<String, String>, faults: &mut Vec<Fault>) -> Environment {
    let whole = || Origin::Variable("the environment".into());
    let mut read = Environment { layer: Layer::new(whole()), registry: Section::new(whole()) };
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        // An empty variable is how compose files and shells write "not set".
        if text.is_empty() || name == "CONFIG" {
            continue;
        }
        let origin = Origin::Variable(variable.clone());
        let name = name.to_lowercase();
        if name == "registry" {
            read.layer.registries = Some(registries(&value::commas(text), &origin, faults));
            continue;
        }
        let in_registry =
            name.strip_prefix("registry_").filter(|n| !matches!(*n, "name" | "url")).and_then(|n| keys::find(keys::REGISTRY, n));
        let own = if name == "storage" { Some("storage") } else { name.strip_prefix("embedded_").filter(|n| *n != "storage") };
        if let Some(found) = own.and_then(|n| keys::find(keys::EMBEDDED, n)) {
            let section = read.layer.embedded.get_or_insert_with(|| Section::new(whole()));
            match raw(found.0, found.1, text) {
                Ok(raw) => section.insert(found.0, found.1, Given { raw, origin }, faults),
                Err(sentence) => faults.push(Fault { origin, sentence }),
            }
            continue;
        }
        let at_top = keys::find(keys::TOP, &name);
        let (section, (key, from_file)) = match (at_top, in_registry) {
            (Some(found), _) => (&mut read.layer.top, found),
            (None, Some(found)) => (&mut read.registry, found),
            (None, None) => {
                if !of_service_link(&name) {
                    let hint = keys::nearest(variable, variable_names());
                    faults.push(Fault { origin, sentence: format!("there is no such setting{hint}") });
                }
                continue;
            }
        };
        match raw(key, from_file, text) {
            Ok(raw) => section.insert(key, from_file, Given { raw, origin }, faults),
            Err(sentence) => faults.push(Fault { origin, sentence }),
        }
    }
    read
}

/// `[name=]URL`, one section each.
pub(super) fn registries(items: &[String], origin: &Origin, faults: &mut Vec<Fault>) -> Vec<Section> {
    let text = |text: &str| Given { raw: Raw::Text(text.to_owned()), origin: origin.clone() };
    let mut section = |item: &String| {
        let mut section = Section::new(origin.clone());
        let (name, url) = value::named_url(item);
        for (key, given) in [("name", name), ("url", Some(url))] {
            if let (Some((key, _)), Some(given)) = (keys::find(keys::REGISTRY, key), given) {
                section.insert(key, false, text(given), faults);
            }
        }
        section
    };
    items.iter().map(&mut section).collect()
}

fn raw(key: &Key, from_file: bool, text: &str) -> Result<Raw, String> {
    match if from_file { Shape::Text } else { key.shape } {
        Shape::Text => Ok(Raw::Text(text.to_owned())),
        Shape::Bool => value::boolean(text).map(Raw::Bool),
        Shape::List => Ok(Raw::List(value::commas(text))),
    }
}

fn variable_names() -> impl Iterator<Item = String> {
    let written = |prefix: &'static str| move |name: String| format!("{PREFIX}{prefix}{}", name.to_uppercase());
    let registry = keys::names(keys::REGISTRY).filter(|n| !matches!(n.as_str(), "name" | "url")).map(written("REGISTRY_"));
    let own = keys::names(keys::EMBEDDED).filter(|n| n != "storage").map(written("EMBEDDED_"));
    keys::names(keys::TOP).chain(["registry".into(), "config".into(), "storage".into()]).map(written("")).chain(registry).chain(own)
}

/// Kubernetes gives every container variables about every service; for one called `supercargo…` they begin as ours do.
fn of_service_link(name: &str) -> bool {
    let port = |rest: &str| rest.is_empty() || rest.starts_with('_');
    name.ends_with("service_host")
        || name.rsplit_once("service_port").is_some_and(|(_, rest)| port(rest))
        || name == "port"
        || name.ends_with("_port")
        || name.starts_with("port_")
        || ["_tcp", "_udp", "_addr", "_proto"].iter().any(|end| name.ends_with(end) && name.contains("port_"))
        || (name.contains("_port_") && name.ends_with("_port"))
}
