//! Builds the front end's files: `cargo xtask site [--dev]`.
//!
//! The WASM of `frontend`, its bindings, the stylesheet and `public/` become `target/site`: names with the hash of
//! their content, each text also as `.br` and `.gz`, and `assets.json`, by which the server finds them. A second run
//! with nothing changed does nothing. `--dev` leaves out what is slow: `wasm-opt` and the best compression.

mod npm;
mod output;
mod paths;
mod stamp;
mod wasm;

use anyhow::{Result, bail};
use paths::Paths;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["site"] => site(false),
        ["site", "--dev"] => site(true),
        _ => {
            eprintln!("usage: cargo xtask site [--dev]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask site: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn site(dev: bool) -> Result<()> {
    let paths = Paths::find()?;
    let inputs = stamp::inputs(&paths, dev)?;
    if stamp::is_current(&paths, &inputs) {
        println!("{} is up to date", paths.site.display());
        return Ok(());
    }
    npm::install(&paths)?;
    let mut site = output::Site::create(&paths)?;
    let front = wasm::build(&paths, dev)?;
    site.add_hashed("wasm", &front.wasm)?;
    site.add_hashed("js", &front.js)?;
    site.add_hashed("css", &stylesheet(&paths)?)?;
    site.add_public(&paths.root.join("public"))?;
    site.finish(dev)?;
    stamp::write(&paths, &inputs)
}

/// The stylesheet: Tailwind's compiler over `style/tailwind.css`, which names the sources it scans.
fn stylesheet(paths: &Paths) -> Result<Vec<u8>> {
    let output = Command::new(paths.tool("tailwindcss"))
        .current_dir(&paths.style)
        .args(["--input", "tailwind.css", "--minify"])
        .output()
        .map_err(|error| anyhow::anyhow!("the Tailwind compiler cannot be started: {error}"))?;
    if !output.status.success() {
        bail!("the stylesheet does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}
