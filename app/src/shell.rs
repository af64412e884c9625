//! The whole document: head, frame, page, and the few lines that wake the islands.

use crate::{
    html::Html,
    islands::{Changes, Companion, Live, SearchBox, search::Base},
    model::{CleanUpModel, Frame, Page},
    pages,
    ui::{icon, keys, nav, page::WRAP, panel, theme},
};
use leptos::prelude::*;

/// Wakes the islands when the browser is idle. Leptos' own script walks every node of the page to find them; this one
/// asks for them by name, which is enough because none of ours stands within another.
const BOOT: &str = include_str!("boot.js");

const LOGO: &str = r#"<rect x="2" y="6.5" width="20" height="13" rx="2.2" class="fill-signal"/><path d="M6.5 10v6M10.2 10v6M13.9 10v6M17.6 10v6" class="stroke-paper" stroke-width="1.7" stroke-linecap="round"/><path d="M12 2v4.5M7 6.5 12 2l5 4.5" class="stroke-ink" stroke-width="1.5" stroke-linejoin="round"/>"#;

/// Draws a page in its frame. Needs an owner with a shared context around it, as leptos_axum's handlers have.
pub fn shell(frame: &Frame, page: Page) -> impl IntoView + use<> {
    // Only islands are hydrated: nothing else may carry the marks of hydration.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    let base = frame.base.clone();
    provide_context(Base(base.clone()));
    // A text node would be followed by a marker, which is text in a title.
    let mut title = Html::default();
    title.text(&page.title());
    let scope = scope(&page);
    let place = place(&page);
    let (reference, now) = (reference(&page), now(&page));
    let rules = format!(
        r#"{{"prefetch":[{{"where":{{"and":[{{"href_matches":"{base}/*"}},{{"not":{{"href_matches":["{base}/api/*","{base}/v2/*","{base}/clean-up*"]}}}}]}},"eagerness":"moderate"}}]}}"#
    );
    let again = again(&page).map(|seconds| view! { <noscript><meta http-equiv="refresh" content=seconds.to_string()/></noscript> });
    let events = events(&page);
    let nonce = frame.nonce.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=frame.theme.as_str() data-base=base.clone()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="What is in the registry: repositories, tags and images, searchable."/>
                <meta name="referrer" content="same-origin"/>
                <title inner_html=title.into_string()></title>
                <link rel="stylesheet" href=format!("{base}{}", frame.assets.css)/>
                <link rel="icon" type="image/svg+xml" href=format!("{base}/favicon.svg")/>
                {again}
                <script type="speculationrules" nonce=nonce.clone() inner_html=rules></script>
            </head>
            <body>
                {icon::sprite()}
                <a
                    class="sr-only rounded-md bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:px-3 focus:py-2"
                    href="#main"
                >
                    "Skip to the content"
                </a>
                <header class="sticky top-0 z-30 border-b border-line bg-paper">
                    <div class=format!("{WRAP} flex h-13.5 items-center gap-7 max-md:gap-3")>
                        {nav::narrow(frame, &page)}
                        <a class="flex flex-none items-center gap-2.5 text-[15px] font-[650] tracking-tight hover:no-underline" href=format!("{base}/")>
                            <svg class="size-5.5 flex-none" viewBox="0 0 24 24" fill="none" aria-hidden="true" inner_html=LOGO></svg>
                            <span class="max-[22rem]:sr-only">"Supercargo"</span>
                        </a>
                        {nav::wide(frame, &page)}
                        <div class="ml-auto flex min-w-0 items-center gap-3 max-md:flex-1 max-md:gap-1.5">
                            <SearchBox/>
                            {theme::button(frame)}
                        </div>
                    </div>
                </header>
                <main class=format!("{WRAP} min-h-[calc(100vh-7.5rem)] outline-none") id="main" tabindex="-1" data-now=now data-since=frame.asked_at data-ref=reference data-place=place data-scope=scope data-events=events>
                    {pages::draw(frame, page)}
                </main>
                <footer class="border-t border-line">
                    <div class=format!("{WRAP} flex flex-wrap gap-x-5 gap-y-1 py-4 text-xs text-ink-3")>
                        <span>{concat!("Supercargo ", env!("CARGO_PKG_VERSION"))}</span>
                        <a class="hover:text-ink" href=format!("{base}/search")>"Query language"</a>
                        <a class="hover:text-ink" href=format!("{base}/api/v1/openapi.json")>"API"</a>
                        <span class="ml-auto max-md:hidden">
                            <kbd class="rounded-sm border border-line px-1 font-mono">"?"</kbd>
                            " keys"
                        </span>
                    </div>
                </footer>
                {keys::dialog()}
                {panel::places()}
                <Companion/>
                <Changes/>
                <Live/>
                <script
                    nonce=nonce
                    data-js=format!("{base}{}", frame.assets.js)
                    data-wasm=format!("{base}{}", frame.assets.wasm)
                    inner_html=BOOT
                ></script>
            </body>
        </html>
    }
}

