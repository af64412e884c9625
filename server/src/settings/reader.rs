//! What was given, section by section, and reading it key by key.

use super::{
    Fault, Origin,
    keys::Key,
    show::{self, Shown},
    value,
};
use ::registry::Secret;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::RangeInclusive,
    path::PathBuf,
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
    pub origin: Origin,
    /// The flag tells that the text is the path of a file that holds the value.
    pub given: BTreeMap<&'static str, (bool, Given)>,
}

/// What one source says.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub top: Section,
    /// None where it says nothing of registries.
    pub registries: Option<Vec<Section>>,
    /// Our own registry; none where it says nothing of it.
    pub embedded: Option<Section>,
}

impl Layer {
    pub(super) fn new(origin: Origin) -> Self {
        Self { top: Section::new(origin), registries: None, embedded: None }
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
pub(super) struct Reader<'a> {
    pub sections: Vec<&'a Section>,
    pub faults: Vec<Fault>,
    pub shown: Shown,
}

impl Reader<'_> {
    pub(super) fn find(&self, key: &str) -> Option<&(bool, Given)> {
        self.sections.iter().find_map(|s| s.given.get(key))
    }

    pub(super) fn origin(&self, key: &str) -> Origin {
        self.find(key).map_or(Origin::Default, |(_, g)| g.origin.clone())
    }

    /// The origin of a key, or of the section where the key is missing.
    pub(super) fn place(&self, key: &str) -> Origin {
        match self.origin(key) {
            Origin::Default => self.sections.last().map_or(Origin::Default, |s| s.origin.clone()),
            origin => origin,
        }
    }

    pub(super) fn fault(&mut self, key: &str, sentence: impl Into<String>) {
        let origin = self.place(key);
        self.faults.push(Fault { origin, sentence: sentence.into() });
    }

    pub(super) fn show(&mut self, key: &str, value: String) {
        let origin = self.origin(key);
        self.shown.entry(key, value, origin);
    }

    pub(super) fn raw_text(&self, key: &str) -> Option<String> {
        match self.find(key) {
            Some((_, Given { raw: Raw::Text(text), .. })) => Some(text.clone()),
            _ => None,
        }
    }

    /// A text, shown as it is.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.raw_text(key)?;
        self.show(key, show::text(&text));
        Some(text)
    }

    /// A text read by `parse`; shown as it was given.
    pub(super) fn parsed<T>(&mut self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(sentence) => {
                self.fault(key, sentence);
                None
            }
        }
    }

    /// A duration within bounds; where none is given the default, which is shown.
    pub(super) fn duration(&mut self, key: &'static str, bounds: RangeInclusive<Duration>, default: Option<Duration>) -> Option<Duration> {
        let (least, most) = (value::write_duration(*bounds.start()), value::write_duration(*bounds.end()));
        let given = self.parsed(key, |t| match value::duration(t)? {
            d if d < *bounds.start() => Err(format!("“{t}” is too short: {key} is at least {least}")),
            d if d > *bounds.end() => Err(format!("“{t}” is too long: {key} is at most {most}")),
            d => Ok(d),
        });
        if let (None, Some(default)) = (self.find(key), default) {
            self.show(key, show::text(&value::write_duration(default)));
        }
        given.or(default)
    }

    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let value = matches!(self.find(key), Some((_, Given { raw: Raw::Bool(true), .. })));
        self.show(key, value.to_string());
        value
    }

    pub(super) fn list(&mut self, key: &'static str) -> Vec<String> {
        match self.find(key) {
            Some((_, Given { raw: Raw::List(items), .. })) => {
                let items = items.clone();
                self.show(key, show::list(&items));
                items
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A secret, read from its file where it is given by one. Never shown.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Secret> {
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
