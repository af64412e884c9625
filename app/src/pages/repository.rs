//! `/r/{registry}/{repository}`: its tags, one row for each image unless asked otherwise.

use super::catalogue::{sort_menu, term_menu};
use crate::{
    address, format,
    html::Html,
    model::{ActivityAsked, Asked, Frame, RepositoryModel},
    ui::{
        actions::{self, Pull},
        icon::Icon,
        list, lock,
        menu::{Choice, menu},
        more::{self, Can, Items},
        notice::{command, empty, query_error},
        page::{BUTTON, BUTTON_BAD, Crumb, TabLink, fact, heading, meta, tabs},
        panel, state, value,
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
    let can = Can::of(&model.registry);
    let whole = model.locks.iter().find(|lock| lock.reference == place).map(std::slice::from_ref).unwrap_or_default();
    let actions = view! {
        {(repository.tags > 0).then(|| actions::menu(&pull, false))}
        {can.change.then(|| of_repository(base, &place, can, !whole.is_empty()))}
    };
    let mut facts = vec![fact(format::count(repository.tags), if repository.tags == 1 { "tag" } else { "tags" })];
    // None while the tags are only listed yet.
    if repository.images > 0 || repository.tags == 0 {
        facts.push(fact(format::count(repository.images), if repository.images == 1 { "image" } else { "images" }));
    }
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
    let activity = ActivityAsked {
        registry: Some(repository.registry.clone()),
        repository: Some(repository.repository.clone()),
        ..ActivityAsked::default()
    };
    let links = vec![
        TabLink { label: "Tags", count: Some(repository.tags), href: address::reference(base, &place), current: true },
        TabLink { label: "Activity", count: None, href: address::activity(base, &activity), current: false },
    ];
    view! {
        {heading(crumbs(base, &repository.registry, &repository.repository, None), actions)}
        {about(model)}
        {meta(facts)}
        {state::banner(base, &model.registry, model.now)}
        {more::no_deletes(&model.registry)}
        {lock::lines(whole, can.change, model.now)}
        {can.change.then(|| (more::form(frame), lock::forms(frame)))}
        {tabs("Repository", links)}
        <div class="listing">
            {bar(base, &place, model, can)}
            {model.error.as_ref().map(|error| query_error(&model.asked.q, error))}
            {content(frame, &place, model, can)}
        </div>
    }
    .into_any()
}

/// What can be done with the repository as a whole.
fn of_repository(base: &str, place: &str, can: Can, locked: bool) -> AnyView {
    let (registry, repository) = place.split_once('/').unwrap_or((place, ""));
    let of_it = format!("repo:={repository}");
    let policy = format!("{base}/clean-up{}", address::query(&[("registry", registry), ("match", &of_it)]));
    let mut items = Items::new(base).dialog(Icon::Transfer, "/copy", place, "Copy to…");
    if !locked {
        items = items.lock(place, "Lock repository");
    }
    if !can.delete {
        return items.button("More");
    }
    items.link(Icon::Refresh, &policy, "Clean up…").delete(place, "Delete repository…", false).button("More")
}

/// What can be done with one row.
fn of_row(base: &str, can: Can) -> AnyView {
    let items = Items::new(base).copy("").dialog(Icon::Tag, "/retag", "", "Retag…").dialog(Icon::Transfer, "/copy", "", "Copy to…");
    if can.delete { items.delete("", "Delete…", false).template() } else { items.template() }
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

fn bar(base: &str, place: &str, model: &RepositoryModel, can: Can) -> impl IntoView + use<> {
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
        <div class="bar flex flex-wrap items-center gap-2 py-3.5 max-md:gap-1">
            {list::filter(address::reference(base, place), asked, "Filter tags, e.g. v2.*", model.error.is_some())}
            <div class="flex flex-wrap gap-1 max-md:-ml-1.5">
                {term_menu("Platform", "Any platform", "arch", &platforms, asked, &to)}
                {term_menu("Age", "Any age", "age", &AGES, asked, &to)}
            </div>
            <div class="ml-auto flex flex-wrap items-center gap-1 max-md:ml-0">
                {(can.change && !model.list.items.is_empty()).then(|| chosen(base, can))}
                <div class="max-md:hidden">{rows}</div>
                {sort_menu(&SORTS, asked, &to)}
            </div>
        </div>
    }
}

/// What is done with the rows that are chosen. The count is told by the island; without scripts it is for the plan to tell.
fn chosen(base: &str, can: Can) -> AnyView {
    view! {
        <div class="chosen flex flex-wrap items-center gap-2 pr-2 max-md:[&_.i]:hidden">
            <span class="num text-sm text-ink-2" id="chosen" role="status"><b class="font-semibold text-ink"></b><span></span></span>
            <button class=BUTTON form="selection" formaction=format!("{base}/copy") data-copy-chosen="">{Icon::Transfer.view()}"Copy to…"</button>
            {can.delete.then(|| view! { <button class=BUTTON_BAD form="selection" data-delete-chosen="">{Icon::Trash.view()}"Delete…"</button> })}
        </div>
    }
    .into_any()
}

fn content(frame: &Frame, place: &str, model: &RepositoryModel, can: Can) -> AnyView {
    let base = &frame.base;
    let asked = &model.asked;
    if model.error.is_some() {
        return ().into_any();
    }
    if model.list.items.is_empty() {
        return nothing(base, place, model);
    }
    let mut html = Html::with_capacity(model.list.items.len() * 1300 + 512);
    html.raw("<thead><tr><th>");
    if can.change {
        html.raw("<label class=\"pick scripted\"><input class=\"check\" type=\"checkbox\" data-all aria-label=\"Select all on this page\"></label>");
    }
    html.raw("Tag");
    if let Some(matching) = model.matching.filter(|matching| can.change && *matching > 1) {
        let words = if asked.q.is_empty() { "" } else { " that match" };
        let label = format!("all {}{words}", format::plural(matching, "tag", "tags"));
        html.raw(" <label class=\"every chosen\"><input class=\"check\" type=\"checkbox\" name=\"all\" value=\"1\" data-of=\"")
            .number(matching);
        html.raw("\" aria-label=\"").text(&label).raw("\"> ").text(&label).raw("</label>");
    }
    html.raw("</th><th>Digest</th><th>Size</th><th>Platforms</th><th>Attached</th><th>Pushed</th>");
    html.raw(if can.change { "<th><span class=\"sr-only\">More</span></th></tr></thead><tbody>" } else { "</tr></thead><tbody>" });
    let locks: std::collections::HashSet<&str> = model.locks.iter().map(|lock| lock.reference.as_str()).collect();
    for tag in &model.list.items {
        let locked = |name: &String| locks.contains(format!("{place}:{name}").as_str());
        let locked = !locks.is_empty() && (locked(&tag.tag) || !asked.flat && tag.aliases.iter().any(locked));
        row(&mut html, base, place, &model.registry.pull_host, tag, asked.flat, can, locked, model.now);
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
    let html = html.into_string();
    if !can.change {
        return view! {
            <table class="rows rows-tags" inner_html=html></table>
            {foot}
        }
        .into_any();
    }
    let action = if can.delete { "delete" } else { "copy" };
    view! {
        <form id="selection" method="post" action=format!("{base}/{action}") data-change="">
            {panel::token(frame)}
            <input type="hidden" name="place" value=place.to_owned()/>
            <input type="hidden" name="q" value=asked.q.clone()/>
            <table class="rows rows-tags rows-picked" inner_html=html></table>
        </form>
        {of_row(base, can)}
        {foot}
    }
    .into_any()
}

#[expect(clippy::too_many_arguments, reason = "all of them stay the same from row to row, and the row is written once")]
fn row(html: &mut Html, base: &str, place: &str, host: &str, tag: &Tag, flat: bool, can: Can, locked: bool, now: i64) {
    let name = format!("{place}:{}", tag.tag);
    html.raw("<tr><td>");
    if can.change {
        html.raw("<label class=\"pick\"><input class=\"check\" type=\"checkbox\" name=\"ref\" value=\"").text(&name);
        html.raw("\" aria-label=\"Select ").text(&tag.tag).raw("\"></label>");
    }
    html.raw("<a class=\"go tag\" href=\"").text(&address::reference(base, &name)).raw("\" data-ref=\"");
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
    if locked {
        html.raw(" <span class=\"text-ink-3 [&_.i]:size-3.5\" title=\"Locked\">")
            .raw(Icon::Lock.html())
            .raw("<span class=\"sr-only\">locked</span></span>");
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
    if tag.digest.is_some() {
        value::platforms(html, &tag.platforms, &tag.kind);
    }
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
    if can.change {
        // Without a script it leads to the page whose head has the same choices.
        html.raw("</td><td>");
        if tag.problem.is_none() {
            html.raw("<a class=\"more\" href=\"").text(&address::reference(base, &name)).raw("#more\" aria-label=\"More for ");
            html.text(&tag.tag).raw("\"></a>");
        }
    }
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
