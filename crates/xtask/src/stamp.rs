//! Whether anything changed since the last run: one hash over every file that has a say in the result.

use crate::paths::{Paths, files_below};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;

/// Folders and files whose content decides the result.
const INPUTS: &[&str] = &[
    "app/src",
    "app/Cargo.toml",
    "frontend/src",
    "frontend/Cargo.toml",
    "crates/api/src",
    "crates/api/Cargo.toml",
    "crates/xtask/src",
    "public",
    "style/tailwind.css",
    "style/package-lock.json",
    "Cargo.lock",
    "Cargo.toml",
];

const NAME: &str = "stamp";

/// The hash of all inputs and of the way of building.
pub(crate) fn inputs(paths: &Paths, dev: bool) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(if dev { "dev" } else { "full" });
    for input in INPUTS {
        let path = paths.root.join(input);
        let files = if path.is_file() { vec![path] } else { files_below(&path)? };
        for file in files {
            hash.update(file.strip_prefix(&paths.root).unwrap_or(&file).as_os_str().as_encoded_bytes());
            hash.update([0]);
            let content = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
    }
    Ok(hex(&hash.finalize()))
}

/// Whether the last run was of these inputs and its result is still there.
pub(crate) fn is_current(paths: &Paths, inputs: &str) -> bool {
    paths.site.join("assets.json").is_file()
        && paths.work().is_ok_and(|work| fs::read_to_string(work.join(NAME)).is_ok_and(|last| last == inputs))
}

pub(crate) fn write(paths: &Paths, inputs: &str) -> Result<()> {
    fs::write(paths.work()?.join(NAME), inputs).context("the stamp cannot be written")
}

/// The first 16 hexadecimal digits of the content's SHA-256: enough to tell one build's file from another's.
pub(crate) fn short(content: &[u8]) -> String {
    let mut text = hex(&Sha256::digest(content));
    text.truncate(16);
    text
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char]).collect()
}
