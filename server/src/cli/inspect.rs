//! `inspect`.

use super::{
    exit::Failed,
    output::{self, Output},
    reading::Reading,
};
use crate::settings::Flags;
use api::Image;
use clap::Args;

/// Show an image in full.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// registry/repository:tag or registry/repository@digest; the registry may be left out where there is one only
    #[arg(value_name = "REF")]
    reference: String,
    /// os/architecture[/variant]; of an index, its default when absent
    #[arg(long)]
    platform: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) async fn run(self, flags: Flags) -> Result<(), Failed> {
        let reading = Reading::open(flags).await?;
        let image = self.image(&reading).await;
        reading.close().await;
        let image = image?;
        if self.json { output::json(&image) } else { output::print(&written(&image, Output::of_process())) }
    }

    async fn image(&self, reading: &Reading) -> Result<Image, Failed> {
        let reference = reading.reference(&self.reference)?;
        Ok(reading.service.image(&reading.caller, &reference, self.platform.as_deref()).await?)
    }
}

fn written(image: &Image, out: Output) -> String {
    let mut lines: Vec<(&str, String)> = vec![
        ("Reference", image.reference.clone()),
        ("Digest", image.digest.clone()),
        ("Kind", image.kind.clone()),
        ("Media type", image.media_type.clone()),
    ];
    let mut some = |name, value: Option<String>| lines.extend(value.filter(|v| !v.is_empty()).map(|v| (name, v)));
    some("Platform", image.platform.clone());
    some("Platforms", Some(image.platforms.iter().map(|p| p.platform.clone()).collect::<Vec<_>>().join(", ")));
    some("Size", Some(out.size(image.size)));
    some("Unpacked", Some(out.size(image.unpacked_size)));
    some("Created", Some(out.time(image.created.as_deref())));
    some("Pushed", Some(out.time(image.pushed.as_deref())));
    some("Tags", Some(image.tags.join(", ")));
    some("Pull", Some(image.pull_reference_pinned.clone()));
    let text = |name: &str| image.config.as_ref().and_then(|c| c.get("config")?.get(name)).map(ToString::to_string).filter(|t| t != "null");
    some("Entrypoint", text("Entrypoint"));
    some("Command", text("Cmd"));
    some("User", text("User").filter(|u| u != "\"\""));
    lines.extend(image.labels.iter().map(|(k, v)| ("Label", format!("{k}={v}"))));
    lines.extend(image.annotations.iter().map(|(k, v)| ("Annotation", format!("{k}={v}"))));
    for layer in &image.layers {
        lines.push(("Layer", format!("{}  {}", layer.digest, out.size(layer.size)).trim_end().to_owned()));
    }
    for attached in &image.attached {
        lines.push(("Attached", format!("{}  {}", attached.digest, attached.kind)));
    }
    output::lines(&lines, out)
}
