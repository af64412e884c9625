//! Writes every page in its states as files, to be looked at: `cargo run -p app --features ssr --example gallery -- DIR`.
//!
//! The stylesheet is the built one (`cargo xtask site`), copied beside the pages.

use anyhow::Context as _;
use app::{Assets, Frame, Page, Theme};
use std::{fs, path::Path};

#[path = "../tests/content/mod.rs"]
mod content;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).context("usage: gallery DIR")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/site/pkg");
    let style = fs::read_dir(&site)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "css"))
        .context("build the stylesheet first: cargo xtask site")?;
    fs::copy(style, folder.join("style.css"))?;
    for (name, page) in content::pages() {
        for (suffix, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
            let file = folder.join(format!("{name}-{suffix}.html"));
            fs::write(&file, html(theme, page.clone()))?;
        }
    }
    Ok(())
}

fn html(theme: Theme, page: Page) -> String {
    let frame =
        Frame { theme, assets: Assets { css: "style.css".into(), js: "none.js".into(), wasm: "none.wasm".into() }, ..content::frame() };
    app::to_html(&frame, page)
}
