//! Layers: the build's steps and the layers they made, paired.

use super::{is_runnable, stack};
use crate::{format, html::Html, instruction::instruction, model::ImageModel, ui::value};
use api::{HistoryStep, Layer};
use leptos::prelude::*;

/// So many steps without a layer in a row are shown; more are folded.
const SEEN: usize = 4;

pub(super) fn draw(model: &ImageModel) -> AnyView {
    let image = &model.image;
    if image.layers.is_empty() && image.history.is_empty() {
        return view! { <p class="pt-8 pb-20 text-ink-2">"This has no layers."</p> }.into_any();
    }
    let mut html = Html::with_capacity((image.layers.len() + image.history.len()) * 700);
    let largest = image.layers.iter().filter_map(|layer| layer.size).max().unwrap_or(0);
    for row in pair(&image.history, &image.layers) {
        match row {
            Row::Layer { number, step, layer } => write_layer(&mut html, number, step, layer, largest, model.now),
            Row::Empty(steps) if steps.len() > SEEN => {
                html.raw("<details class=\"border-b border-line\"><summary class=\"py-1.5 pl-10 text-sm text-ink-3 hover:text-ink max-md:pl-8\">");
                html.number(steps.len() as u64).raw(" steps without a layer: ");
                let words: Vec<String> =
                    steps.iter().map(|step| instruction(step.created_by.as_deref().unwrap_or_default()).keyword).collect();
                html.text(&words.join(", ")).raw("</summary>");
                for step in steps {
                    write_empty(&mut html, step);
                }
                html.raw("</details>");
            }
            Row::Empty(steps) => {
                for step in steps {
                    write_empty(&mut html, step);
                }
            }
        }
    }
    view! {
        <div class="pt-5 pb-20">
            {stack(&image.layers)}
            <p class="pb-3.5 text-sm text-ink-2">{told(model)}</p>
            <div class="border-t border-line" inner_html=html.into_string()></div>
        </div>
    }
    .into_any()
}

/// The sum, and how much of it other images here share.
fn told(model: &ImageModel) -> String {
    let layers = &model.image.layers;
    let sum: u64 = layers.iter().filter_map(|layer| layer.size).sum();
    let count = layers.len() as u64;
    let noun = if is_runnable(&model.image) { format::plural(count, "layer", "layers") } else { format::plural(count, "file", "files") };
    if layers.iter().any(|layer| layer.size.is_none()) {
        return format!("{noun}; manifests of this old form (schema 1) do not tell their sizes.");
    }
    let shared: u64 = layers.iter().filter(|layer| layer.images > 1).filter_map(|layer| layer.size).sum();
    let shared = if shared > 0 { format!(" {} of it is in other images here already.", format::size(shared)) } else { String::new() };
    format!("{noun}, {} compressed.{shared}", format::size(sum))
}

enum Row<'a> {
    Layer { number: usize, step: Option<&'a HistoryStep>, layer: &'a Layer },
    Empty(Vec<&'a HistoryStep>),
}

/// Steps in their order, each with its layer; layers that no step names follow as they lie.
fn pair<'a>(history: &'a [HistoryStep], layers: &'a [Layer]) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(history.len().max(layers.len()));
    let mut next = 0;
    for step in history {
        let at = step.layer.as_ref().and_then(|digest| layers[next..].iter().position(|layer| layer.digest == *digest));
        if let Some(at) = at {
            // A layer between that no step names keeps its place.
            rows.extend(unnamed(&layers[..next + at], next));
            next += at + 1;
            rows.push(Row::Layer { number: next, step: Some(step), layer: &layers[next - 1] });
        } else if let Some(Row::Empty(steps)) = rows.last_mut() {
            steps.push(step);
        } else {
            rows.push(Row::Empty(vec![step]));
        }
    }
    rows.extend(unnamed(layers, next));
    rows
}

/// The layers from one on, as no step names them.
fn unnamed(layers: &[Layer], from: usize) -> impl Iterator<Item = Row<'_>> {
    layers.iter().enumerate().skip(from).map(|(at, layer)| Row::Layer { number: at + 1, step: None, layer })
}

