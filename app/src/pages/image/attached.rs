//! Attached: signatures, SBOMs, provenance and other referrers. Being there says nothing of being right: what is
//! present is never called verified.

use super::by_digest;
use crate::{
    address, format,
    html::Html,
    model::{ImageModel, Tab},
    ui::{
        icon::Icon,
        notice::{command, empty},
        page::H2,
        value,
    },
};
use api::Descriptor;
use leptos::prelude::*;

const CREATED: &str = "org.opencontainers.image.created";

fn icon(kind: &str) -> &'static str {
    match kind {
        "signature" => "<span class=\"text-good\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#i-shield\"/></svg></span>",
        _ => Icon::File.html(),
    }
}

/// What it says it is, in as few letters as tell it: by its statement's predicate, its type, else by what makes such things.
fn says(descriptor: &Descriptor) -> String {
    let artifact_type = descriptor.artifact_type.as_deref().unwrap_or(&descriptor.media_type);
    let told = descriptor.annotations.get("in-toto.io/predicate-type").map_or(artifact_type, String::as_str).to_ascii_lowercase();
    for (part, word) in [
        ("cosign", "cosign"),
        ("sigstore", "sigstore"),
        ("notary", "notation"),
        ("spdx", "SPDX"),
        ("cyclonedx", "CycloneDX"),
        ("slsa", "SLSA"),
        ("in-toto", "in-toto"),
    ] {
        if told.contains(part) {
            return word.to_owned();
        }
    }
    match descriptor.kind.as_str() {
        // Only cosign keeps signatures and attestations under tags, where the manifest itself has no type of its own.
        "signature" | "provenance" if descriptor.artifact_type.is_none() => "cosign".to_owned(),
        "sbom" if descriptor.artifact_type.is_none() => "by tag".to_owned(),
        _ => artifact_type.to_owned(),
    }
}

/// The short list of the overview.
pub(super) fn short(base: &str, model: &ImageModel) -> Option<AnyView> {
    let image = &model.image;
    if image.attached.is_empty() {
        return None;
    }
    // An index has the same things for each of its platforms: told once, with how many there are.
    let mut told: Vec<(&str, String, usize)> = Vec::new();
    for descriptor in &image.attached {
        let says = says(descriptor);
        match told.iter_mut().find(|(kind, what, _)| *kind == descriptor.kind && *what == says) {
            Some((_, _, times)) => *times += 1,
            None => told.push((&descriptor.kind, says, 1)),
        }
    }
    let mut html = Html::default();
    for (kind, says, times) in told.iter().take(6) {
        html.raw("<dt>").raw(icon(kind)).raw(" ").raw(format::kind(kind)).raw("</dt><dd>").text(says);
        if *times > 1 {
            html.raw(" × ").number(*times as u64);
        }
        html.raw(" · present</dd>");
    }
    let all = address::image(base, &super::reference(image), Tab::Attached, model.platform.as_deref());
    let more = (told.len() > 6 || image.attached.len() > told.len())
        .then(|| view! { <p class="pt-2 text-sm"><a class="text-link" href=all>{format!("all {}", image.attached.len())}</a></p> });
    Some(
        view! {
            <section aria-labelledby="attached">
                <h2 class=H2 id="attached">"Attached"</h2>
                <dl class="facts facts-end" inner_html=html.into_string()></dl>
                {more}
            </section>
        }
        .into_any(),
    )
}

pub(super) fn draw(base: &str, model: &ImageModel) -> AnyView {
    let image = &model.image;
    if image.attached.is_empty() {
        let sign = format!("cosign sign {}", image.pull_reference_pinned);
        return empty(
            Icon::Shield,
            "Nothing is attached".into(),
            view! {
                <p>"No signature, SBOM or provenance refers to this image. To sign it:"</p>
                {command(&sign)}
            },
        )
        .into_any();
    }
    let mut html = Html::with_capacity(image.attached.len() * 800);
    html.raw("<thead><tr><th>What</th><th class=\"wide\">Type</th><th>Manifest</th><th class=\"r wide\">Size</th></tr></thead><tbody>");
    for descriptor in &image.attached {
        let href = address::reference(base, &by_digest(image, &descriptor.digest));
        html.raw("<tr><td>")
            .raw(icon(&descriptor.kind))
            .raw(" <a class=\"go font-semibold\" href=\"")
            .text(&href)
            .raw("\">")
            .raw(format::kind(&descriptor.kind));
        html.raw("</a> <span class=\"text-sm text-ink-2\">").text(&says(descriptor)).raw("</span>");
        if let Some(created) = descriptor.annotations.get(CREATED) {
            html.raw("<p class=\"text-xs text-ink-3\">made ");
            value::when(&mut html, Some(created), model.now);
            html.raw(" ago</p>");
        }
        for (key, text) in descriptor.annotations.iter().filter(|(key, _)| *key != CREATED).take(4) {
            html.raw("<p class=\"text-xs text-ink-3\"><span class=\"mono\">")
                .text(&format::label_key(key))
                .raw("</span> ")
                .text(text)
                .raw("</p>");
        }
        html.raw("</td><td class=\"mono wide text-ink-2\">")
            .text(descriptor.artifact_type.as_deref().unwrap_or(&descriptor.media_type))
            .raw("</td><td class=\"whitespace-nowrap\">");
        value::digest(&mut html, &descriptor.digest);
        html.raw("</td><td class=\"r wide\">");
        value::size(&mut html, Some(descriptor.size));
        html.raw("</td></tr>");
    }
    html.raw("</tbody>");
    view! {
        <div class="pt-5 pb-20">
            <p class="pb-2 text-sm text-ink-2">"These are present. Whether a signature is right only its key can tell: " <span class="mono">"cosign verify"</span> "."</p>
            <table class="rows rows-plain" inner_html=html.into_string()></table>
        </div>
    }
    .into_any()
}
