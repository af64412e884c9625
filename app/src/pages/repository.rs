//! `/r/{registry}/{repository}`: its tags, one row for each image unless asked otherwise.

use super::catalogue::{sort_menu, term_menu};
use crate::{
    address, format,
    html::Html,
    model::{Asked, Frame, RepositoryModel},
    ui::{
        actions::{self, Pull},
        icon::Icon,
        list,
        menu::{Choice, menu},
        notice::{command, empty, query_error},
        page::{Crumb, TabLink, fact, heading, meta, tabs},
        state, value,
    },
};
use api::Tag;
use leptos::prelude::*;

const SORTS: [(&str, &str); 6] = [
    ("version", "Version"),
    ("-pushed", "Last pushed"),
    ("-created", "Last built"),
    ("-size", "Largest"),
    ("size", "Smallest"),
    ("name", "Name"),
];
const AGES: [(&str, &str); 5] = [
    ("<1d", "Less than a day"),
    ("<7d", "Less than a week"),
    ("<30d", "Less than 30 days"),
    (">30d", "More than 30 days"),
    (">365d", "More than a year"),
];

pub(super) fn draw(frame: &Frame, model: &RepositoryModel) -> AnyView {
    let base = &frame.base;
    let repository = &model.repository;
    let place = format!("{}/{}", repository.registry, repository.repository);
    let kind = repository.kinds.first().cloned().unwrap_or_default();
    let address = format!("{}/{}", model.registry.pull_host, repository.repository);
    let newest = model.repository.newest.as_ref();
    let pull = Pull {
        by_tag: Some(newest.map_or_else(|| address.clone(), |tag| format!("{address}:{tag}"))),
        by_digest: newest_digest(model).map(|digest| format!("{address}@{digest}")),
        kind,
    };
    let actions = (repository.tags > 0).then(|| actions::menu(&pull, false));
    let mut facts = vec![
        fact(format::count(repository.tags), if repository.tags == 1 { "tag" } else { "tags" }),
        fact(format::count(repository.images), if repository.images == 1 { "image" } else { "images" }),
    ];
    if let Some(size) = repository.size {
        facts.push(fact(format::size(size), "stored"));
        if let Some(unshared) = repository.size_unshared.filter(|unshared| *unshared > size) {
            facts.push(view! { <span class="max-md:hidden">{format::size(unshared)}" before sharing"</span> }.into_any());
        }
    }
    if repository.updated.is_some() {
        facts.push(
            value::bit(|html| {
                html.raw("pushed ");
                value::when(html, repository.updated.as_deref(), model.now);
                html.raw(" ago");
            })
            .into_any(),
        );
    }
    let tab = TabLink { label: "Tags", count: Some(repository.tags), href: address::reference(base, &place), current: true };
    view! {
        {heading(crumbs(base, &repository.registry, &repository.repository, None), actions)}
        {about(model)}
        {meta(facts)}
        {state::banner(base, &model.registry, model.now)}
        {tabs("Repository", vec![tab])}
        {bar(base, &place, model)}
        {model.error.as_ref().map(|error| query_error(&model.asked.q, error))}
        {content(base, &place, model)}
    }
    .into_any()
}

/// The way to a repository: registry, namespaces, name; and on to what of it is shown.
pub(super) fn crumbs(base: &str, registry: &str, repository: &str, rest: Option<(&'static str, String)>) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb { label: registry.to_owned(), href: Some(address::registry(base, registry)), before: "" }];
    let parts: Vec<&str> = repository.split('/').collect();
    let mut path = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            path.push('/');
        }
        path.push_str(part);
        let is_last = index + 1 == parts.len();
        let href = if is_last {
            rest.is_some().then(|| address::reference(base, &format!("{registry}/{repository}")))
        } else {
            let inside = Asked { registry: Some(registry.to_owned()), namespace: Some(path.clone()), ..Asked::default() };
            Some(address::catalogue(base, &inside))
        };
        crumbs.push(Crumb { label: (*part).to_owned(), href, before: "/" });
    }
    if let Some((before, label)) = rest {
        crumbs.push(Crumb { label, href: None, before });
    }
    crumbs
}

/// The newest tag's digest, where this page of the list holds it.
fn newest_digest(model: &RepositoryModel) -> Option<&String> {
    let newest = model.repository.newest.as_ref()?;
    model.list.items.iter().find(|tag| tag.tag == *newest || tag.aliases.contains(newest))?.digest.as_ref()
}

/// Description, source, licence, documentation, as the newest tag says.
fn about(model: &RepositoryModel) -> Option<AnyView> {
    let label =
        |name: &str| model.labels.get(&format!("org.opencontainers.image.{name}")).map(|text| text.trim()).filter(|text| !text.is_empty());
    let mut html = Html::default();
    let mut any = false;
    if let Some(description) = model.repository.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        html.text(description).raw(" ");
        any = true;
    }
    html.raw("<span class=\"text-ink-2\">");
    let mut parted = false;
    for (name, word) in [("source", "Source "), ("documentation", "Documentation "), ("licenses", "")] {
        let Some(text) = label(name) else { continue };
        if parted {
            html.raw(" · ");
        }
        html.raw(word);
        value::linked(&mut html, text);
        parted = true;
        any = true;
    }
    html.raw("</span>");
    any.then(|| view! { <p class="max-w-reading pt-2" inner_html=html.into_string()></p> }.into_any())
}