fn write_layer(html: &mut Html, number: usize, step: Option<&HistoryStep>, layer: &Layer, largest: u64, now: i64) {
    let created_by = step.and_then(|step| step.created_by.as_deref()).or(layer.created_by.as_deref()).unwrap_or_default();
    html.raw("<div class=\"step\"><span class=\"num text-right text-ink-3\">").number(number as u64).raw("</span>");
    html.raw("<details class=\"mono min-w-0\"><summary>");
    write_instruction(html, created_by, layer);
    html.raw("</summary><dl class=\"facts pb-3 font-sans text-sm\"><dt>Digest</dt><dd class=\"mono break-all\">")
        .text(&layer.digest)
        .raw(" ");
    value::copy(html, &layer.digest, "Copy digest");
    html.raw("</dd><dt>Type</dt><dd class=\"mono\">").text(&layer.media_type).raw("</dd>");
    if let Some(created) = step.and_then(|step| step.created.as_deref()).filter(|created| format::moment(created).is_some()) {
        html.raw("<dt>Made</dt><dd>");
        value::when(html, Some(created), now);
        html.raw(" ago</dd>");
    }
    if let Some(comment) = step.and_then(|step| step.comment.as_deref()).filter(|comment| !comment.is_empty()) {
        html.raw("<dt>Remark</dt><dd>").text(comment).raw("</dd>");
    }
    html.raw("</dl></details>");
    let share = if largest == 0 { 0 } else { (u128::from(layer.size.unwrap_or(0)) * 1000 / u128::from(largest)).min(1000) as u64 };
    html.raw("<svg class=\"h-2 w-full overflow-hidden rounded-sm bg-sunken\" viewBox=\"0 0 1000 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"fill-amd64\" height=\"8\" width=\"");
    html.number(if layer.size.is_some_and(|size| size > 0) { share.max(6) } else { 0 }).raw("\"/></svg><span class=\"num text-right\">");
    value::size(html, layer.size);
    html.raw("</span><span class=\"num text-right text-sm text-ink-2\">");
    if layer.images > 1 {
        html.raw("in ").text(&format::plural(layer.images, "image", "images"));
    } else {
        html.raw("only here");
    }
    html.raw("</span></div>");
}

fn write_instruction(html: &mut Html, created_by: &str, layer: &Layer) {
    if created_by.trim().is_empty() {
        match layer.annotations.get("org.opencontainers.image.title") {
            Some(title) => html.text(title),
            None => html.raw("<span class=\"text-ink-3\">").text(&format::digest(&layer.digest)).raw("</span>"),
        };
        return;
    }
    let found = instruction(created_by);
    if !found.keyword.is_empty() {
        html.raw("<b>").text(&found.keyword).raw("</b> ");
    }
    html.text(&found.rest);
}

fn write_empty(html: &mut Html, step: &HistoryStep) {
    let found = instruction(step.created_by.as_deref().unwrap_or("a step without a word"));
    html.raw("<div class=\"step step-empty\"><span></span><details class=\"mono min-w-0\"><summary>");
    if !found.keyword.is_empty() {
        html.raw("<b>").text(&found.keyword).raw("</b> ");
    }
    html.text(&found.rest).raw("</summary></details><span></span><span></span><span></span></div>");
}

/// An instruction in few letters, for captions.
pub(in crate::pages) fn summary(created_by: &str, letters: usize) -> String {
    let found = instruction(created_by);
    let line = if found.keyword.is_empty() { found.rest } else { format!("{} {}", found.keyword, found.rest) };
    let line = line.lines().next().unwrap_or_default().to_owned();
    if line.is_empty() {
        return "a layer".to_owned();
    }
    if line.chars().count() > letters { line.chars().take(letters - 1).chain(['…']).collect() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(layer: Option<&str>) -> HistoryStep {
        HistoryStep { created_by: None, created: None, empty: layer.is_none(), comment: None, layer: layer.map(str::to_owned) }
    }

    fn layer(digest: &str) -> Layer {
        Layer {
            digest: digest.into(),
            size: Some(1),
            media_type: String::new(),
            created_by: None,
            images: 1,
            annotations: std::collections::BTreeMap::default(),
        }
    }

    fn told(history: &[HistoryStep], layers: &[Layer]) -> Vec<String> {
        pair(history, layers)
            .iter()
            .map(|row| match row {
                Row::Layer { number, step, layer } => format!("{number}{}{}", layer.digest, if step.is_some() { "+" } else { "" }),
                Row::Empty(steps) => format!("-{}", steps.len()),
            })
            .collect()
    }

    #[test]
    fn every_layer_is_shown_once_whatever_the_history_says() {
        let layers = ["a", "b", "b", "c"].map(layer);
        assert_eq!(told(&[], &layers), ["1a", "2b", "3b", "4c"]);
        let history = [step(Some("a")), step(None), step(None), step(Some("b")), step(Some("b")), step(None), step(Some("c"))];
        assert_eq!(told(&history, &layers), ["1a+", "-2", "2b+", "3b+", "-1", "4c+"]);
        assert_eq!(told(&[step(Some("c")), step(Some("a"))], &layers), ["1a", "2b", "3b", "4c+", "-1"]);
    }
}
