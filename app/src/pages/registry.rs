//! `/r/{registry}`: how far we agree with a registry, what it can do, what is wrong and what mends it.

mod storage;

use crate::{
    address, format,
    html::Html,
    model::{Asked, Frame, RegistryModel},
    ui::{
        icon::Icon,
        notice::{Weight, command, notice},
        page::{BUTTON, Crumb, H2, fact, heading, meta},
        progress::bar,
        state, value,
    },
};
use api::{Answer, Capability, State};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &RegistryModel) -> AnyView {
    let base = &frame.base;
    let registry = &model.registry;
    let crumbs = vec![
        Crumb { label: "Catalogue".into(), href: Some(format!("{base}/")), before: "" },
        Crumb { label: registry.name.clone(), href: None, before: "/" },
    ];
    let list = address::catalogue(base, &Asked { registry: Some(registry.name.clone()), ..Asked::default() });
    let actions = view! {
        <a class=BUTTON href=list>{Icon::Box.view()}"Repositories"</a>
        <form method="post" action=format!("{}/refresh", address::registry(base, &registry.name))>
            <input type="hidden" name="csrf_token" value=frame.csrf.clone()/>
            <button class=BUTTON type="submit">{Icon::Refresh.view()}"Read it anew"</button>
        </form>
    };
    let mut facts = vec![
        fact(format::count(registry.repositories), if registry.repositories == 1 { "repository" } else { "repositories" }),
        fact(format::count(registry.tags), if registry.tags == 1 { "tag" } else { "tags" }),
    ];
    if let Some(size) = registry.size {
        facts.push(fact(format::size(size), "stored"));
    }
    view! {
        {heading(crumbs, actions)}
        {meta(facts)}
        {model.refreshing.then(|| notice(Weight::Info, "The registry is being read anew; this page follows by itself."))}
        {problem(model)}
        {progress(model)}
        <div class="grid grid-cols-[minmax(0,1fr)_340px] gap-12 pt-7 pb-16 max-lg:grid-cols-1 max-lg:gap-8">
            <section aria-labelledby="can">
                <h2 class=H2 id="can">"What it can do"</h2>
                {capabilities(&registry.capabilities)}
            </section>
            <div>
                <section aria-labelledby="connection">
                    <h2 class=H2 id="connection">"Connection"</h2>
                    <dl class="facts" inner_html=connection(model)></dl>
                </section>
                {storage::section(frame, model)}
                {events(model)}
            </div>
        </div>
    }
    .into_any()
}

fn connection(model: &RegistryModel) -> String {
    let registry = &model.registry;
    let mut html = Html::default();
    html.raw("<dt>State</dt><dd>");
    state::of_registry(&mut html, registry, model.now);
    html.raw("</dd><dt>Address</dt><dd class=\"mono\">")
        .text(&registry.url)
        .raw("</dd><dt>Pull from</dt><dd class=\"mono\">")
        .text(&registry.pull_host);
    html.raw(" ");
    value::copy(&mut html, &registry.pull_host, "Copy the host");
    html.raw("</dd><dt>Last asked</dt><dd>");
    value::when(&mut html, registry.checked.as_deref(), model.now);
    html.raw(if registry.checked.is_some() { " ago" } else { "" }).raw("</dd><dt>Answers in</dt><dd class=\"num\">");
    match registry.latency_ms {
        Some(latency) => html.text(&format::count(latency)).raw(" ms"),
        None => html.raw("<span class=\"text-ink-3\">not measured yet</span>"),
    };
    html.raw("</dd><dt>Changes</dt><dd>")
        .raw(if registry.read_only { "none through Supercargo: read only" } else { "allowed" })
        .raw("</dd>");
    html.into_string()
}

/// The last problem, with what mends it.
fn problem(model: &RegistryModel) -> Option<AnyView> {
    let registry = &model.registry;
    let weight = if registry.state == State::Unreachable { Weight::Bad } else { Weight::Warn };
    let Some(problem) = &registry.problem else {
        return (registry.state == State::Unreachable)
            .then(|| notice(weight, "The registry does not answer. It is asked again by itself; everything known stays here.").into_any());
    };
    let mut html = Html::default();
    html.raw("<p class=\"font-semibold\">").text(&problem.title).raw("</p><p>").text(&problem.detail).raw("</p>");
    if let Some(hint) = &problem.hint {
        html.raw("<p class=\"mt-1.5 text-ink\"><span class=\"font-semibold\">What mends it:</span> ").text(hint).raw("</p>");
    }
    Some(notice(weight, view! { <div inner_html=html.into_string()></div> }).into_any())
}

