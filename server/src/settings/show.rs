//! `supercargo config show`.

use super::Origin;
use std::fmt;

/// The settings in force, as they may be shown to anyone.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    sections: Vec<(&'static str, Vec<Entry>)>,
}

/// A key, its value and where it came from.
type Entry = (String, String, Origin);

impl Shown {
    /// Begins a section; the first has no heading.
    pub(super) fn section(&mut self, heading: &'static str) {
        self.sections.push((heading, Vec::new()));
    }

    /// A key, its value written as TOML, and where it came from.
    pub(super) fn entry(&mut self, key: impl Into<String>, value: String, origin: Origin) {
        if let Some((_, entries)) = self.sections.last_mut() {
            entries.push((key.into(), value, origin));
        }
    }
}

/// A text as TOML. JSON's escapes are those of TOML's basic strings.
pub(super) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A list of texts as TOML.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(|i| text(&i.to_string())).collect();
    format!("[{}]", items.join(", "))
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (heading, entries) in &self.sections {
            if !heading.is_empty() {
                writeln!(f, "\n{heading}")?;
            }
            let key_width = entries.iter().map(|e| e.0.len()).max().unwrap_or(0);
            let value_width = entries.iter().map(|e| e.1.chars().count()).max().unwrap_or(0).min(40);
            for (key, value, origin) in entries {
                writeln!(f, "{key:key_width$} = {value:value_width$}  # {origin}")?;
            }
        }
        Ok(())
    }
}
