//! `target/site`: written beside the old one and put in its place when whole.

use crate::{paths::Paths, paths::files_below, stamp};
use anyhow::{Context, Result, bail};
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// What style, script and WASM may weigh together, brotli. The first load may be 100 kB; the page itself takes the rest.
const BUDGET: usize = 88_000;

const COMPRESSIBLE: &[&str] = &["css", "js", "wasm", "svg", "txt", "json", "webmanifest"];

pub(crate) struct Site {
    fresh: PathBuf,
    place: PathBuf,
    /// Kind (`css`, `js`, `wasm`) and address of the files with hashed names.
    hashed: Vec<(String, String)>,
    /// Addresses, without those of compressed forms.
    files: Vec<String>,
}

impl Site {
    pub(crate) fn create(paths: &Paths) -> Result<Self> {
        let place = paths.site.clone();
        let fresh = place.with_extension("fresh");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).with_context(|| format!("{} cannot be removed", fresh.display()))?;
        }
        fs::create_dir_all(fresh.join("pkg")).with_context(|| format!("{} cannot be made", fresh.display()))?;
        Ok(Self { fresh, place, hashed: Vec::new(), files: Vec::new() })
    }

    /// A file of ours: its name tells its content, so it may be kept for ever.
    pub(crate) fn add_hashed(&mut self, kind: &str, content: &[u8]) -> Result<()> {
        let address = format!("/pkg/supercargo.{}.{kind}", stamp::short(content));
        self.write(&address, content)?;
        self.hashed.push((kind.to_owned(), address));
        Ok(())
    }

    /// Files that must have the names they have.
    pub(crate) fn add_public(&mut self, folder: &Path) -> Result<()> {
        for file in files_below(folder)? {
            let name = file.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
            self.write(&format!("/{name}"), &fs::read(&file)?)?;
        }
        Ok(())
    }

    fn write(&mut self, address: &str, content: &[u8]) -> Result<()> {
        let path = self.fresh.join(address.trim_start_matches('/'));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
        self.files.push(address.to_owned());
        Ok(())
    }

    /// Compresses, lists, weighs, and puts the new site in the place of the old.
    pub(crate) fn finish(mut self, dev: bool) -> Result<()> {
        self.files.sort();
        let mut first_load = 0;
        for address in &self.files {
            let path = self.fresh.join(address.trim_start_matches('/'));
            let content = fs::read(&path)?;
            let mut line = format!("{address:<44} {:>9}", content.len());
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if COMPRESSIBLE.contains(&extension.as_str()) {
                let brotli = brotli(&content, if dev { 5 } else { 11 })?;
                let gzip = gzip(&content)?;
                let _ = write!(line, "  gzip {:>7}  brotli {:>7}", gzip.len(), brotli.len());
                if self.hashed.iter().any(|(_, hashed)| hashed == address) {
                    first_load += brotli.len();
                }
                fs::write(path.with_extension(format!("{extension}.br")), brotli)?;
                fs::write(path.with_extension(format!("{extension}.gz")), gzip)?;
            }
            println!("{line}");
        }
        println!("{:<44} {:>9}                brotli {first_load:>7}", "style, script and WASM together", "");
        fs::write(self.fresh.join("assets.json"), self.manifest())?;
        if !dev && first_load > BUDGET {
            bail!("style, script and WASM weigh {first_load} bytes in brotli; {BUDGET} are allowed");
        }
        if self.place.exists() {
            fs::remove_dir_all(&self.place).with_context(|| format!("{} cannot be removed", self.place.display()))?;
        }
        fs::rename(&self.fresh, &self.place).with_context(|| format!("{} cannot be put in place", self.place.display()))
    }

    /// `{"css": …, "js": …, "wasm": …, "files": […]}`; the addresses hold nothing that JSON would escape.
    fn manifest(&self) -> String {
        let mut text = String::from("{\n");
        for (kind, address) in &self.hashed {
            let _ = writeln!(text, "  \"{kind}\": \"{address}\",");
        }
        let files: Vec<String> = self.files.iter().map(|file| format!("\"{file}\"")).collect();
        let _ = writeln!(text, "  \"files\": [{}]\n}}", files.join(", "));
        text
    }
}

fn brotli(content: &[u8], quality: u32) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, quality, 22);
    writer.write_all(content)?;
    writer.flush()?;
    drop(writer);
    Ok(packed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content)?;
    writer.finish().context("gzip failed")
}
