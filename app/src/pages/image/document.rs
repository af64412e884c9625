//! Configuration and manifest: the bytes as they are stored, coloured, with the command that gets the same.

use super::{by_digest, reference};
use crate::{
    address, format,
    html::Html,
    json,
    model::{Document, ImageModel, Tab},
    ui::{
        icon::Icon,
        notice::command,
        page::{BUTTON, H2},
        value,
    },
};
use leptos::prelude::*;
use std::collections::BTreeMap;

pub(super) fn manifests(base: &str, model: &ImageModel) -> AnyView {
    let image = &model.image;
    if model.manifests.is_empty() {
        return view! { <p class="pt-8 pb-20 text-ink-2">"The manifest is not known yet."</p> }.into_any();
    }
    let host = host(model);
    let parts: Vec<AnyView> = model
        .manifests
        .iter()
        .map(|manifest| {
            let mut links: BTreeMap<String, String> = json::manifests_of(&manifest.text)
                .into_iter()
                .map(|digest| (digest.clone(), address::reference(base, &by_digest(image, &digest))))
                .collect();
            // The configuration has a tab of its own.
            if let Some(digest) = config_digest(&manifest.text) {
                links.insert(digest, address::image(base, &reference(image), Tab::Configuration, model.platform.as_deref()));
            }
            let get = format!("{base}/api/v1/manifest{}", address::query(&[("ref", &by_digest(image, &manifest.digest))]));
            let line = format!("crane manifest {host}/{}@{}", image.repository, manifest.digest);
            let title = format::media_type(&manifest.media_type).unwrap_or("Manifest");
            part(title, manifest, &links, &line, get)
        })
        .collect();
    view! { <div class="grid grid-cols-[minmax(0,1fr)] gap-10 pt-6 pb-20">{parts}</div> }.into_any()
}

pub(super) fn configuration(base: &str, model: &ImageModel) -> AnyView {
    let image = &model.image;
    let Some(configuration) = &model.configuration else {
        return view! { <p class="pt-8 pb-20 text-ink-2">"This has no configuration: its manifest says all there is."</p> }.into_any();
    };
    let digest = image.platform_digest.as_ref().unwrap_or(&image.digest);
    let line = format!("crane config {}/{}@{digest}", host(model), image.repository);
    let get = format!("{base}/api/v1/configuration{}", address::query(&[("ref", &by_digest(image, digest))]));
    let part = part("Configuration", configuration, &BTreeMap::new(), &line, get);
    view! { <div class="pt-6 pb-20">{part}</div> }.into_any()
}

fn host(model: &ImageModel) -> &str {
    &model.registry.pull_host
}

fn config_digest(text: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(json.get("config")?.get("digest")?.as_str()?.to_owned())
}

fn part(title: &'static str, document: &Document, links: &BTreeMap<String, String>, line: &str, download: String) -> AnyView {
    let mut facts = Html::default();
    facts.raw("<span class=\"mono break-all\">").text(&document.digest).raw(" ");
    value::copy(&mut facts, &document.digest, "Copy digest");
    facts
        .raw("</span><span class=\"mono\">")
        .text(&document.media_type)
        .raw("</span><span class=\"num\" title=\"")
        .text(&format::bytes(document.size))
        .raw("\">");
    facts.text(&format::size(document.size)).raw("</span>");
    let mut html = Html::with_capacity(document.text.len() * 4);
    json::document(&mut html, &document.text, links);
    let download = view! { <a class=BUTTON href=download download="">{Icon::Download.view()}"Download"</a> };
    let mut copy = Html::default();
    value::copy(&mut copy, &document.text, "Copy the exact text");
    view! {
        <section>
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h2 class=H2>{title}</h2>
                <div class="flex items-center gap-2">
                    <span inner_html=copy.into_string()></span>
                    {download}
                </div>
            </div>
            <p class="flex flex-wrap gap-x-4.5 gap-y-1 text-ink-2" inner_html=facts.into_string()></p>
            <div class="mt-3 overflow-x-auto rounded-lg border border-line bg-sunken py-3 pr-4 pl-2" inner_html=html.into_string()></div>
            <p class="pt-4 text-xs text-ink-2">"Indented here for reading. The same, byte for byte:"</p>
            {command(line)}
        </section>
    }
    .into_any()
}
