//! What other tools' clean-up options mean, as a policy of ours. Nothing is asked and nothing is done.
//!
//! [`import`] reads the options of `registry-cli` (github.com/andrey-pohilko/registry-cli) and of `acr purge` (github.com/Azure/acr-cli).
//! Where a tool does something else than its options say, the policy is what they say; where theirs cannot be said here, that is an error
//! if leaving it out would take more, else a warning. docs/registry-cli.md is the users' page.

mod acr_purge;
mod options;
mod registry_cli;
mod terms;

use crate::{Error, Result};
use api::{Code, Policy};

/// A policy made of another tool's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub policy: Policy,
    /// The registry's address, where the options name it.
    pub registry: Option<String>,
    /// What has no equal, and what is done otherwise, in sentences.
    pub warnings: Vec<String>,
}

/// Reads options as they are written in a shell, the program's name before them or not.
///
/// # Errors
/// `bad_request` where they cannot be read or mean no clean-up; `bad_query` where an expression of theirs is none of ours.
pub fn import(tool: &str, options: &str) -> Result<Imported> {
    let words = shlex::split(options).ok_or_else(|| wrong("The options cannot be read: a quote is never closed."))?;
    let imported = match tool {
        "registry-cli" => registry_cli::read(options::after(&words, &["registry.py", "registry-cli"])),
        "acr-purge" => acr_purge::read(options::after(&words, &["purge"])),
        _ => {
            let given: String = tool.chars().take(40).collect();
            Err(wrong(format!("Nothing is known of the options of “{given}”.")).hint("There are registry-cli and acr-purge."))
        }
    }?;
    for query in [&imported.policy.r#match, &imported.policy.protect] {
        // Python and .NET look around and back, which takes a time without bound.
        crate::check_query(query)
            .map_err(|e| e.hint("An expression of theirs cannot be said in the query language; see docs/query.md."))?;
    }
    Ok(imported)
}

impl Imported {
    /// The command line that means the same, to be pasted into a shell. Without `--yes`, so that it shows its plan first.
    pub fn command(&self) -> String {
        let mut words: Vec<String> = ["supercargo", "clean-up"].map(str::to_owned).to_vec();
        let mut option = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                words.extend([format!("--{name}"), value.to_owned()]);
            }
        };
        let p = &self.policy;
        option("registry", self.registry.as_deref());
        option("match", Some(&p.r#match));
        option("protect", Some(&p.protect));
        option("keep", p.keep.map(|k| k.to_string()).as_deref());
        option("keep-by", p.keep_by.as_deref());
        option("keep-of", p.keep_of.as_deref());
        option("older-than", p.older_than.as_deref());
        option("clock", p.clock.as_deref());
        option("not-pulled-for", p.not_pulled_for.as_deref());
        if p.untagged {
            words.push("--untagged".into());
        }
        words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" ")
    }
}

/// A word as people quote it. `shlex` writes the same less readably: `'tag:~''^v1'`.
fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:,".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn wrong(detail: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told() {
        for (tool, options, told) in [
            ("skopeo", "sync", "Nothing is known of the options of “skopeo”."),
            ("registry-cli", "-r 'http://a", "The options cannot be read: a quote is never closed."),
            ("registry-cli", "--delete --tags-like '(?<!v)1'", "look-around"),
            ("acr-purge", "--filter 'a:(x)\\1' --ago 1d", "backreferences"),
        ] {
            let error = import(tool, options).unwrap_err();
            assert!(error.0.detail.contains(told), "{options}: {error}");
        }
    }

    #[test]
    fn the_command_line_is_one_a_shell_reads() {
        let imported = import("registry-cli", "registry.py -r http://a:5000 -d -i a --tags-like \"it's\" '^v1( |$)'").unwrap();
        let words = shlex::split(&imported.command()).unwrap();
        assert_eq!(words[..4], ["supercargo", "clean-up", "--registry", "http://a:5000"]);
        assert_eq!(words[5], imported.policy.r#match);
    }
}
