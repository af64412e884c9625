//! The WASM and its bindings: cargo, wasm-bindgen as a library (so that it is of the version in Cargo.lock), wasm-opt.

use crate::{paths::Paths, stamp};
use anyhow::{Context, Result, anyhow, bail};
use std::{fs, path::Path, process::Command};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// What every browser of the last years understands, and what rustc's own target uses.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

pub(crate) struct Front {
    pub(crate) wasm: Vec<u8>,
    pub(crate) js: Vec<u8>,
}

pub(crate) fn build(paths: &Paths, dev: bool) -> Result<Front> {
    ensure_target()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(&paths.root)
        // Not the flags of .cargo/config.toml: erased view types make the WASM a fifth larger.
        .env("RUSTFLAGS", "")
        .args(["build", "--quiet", "--package", "frontend", "--lib", "--target", TARGET, "--profile", "wasm"])
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("the front end does not compile");
    }
    let compiled = paths.target.join(TARGET).join("wasm/frontend.wasm");
    let mut bindgen = Bindgen::new();
    let mut output = bindgen
        .input_path(&compiled)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .out_name("supercargo")
        .generate_output()?;
    let extra: Vec<String> = output
        .snippets()
        .iter()
        .filter(|(_, scripts)| !scripts.is_empty())
        .map(|(krate, _)| krate.clone())
        .chain(output.local_modules().keys().cloned())
        .collect();
    if !extra.is_empty() {
        // They would be further files and requests; nothing of ours needs them.
        bail!("JavaScript of their own is brought by {}", extra.join(", "));
    }
    let work = paths.work()?;
    let raw = output.wasm_mut().emit_wasm();
    let js = minified(paths, output.js())?;
    let wasm = if dev { raw } else { optimised(paths, &work, &raw)? };
    Ok(Front { wasm, js })
}

/// Adds rustc's WASM target where rustup is in charge of the toolchain; without rustup the compiler tells.
fn ensure_target() -> Result<()> {
    let Ok(installed) = Command::new("rustup").args(["target", "list", "--installed"]).output() else { return Ok(()) };
    if String::from_utf8_lossy(&installed.stdout).lines().any(|line| line == TARGET) {
        return Ok(());
    }
    println!("adding the target {TARGET}");
    let status = Command::new("rustup").args(["target", "add", TARGET]).status().context("rustup cannot be started")?;
    if status.success() { Ok(()) } else { Err(anyhow!("rustup target add {TARGET} failed")) }
}

/// Smaller by `wasm-opt -Oz`; the result of the same input is kept, for it takes many seconds.
fn optimised(paths: &Paths, work: &Path, raw: &[u8]) -> Result<Vec<u8>> {
    let kept = work.join(format!("{}.opt.wasm", stamp::short(raw)));
    if !kept.is_file() {
        for old in crate::paths::files_below(work)?.iter().filter(|path| path.to_string_lossy().ends_with(".opt.wasm")) {
            fs::remove_file(old)?;
        }
        let input = work.join("raw.wasm");
        let fresh = work.join("fresh.wasm");
        fs::write(&input, raw)?;
        let status = Command::new(paths.tool("wasm-opt"))
            .args(["-Oz", "--converge", "--strip-producers", "--strip-target-features"])
            .args(FEATURES)
            .arg(&input)
            .arg("--output")
            .arg(&fresh)
            .status()
            .context("wasm-opt cannot be started")?;
        if !status.success() {
            bail!("wasm-opt failed");
        }
        fs::rename(&fresh, &kept)?;
    }
    fs::read(&kept).context("the optimised WASM cannot be read")
}

fn minified(paths: &Paths, js: &str) -> Result<Vec<u8>> {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = Command::new(paths.tool("esbuild"))
        .args(["--minify", "--format=esm", "--target=es2022", "--loader=js", "--log-level=error"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("esbuild cannot be started")?;
    child.stdin.take().context("esbuild takes no input")?.write_all(js.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("esbuild failed");
    }
    Ok(output.stdout)
}
