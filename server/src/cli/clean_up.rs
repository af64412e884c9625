//! `clean-up`.

use super::{
    change::{How, change},
    exit::Failed,
    output,
    reading::{Reading, pointed, registry_name},
};
use crate::settings::Flags;
use api::{Intent, Policy, Problem};
use clap::Args;
use std::path::PathBuf;

/// What --import is told instead of; none of them makes sense with it.
const POLICY: [&str; 14] = [
    "matching",
    "protect",
    "keep",
    "keep_by",
    "keep_of",
    "older_than",
    "clock",
    "not_pulled_for",
    "untagged",
    "policy",
    "yes",
    "dry_run",
    "json",
    "registry",
];

/// Delete what a policy says: a policy that says nothing takes nothing.
#[derive(Debug, Args)]
#[command(after_help = "--registry NAME confines it to one registry of the settings.\n\
    The options of other tools are explained in docs/registry-cli.md.")]
pub(super) struct CleanUp {
    /// Only tags that match: 'repo:team/* tag:pr-*'
    #[arg(long = "match", value_name = "QUERY", allow_hyphen_values = true)]
    matching: Option<String>,
    /// Never these, nor the images they name: 'tag:latest,stable'
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    protect: Option<String>,
    /// The newest so many of each repository stay
    #[arg(long, value_name = "N")]
    keep: Option<u32>,
    /// What is newest: version, pushed or created
    #[arg(long, value_name = "ORDER", value_parser = ["version", "pushed", "created"])]
    keep_by: Option<String>,
    /// The newest of all that match, or of the old ones only
    #[arg(long, value_name = "WHICH", value_parser = ["all", "old"])]
    keep_of: Option<String>,
    /// Only what is older: 30d, 12h, 2w. What has no known date is never old
    #[arg(long, value_name = "AGE")]
    older_than: Option<String>,
    /// By which clock it is older: pushed, created, or any (pushed, else created)
    #[arg(long, value_name = "CLOCK", value_parser = ["pushed", "created", "any"])]
    clock: Option<String>,
    /// Only what was not pulled for so long; needs the registry's notifications
    #[arg(long, value_name = "AGE")]
    not_pulled_for: Option<String>,
    /// Also manifests that no tag reaches
    #[arg(long)]
    untagged: bool,
    /// A policy as JSON; the options above win over it
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print the policy that another tool's options mean: registry-cli '--delete --num 5', acr-purge '--filter a:.* --ago 30d'
    #[arg(long, num_args = 2, value_names = ["TOOL", "OPTIONS"], allow_hyphen_values = true, conflicts_with_all = POLICY)]
    import: Vec<String>,
    #[command(flatten)]
    how: How,
}

impl CleanUp {
    pub(super) async fn run(self, mut flags: Flags) -> Result<(), Failed> {
        if let [tool, options] = self.import.as_slice() {
            return import(tool, options);
        }
        let name = registry_name(&mut flags)?;
        let mut policy = self.policy()?;
        policy.registry = name.or(policy.registry);
        let reading = Reading::open_to_change(flags).await?;
        let done = clean_up(&reading, policy, self.how).await;
        reading.close().await;
        done
    }

    /// The policy of the file, with the options over it.
    fn policy(&self) -> Result<Policy, Failed> {
        let mut policy = match &self.policy {
            None => Policy::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|e| Failed::Other(format!("The policy {} cannot be read: {e}.", path.display())))?;
                crate::json::policy_of(&text).map_err(|p| Problem { detail: format!("{}: {}", path.display(), p.detail), ..p })?
            }
        };
        let over = |given: &Option<String>, held: &mut Option<String>| {
            if given.is_some() {
                held.clone_from(given);
            }
        };
        for (given, held) in [(&self.matching, &mut policy.r#match), (&self.protect, &mut policy.protect)] {
            if let Some(query) = given {
                held.clone_from(query);
            }
        }
        over(&self.keep_by, &mut policy.keep_by);
        over(&self.keep_of, &mut policy.keep_of);
        over(&self.older_than, &mut policy.older_than);
        over(&self.clock, &mut policy.clock);
        over(&self.not_pulled_for, &mut policy.not_pulled_for);
        policy.keep = self.keep.or(policy.keep);
        policy.untagged |= self.untagged;
        Ok(policy)
    }
}

async fn clean_up(reading: &Reading, policy: Policy, how: How) -> Result<(), Failed> {
    for q in [&policy.r#match, &policy.protect] {
        service::check_query(q).map_err(pointed(q))?;
    }
    if let Some(name) = &policy.registry {
        reading.service.registry(&reading.caller, name).await?;
    }
    reading.read_for(&policy.r#match, policy.registry.as_deref()).await?;
    change(reading, Intent::CleanUp { policy }, how).await
}

/// Prints the policy on stdout and, for people, the command line that means the same, and what has no equal.
fn import(tool: &str, options: &str) -> Result<(), Failed> {
    let imported = service::import::import(tool, options)?;
    output::json(&imported.policy)?;
    for warning in &imported.warnings {
        eprintln!("{}", output::clean(warning));
    }
    eprintln!("The same: {}", output::clean(&imported.command()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        clean_up: CleanUp,
        #[arg(long)]
        registry: Vec<String>,
    }

    fn read(arguments: &[&str]) -> Result<Policy, String> {
        let line = Line::try_parse_from([&["clean-up"], arguments].concat()).map_err(|e| e.to_string())?;
        line.clean_up.policy().map_err(|e| e.to_string())
    }

    #[test]
    fn options_are_a_policy_and_win_over_its_file() {
        let policy = read(&[
            "--match",
            "repo:a",
            "--protect",
            "tag:latest",
            "--keep",
            "3",
            "--keep-by",
            "pushed",
            "--keep-of",
            "old",
            "--older-than",
            "30d",
            "--clock",
            "any",
            "--not-pulled-for",
            "90d",
            "--untagged",
        ])
        .unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(
            text,
            r#"{"registry":null,"match":"repo:a","protect":"tag:latest","keep":3,"keep_by":"pushed","keep_of":"old","older_than":"30d","clock":"any","not_pulled_for":"90d","untagged":true}"#
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(read(&["--policy", path]).unwrap(), policy);
        assert_eq!(read(&["--policy", path, "--keep", "5"]).unwrap(), Policy { keep: Some(5), ..policy });
        std::fs::write(file.path(), r#"{"kep": 1}"#).unwrap();
        assert!(read(&["--policy", path]).unwrap_err().ends_with("There is no key “kep”; did you mean “keep”?"));
        assert!(read(&["--policy", "/nonexistent"]).unwrap_err().starts_with("The policy /nonexistent cannot be read: "));
        assert_eq!(read(&[]).unwrap(), Policy::default());
    }

    #[test]
    fn an_import_takes_options_that_begin_with_dashes_and_nothing_beside() {
        let line = Line::try_parse_from(["clean-up", "--import", "registry-cli", "--delete -n 5"]).ok().unwrap();
        assert_eq!(line.clean_up.import, ["registry-cli", "--delete -n 5"]);
        assert!(Line::try_parse_from(["clean-up", "--import", "registry-cli", "-d", "--keep", "5"]).is_err());
        assert!(Line::try_parse_from(["clean-up", "--import", "registry-cli"]).is_err());
    }
}
