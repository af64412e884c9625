//! A JSON object read key by key, so that what is wrong with it is told by the key's name.

use crate::settings::nearest;
use api::{Code, Problem};
use serde_json::{Map, Value};

/// An object's keys, each to be read once; [`Fields::end`] refuses what was not asked for.
pub(super) struct Fields {
    /// Whose keys they are, for sentences: empty, or ` of “policy”`.
    of: String,
    given: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The keys of a body.
    pub(super) fn of_body(body: Value) -> Result<Self, Problem> {
        match body {
            Value::Object(given) => Ok(Self { of: String::new(), given, known: Vec::new() }),
            other => Err(wrong(format!("The body is a JSON object, not {}.", what(&other)))),
        }
    }

    /// The keys of what stands in a body under a key.
    pub(super) fn of_key(key: &str, value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(given) => Ok(Self { of: format!(" of “{key}”"), given, known: Vec::new() }),
            other => Err(wrong(format!("“{key}” is an object, not {}.", what(&other)))),
        }
    }

    /// A key's value; null counts as absent.
    pub(super) fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.given.remove(key).filter(|v| !v.is_null())
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.shape(key, "a text in quotes", &other)),
        }
    }

    pub(super) fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, Problem> {
        value.ok_or_else(|| wrong(format!("“{key}”{} is missing.", self.of)))
    }

    /// A list of texts, of which there are at most so many.
    pub(super) fn texts(&mut self, key: &'static str, most: usize) -> Result<Option<Vec<String>>, Problem> {
        let items = match self.value(key) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(self.shape(key, "a list of texts", &other)),
        };
        if items.len() > most {
            return Err(wrong(format!("“{key}”{} holds at most {most} items, not {}.", self.of, items.len())));
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::String(text) => texts.push(text),
                other => {
                    return Err(wrong(format!("“{key}”{} is a list of texts, but item {} is {}.", self.of, texts.len() + 1, what(&other))));
                }
            }
        }
        Ok(Some(texts))
    }

    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<u32>, Problem> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.shape(key, &format!("a whole number from 0 to {}", u32::MAX), &value)),
        }
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, Problem> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.shape(key, "true or false", &other)),
        }
    }

    /// Refuses keys that nobody asked for.
    pub(super) fn end(self) -> Result<(), Problem> {
        let Some(key) = self.given.keys().next() else { return Ok(()) };
        let hint = nearest(key, self.known.iter().map(ToString::to_string));
        let hint = if hint.is_empty() { format!("; there are {}.", quoted(&self.known)) } else { hint };
        Err(wrong(format!("There is no key “{}”{}{hint}", clip(key), self.of)))
    }

    fn shape(&self, key: &str, wanted: &str, given: &Value) -> Problem {
        wrong(format!("“{key}”{} is {wanted}, not {}.", self.of, what(given)))
    }
}

/// A request that cannot be read.
pub(super) fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(Code::BadRequest, detail)
}

/// Names in quotes, between commas.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|n| format!("“{n}”")).collect::<Vec<_>>().join(", ")
}

/// As much of a stranger's text as a sentence bears.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}

fn what(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("“{}”", clip(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}
