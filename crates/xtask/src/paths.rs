//! Where things lie.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

pub(crate) struct Paths {
    /// The workspace.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// What the server embeds.
    pub(crate) site: PathBuf,
    /// The stylesheet and the npm tools.
    pub(crate) style: PathBuf,
}

impl Paths {
    pub(crate) fn find() -> Result<Self> {
        // Cargo sets it for `cargo run`; what was compiled in may have moved since.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own.ancestors().nth(2).context("xtask does not lie in the workspace")?.to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |given| root.join(given));
        // The server embeds from `target/site` of the workspace, wherever cargo builds.
        let site = root.join("target/site");
        let style = root.join("style");
        Ok(Self { root, target, site, style })
    }

    /// An npm tool's program.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.style.join("node_modules/.bin").join(name)
    }

    /// A folder for what is kept between runs.
    pub(crate) fn work(&self) -> Result<PathBuf> {
        let work = self.target.join("site-work");
        std::fs::create_dir_all(&work).with_context(|| format!("{} cannot be made", work.display()))?;
        Ok(work)
    }
}

/// All files below a folder, in order; none where the folder is absent.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&next).with_context(|| format!("{} cannot be read", next.display()))? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
