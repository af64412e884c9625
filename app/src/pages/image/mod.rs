//! `/r/{registry}/{repository}:{tag}` and `@{digest}`: one image, one platform, in tabs.

mod attached;
mod document;
mod layers;
mod overview;
mod runs;

pub(super) use layers::summary;
pub(super) use runs::secret_aside;

use super::repository::crumbs;
use crate::{
    address, format,
    html::Html,
    model::{Frame, ImageModel, Tab},
    ui::{
        actions::{self, Pull},
        digest,
        icon::Icon,
        lock,
        more::{self, Can, Items},
        page::{TabLink, heading, meta, tabs},
        state, value,
    },
};
use api::{Image, Layer};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &ImageModel) -> AnyView {
    let base = &frame.base;
    let image = &model.image;
    let rest = match &image.tag {
        Some(tag) => (":", tag.clone()),
        None => ("@", format::digest(&image.digest)),
    };
    let pull = pull(model);
    let content = match model.tab {
        Tab::Overview => overview::draw(frame, model, &pull),
        Tab::Layers => layers::draw(model),
        Tab::Configuration => document::configuration(base, model),
        Tab::Manifest => document::manifests(base, model),
        Tab::Attached => attached::draw(base, model),
    };
    let can = Can::of(&model.registry);
    let actions = view! {
        {actions::menu(&pull, true)}
        {more(base, model, can)}
    };
    view! {
        {heading(crumbs(base, &image.registry, &image.repository, Some(rest)), actions)}
        {meta(facts(base, model))}
        {state::banner(base, &model.registry, model.now)}
        {more::no_deletes(&model.registry)}
        {lock::lines(&model.locks, can.change, model.now)}
        {can.change.then(|| (more::form(frame), lock::forms(frame)))}
        {platforms(base, model)}
        {tabs("Image", tab_links(base, model))}
        {content}
    }
    .into_any()
}

/// What can be done with the image and its tag.
fn more(base: &str, model: &ImageModel, can: Can) -> AnyView {
    let image = &model.image;
    let of = reference(image);
    let pinned = by_digest(image, &image.digest);
    let mut items = Items::new(base).copy(if image.tag.is_some() { &image.pull_reference } else { &image.pull_reference_pinned });
    items = items.link(Icon::Compare, &address::compare(base, None, &of), "Compare with…");
    if can.change {
        items = items.dialog(Icon::Tag, "/retag", &of, "Retag…").dialog(Icon::Transfer, "/copy", &of, "Copy to…");
    }
    if let Some(tag) = image.tag.as_ref().filter(|_| can.change && !model.locks.iter().any(|lock| lock.reference == of)) {
        items = items.lock(&of, &format!("Lock tag {tag}"));
    }
    if can.delete {
        if let Some(tag) = &image.tag {
            items = items.delete(&of, &format!("Delete tag {tag}…"), true);
        }
        let word = if image.tag.is_some() { "Delete the image, with every tag…" } else { "Delete this digest…" };
        items = items.delete(&pinned, word, image.tag.is_none());
    }
    items.button("More")
}

/// The reference as its page's path without `/r/`, by the tag where one was asked for.
fn reference(image: &Image) -> String {
    match &image.tag {
        Some(tag) => format!("{}/{}:{tag}", image.registry, image.repository),
        None => by_digest(image, &image.digest),
    }
}

fn by_digest(image: &Image, digest: &str) -> String {
    format!("{}/{}@{digest}", image.registry, image.repository)
}

fn pull(model: &ImageModel) -> Pull {
    let image = &model.image;
    Pull {
        by_tag: image.tag.as_ref().map(|_| image.pull_reference.clone()),
        by_digest: Some(image.pull_reference_pinned.clone()),
        kind: image.kind.clone(),
    }
}

fn facts(base: &str, model: &ImageModel) -> Vec<AnyView> {
    let image = &model.image;
    let mut facts = vec![value::bit(|html| digest::long(html, &image.digest)).into_any()];
    let others: Vec<&String> = image.tags.iter().filter(|tag| image.tag.as_ref() != Some(tag)).collect();
    if !others.is_empty() {
        facts.push(
            value::bit(|html| {
                html.raw("<span class=\"whitespace-normal\">").raw(if image.tag.is_some() { "also " } else { "tagged " });
                for (index, tag) in others.iter().take(6).enumerate() {
                    if index > 0 {
                        html.raw(", ");
                    }
                    let name = format!("{}/{}:{tag}", image.registry, image.repository);
                    html.raw("<a class=\"tag text-ink\" href=\"").text(&address::reference(base, &name)).raw("\">").text(tag).raw("</a>");
                }
                if others.len() > 6 {
                    html.raw(" and ").number(others.len() as u64 - 6).raw(" more");
                }
                html.raw("</span>");
            })
            .into_any(),
        );
    }
    let kind = format::media_type(&image.media_type).unwrap_or_else(|| format::kind(&image.kind));
    facts.push(view! { <span title=image.media_type.clone()>{kind}</span> }.into_any());
    for (word, at) in [("pushed ", &image.pushed), ("built ", &image.created)] {
        if at.as_deref().is_some_and(|at| format::moment(at).is_some()) {
            facts.push(
                value::bit(|html| {
                    html.raw(word);
                    value::when(html, at.as_deref(), model.now);
                    html.raw(" ago");
                })
                .into_any(),
            );
        }
    }
    if let Some(revision) = label(image, "revision") {
        facts.push(value::bit(|html| write_revision(html, revision, label(image, "source"))).into_any());
    }
    facts
}

