//! `/search`: the results of the search box as a page, and the language explained.

use crate::{
    address, format,
    html::Html,
    model::{Frame, SearchModel},
    ui::{
        icon::Icon,
        list,
        notice::{empty, query_error},
        page::{BUTTON_PRIMARY, Crumb, H2, heading},
        value,
    },
};
use api::Hit;
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &SearchModel) -> AnyView {
    let base = &frame.base;
    let told = model.list.as_ref().map(|list| {
        view! { <p class="num text-sm text-ink-2">{format::plural(list.total, "result", "results")}" · "{model.took_ms.to_string()}" ms"</p> }
    });
    let q = model.asked.q.clone();
    let wrong = model.error.is_some();
    view! {
        {heading(vec![Crumb { label: "Search".into(), href: None, before: "" }], told)}
        <form class="flex gap-2 pt-4" action=format!("{base}/search") role="search" aria-label="All results">
            <input
                class="h-10 min-w-0 flex-1 rounded-lg border border-edge bg-raised px-3.5 font-mono text-base text-ink placeholder:text-ink-3 aria-invalid:border-bad"
                id="filter"
                name="q"
                value=q
                placeholder="repo:team/* tag:~^v2 arch:arm64"
                aria-label="Query"
                aria-invalid=wrong.then_some("true")
                aria-describedby=wrong.then_some("query-error")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
            <button class=format!("{BUTTON_PRIMARY} h-10!") type="submit">"Search"</button>
        </form>
        {model.error.as_ref().map(|error| query_error(&model.asked.q, error))}
        <div class="grid grid-cols-[minmax(0,1fr)_340px] gap-12 pt-6 pb-8 max-lg:grid-cols-1 max-lg:gap-8">
            <div>{results(base, model)}</div>
            {language(base)}
        </div>
    }
    .into_any()
}

fn results(base: &str, model: &SearchModel) -> AnyView {
    let Some(list) = &model.list else {
        if model.error.is_some() {
            return view! { <p class="text-ink-2">"The query could not be read, so nothing was searched."</p> }.into_any();
        }
        return view! {
            <p class="text-ink-2">
                "Words match anywhere in the name, the tag, the description and the values of labels. Typing errors in names are forgiven."
            </p>
        }
        .into_any();
    };
    if list.items.is_empty() {
        return empty(
            Icon::Search,
            "Nothing found".into(),
            view! { <p>"No repository, tag, digest or label fits all of these words. Fewer words find more; " <span class="mono">"a OR b"</span> " finds either."</p> },
        )
        .into_any();
    }
    let mut html = Html::with_capacity(list.items.len() * 800);
    for (kind, heading) in [("repository", "Repositories"), ("tag", "Tags"), ("digest", "Digests"), ("label", "Labels")] {
        let hits: Vec<&Hit> = list.items.iter().filter(|hit| hit.kind == kind).collect();
        if hits.is_empty() {
            continue;
        }
        html.raw("<h2 class=\"mb-1.5 text-xs font-semibold text-ink-3 not-first:mt-6\">")
            .raw(heading)
            .raw("</h2><ul class=\"border-t border-line\">");
        for hit in hits {
            line(&mut html, base, hit, model.now);
        }
        html.raw("</ul>");
    }
    let total = format::plural(list.total, "result", "results");
    let foot = list::foot(&model.asked, list.items.len(), list.total, list.next.as_deref(), &total, |asked| address::search(base, asked));
    view! {
        <div inner_html=html.into_string()></div>
        {foot}
    }
    .into_any()
}

fn line(html: &mut Html, base: &str, hit: &Hit, now: i64) {
    let icon = match hit.kind.as_str() {
        "digest" => Icon::Hash,
        "label" => Icon::Tag,
        _ => Icon::of_kind(hit.image_kind.as_deref().unwrap_or("image")),
    };
    let is_name = hit.reference.ends_with(&hit.matched);
    html.raw("<li class=\"relative flex min-h-10 items-center gap-2.5 border-b border-line py-1.5 hover:bg-sunken/60 focus-within:bg-accent-soft\"><span class=\"flex-none text-ink-3\">");
    html.raw(icon.html())
        // What was found in it gives way to the name.
        .raw(if is_name {
            "</span><a class=\"go min-w-0 after:absolute after:inset-0\" href=\""
        } else {
            "</span><a class=\"go min-w-0 after:absolute after:inset-0 md:max-w-[70%] md:flex-none\" href=\""
        })
        .text(&address::reference(base, &hit.reference))
        .raw("\">");
    if is_name {
        html.text(&hit.reference[..hit.reference.len() - hit.matched.len()]);
        marked(html, &hit.matched, &hit.marks);
    } else {
        html.text(&hit.reference);
    }
    html.raw("</a>");
    if !is_name {
        html.raw("<span class=\"min-w-0 truncate text-sm text-ink-2 max-md:hidden\">");
        marked(html, &hit.matched, &hit.marks);
        html.raw("</span>");
    }
    html.raw("<span class=\"num ml-auto flex-none text-sm text-ink-3\">");
    match hit.tags {
        Some(tags) => {
            html.text(&format::plural(tags, "tag", "tags"));
        }
        None if hit.pushed.is_some() => value::when(html, hit.pushed.as_deref(), now),
        None => {}
    }
    html.raw("</span></li>");
}

/// The text with its marks; a mark that does not fit the text is left out.
fn marked(html: &mut Html, text: &str, marks: &[(u32, u32)]) {
    let mut at = 0;
    for (start, end) in marks.iter().map(|(start, end)| (*start as usize, *end as usize)) {
        if start < at || end <= start {
            continue;
        }
        let (Some(before), Some(hit)) = (text.get(at..start), text.get(start..end)) else { continue };
        html.text(before).raw("<mark>").text(hit).raw("</mark>");
        at = end;
    }
    html.text(text.get(at..).unwrap_or_default());
}

const LANGUAGE: [(&str, &str); 14] = [
    ("payments api", "both words, anywhere"),
    ("repo:team/*", "repositories by name; a star for anything"),
    ("tag:~^v2", "tags by a regular expression"),
    ("digest:sha256:3f2a", "a digest by how it begins"),
    ("label:team=payments", "a label and its value"),
    ("arch:arm64 os:linux", "a platform"),
    ("kind:helm", "image, helm, wasm, model, artifact"),
    ("age:>30d", "built more than 30 days ago"),
    ("pushed:<7d", "pushed in the last week"),
    ("size:>500MB", "larger than that"),
    ("signed:no", "without a signature"),
    ("base:debian*", "made from that image"),
    ("-tag:latest", "not that"),
    ("a OR b", "either"),
];

fn language(base: &str) -> impl IntoView + use<> {
    let mut html = Html::with_capacity(4096);
    for (example, meaning) in LANGUAGE {
        let href = format!("{base}/search{}", address::query(&[("q", example)]));
        html.raw("<dt><a class=\"mono text-link\" href=\"")
            .text(&href)
            .raw("\">")
            .text(example)
            .raw("</a></dt><dd class=\"text-sm text-ink-2\">")
            .raw(meaning)
            .raw("</dd>");
    }
    view! {
        <section aria-labelledby="language">
            <h2 class=H2 id="language">"The language"</h2>
            <p class="pb-2 text-sm text-ink-2">"The same in this search, in every list's filter, in the API and on the command line."</p>
            <dl class="facts facts-wide" inner_html=html.into_string()></dl>
        </section>
    }
}