/// The crawl under way.
fn progress(model: &RegistryModel) -> Option<AnyView> {
    let progress = model.registry.progress.as_ref()?;
    let told = format!(
        "{} of {} read, {} fetched",
        format::count(progress.done),
        format::plural(progress.total, "repository", "repositories"),
        format::plural(progress.manifests, "manifest", "manifests")
    );
    let mut began = Html::default();
    began.raw("begun ");
    value::when(&mut began, Some(&progress.started), model.now);
    began.raw(" ago");
    Some(
        view! {
            <section class="pt-5" aria-label="Crawl">
                {bar("Crawl", progress.done, progress.total)}
                <p class="flex flex-wrap justify-between gap-x-4 pt-1.5 text-sm text-ink-2 tabular-nums">
                    <span>{told}</span>
                    <span inner_html=began.into_string()></span>
                </p>
            </section>
        }
        .into_any(),
    )
}

/// A capability's word for people, and what it gives them.
fn words(name: &str) -> (&str, &'static str) {
    match name {
        "auth" => ("Sign-in", "It wants credentials."),
        "catalog" => ("List of repositories", "It tells which repositories it has."),
        "tag-paging" => ("Tags in pages", "Long lists of tags come in pages."),
        "digest-header" => ("Digest by HEAD", "What a tag names is told without its manifest."),
        "etag" => ("Conditional requests", "What did not change is not sent again."),
        "referrers" => ("Referrers", "Signatures, SBOMs and provenance are found by the referrers API."),
        "delete" => ("Delete by digest", "Manifests can be deleted."),
        "delete-tag" => ("Delete a tag", "A tag can be deleted without its manifest."),
        other => (other, ""),
    }
}

fn capabilities(capabilities: &[Capability]) -> AnyView {
    if capabilities.is_empty() {
        return view! { <p class="text-ink-2">"The registry has not been tried yet. That happens with the first crawl."</p> }.into_any();
    }
    let mut html = Html::with_capacity(capabilities.len() * 500);
    for capability in capabilities {
        let (word, meaning) = words(&capability.name);
        html.raw("<li class=\"flex gap-3 border-b border-line py-2.5\"><span class=\"flex-none ");
        // Wanting no credentials is no fault.
        let state = if capability.name == "auth" && capability.state == Answer::No { Answer::Unknown } else { capability.state };
        html.raw(match state {
            Answer::Yes => "text-good",
            Answer::No => "text-warn",
            Answer::Unknown => "text-ink-3",
        });
        html.raw("\">").raw(match state {
            Answer::Yes => Icon::Check.html(),
            Answer::No => Icon::Cross.html(),
            Answer::Unknown => Icon::Minus.html(),
        });
        html.raw("</span><div class=\"min-w-0\"><p><span class=\"font-semibold\">").text(word).raw("</span> <span class=\"text-ink-3\">");
        html.raw(match capability.state {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Unknown => "cannot be told yet",
        });
        html.raw("</span></p>");
        match &capability.hint {
            Some(hint) => html.raw("<p class=\"text-sm text-ink-2\">").text(hint).raw("</p>"),
            None => html.raw("<p class=\"text-sm text-ink-2\">").raw(meaning).raw("</p>"),
        };
        html.raw("</div></li>");
    }
    view! { <ul class="border-t border-line" inner_html=html.into_string()></ul> }.into_any()
}

/// How the registry can tell of pushes by itself.
fn events(model: &RegistryModel) -> Option<AnyView> {
    let url = model.notifications.as_ref()?;
    let snippet = format!(
        "notifications:\n  endpoints:\n    - name: supercargo\n      url: {url}\n      timeout: 2s\n      threshold: 5\n      backoff: 10s"
    );
    Some(
        view! {
            <section class="pt-8" aria-labelledby="events">
                <h2 class=H2 id="events">"Events"</h2>
                <p class="text-sm text-ink-2">"With this in the settings of registry:2 or registry:3 a push is seen here within a second."</p>
                {command(&snippet)}
            </section>
        }
        .into_any(),
    )
}
