//! The tools that come by npm, pinned by `style/package-lock.json`.

use crate::paths::Paths;
use anyhow::{Context, Result, bail};
use std::{fs, process::Command};

/// Installs what the lock file says, unless that is what is there.
pub(crate) fn install(paths: &Paths) -> Result<()> {
    let lock = fs::read(paths.style.join("package-lock.json")).context("style/package-lock.json cannot be read")?;
    let mark = paths.style.join("node_modules/.installed");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the tools of style/package-lock.json");
    let status = Command::new("npm")
        .current_dir(&paths.style)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .status()
        .context("npm cannot be started; Node.js 20 or later is needed to build the front end")?;
    if !status.success() {
        bail!("npm ci failed in style/");
    }
    fs::write(mark, lock).context("style/node_modules/.installed cannot be written")
}
