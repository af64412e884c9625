//! `/copy`: images to another repository, of the same registry or of another.

use crate::{
    address, format,
    html::Html,
    model::{CopyModel, Frame},
    reference::parts,
    ui::{
        field::{HELP, LABEL, SELECT, Text, select},
        panel::{self, Act, end, panel, token},
    },
};
use leptos::prelude::*;

/// So many references are listed before they fold.
const SEEN: usize = 5;

pub(super) fn draw(frame: &Frame, model: &CopyModel) -> AnyView {
    let one = match model.refs.as_slice() {
        [one] if !parts(one).name.is_empty() => Some(one),
        _ => None,
    };
    let hidden: Vec<_> = model.refs.iter().map(|reference| view! { <input type="hidden" name="ref" value=reference.clone()/> }).collect();
    let registry = if let [only] = model.registries.as_slice() {
        view! { <input type="hidden" name="registry" value=only.clone()/> }.into_any()
    } else {
        let choices = model.registries.iter().map(|name| (name.clone(), name.clone())).collect();
        view! {
            <div class="pt-3.5">
                <label class=LABEL for="registry">"Registry"</label>
                {select("registry", SELECT, choices, &model.registry)}
            </div>
        }
        .into_any()
    };
    let repository = Text {
        name: "repository",
        label: "Repository",
        value: model.repository.clone(),
        placeholder: "team/api",
        help: "It is made if it is not there yet. What is there already is not sent again.",
        required: true,
        first: true,
        wrong: model.problem.is_some(),
    };
    let tag = one.map(|_| {
        Text { name: "tag", label: "Tag", value: model.tag.clone(), placeholder: "the digest alone, without a tag", ..Text::default() }
            .draw()
    });
    let keep = one.is_none().then(|| view! { <p class=HELP>"Each tag keeps its name."</p> });
    let back = model.refs.first().map_or_else(|| format!("{}/", frame.base), |first| address::reference(&frame.base, parts(first).place));
    let content = view! {
        {listed(model, one.is_some())}
        <form method="post" action=format!("{}/copy", frame.base) data-change="">
            {token(frame)}
            {hidden}
            {registry}
            {repository.draw()}
            {tag}
            {keep}
            {platforms(model)}
            {model.problem.as_ref().map(panel::problem)}
            {end(frame, "", back, Some((Act::Plain, "Continue".to_owned())))}
        </form>
    };
    panel(frame, &title(model), content)
}

fn title(model: &CopyModel) -> String {
    match model.refs.as_slice() {
        [one] => {
            let of = parts(one);
            match (of.name, of.by_digest) {
                ("", _) => format!("Copy all tags of {}", of.repository),
                (digest, true) => format!("Copy {} of {}", format::digest(digest), of.repository),
                (tag, false) => format!("Copy {}:{tag}", of.repository),
            }
        }
        refs => format!("Copy {}", format::plural(refs.len() as u64, "image", "images")),
    }
}

/// What is copied, where the heading does not tell.
fn listed(model: &CopyModel, told: bool) -> Option<AnyView> {
    if told || model.refs.len() < 2 {
        return None;
    }
    let mut html = Html::default();
    let write = |html: &mut Html, refs: &[String]| {
        for (index, reference) in refs.iter().enumerate() {
            if index > 0 {
                html.raw(", ");
            }
            html.raw("<span class=\"mono\">").text(reference).raw("</span>");
        }
    };
    let refs = &model.refs;
    write(&mut html, &refs[..refs.len().min(SEEN)]);
    if refs.len() > SEEN {
        html.raw(" <details class=\"fold\"><summary>and ").text(&format::count((refs.len() - SEEN) as u64)).raw(" more</summary>");
        write(&mut html, &refs[SEEN..refs.len().min(100)]);
        if refs.len() > 100 {
            html.raw(", …");
        }
        html.raw("</details>");
    }
    Some(view! { <div class="pt-2 text-sm text-ink-2" inner_html=html.into_string()></div> }.into_any())
}

/// All platforms, or some of them.
fn platforms(model: &CopyModel) -> Option<AnyView> {
    if model.platforms.len() < 2 {
        return None;
    }
    let choices: Vec<_> = model
        .platforms
        .iter()
        .map(|platform| {
            let on = model.chosen.is_empty() || model.chosen.contains(platform);
            view! {
                <label class="inline-flex min-h-6 items-center gap-1.5">
                    <input class="check" type="checkbox" name="platform" value=platform.clone() checked=on/>
                    <span class=format::platform_class(platform)>{crate::text::visible(platform).into_owned()}</span>
                </label>
            }
        })
        .collect();
    Some(
        view! {
            <div class="pt-3.5" role="group" aria-labelledby="platforms">
                <p class=LABEL id="platforms">"Platforms"</p>
                <div class="flex flex-wrap gap-x-4 gap-y-1">{choices}</div>
                <p class=HELP>"With all of them the digest stays the same; with some of them the index is another."</p>
            </div>
        }
        .into_any(),
    )
}
