//! Lenient reading of JSON that someone else wrote: a field of the wrong type is absent.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

static NULL: Value = Value::Null;

/// The field, or null where the value is no object or has none.
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&NULL)
}

/// The field as text, without empty texts.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    field(value, name).as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

/// The field as a list; null, absent and wrong types are empty.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    field(value, name).as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list, other items left out. A single text counts as a list of one.
pub(crate) fn texts(value: &Value, name: &str) -> Vec<String> {
    match field(value, name) {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) if !one.is_empty() => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// The field as a map from text to text; numbers and booleans are written out, other values left out.
pub(crate) fn pairs(value: &Value, name: &str) -> BTreeMap<String, String> {
    let written = |v: &Value| match v {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    };
    field(value, name)
        .as_object()
        .map_or_else(BTreeMap::new, |m: &Map<String, Value>| m.iter().filter_map(|(k, v)| written(v).map(|v| (k.clone(), v))).collect())
}

/// The keys of an object, as Docker writes sets (`ExposedPorts`, `Volumes`).
pub(crate) fn keys(value: &Value, name: &str) -> Vec<String> {
    field(value, name).as_object().map_or_else(Vec::new, |m| m.keys().cloned().collect())
}

/// At most `max` characters of a text, with control characters out, for messages.
pub(crate) fn clip(text: &str, max: usize) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(max).collect();
    if text.chars().nth(max).is_some() {
        short.push('…');
    }
    short
}