/// Only what a page says, for a dialog or a notice of a page that is open already.
pub fn fragment(frame: &Frame, page: Page) -> String {
    let kind = match &page {
        Page::Job(_) => "job",
        _ => "dialog",
    };
    let owner = Owner::new_root(None);
    let html = owner.with(|| view! { <section data-fragment=kind>{pages::draw(frame, page)}</section> }.to_html());
    owner.unset_with_forced_cleanup();
    html
}

/// What a policy would do, for the place that a page on its way has for it.
pub fn preview(frame: &Frame, model: &CleanUpModel) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| pages::clean_up::preview(frame, model).to_html());
    owner.unset_with_forced_cleanup();
    html
}

/// The document as text, for tests and for pages made outside a Leptos handler.
pub fn to_html(frame: &Frame, page: Page) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| shell(frame, page).to_html());
    owner.unset_with_forced_cleanup();
    html
}

/// Whose changes a page wants to hear of: `*` of all, a registry's, a repository's; nothing where none.
fn scope(page: &Page) -> String {
    match page {
        Page::Catalogue(model) => model.asked.registry.clone().unwrap_or_else(|| "*".to_owned()),
        Page::Registry(model) => model.registry.name.clone(),
        Page::Repository(model) => format!("{}/{}", model.repository.registry, model.repository.repository),
        Page::Image(model) => format!("{}/{}", model.image.registry, model.image.repository),
        Page::Problem(model) => model.registry.as_ref().map(|registry| registry.name.clone()).unwrap_or_default(),
        Page::Activity(model) => model.asked.registry.clone().unwrap_or_else(|| "*".to_owned()),
        // Whatever is told of the job concerns its page.
        Page::Job(model) if !model.job.state.is_over() => "*".to_owned(),
        Page::Compare(_) | Page::Search(_) | Page::Plan(_) | Page::Job(_) | Page::Retag(_) | Page::Copy(_) | Page::CleanUp(_) => {
            String::new()
        }
    }
}

/// The stream that tells of a page's changes, where that is not the one of all registries.
fn events(page: &Page) -> Option<String> {
    match page {
        Page::Job(model) => Some(format!("/api/v1/jobs/{}/events", model.job.id)),
        _ => None,
    }
}

/// After how many seconds a page is to be loaded again where no script does that.
fn again(page: &Page) -> Option<u8> {
    let under_way = match page {
        Page::Job(model) => !model.job.state.is_over(),
        Page::Registry(model) => model.collections.as_ref().and_then(|it| it.last.as_ref()).is_some_and(|last| last.finished.is_none()),
        _ => false,
    };
    under_way.then_some(2)
}

/// The place as it is remembered among the recent ones: a repository's or an image's reference.
fn place(page: &Page) -> Option<String> {
    match page {
        Page::Repository(model) => Some(format!("{}/{}", model.repository.registry, model.repository.repository)),
        Page::Image(model) => Some(model.image.reference.clone()),
        _ => None,
    }
}

/// What `y` copies where no row is chosen.
fn reference(page: &Page) -> Option<String> {
    match page {
        Page::Image(model) => Some(model.image.pull_reference.clone()),
        Page::Repository(model) => Some(format!("{}/{}", model.registry.pull_host, model.repository.repository)),
        _ => None,
    }
}

fn now(page: &Page) -> i64 {
    match page {
        Page::Catalogue(model) => model.now,
        Page::Registry(model) => model.now,
        Page::Repository(model) => model.now,
        Page::Image(model) => model.now,
        Page::Search(model) => model.now,
        Page::Compare(model) => model.now,
        Page::Plan(model) => model.now,
        Page::Job(model) => model.now,
        Page::Retag(model) => model.now,
        Page::Copy(model) => model.now,
        Page::CleanUp(model) => model.now,
        Page::Activity(model) => model.now,
        Page::Problem(model) => model.now,
    }
}
