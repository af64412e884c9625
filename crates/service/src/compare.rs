//! Two images side by side: what the second has, runs and says that the first does not.

use crate::{Caller, Result, Service};
use api::{Code, ComparedImage, ComparedLayer, ComparedPlatform, Comparison, Difference, Image, Layer, LayerState};
use oci::Reference;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What of a configuration is compared as a whole.
const FIELDS: [(&str, &str); 9] = [
    ("Entrypoint", "Entrypoint"),
    ("Cmd", "Command"),
    ("User", "User"),
    ("WorkingDir", "Working directory"),
    ("ExposedPorts", "Ports"),
    ("Volumes", "Volumes"),
    ("Healthcheck", "Health check"),
    ("StopSignal", "Stop signal"),
    ("Shell", "Shell"),
];

impl Service {
    /// What differs between two images, of any repositories and registries. Of indexes the platform asked for; when none is, the
    /// first's default, and the second's same platform where it has that, else its default.
    pub async fn compare(&self, caller: &Caller, from: &Reference, to: &Reference, platform: Option<&str>) -> Result<Comparison> {
        let first = self.image(caller, from, platform).await?;
        let wanted = platform.or(first.platform.as_deref());
        let second = match self.image(caller, to, wanted).await {
            Err(error) if platform.is_none() && error.code() == Code::PlatformNotFound => self.image(caller, to, None).await?,
            second => second?,
        };
        Ok(compared(&first, &second))
    }
}

fn compared(from: &Image, to: &Image) -> Comparison {
    let layers = layers(&from.layers, &to.layers);
    let bytes = |state: LayerState| {
        let mut seen = HashSet::new();
        let distinct = layers.iter().filter(|layer| layer.state == state && seen.insert(&layer.digest));
        distinct.filter_map(|layer| layer.size).fold(0, u64::saturating_add)
    };
    Comparison {
        same: from.digest == to.digest,
        platforms: platforms(from, to),
        shared: bytes(LayerState::Same),
        added: bytes(LayerState::Added),
        removed: bytes(LayerState::Removed),
        differences: differences(from, to),
        from: side(from),
        to: side(to),
        layers,
    }
}

fn side(image: &Image) -> ComparedImage {
    ComparedImage {
        reference: image.reference.clone(),
        digest: image.digest.clone(),
        kind: image.kind.clone(),
        platform: image.platform.clone(),
        size: image.size,
        created: image.created.clone(),
        pushed: image.pushed.clone(),
        layers: image.layers.len() as u64,
    }
}

fn platforms(from: &Image, to: &Image) -> Vec<ComparedPlatform> {
    let of = |image: &Image| -> BTreeMap<String, String> {
        image.platforms.iter().map(|one| (one.platform.clone(), one.digest.clone())).collect()
    };
    let (from, to) = (of(from), of(to));
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    names
        .into_iter()
        .map(|name| ComparedPlatform { platform: name.clone(), from: from.get(name).cloned(), to: to.get(name).cloned() })
        .collect()
}

/// The layers of both in one order: those that only the first has stand before the place where the two part.
fn layers(from: &[Layer], to: &[Layer]) -> Vec<ComparedLayer> {
    let (in_from, in_to): (HashSet<&str>, HashSet<&str>) =
        (from.iter().map(|layer| layer.digest.as_str()).collect(), to.iter().map(|layer| layer.digest.as_str()).collect());
    let one = |layer: &Layer, state| ComparedLayer {
        digest: layer.digest.clone(),
        size: layer.size,
        created_by: layer.created_by.clone(),
        state,
    };
    // After how many layers that both have, a layer that only the first has comes.
    let mut gone: HashMap<usize, Vec<&Layer>> = HashMap::new();
    let mut passed = 0;
    for layer in from {
        if in_to.contains(layer.digest.as_str()) {
            passed += 1;
        } else {
            gone.entry(passed).or_default().push(layer);
        }
    }
    let mut all = Vec::with_capacity(from.len() + to.len());
    let mut passed = 0;
    for layer in to {
        all.extend(gone.remove(&passed).into_iter().flatten().map(|layer| one(layer, LayerState::Removed)));
        if in_from.contains(layer.digest.as_str()) {
            passed += 1;
            all.push(one(layer, LayerState::Same));
        } else {
            all.push(one(layer, LayerState::Added));
        }
    }
    let mut rest: Vec<_> = gone.into_iter().collect();
    rest.sort_by_key(|(at, _)| *at);
    all.extend(rest.into_iter().flat_map(|(_, layers)| layers).map(|layer| one(layer, LayerState::Removed)));
    all
}

