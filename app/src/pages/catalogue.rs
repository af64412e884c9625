//! `/`: every repository of every registry, filtered, sorted, grouped by namespace where the order allows it.

use crate::{
    address, format,
    html::Html,
    model::{Asked, CatalogueModel, Frame},
    ui::{
        icon::Icon,
        list,
        menu::{Choice, menu},
        notice::{command, empty, query_error},
        page::{Crumb, fact, heading, meta},
        state, value,
    },
};
use api::{Repository, State};
use leptos::prelude::*;

/// What changed last comes first, unless asked otherwise.
const SORTS: [(&str, &str); 6] = [
    ("-pushed", "Last pushed"),
    ("name", "Name"),
    ("-size", "Largest"),
    ("size", "Smallest"),
    ("-tags", "Most tags"),
    ("tags", "Fewest tags"),
];
const KINDS: [(&str, &str); 6] = [
    ("image", "Image"),
    ("helm", "Helm chart"),
    ("wasm", "WASM module"),
    ("model", "Model"),
    ("artifact", "Artifact"),
    ("unknown", "Unknown"),
];
const ARCHITECTURES: [&str; 8] = ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64"];

pub(super) fn draw(frame: &Frame, model: &CatalogueModel) -> AnyView {
    let base = &frame.base;
    let totals = &model.totals;
    let mut facts = vec![
        fact(format::count(totals.repositories), if totals.repositories == 1 { "repository" } else { "repositories" }),
        fact(format::count(totals.tags), if totals.tags == 1 { "tag" } else { "tags" }),
    ];
    if totals.size > 0 {
        facts.push(fact(format::size(totals.size), "stored"));
    }
    if totals.size_unshared > totals.size {
        facts.push(view! { <span class="max-md:hidden">{format::size(totals.size_unshared)}" before sharing"</span> }.into_any());
    }
    if totals.registries > 1 {
        facts.push(view! { <span class="max-md:hidden">{format::plural(totals.registries, "registry", "registries")}</span> }.into_any());
    }
    view! {
        {heading(crumbs(base, &model.asked), state::freshness(base, &model.list.freshness, &model.registries, model.now))}
        {meta(facts)}
        {state::banners(base, &model.registries, model.now)}
        {bar(base, model)}
        {model.error.as_ref().map(|error| query_error(&model.asked.q, error))}
        {content(frame, model)}
    }
    .into_any()
}

/// The catalogue, and how far it is narrowed to a registry and a namespace.
fn crumbs(base: &str, asked: &Asked) -> Vec<Crumb> {
    let mut steps = vec![(None, None, "Catalogue".to_owned())];
    if let Some(registry) = &asked.registry {
        steps.push((Some(registry.clone()), None, registry.clone()));
    }
    let mut path = String::new();
    for part in asked.namespace.iter().flat_map(|namespace| namespace.split('/')) {
        path = if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") };
        steps.push((asked.registry.clone(), Some(path.clone()), part.to_owned()));
    }
    let last = steps.len() - 1;
    steps
        .into_iter()
        .enumerate()
        .map(|(index, (registry, namespace, label))| {
            let href = (index < last)
                .then(|| address::catalogue(base, &Asked { registry, namespace, sort: asked.sort.clone(), ..Asked::default() }));
            Crumb { label, href, before: if index == 0 { "" } else { "/" } }
        })
        .collect()
}

