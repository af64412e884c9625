//! `config check`, `config show`.

use super::{exit::Failed, output};
use crate::settings::{self, Flags, Sources};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say everything that is wrong with the settings, and where
    Check,
    /// Print the settings in force as TOML, with where each came from; secrets are hidden
    Show,
}

impl Config {
    pub(super) fn run(self, flags: Flags) -> Result<(), Failed> {
        let settings = settings::load(&Sources::of_process(flags))?;
        match self {
            Self::Show => output::print(&settings.show()),
            Self::Check => {
                let file = settings.file.as_ref().map_or_else(|| "no settings file".to_owned(), |f| f.display().to_string());
                let registries = match settings.registries.len() {
                    0 => "no registry".to_owned(),
                    1 if settings.embedded.is_some() => "a registry of its own".to_owned(),
                    1 => "1 registry".to_owned(),
                    n => format!("{n} registries"),
                };
                output::print(&format!("The settings are good ({file}; {registries}).\n"))
            }
        }
    }
}