fn bar(base: &str, place: &str, model: &RepositoryModel) -> impl IntoView + use<> {
    let asked = &model.asked;
    let to = |asked: &Asked| address::repository(base, place, asked);
    let known: Vec<&str> = ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64"].into_iter().collect();
    let platforms: Vec<(&str, &str)> = known.into_iter().map(|word| (word, word)).collect();
    let rows = menu(
        if asked.flat { "By tag".into() } else { "By image".into() },
        None,
        vec![
            Choice { href: to(&Asked { flat: false, ..asked.first() }), label: "One row per image".into(), chosen: !asked.flat },
            Choice { href: to(&Asked { flat: true, ..asked.first() }), label: "One row per tag".into(), chosen: asked.flat },
        ],
        asked.flat,
        true,
    );
    view! {
        <div class="flex flex-wrap items-center gap-2 py-3.5 max-md:gap-1">
            {list::filter(address::reference(base, place), asked, "Filter tags, e.g. v2.*", model.error.is_some())}
            <div class="flex flex-wrap gap-1 max-md:-ml-1.5">
                {term_menu("Platform", "Any platform", "arch", &platforms, asked, &to)}
                {term_menu("Age", "Any age", "age", &AGES, asked, &to)}
            </div>
            <div class="ml-auto flex flex-wrap gap-1 max-md:ml-0">
                <div class="max-md:hidden">{rows}</div>
                {sort_menu(&SORTS, asked, &to)}
            </div>
        </div>
    }
}

fn content(base: &str, place: &str, model: &RepositoryModel) -> AnyView {
    let asked = &model.asked;
    if model.error.is_some() {
        return ().into_any();
    }
    if model.list.items.is_empty() {
        return nothing(base, place, model);
    }
    let mut html = Html::with_capacity(model.list.items.len() * 1300 + 512);
    html.raw("<thead><tr><th>Tag</th><th>Digest</th><th>Size</th><th>Platforms</th><th>Attached</th><th>Pushed</th></tr></thead><tbody>");
    for tag in &model.list.items {
        row(&mut html, base, place, &model.registry.pull_host, tag, asked.flat, model.now);
    }
    html.raw("</tbody>");
    let words = if asked.flat || model.list.total == model.repository.tags {
        format::plural(model.list.total, "tag", "tags")
    } else {
        format!("{}, one row each", format::plural(model.list.total, "image", "images"))
    };
    let foot = list::foot(asked, model.list.items.len(), model.list.total, model.list.next.as_deref(), &words, |asked| {
        address::repository(base, place, asked)
    });
    view! {
        <table class="rows rows-tags" inner_html=html.into_string()></table>
        {foot}
    }
    .into_any()
}

fn row(html: &mut Html, base: &str, place: &str, host: &str, tag: &Tag, flat: bool, now: i64) {
    let name = format!("{place}:{}", tag.tag);
    html.raw("<tr><td><a class=\"go tag\" href=\"").text(&address::reference(base, &name)).raw("\" data-ref=\"");
    html.text(host).raw("/").text(&tag.repository).raw(":").text(&tag.tag).raw("\">").text(&tag.tag).raw("</a>");
    if !flat {
        for alias in tag.aliases.iter().take(6) {
            let name = format!("{place}:{alias}");
            html.raw(" <a class=\"also\" href=\"").text(&address::reference(base, &name)).raw("\">").text(alias).raw("</a>");
        }
        if tag.aliases.len() > 6 {
            html.raw("<span class=\"also\" title=\"")
                .text(&tag.aliases[6..].join(", "))
                .raw("\">+")
                .number(tag.aliases.len() as u64 - 6)
                .raw("</span>");
        }
    }
    if let Some(problem) = &tag.problem {
        html.raw("<p class=\"text-xs text-warn\">").text(&problem.detail).raw("</p>");
    }
    html.raw("</td><td>");
    match &tag.digest {
        Some(digest) => value::digest(html, digest),
        None if tag.problem.is_some() => {}
        None => {
            html.raw("<span class=\"text-ink-3\">being read</span>");
        }
    }
    html.raw("</td><td>");
    value::size(html, tag.size);
    html.raw("</td><td>");
    value::platforms(html, &tag.platforms, &tag.kind);
    html.raw("</td><td>");
    if tag.signed {
        html.raw("<span title=\"A signature is present\">").raw(Icon::Shield.html()).raw("signed</span>");
    }
    if tag.sbom {
        html.raw("<span>SBOM</span>");
    }
    let named = u64::from(tag.signed) + u64::from(tag.sbom);
    if tag.attached > named {
        let more = tag.attached - named;
        html.raw("<span>");
        if named > 0 {
            html.raw("+").number(more);
        } else {
            html.number(more).raw(" attached");
        }
        html.raw("</span>");
    }
    html.raw("</td><td>");
    value::when(html, tag.pushed.as_deref().or(tag.created.as_deref()), now);
    html.raw("</td></tr>");
}

fn nothing(base: &str, place: &str, model: &RepositoryModel) -> AnyView {
    if !model.asked.q.is_empty() {
        let all = address::repository(base, place, &Asked { q: String::new(), ..model.asked.first() });
        return empty(
            Icon::Search,
            "No tag matches".into(),
            view! {
                <p>"A star stands for anything: " <span class="mono">"v2.*"</span> " finds every tag that begins so."</p>
                <p class="mt-3"><a class="text-link" href=all>"Show all tags"</a></p>
            },
        )
        .into_any();
    }
    let reference = format!("{}/{}", model.registry.pull_host, model.repository.repository);
    empty(
        Icon::Tag,
        "No tags".into(),
        view! {
            <p>"The repository is there, but nothing in it has a name: its tags were deleted, or only the machinery of signatures is left."</p>
            {command(&format!("docker push {reference}:1"))}
        },
    )
    .into_any()
}