fn bar(base: &str, model: &CatalogueModel) -> impl IntoView + use<> {
    let asked = &model.asked;
    let to = |asked: &Asked| address::catalogue(base, asked);
    let registries = (model.registries.len() > 1).then(|| {
        let mut choices = vec![Choice {
            href: to(&Asked { registry: None, ..asked.first() }),
            label: "All registries".into(),
            chosen: asked.registry.is_none(),
        }];
        choices.extend(model.registries.iter().map(|registry| Choice {
            href: to(&Asked { registry: Some(registry.name.clone()), ..asked.first() }),
            label: registry.name.clone(),
            chosen: asked.registry.as_ref() == Some(&registry.name),
        }));
        let label = asked.registry.as_ref().map_or_else(|| "Registry".to_owned(), |name| format!("Registry: {name}"));
        menu(label, None, choices, asked.registry.is_some(), false)
    });
    let kinds = term_menu("Kind", "Any kind", "kind", &KINDS, asked, &to);
    let architectures = ARCHITECTURES.map(|word| (word, word));
    let platforms = term_menu("Platform", "Any platform", "arch", &architectures, asked, &to);
    let signed = term_menu("Signed", "Signed or not", "signed", &[("yes", "Signed"), ("no", "Not signed")], asked, &to);
    view! {
        <div class="flex flex-wrap items-center gap-2 pt-5 pb-3.5 max-md:gap-1">
            {list::filter(format!("{base}/"), asked, "Filter this list", model.error.is_some())}
            <div class="flex flex-wrap gap-1 max-md:-ml-1.5">{registries}{kinds}{platforms}{signed}</div>
            <div class="ml-auto max-md:ml-0">{sort_menu(&SORTS, asked, &to)}</div>
        </div>
    }
}

/// A menu that puts one term into the query, or takes it out.
pub(super) fn term_menu(
    label: &'static str,
    any: &'static str,
    key: &'static str,
    values: &[(&'static str, &'static str)],
    asked: &Asked,
    to: &impl Fn(&Asked) -> String,
) -> AnyView {
    let current = asked.term(key);
    let mut choices = vec![Choice { href: to(&asked.with_term(key, None)), label: any.into(), chosen: current.is_none() }];
    choices.extend(values.iter().map(|(value, word)| Choice {
        href: to(&asked.with_term(key, Some(value))),
        label: (*word).to_owned(),
        chosen: current == Some(value),
    }));
    let shown = current.map(|current| values.iter().find(|(value, _)| *value == current).map_or(current, |(_, word)| word));
    let text = shown.map_or_else(|| label.to_owned(), |shown| format!("{label}: {}", crate::text::visible(shown)));
    menu(text, None, choices, current.is_some(), false).into_any()
}

/// The orders; the first is the page's own and stands in no address.
pub(super) fn sort_menu(sorts: &[(&'static str, &'static str)], asked: &Asked, to: &impl Fn(&Asked) -> String) -> AnyView {
    let own = sorts.first().map_or("", |(sort, _)| sort);
    let current = asked.sort.as_deref().unwrap_or(own);
    let choices = sorts
        .iter()
        .map(|(sort, word)| Choice {
            href: to(&asked.sorted(Some(*sort).filter(|sort| *sort != own))),
            label: (*word).to_owned(),
            chosen: *sort == current,
        })
        .collect();
    let label = sorts.iter().find(|(sort, _)| *sort == current).map_or("Sort", |(_, word)| word);
    menu(label.to_owned(), Some(Icon::Sort), choices, false, true).into_any()
}

fn content(frame: &Frame, model: &CatalogueModel) -> AnyView {
    if model.error.is_some() {
        return ().into_any();
    }
    if model.list.items.is_empty() {
        return nothing(frame, model);
    }
    let base = &frame.base;
    let grouped = model.asked.sort.as_deref() == Some("name");
    let rows = if grouped { groups(base, model) } else { flat(base, model) };
    let total = format::plural(model.list.total, "repository", "repositories");
    let foot = list::foot(&model.asked, model.list.items.len(), model.list.total, model.list.next.as_deref(), &total, |asked| {
        address::catalogue(base, asked)
    });
    view! {
        <table class="rows rows-catalogue" inner_html=rows></table>
        {foot}
    }
    .into_any()
}

const HEAD: &str = "<thead><tr><th><span class=\"sr-only\">Kind</span></th><th>Repository</th><th>Newest</th><th>Tags</th><th>Size</th><th>Platforms</th><th><span class=\"sr-only\">Signed</span></th><th>Pushed</th></tr></thead>";