fn differences(from: &Image, to: &Image) -> Vec<Difference> {
    let mut all = Vec::new();
    if from.kind != to.kind {
        let (from, to) = (Some(from.kind.clone()), Some(to.kind.clone()));
        all.push(Difference { group: "run".to_owned(), name: "Kind".to_owned(), from, to });
    }
    let (first, second) = (run(from), run(to));
    for (key, name) in FIELDS {
        let (from, to) = (told(first.get(key)), told(second.get(key)));
        if from != to {
            all.push(Difference { group: "run".to_owned(), name: name.to_owned(), from, to });
        }
    }
    differ(&mut all, "environment", &environment(first), &environment(second));
    differ(&mut all, "label", &from.labels, &to.labels);
    let labels = all.len();
    differ(&mut all, "annotation", &from.annotations, &to.annotations);
    // Many builders say everything twice, as label and as annotation.
    let (said, twice) = all.split_at(labels);
    let alike = |one: &Difference| {
        said.iter().any(|other| other.group == "label" && (&other.name, &other.from, &other.to) == (&one.name, &one.from, &one.to))
    };
    let kept: Vec<_> = twice.iter().filter(|one| !alike(one)).cloned().collect();
    all.truncate(labels);
    all.extend(kept);
    all
}

fn run(image: &Image) -> &Value {
    image.config.as_ref().and_then(|config| config.get("config").or_else(|| config.get("Config"))).unwrap_or(&Value::Null)
}

/// A field as text: of a list its words as JSON, of a set its members; nothing for what is empty, which is the same as absent.
fn told(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(list) if list.is_empty() => None,
        Value::Object(map) if map.is_empty() => None,
        Value::Object(map) if map.values().all(|value| value.as_object().is_some_and(serde_json::Map::is_empty)) => {
            Some(map.keys().cloned().collect::<Vec<_>>().join(" "))
        }
        other => Some(other.to_string()),
    }
}

fn environment(run: &Value) -> BTreeMap<String, String> {
    let lines = run.get("Env").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    lines.map(|line| line.split_once('=').unwrap_or((line, ""))).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn differ(all: &mut Vec<Difference>, group: &str, from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let (from, to) = (from.get(name).cloned(), to.get(name).cloned());
        if from != to {
            all.push(Difference { group: group.to_owned(), name: name.clone(), from, to });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn layer(digest: &str) -> Layer {
        Layer {
            digest: digest.to_owned(),
            size: Some(10),
            media_type: String::new(),
            created_by: None,
            images: 1,
            annotations: BTreeMap::new(),
        }
    }

    fn order(from: &[&str], to: &[&str]) -> String {
        let of = |names: &[&str]| names.iter().map(|name| layer(name)).collect::<Vec<_>>();
        let mark = |state| match state {
            LayerState::Same => "",
            LayerState::Added => "+",
            LayerState::Removed => "-",
        };
        layers(&of(from), &of(to)).iter().map(|layer| format!("{}{}", mark(layer.state), layer.digest)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_layer_stands_where_the_two_part() {
        assert_eq!(order(&["a", "b"], &["a", "b"]), "a b");
        assert_eq!(order(&["a", "b", "c"], &["a", "x", "c"]), "a -b +x c");
        assert_eq!(order(&["a", "b"], &["x", "y"]), "-a -b +x +y");
        assert_eq!(order(&[], &["x"]), "+x");
        assert_eq!(order(&["a"], &[]), "-a");
        assert_eq!(order(&["a", "b", "c"], &["c", "a"]), "c -b a", "an order that changed is no layer that changed");
        assert_eq!(order(&["a", "a", "b"], &["a"]), "a -b");
    }

    #[test]
    fn what_is_empty_is_absent() {
        assert_eq!(told(Some(&json!([]))), None);
        assert_eq!(told(Some(&json!({}))), None);
        assert_eq!(told(Some(&json!(""))), None);
        assert_eq!(told(Some(&json!({"80/tcp": {}, "443/tcp": {}}))).as_deref(), Some("443/tcp 80/tcp"));
        assert_eq!(told(Some(&json!(["a", "b c"]))).as_deref(), Some(r#"["a","b c"]"#));
    }
}
