//! The settings file: TOML, of which every key is known and stands on a line.

use super::{
    Fault, Origin,
    keys::{self, Key, Shape},
    reader::{Given, Layer, Raw, Section},
};
use std::{ops::Range, path::Path};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a settings file's text into a layer; what is wrong goes to `faults`.
pub(super) fn read(path: &Path, text: &str, faults: &mut Vec<Fault>) -> Layer {
    let at = |span: Range<usize>| Origin::Line(path.to_owned(), line(text, span.start));
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let origin = error.span().map_or_else(|| Origin::File(path.to_owned()), at);
            let message = error.message().trim().replace('\n', ", ");
            faults.push(Fault { origin, sentence: format!("this is not TOML: {message}") });
            return Layer::default();
        }
    };
    let mut layer = Layer::default();
    let mut plain = Vec::new();
    for (name, value) in table.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("registry", DeValue::Array(items)) if items.iter().all(|i| i.get_ref().is_table()) => {
                let sections = items.iter().filter_map(|i| Some((i.span(), i.get_ref().as_table()?)));
                layer.registries = Some(
                    sections
                        .map(|(span, entries)| section(keys::REGISTRY, entries.iter(), " in [[registry]]", at(span), &at, faults))
                        .collect(),
                );
            }
            ("embedded", DeValue::Table(entries)) => {
                layer.embedded = Some(section(keys::EMBEDDED, entries.iter(), " in [embedded]", at(name.span()), &at, faults));
            }
            ("embedded", _) => faults.push(Fault {
                origin: at(name.span()),
                sentence: "our own registry is a section: write [embedded], and its keys below".into(),
            }),
            ("registry", _) => faults.push(Fault {
                origin: at(name.span()),
                sentence: "registries are sections: write [[registry]], with double brackets, and its keys below".into(),
            }),
            _ => plain.push((name, value)),
        }
    }
    layer.top = section(keys::TOP, plain.into_iter(), "", Origin::File(path.to_owned()), &at, faults);
    layer
}

fn section<'t, 'i: 't>(
    keys: &'static [Key],
    entries: impl Iterator<Item = (&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)>,
    place: &str,
    origin: Origin,
    at: &impl Fn(Range<usize>) -> Origin,
    faults: &mut Vec<Fault>,
) -> Section {
    let mut section = Section::new(origin);
    for (name, value) in entries {
        let origin = at(name.span());
        let name = name.get_ref().as_ref();
        let Some((key, from_file)) = keys::find(keys, name) else {
            // A key of the other place is a likelier slip than a misspelt one.
            let at_top = std::ptr::eq(keys, keys::TOP);
            let elsewhere =
                if at_top { (keys::REGISTRY, "in a [[registry]] section") } else { (keys::TOP, "at the top, before any section") };
            let hint = if keys::find(elsewhere.0, name).is_some() {
                format!("; it belongs {}", elsewhere.1)
            } else {
                let sections = ["registry", "embedded"].into_iter().filter(|_| at_top).map(str::to_owned);
                keys::nearest(name, keys::names(keys).chain(sections))
            };
            faults.push(Fault { origin, sentence: format!("there is no key “{name}”{place}{hint}") });
            continue;
        };
        match raw(key, from_file, value.get_ref()) {
            Ok(raw) => section.insert(key, from_file, Given { raw, origin }, faults),
            Err(sentence) => faults.push(Fault { origin, sentence: format!("“{name}” {sentence}") }),
        }
    }
    section
}

fn raw(key: &Key, from_file: bool, value: &DeValue<'_>) -> Result<Raw, String> {
    let shape = if from_file { Shape::Text } else { key.shape };
    match (shape, value) {
        (Shape::Text, DeValue::String(s)) => Ok(Raw::Text(s.to_string())),
        (Shape::Bool, DeValue::Boolean(b)) => Ok(Raw::Bool(*b)),
        (Shape::List, DeValue::Array(items)) => items
            .iter()
            .map(|i| i.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(Raw::List)
            .ok_or_else(|| "takes a list of texts in quotes".into()),
        (Shape::Text, _) => Err("takes a text in quotes".into()),
        (Shape::Bool, _) => Err("takes true or false, without quotes".into()),
        (Shape::List, _) => Err("takes a list such as [\"a\", \"b\"]".into()),
    }
}

/// The line, counted from 1, of a byte.
fn line(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|b| **b == b'\n').count() + 1
}