fn flat(base: &str, model: &CatalogueModel) -> String {
    let several = model.registries.len() > 1;
    let mut html = Html::with_capacity(model.list.items.len() * 1100 + 512);
    html.raw(HEAD).raw("<tbody>");
    for repository in &model.list.items {
        let (space, name) = split(&repository.repository);
        let prefix = match (several, space) {
            (false, "") => String::new(),
            (false, space) => format!("{space}/"),
            (true, "") => format!("{} / ", repository.registry),
            (true, space) => format!("{} / {space}/", repository.registry),
        };
        row(&mut html, base, repository, &prefix, name, model.now);
    }
    html.raw("</tbody>");
    html.into_string()
}

/// One table body for each namespace one level below the one asked for; its head folds it, without a script. Deeper
/// ones stand in the rows: names sort so that only the outermost level holds together.
fn groups(base: &str, model: &CatalogueModel) -> String {
    let several = model.registries.len() > 1;
    let within = model.asked.namespace.as_deref().unwrap_or_default();
    let heads = several || model.list.items.iter().any(|repository| !outer(&repository.repository, within).0.is_empty());
    let mut html = Html::with_capacity(model.list.items.len() * 1100 + 2048);
    html.raw(HEAD);
    let mut open: Option<(&str, &str)> = None;
    for repository in &model.list.items {
        let (space, rest) = outer(&repository.repository, within);
        if open != Some((&repository.registry, space)) {
            html.raw(if open.is_some() { "</tbody><tbody>" } else { "<tbody>" });
            open = Some((&repository.registry, space));
            if heads {
                head(&mut html, base, model, &repository.registry, space, several);
            }
        }
        let (deeper, name) = rest.rfind('/').map_or(("", rest), |slash| rest.split_at(slash + 1));
        row(&mut html, base, repository, deeper, name, model.now);
    }
    html.raw("</tbody>");
    html.into_string()
}

