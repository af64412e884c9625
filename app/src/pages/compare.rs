//! `/compare`: two images side by side.

use super::image::{secret_aside, summary};
use crate::{
    address, format,
    html::Html,
    model::{CompareModel, Frame},
    reference::parts,
    ui::{
        field::{INPUT_MONO, LABEL, SELECT, select},
        icon::Icon,
        page::{BUTTON, BUTTON_PRIMARY, Crumb, H2, heading},
        panel, value,
    },
};
use api::{ComparedImage, ComparedLayer, Comparison, Difference, LayerState};
use leptos::prelude::*;

/// So many layers that both have, one after the other, are listed before they fold.
const SEEN: usize = 3;

pub(super) fn draw(frame: &Frame, model: &CompareModel) -> AnyView {
    let swapped = (!model.from.is_empty() && !model.to.is_empty()).then(|| {
        let mut asked = vec![("from", model.to.as_str()), ("to", model.from.as_str())];
        asked.extend(model.platform.as_deref().map(|platform| ("platform", platform)));
        let href = format!("{}/compare{}", frame.base, address::query(&asked));
        view! { <a class=BUTTON href=href>{Icon::Transfer.view()}"Swap"</a> }
    });
    let content = match (&model.problem, &model.comparison) {
        (Some(problem), _) => panel::problem(problem),
        (None, Some(comparison)) => compared(frame, model, comparison),
        (None, None) => view! {
            <p class="pt-8 pb-20 text-ink-2">"Name two images: what the second has, runs and says that the first does not is shown here."</p>
        }
        .into_any(),
    };
    view! {
        {heading(vec![Crumb { label: "Compare".to_owned(), href: None, before: "" }], swapped)}
        {form(frame, model)}
        {content}
    }
    .into_any()
}

fn form(frame: &Frame, model: &CompareModel) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, text: &str, first: bool| {
        view! {
            <div class="min-w-0">
                <label class=LABEL for=name>{label}</label>
                <input
                    class=INPUT_MONO
                    id=name
                    name=name
                    value=text.to_owned()
                    placeholder="registry/repository:tag"
                    list="images"
                    required=true
                    autofocus=first
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                />
            </div>
        }
    };
    let platforms = model.comparison.as_ref().map(|comparison| &comparison.platforms).filter(|platforms| platforms.len() > 1);
    let platform = platforms.map(|platforms| {
        let choices = std::iter::once((String::new(), "the default".to_owned()))
            .chain(platforms.iter().map(|one| (one.platform.clone(), one.platform.clone())))
            .collect();
        view! {
            <div class="min-w-0">
                <label class=LABEL for="platform">"Platform"</label>
                {select("platform", SELECT, choices, model.platform.as_deref().unwrap_or_default())}
            </div>
        }
    });
    let suggested: Vec<_> = model.suggestions.iter().map(|reference| view! { <option value=reference.clone()></option> }).collect();
    let class = if platform.is_some() {
        "grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_160px_auto] items-end gap-3 pt-5 max-md:grid-cols-1"
    } else {
        "grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] items-end gap-3 pt-5 max-md:grid-cols-1"
    };
    view! {
        <form class=class action=format!("{}/compare", frame.base)>
            {field("from", "From", &model.from, model.from.is_empty())}
            {field("to", "To", &model.to, !model.from.is_empty() && model.to.is_empty())}
            {platform}
            <datalist id="images">{suggested}</datalist>
            <button class=format!("{BUTTON_PRIMARY} h-9 justify-center")>"Compare"</button>
        </form>
    }
}

fn compared(frame: &Frame, model: &CompareModel, comparison: &Comparison) -> AnyView {
    let base = &frame.base;
    view! {
        <p class="pt-5 text-md">{told(comparison)}</p>
        <div class="grid gap-8 pt-4 pb-20">
            {sides(base, model, comparison)}
            {differences(&comparison.differences, comparison.same)}
            {layers(&comparison.layers)}
            {platforms(base, comparison)}
        </div>
    }
    .into_any()
}

