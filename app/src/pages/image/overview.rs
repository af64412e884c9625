//! Overview: what it runs, what it is made of, what it says of itself; how to pull it, what is attached, what its tag
//! named before.

use super::{attached, by_digest, is_runnable, layers::summary, runs, stack};
use crate::{
    address, format,
    html::Html,
    model::{Frame, ImageModel, Tab},
    ui::{
        actions::{self, Pull},
        more::Can,
        page::H2,
        panel, value,
    },
};
use api::{Image, Layer};
use leptos::prelude::*;
use serde_json::Value;

pub(super) fn draw(frame: &Frame, model: &ImageModel, pull: &Pull) -> AnyView {
    let base = &frame.base;
    let image = &model.image;
    let main = if is_runnable(image) { vec![runs(image), made_of(base, model)] } else { vec![chart(image), files(image)] };
    view! {
        <div class="grid grid-cols-[minmax(0,1fr)_340px] gap-12 pt-6 pb-20 max-lg:grid-cols-1 max-lg:gap-8">
            <div class="grid content-start gap-6">{main}{labels(image)}</div>
            <div class="grid content-start gap-6">
                <section aria-labelledby="pull">
                    <h2 class=H2 id="pull">"Pull"</h2>
                    {actions::lines(pull, "card")}
                </section>
                {attached::short(base, model)}
                {before(frame, model)}
                {digests(image)}
            </div>
        </div>
    }
    .into_any()
}

fn runs(image: &Image) -> Option<AnyView> {
    let mut html = Html::default();
    let any = image.config.as_ref().is_some_and(|config| runs::write(&mut html, config));
    any.then(|| {
        view! {
            <section aria-labelledby="runs">
                <h2 class=H2 id="runs">"Runs"</h2>
                <dl class="facts" inner_html=html.into_string()></dl>
            </section>
        }
        .into_any()
    })
}

/// The bar of layers, and the largest of them by name.
fn made_of(base: &str, model: &ImageModel) -> Option<AnyView> {
    let image = &model.image;
    if image.layers.is_empty() {
        return None;
    }
    let mut html = Html::default();
    if let Some(name) = super::label(image, "base.name") {
        html.raw("Made from <b class=\"mono font-semibold text-ink\">").text(name).raw("</b>. ");
    }
    let mut largest: Vec<&Layer> = image.layers.iter().filter(|layer| layer.size.is_some()).collect();
    largest.sort_by_key(|layer| std::cmp::Reverse(layer.size));
    for (index, layer) in largest.iter().take(4).enumerate() {
        if index > 0 {
            html.raw(" &nbsp;·&nbsp; ");
        }
        html.raw("<span class=\"num text-ink\">").text(&format::size(layer.size.unwrap_or_default())).raw("</span> <span class=\"mono\">");
        html.text(&summary(layer.created_by.as_deref().unwrap_or_default(), 36)).raw("</span>");
        if layer.images > 1 {
            html.raw(", in ").text(&format::plural(layer.images, "image", "images"));
        }
    }
    let all = address::image(base, &super::reference(image), Tab::Layers, model.platform.as_deref());
    if largest.len() > 4 {
        html.raw(" &nbsp;·&nbsp; <a class=\"text-link\" href=\"")
            .text(&all)
            .raw("\">all ")
            .number(image.layers.len() as u64)
            .raw(" layers</a>");
    }
    Some(
        view! {
            <section aria-labelledby="made">
                <h2 class=H2 id="made">"Made of"</h2>
                {stack(&image.layers)}
                <p class="text-sm text-ink-2" inner_html=html.into_string()></p>
            </section>
        }
        .into_any(),
    )
}

/// A chart's own description, which is its configuration.
fn chart(image: &Image) -> Option<AnyView> {
    let config = image.config.as_ref().filter(|_| image.kind == "helm")?;
    let mut html = Html::default();
    for (key, word) in [
        ("name", "Chart"),
        ("version", "Version"),
        ("appVersion", "Of application"),
        ("kubeVersion", "Kubernetes"),
        ("description", "Description"),
        ("home", "Home"),
        ("type", "Type"),
    ] {
        if let Some(text) = config.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()) {
            html.raw("<dt>").raw(word).raw("</dt><dd>");
            value::linked(&mut html, text);
            html.raw("</dd>");
        }
    }
    for (key, word) in [("sources", "Sources"), ("keywords", "Keywords"), ("maintainers", "Maintainers"), ("dependencies", "Depends on")] {
        let words: Vec<&str> = config
            .get(key)
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str())).collect())
            .unwrap_or_default();
        if words.is_empty() {
            continue;
        }
        html.raw("<dt>").raw(word).raw("</dt><dd>");
        for (index, text) in words.iter().enumerate() {
            if index > 0 {
                html.raw(", ");
            }
            value::linked(&mut html, text);
        }
        html.raw("</dd>");
    }
    Some(
        view! {
            <section aria-labelledby="chart">
                <h2 class=H2 id="chart">"Chart"</h2>
                <dl class="facts" inner_html=html.into_string()></dl>
            </section>
        }
        .into_any(),
    )
}