/// The namespace that a repository is grouped by, and the rest of its name.
fn outer<'a>(repository: &'a str, within: &str) -> (&'a str, &'a str) {
    let own = repository.strip_prefix(within).filter(|_| !within.is_empty()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(repository);
    let before = repository.len() - own.len();
    match own.find('/') {
        Some(slash) => (&repository[..before + slash], &own[slash + 1..]),
        None => (repository[..before].trim_end_matches('/'), own),
    }
}

fn head(html: &mut Html, base: &str, model: &CatalogueModel, registry: &str, space: &str, several: bool) {
    let label = match (several, space) {
        (false, "") => "top level".to_owned(),
        (false, _) => space.to_owned(),
        (true, "") => registry.to_owned(),
        (true, space) => format!("{registry} / {space}"),
    };
    html.raw("<tr class=\"head\"><td colspan=\"8\"><label><input type=\"checkbox\" aria-label=\"Fold ").text(&label).raw("\">");
    html.raw(Icon::Down.html()).raw("</label> ");
    let inside = Asked {
        namespace: Some(space.to_owned()).filter(|space| !space.is_empty()),
        registry: if several { Some(registry.to_owned()) } else { model.asked.registry.clone() },
        ..model.asked.first()
    };
    html.raw("<a href=\"").text(&address::catalogue(base, &inside)).raw("\"><b>").text(&label).raw("</b></a>");
    if let Some(sums) = model.namespaces.iter().find(|sums| sums.registry == registry && sums.namespace == space) {
        html.raw("<small class=\"num\">").text(&format::plural(sums.repositories, "repository", "repositories"));
        if let Some(bytes) = sums.size.filter(|bytes| *bytes > 0) {
            html.raw(" · ").text(&format::size(bytes));
        }
        html.raw("</small>");
    }
    html.raw("</td></tr>");
}

fn split(repository: &str) -> (&str, &str) {
    repository.rsplit_once('/').unwrap_or(("", repository))
}

fn row(html: &mut Html, base: &str, repository: &Repository, prefix: &str, name: &str, now: i64) {
    let kind = repository.kinds.first().map_or("", String::as_str);
    let place = format!("{}/{}", repository.registry, repository.repository);
    html.raw("<tr><td title=\"")
        .text(if kind.is_empty() { "Not read yet" } else { format::kind(kind) })
        .raw("\">")
        .raw(Icon::of_kind(kind).html());
    html.raw("</td><td><a class=\"go\" href=\"").text(&address::reference(base, &place)).raw("\">");
    if !prefix.is_empty() {
        html.raw("<span>").text(prefix).raw("</span>");
    }
    html.text(name).raw("</a>");
    if let Some(description) = repository.description.as_deref().filter(|text| !text.trim().is_empty()) {
        html.raw("<p>").text(description).raw("</p>");
    }
    html.raw("</td><td>");
    if let Some(newest) = &repository.newest {
        html.raw("<span class=\"tag\">").text(newest).raw("</span>");
        value::aliases(html, &repository.aliases);
    }
    html.raw("</td><td>").text(&format::count(repository.tags)).raw("</td><td>");
    value::size(html, repository.size);
    html.raw("</td><td>");
    value::platforms(html, &repository.platforms, kind);
    html.raw("</td><td>");
    if repository.signed {
        html.raw("<span title=\"A signature is present\">").raw(Icon::Shield.html()).raw("<span class=\"sr-only\">Signed</span></span>");
    }
    html.raw("</td><td>");
    value::when(html, repository.updated.as_deref(), now);
    html.raw("</td></tr>");
}

/// No repositories: because none match, because none are known yet, or because there are none.
fn nothing(frame: &Frame, model: &CatalogueModel) -> AnyView {
    let base = &frame.base;
    let asked = &model.asked;
    if !asked.q.is_empty() || asked.namespace.is_some() {
        let everything = address::catalogue(base, &Asked { q: String::new(), namespace: None, ..asked.first() });
        return empty(
            Icon::Search,
            "Nothing matches".into(),
            view! {
                <p>"No repository fits this filter. Words match anywhere in the name, the tags, the description and the labels."</p>
                <p class="mt-3"><a class="text-link" href=everything>"Show all repositories"</a></p>
            },
        )
        .into_any();
    }
    if model.registries.is_empty() {
        return empty(
            Icon::Server,
            "No registry yet".into(),
            view! {
                <p>"Name the registry that Supercargo shall stand beside, and start it again."</p>
                {command("SUPERCARGO_REGISTRY=http://localhost:5000 supercargo")}
            },
        )
        .into_any();
    }
    match model.list.freshness.state {
        State::Crawling => empty(
            Icon::Clock,
            "Reading the registry".into(),
            view! { <p>"Names appear here as they are found; this page fills by itself."</p> },
        )
        .into_any(),
        State::Unreachable => empty(
            Icon::Server,
            "Nothing is known yet".into(),
            view! { <p>"The registry has not answered so far. Its page says why, and what mends it."</p> },
        )
        .into_any(),
        State::Fresh | State::Stale => {
            let host = model.registries.iter().find(|registry| asked.registry.as_ref().is_none_or(|name| *name == registry.name));
            let host = host.map_or_else(|| frame.public_host.clone(), |registry| registry.pull_host.clone());
            empty(
                Icon::Box,
                "The registry is empty".into(),
                view! {
                    <p>"Push a first image, and it appears here."</p>
                    {command(&format!("docker tag alpine {host}/team/alpine:1\ndocker push {host}/team/alpine:1"))}
                },
            )
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::outer;

    #[test]
    fn repositories_are_grouped_one_level_below_what_was_asked() {
        assert_eq!(outer("team/sub/api", ""), ("team", "sub/api"));
        assert_eq!(outer("team/sub/api", "team"), ("team/sub", "api"));
        assert_eq!(outer("team/api", "team"), ("team", "api"));
        assert_eq!(outer("api", ""), ("", "api"));
        assert_eq!(outer("teams/api", "team"), ("teams", "api"));
    }
}