/// The answer in a sentence or two.
fn told(comparison: &Comparison) -> String {
    if comparison.same {
        return "Both are the same digest: nothing differs.".to_owned();
    }
    let count = |state| comparison.layers.iter().filter(|layer| layer.state == state).count() as u64;
    let (added, shared) = (count(LayerState::Added), count(LayerState::Same));
    if added == 0 && count(LayerState::Removed) == 0 && shared > 0 {
        return "The layers are the same; what differs is said in the configuration or in annotations.".to_owned();
    }
    let new = if added == 0 {
        "Whoever has the first need fetch no layer for the second.".to_owned()
    } else {
        format!(
            "Whoever has the first fetches {} in {} for the second.",
            format::size(comparison.added),
            format::plural(added, "layer", "layers")
        )
    };
    if shared == 0 {
        format!("{new} They share no layer.")
    } else {
        format!("{new} They share {} in {}.", format::size(comparison.shared), format::plural(shared, "layer", "layers"))
    }
}

fn sides(base: &str, model: &CompareModel, comparison: &Comparison) -> AnyView {
    let (from, to) = (&comparison.from, &comparison.to);
    let mut html = Html::with_capacity(3_000);
    html.raw("<table class=\"rows rows-plain rows-sides\"><thead><tr><th><span class=\"sr-only\">What</span></th><th>From</th><th>To</th></tr></thead><tbody>");
    row(&mut html, "Image", [from, to], |html, side| {
        html.raw("<a class=\"mono break-all hover:text-link\" href=\"").text(&address::reference(base, &side.reference)).raw("\">");
        html.text(&shown(&side.reference)).raw("</a>");
    });
    row(&mut html, "Digest", [from, to], |html, side| value::digest(html, &side.digest));
    if from.platform.is_some() || to.platform.is_some() {
        row(&mut html, "Platform", [from, to], |html, side| {
            html.text(side.platform.as_deref().unwrap_or("none"));
        });
    }
    row(&mut html, "Size", [from, to], |html, side| {
        value::size(html, side.size);
        if let (true, Some(before), Some(after)) = (std::ptr::eq(side, to), from.size, to.size) {
            html.raw(" <span class=\"text-sm text-ink-2\">").text(&difference(before, after)).raw("</span>");
        }
    });
    row(&mut html, "Layers", [from, to], |html, side| {
        html.number(side.layers);
    });
    for (word, at) in [("Built", (|side| &side.created) as fn(&ComparedImage) -> &Option<String>), ("Pushed", |side| &side.pushed)] {
        row(&mut html, word, [from, to], |html, side| {
            let at = at(side).as_deref();
            value::when(html, at, model.now);
            html.raw(if at.is_some_and(|at| format::moment(at).is_some()) { " ago" } else { "" });
        });
    }
    html.raw("</tbody></table>");
    view! { <section aria-label="The two images" inner_html=html.into_string()></section> }.into_any()
}

fn row(html: &mut Html, word: &'static str, sides: [&ComparedImage; 2], write: impl Fn(&mut Html, &ComparedImage)) {
    html.raw("<tr><th scope=\"row\">").raw(word).raw("</th>");
    for side in sides {
        html.raw("<td>");
        write(html, side);
        html.raw("</td>");
    }
    html.raw("</tr>");
}

/// A reference as one reads it: a digest is cut short.
fn shown(reference: &str) -> String {
    let of = parts(reference);
    if of.by_digest { format!("{}@{}", of.place, format::digest(of.name)) } else { reference.to_owned() }
}

fn difference(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        std::cmp::Ordering::Equal => "the same".to_owned(),
        std::cmp::Ordering::Greater => format!("{} more", format::size(after - before)),
        std::cmp::Ordering::Less => format!("{} less", format::size(before - after)),
    }
}