/// A label or annotation of OCI's image vocabulary.
fn label<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    let key = format!("org.opencontainers.image.{name}");
    image.annotations.get(&key).or_else(|| image.labels.get(&key)).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// The commit an image was built from; a link where its source is a place whose commits have known addresses.
fn write_revision(html: &mut Html, revision: &str, source: Option<&str>) {
    let is_commit = revision.len() >= 7 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    let short = if is_commit { &revision[..7] } else { revision };
    html.raw("built from ");
    let page = source
        .and_then(crate::link::link)
        .filter(|link| is_commit && link.shown.starts_with("github.com/"))
        .map(|link| format!("{}/commit/{revision}", link.href.trim_end_matches('/').trim_end_matches(".git")));
    match page {
        Some(href) => html
            .raw("<a class=\"mono text-link\" rel=\"noopener noreferrer nofollow\" href=\"")
            .text(&href)
            .raw("\" title=\"")
            .text(revision)
            .raw("\">")
            .text(short)
            .raw("</a>"),
        None => html.raw("<span class=\"mono\" title=\"").text(revision).raw("\">").text(short).raw("</span>"),
    };
}

const SWITCH: &str = "border-r border-line px-3 py-1.5 text-ink-2 last:border-0 hover:text-ink hover:no-underline";
const SWITCH_ON: &str =
    "border-r border-line bg-ink px-3 py-1.5 font-[550] text-paper last:border-0 hover:no-underline [&_.plat]:[--plat:currentColor]";

/// The platforms to choose from, and what the one shown weighs.
fn platforms(base: &str, model: &ImageModel) -> AnyView {
    let image = &model.image;
    let current = image.platform.as_deref();
    let of = reference(image);
    let switch = (!image.platforms.is_empty()).then(|| {
        let links: Vec<_> = image
            .platforms
            .iter()
            .map(|platform| {
                let on = current == Some(platform.platform.as_str());
                let label = crate::text::visible(&platform.platform).into_owned();
                let class = format::platform_class(&platform.platform);
                view! {
                    <a
                        class=if on { SWITCH_ON } else { SWITCH }
                        href=address::image(base, &of, model.tab, Some(&platform.platform))
                        aria-current=on.then_some("true")
                        title=platform.size.map(format::size)
                    >
                        <span class=class>{label}</span>
                    </a>
                }
            })
            .collect();
        view! { <nav class="flex max-w-full flex-wrap overflow-hidden rounded-lg border border-line-strong text-sm" aria-label="Platform">{links}</nav> }
    });
    let mut weights = Vec::new();
    if let Some(size) = image.size {
        weights.push(format!("{} to pull", format::size(size)));
    } else if !image.layers.is_empty() {
        weights.push("size unknown".to_owned());
    }
    if let Some(size) = image.unpacked_size {
        weights.push(format!("{} unpacked", format::size(size)));
    }
    if !image.layers.is_empty() {
        weights.push(if is_runnable(image) {
            format::plural(image.layers.len() as u64, "layer", "layers")
        } else {
            format::plural(image.layers.len() as u64, "file", "files")
        });
    }
    view! {
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2 pt-4.5">
            {switch}
            <p class="text-ink-2 tabular-nums" title=image.size.map(format::bytes)>{weights.join(" · ")}</p>
        </div>
    }
    .into_any()
}

fn is_runnable(image: &Image) -> bool {
    matches!(image.kind.as_str(), "image" | "index")
}

fn tab_links(base: &str, model: &ImageModel) -> Vec<TabLink> {
    let image = &model.image;
    let of = reference(image);
    Tab::ALL
        .into_iter()
        .map(|tab| TabLink {
            label: if tab == Tab::Layers && !is_runnable(image) { "Files" } else { tab.title() },
            count: match tab {
                Tab::Layers => Some(image.layers.len() as u64),
                Tab::Attached => Some(image.attached.len() as u64),
                _ => None,
            },
            href: address::image(base, &of, tab, model.platform.as_deref()),
            current: tab == model.tab,
        })
        .collect()
}

const COLOURS: [&str; 5] = ["fill-amd64", "fill-other", "fill-arm64", "fill-arm", "fill-accent"];

/// The layers as one bar, each as long as its share. SVG, for a style's width would need a hole in the page's policy.
fn stack(layers: &[Layer]) -> Option<AnyView> {
    const WIDTH: f64 = 1000.0;
    let total: u64 = layers.iter().filter_map(|layer| layer.size).sum();
    if total == 0 {
        return None;
    }
    let mut html = Html::default();
    let mut at = 0.0;
    for (index, layer) in layers.iter().enumerate() {
        let size = layer.size.unwrap_or_default();
        let width = size as f64 / total as f64 * WIDTH;
        // Thinner than this nothing is seen, and the gap would eat it.
        if width >= 1.0 {
            let seen = (width - 2.0).max(1.0);
            html.raw("<rect y=\"0\" height=\"12\" x=\"").text(&format!("{at:.1}")).raw("\" width=\"").text(&format!("{seen:.1}"));
            html.raw("\" class=\"").raw(COLOURS[index % COLOURS.len()]).raw("\"><title>").text(&format::size(size)).raw("</title></rect>");
        }
        at += width;
    }
    Some(
        view! {
            <svg
                class="mt-2 mb-1.5 h-3 w-full overflow-hidden rounded-sm [forced-color-adjust:none]"
                viewBox="0 0 1000 12"
                preserveAspectRatio="none"
                role="img"
                aria-label="Shares of the layers"
                inner_html=html.into_string()
            ></svg>
        }
        .into_any(),
    )
}