/// What an artifact carries: its layers are files, named by their title where they have one.
fn files(image: &Image) -> Option<AnyView> {
    let mut html = Html::default();
    if let Some(artifact_type) = &image.artifact_type {
        html.raw("<p class=\"mono pb-2 text-ink-2\">").text(artifact_type).raw("</p>");
    }
    html.raw("<table class=\"rows rows-plain\"><thead><tr><th>File</th><th class=\"wide\">Type</th><th class=\"r\">Size</th></tr></thead><tbody>");
    for layer in &image.layers {
        let title = layer.annotations.get("org.opencontainers.image.title").map_or_else(|| format::digest(&layer.digest), Clone::clone);
        html.raw("<tr><td class=\"mono\" title=\"")
            .text(&layer.digest)
            .raw("\">")
            .text(&title)
            .raw("</td><td class=\"wide text-sm text-ink-2\">");
        html.text(&layer.media_type).raw("</td><td class=\"r\">");
        value::size(&mut html, layer.size);
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table>");
    (!image.layers.is_empty()).then(|| {
        view! {
            <section aria-labelledby="files">
                <h2 class=H2 id="files">"Files"</h2>
                <div inner_html=html.into_string()></div>
            </section>
        }
        .into_any()
    })
}

/// Labels and annotations together: an annotation that says the same as a label is said once.
fn labels(image: &Image) -> Option<AnyView> {
    let mut all = image.labels.clone();
    all.extend(image.annotations.iter().map(|(key, value)| (key.clone(), value.clone())));
    if all.is_empty() {
        return None;
    }
    let mut html = Html::with_capacity(all.len() * 200);
    for (key, text) in &all {
        html.raw("<dt class=\"mono text-xs\" title=\"").text(key).raw("\">").text(&format::label_key(key)).raw("</dt><dd>");
        value::linked(&mut html, text);
        html.raw("</dd>");
    }
    Some(
        view! {
            <section aria-labelledby="labels">
                <h2 class=H2 id="labels">"Labels and annotations"</h2>
                <dl class="facts" inner_html=html.into_string()></dl>
            </section>
        }
        .into_any(),
    )
}

/// Which digests the tag named before, each to be named again.
fn before(frame: &Frame, model: &ImageModel) -> Option<AnyView> {
    let base = &frame.base;
    let image = &model.image;
    let tag = image.tag.as_ref()?;
    if image.tag_history.is_empty() {
        return None;
    }
    let can = Can::of(&model.registry).change;
    let mut html = Html::default();
    for moment in image.tag_history.iter().take(8) {
        html.raw("<dt class=\"mono\"><a class=\"hover:text-link\" href=\"")
            .text(&address::reference(base, &by_digest(image, &moment.digest)))
            .raw("\" title=\"");
        html.text(&moment.digest).raw("\">").text(format::digest(&moment.digest).trim_start_matches("sha256:")).raw("</a></dt><dd>");
        match &moment.until {
            None => {
                html.raw("since ");
                value::when(&mut html, Some(&moment.from), model.now);
            }
            Some(until) => {
                html.raw("until ");
                value::when(&mut html, Some(until), model.now);
                html.raw(" ago");
                if let (Some(from), Some(until)) = (format::moment(&moment.from), format::moment(until)) {
                    html.raw(", for ").text(&format::since(from, until.as_millisecond()));
                }
                if moment.digest != image.digest {
                    let former = by_digest(image, &moment.digest);
                    html.raw(" <a class=\"text-link underline underline-offset-3\" href=\"");
                    html.text(&address::compare(base, Some(&former), &super::reference(image))).raw("\">compare</a>");
                }
                if can && moment.digest != image.digest {
                    html.raw(" <button class=\"text-link underline underline-offset-3\" form=\"restore\" name=\"ref\" value=\"")
                        .text(&by_digest(image, &moment.digest));
                    html.raw("\">restore this</button>");
                }
            }
        }
        html.raw("</dd>");
    }
    Some(
        view! {
            <section aria-labelledby="before">
                <h2 class=H2 id="before">"This tag over time"</h2>
                <dl class="facts facts-end" inner_html=html.into_string()></dl>
                {can.then(|| restoring(frame, tag))}
            </section>
        }
        .into_any(),
    )
}

/// The form of the buttons that have the tag name a former digest again.
fn restoring(frame: &Frame, tag: &str) -> impl IntoView + use<> {
    view! {
        <form id="restore" method="post" action=format!("{}/retag", frame.base) data-change="">
            {panel::token(frame)}
            <input type="hidden" name="tag" value=tag.to_owned()/>
        </form>
    }
}

/// The digests in full, for those who want to see every letter.
fn digests(image: &Image) -> AnyView {
    let mut html = Html::default();
    let mut one = |word: &'static str, digest: &str| {
        html.raw("<div class=\"pb-2\"><p class=\"text-xs text-ink-2\">")
            .raw(word)
            .raw("</p><p class=\"mono break-all\">")
            .text(digest)
            .raw(" ");
        value::copy(&mut html, digest, "Copy digest");
        html.raw("</p></div>");
    };
    let platform = image.platform_digest.as_ref().filter(|digest| **digest != image.digest);
    one(if platform.is_some() { "Index" } else { "Manifest" }, &image.digest);
    if let Some(digest) = platform {
        one("Manifest of this platform", digest);
    }
    view! {
        <section aria-labelledby="digests">
            <h2 class=H2 id="digests">"Digests"</h2>
            <div inner_html=html.into_string()></div>
        </section>
    }
    .into_any()
}