fn differences(all: &[Difference], same: bool) -> Option<AnyView> {
    if same {
        return None;
    }
    let mut html = Html::with_capacity(all.len() * 300);
    html.raw("<table class=\"rows rows-plain rows-sides\"><thead><tr><th>What</th><th>From</th><th>To</th></tr></thead><tbody>");
    for one in all {
        html.raw("<tr><th scope=\"row\">");
        match one.group.as_str() {
            "environment" => html.raw("<span class=\"mono\">").text(&one.name).raw("</span>"),
            "label" | "annotation" => {
                html.raw("<span class=\"mono\" title=\"").text(&one.name).raw("\">").text(&format::label_key(&one.name)).raw("</span>")
            }
            _ => html.text(&one.name),
        };
        html.raw("</th>");
        for text in [&one.from, &one.to] {
            html.raw("<td class=\"mono break-all whitespace-pre-wrap\">");
            match text {
                None => html.raw("<span class=\"font-sans text-ink-3\">not set</span>"),
                Some(text) if text.is_empty() => html.raw("<span class=\"font-sans text-ink-3\">empty</span>"),
                Some(text) if one.group == "environment" => secret_aside(&mut html, &one.name, text),
                Some(text) => html.text(text),
            };
            html.raw("</td>");
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table>");
    let content = if all.is_empty() {
        view! { <p class="text-ink-2">"Both run the same and say the same of themselves."</p> }.into_any()
    } else {
        view! { <div class="overflow-x-auto" inner_html=html.into_string()></div> }.into_any()
    };
    Some(
        view! {
            <section aria-labelledby="differences">
                <h2 class=H2 id="differences">"What it runs and says"</h2>
                {content}
            </section>
        }
        .into_any(),
    )
}

fn layers(all: &[ComparedLayer]) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let mut html = Html::with_capacity(all.len() * 300);
    for run in all.chunk_by(|a, b| a.state == b.state) {
        let folds = run[0].state == LayerState::Same && run.len() > SEEN;
        if folds {
            let bytes = run.iter().filter_map(|layer| layer.size).fold(0, u64::saturating_add);
            html.raw(
                "<details class=\"border-b border-line\"><summary class=\"py-2 pl-10 text-sm text-ink-3 hover:text-ink max-md:pl-8\">",
            );
            html.number(run.len() as u64).raw(" layers that both have, ").text(&format::size(bytes)).raw("</summary>");
        }
        run.iter().for_each(|layer| write_layer(&mut html, layer));
        if folds {
            html.raw("</details>");
        }
    }
    Some(
        view! {
            <section aria-labelledby="layers">
                <h2 class=H2 id="layers">"Layers"</h2>
                <div class="border-t border-line" inner_html=html.into_string()></div>
            </section>
        }
        .into_any(),
    )
}

fn write_layer(html: &mut Html, layer: &ComparedLayer) {
    let (class, sign, word) = match layer.state {
        LayerState::Same => ("", "=", "in both"),
        LayerState::Added => ("text-good", "+", "only in the second"),
        LayerState::Removed => ("text-bad", "−", "only in the first"),
    };
    html.raw("<div class=\"step step-sides\"><span class=\"mono text-right ").raw(class).raw("\" aria-hidden=\"true\">").raw(sign);
    html.raw("</span><span class=\"mono min-w-0 truncate\" title=\"").text(&layer.digest).raw("\">");
    match layer.created_by.as_deref().filter(|step| !step.trim().is_empty()) {
        Some(step) => html.text(&summary(step, 120)),
        None => html.text(&format::digest(&layer.digest)),
    };
    html.raw("</span><span class=\"text-sm ").raw(class).raw("\">").raw(word).raw("</span><span class=\"num text-right\">");
    value::size(html, layer.size);
    html.raw("</span></div>");
}

fn platforms(base: &str, comparison: &Comparison) -> Option<AnyView> {
    if comparison.same || comparison.platforms.len() < 2 {
        return None;
    }
    let mut html = Html::default();
    html.raw("<table class=\"rows rows-plain rows-sides\"><thead><tr><th>Platform</th><th>From</th><th>To</th></tr></thead><tbody>");
    for one in &comparison.platforms {
        html.raw("<tr><th scope=\"row\">").text(&one.platform).raw("</th>");
        for (side, digest) in [(&comparison.from, &one.from), (&comparison.to, &one.to)] {
            html.raw("<td>");
            match digest {
                Some(_) if one.from == one.to => html.raw("the same"),
                Some(digest) => {
                    let reference = format!("{}@{digest}", parts(&side.reference).place);
                    html.raw("<a class=\"mono hover:text-link\" href=\"").text(&address::reference(base, &reference)).raw("\">");
                    html.text(&format::digest(digest)).raw("</a>")
                }
                None => html.raw("<span class=\"text-ink-3\">not there</span>"),
            };
            html.raw("</td>");
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table>");
    Some(
        view! {
            <section aria-labelledby="platforms">
                <h2 class=H2 id="platforms">"Platforms"</h2>
                <div inner_html=html.into_string()></div>
            </section>
        }
        .into_any(),
    )
}
